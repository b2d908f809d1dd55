/*
 * Fetches the link of an outpainting, on the library's own HTTP or, with WITH_CURL, on that of the example. The server
 * answers the first request for the file with 503 and the second with a redirect; it stops in the fourth answer
 * and the fifth until the job is cancelled or late.
 */
#ifdef WITH_CURL
#define main main_of_the_example
#include "../../examples/c/host_http_curl.c"
#undef main
#endif
#include "check.h"

static volcv_client *client;

static volcv_job fetch(const char *link, const volcv_job_options *options)
{
    volcv_job job = 0;
    volcv_error error = VOLCV_ERROR_INIT;
    IS(volcv_download_submit(client, link, options, &job, &error), VOLCV_OK);
    return job;
}

static void a_download_is_tried_again_and_gives_the_picture(const char *link)
{
    volcv_job_options options = VOLCV_JOB_OPTIONS_INIT;
    volcv_image_info info = VOLCV_IMAGE_INFO_INIT;
    volcv_progress progress = VOLCV_PROGRESS_INIT;
    volcv_buffer buffer;
    const char *json = "";
    size_t size = 1;
    uint32_t count = 1;
    options.user = 7;
    const volcv_job job = fetch(link, &options);
    const volcv_event event = next_event(client);
    CHECK(event.job == job && event.user == 7 && event.result == VOLCV_OK);
    const volcv_error error = error_of(client, job);
    CHECK(error.code == VOLCV_OK && error.attempts == 3 && error.http_status == 200 && error.message[0] == 0);

    IS(volcv_job_image_count(client, job, &count), VOLCV_OK);
    IS(volcv_job_image_info(client, job, 0, &info), VOLCV_OK);
    CHECK(count == 1 && info.format == VOLCV_FORMAT_PNG && info.width == 80 && info.height == 64);
    IS(volcv_job_progress(client, job, &progress), VOLCV_OK);
    CHECK(progress.phase == VOLCV_PHASE_ENDED && progress.attempt == 3);
    CHECK(progress.send_total == 0 && progress.received == info.size && progress.receive_total == info.size);
    IS(volcv_job_image_take(client, job, 0, &buffer), VOLCV_OK);
    CHECK(buffer.data == info.data && buffer.size == info.size && memcmp(buffer.data, PNG, 8) == 0);
    IS(volcv_buffer_release(&buffer), VOLCV_OK);

    IS(volcv_job_image_link(client, job, 0, &json), VOLCV_E_NO_RESULT);
    IS(volcv_job_reply(client, job, &json, &size), VOLCV_E_NO_RESULT);
    CHECK(json == NULL && size == 0);
    IS(volcv_job_rejected_count(client, job, &count), VOLCV_OK);
    CHECK(count == 0);
    IS(volcv_job_release(client, job), VOLCV_OK);
}

static void a_download_can_be_cancelled_and_late(const char *link)
{
    volcv_progress progress = VOLCV_PROGRESS_INIT;
    volcv_job job = fetch(link, NULL);
    while (progress.phase != VOLCV_PHASE_DOWNLOADING) {
        IS(volcv_job_progress(client, job, &progress), VOLCV_OK);
        CHECK(progress.phase != VOLCV_PHASE_ENDED);
        nap();
    }
    IS(volcv_job_cancel(client, job), VOLCV_OK);
    CHECK(next_event(client).result == VOLCV_E_CANCELLED);
    IS(volcv_job_release(client, job), VOLCV_OK);

    volcv_job_options options = VOLCV_JOB_OPTIONS_INIT;
    options.deadline_ms = 100;
    job = fetch(link, &options);
    CHECK(next_event(client).job == job);
    const volcv_error error = error_of(client, job);
    /* In the reply, or on a machine under load before it. */
    CHECK(error.code == VOLCV_E_DECODE || error.code == VOLCV_E_TIMEOUT);
    CHECK(error.attempts <= 1 && strstr(error.message, "passed") != NULL);
    IS(volcv_job_release(client, job), VOLCV_OK);
}

int main(void)
{
    volcv_client_options options = local_options();
#ifdef WITH_CURL
    volcv_http_transport transport;
    IS(curl_transport(&transport), VOLCV_OK);
    options.transport = &transport;
#endif
    client = create(&options);
    const volcv_picture picture = small_picture();
    volcv_outpaint outpaint = small_outpaint(&picture);
    volcv_job job;
    const char *link;
    outpaint.flags = VOLCV_OUTPAINT_RETURN_LINK;
    IS(volcv_outpaint_run(client, &outpaint, NULL, &job, NULL), VOLCV_OK);
    IS(volcv_job_image_link(client, job, 0, &link), VOLCV_OK);
    a_download_is_tried_again_and_gives_the_picture(link);
    a_download_can_be_cancelled_and_late(link);
    IS(volcv_shutdown(VOLCV_WAIT_FOREVER), VOLCV_OK);
    puts("ok");
    return 0;
}
