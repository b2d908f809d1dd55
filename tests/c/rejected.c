/*
 * Proves that a picture that was paid for and failed a check is handed over. The server sends a cut picture, once more
 * the same, a cut one beside a whole one, and a refusal.
 */
#include "check.h"

static volcv_client *client;
static _Atomic int warnings;
static char warning[VOLCV_MESSAGE_SIZE];

static void on_log(void *user, uint32_t level, volcv_job job, const char *text)
{
    (void)user;
    /* Another warning says that the picture that is sent is small. */
    if (level == VOLCV_LOG_WARN && job != 0 && strncmp(text, "picture is 64x", 14) != 0) {
        snprintf(warning, sizeof warning, "%s", text);
        warnings++;
    }
}

/* The job has one rejected picture: half of a PNG. It can be taken once. */
static void take_the_half(volcv_job job)
{
    uint32_t count = 0;
    volcv_buffer buffer, again;
    IS(volcv_job_rejected_count(client, job, &count), VOLCV_OK);
    CHECK(count == 1);
    IS(volcv_job_rejected_take(client, job, 1, &buffer), VOLCV_E_NO_RESULT);
    CHECK(buffer.id == 0 && buffer.data == NULL && buffer.size == 0);
    IS(volcv_job_rejected_take(client, job, 0, &buffer), VOLCV_OK);
    IS(volcv_job_rejected_take(client, job, 0, &again), VOLCV_E_NO_RESULT);
    IS(volcv_job_rejected_count(client, job, &count), VOLCV_OK);
    CHECK(count == 1);
    IS(volcv_job_release(client, job), VOLCV_OK);
    /* It outlives the job. */
    const unsigned char *const bytes = buffer.data;
    CHECK(buffer.size > 100 && memcmp(bytes, PNG, 8) == 0);
    CHECK(memcmp(bytes + buffer.size - 8, PNG + sizeof PNG - 8, 8) != 0);
    IS(volcv_buffer_release(&buffer), VOLCV_OK);
}

static void of_a_job_that_failed(void)
{
    volcv_job job;
    uint32_t count = 1;
    IS(submit(client, 1, &job), VOLCV_OK);
    CHECK(next_event(client).result == VOLCV_E_DECODE);
    CHECK(error_of(client, job).charge == VOLCV_CHARGE_CHARGED);
    IS(volcv_job_image_count(client, job, &count), VOLCV_OK);
    CHECK(count == 0);
    take_the_half(job);
}

static void of_a_run_that_failed(const volcv_outpaint *outpaint)
{
    volcv_job job = 0;
    volcv_error error = VOLCV_ERROR_INIT;
    IS(volcv_outpaint_run(client, outpaint, NULL, &job, &error), VOLCV_E_DECODE);
    CHECK(job != 0 && error.code == VOLCV_E_DECODE && error_of(client, job).code == VOLCV_E_DECODE);
    take_the_half(job);
}

static void of_a_job_that_succeeded(const volcv_outpaint *outpaint)
{
    volcv_job job = 0;
    volcv_image_info info = VOLCV_IMAGE_INFO_INIT;
    uint32_t count = 0;
    CHECK(warnings == 0);
    IS(volcv_outpaint_run(client, outpaint, NULL, &job, NULL), VOLCV_OK);
    IS(volcv_job_image_count(client, job, &count), VOLCV_OK);
    IS(volcv_job_image_info(client, job, 0, &info), VOLCV_OK);
    CHECK(count == 1 && info.width == 80 && info.height == 64);
    const volcv_error error = error_of(client, job);
    CHECK(error.code == VOLCV_OK && error.charge == VOLCV_CHARGE_CHARGED);
    CHECK(warnings == 1 && warning[0] != 0 && strcmp(error.message, warning) == 0);
    take_the_half(job);
}

static void a_run_that_failed_without_a_picture_leaves_no_job(const volcv_outpaint *outpaint)
{
    volcv_job job = 1;
    IS(volcv_outpaint_run(client, outpaint, NULL, &job, NULL), VOLCV_E_REFUSED);
    CHECK(job == 0);
}

int main(void)
{
    volcv_client_options options = local_options();
    options.log = on_log;
    client = create(&options);
    const volcv_picture picture = small_picture();
    const volcv_outpaint outpaint = small_outpaint(&picture);
    of_a_job_that_failed();
    of_a_run_that_failed(&outpaint);
    of_a_job_that_succeeded(&outpaint);
    a_run_that_failed_without_a_picture_leaves_no_job(&outpaint);
    IS(volcv_shutdown(VOLCV_WAIT_FOREVER), VOLCV_OK);
    puts("ok");
    return 0;
}
