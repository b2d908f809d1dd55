/*
 * Proves that a deadline counts from the submit on: with the only worker busy, jobs in the queue end when theirs passes,
 * unsent and unpaid, in the order of their deadlines, and so does volcv_outpaint_run(). The server never answers.
 */
#include "check.h"

static int64_t now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static volcv_job submit_until(volcv_client *client, uint32_t deadline_ms)
{
    const volcv_picture picture = small_picture();
    const volcv_outpaint outpaint = small_outpaint(&picture);
    volcv_job_options options = VOLCV_JOB_OPTIONS_INIT;
    options.deadline_ms = deadline_ms;
    volcv_job job;
    IS(volcv_outpaint_submit(client, &outpaint, &options, &job, NULL), VOLCV_OK);
    return job;
}

static void is_late(const volcv_error *error)
{
    IS(error->code, VOLCV_E_TIMEOUT);
    CHECK(error->charge == VOLCV_CHARGE_NONE && error->delivery == VOLCV_DELIVERY_NONE && error->attempts == 0);
    CHECK(strstr(error->message, "deadline") != NULL && strstr(error->message, "nothing was charged") != NULL);
}

int main(void)
{
    volcv_client_options options = local_options();
    options.max_in_flight = 1;
    volcv_client *const client = create(&options);
    const volcv_job busy = submit_until(client, 0);
    volcv_progress progress = VOLCV_PROGRESS_INIT;
    do {
        nap();
        IS(volcv_job_progress(client, busy, &progress), VOLCV_OK);
    } while (progress.phase != VOLCV_PHASE_WAITING);

    const int64_t start = now_ms();
    const volcv_job patient = submit_until(client, 60000);
    const volcv_job second = submit_until(client, 200);
    const volcv_job first = submit_until(client, 100);
    const volcv_job order[] = {first, second};
    for (int i = 0; i < 2; i++) {
        const volcv_event event = next_event(client);
        CHECK(event.job == order[i] && now_ms() - start >= (i + 1) * 100);
        const volcv_error error = error_of(client, event.job);
        is_late(&error);
    }

    const volcv_picture picture = small_picture();
    const volcv_outpaint outpaint = small_outpaint(&picture);
    volcv_job_options hurry = VOLCV_JOB_OPTIONS_INIT;
    hurry.deadline_ms = 50;
    volcv_error error = VOLCV_ERROR_INIT;
    volcv_job job = 1;
    IS(volcv_outpaint_run(client, &outpaint, &hurry, &job, &error), VOLCV_E_TIMEOUT);
    CHECK(job == 0);
    is_late(&error);

    /* The others go on. */
    IS(volcv_job_progress(client, patient, &progress), VOLCV_OK);
    CHECK(progress.phase == VOLCV_PHASE_QUEUED);
    IS(volcv_job_progress(client, busy, &progress), VOLCV_OK);
    CHECK(progress.phase == VOLCV_PHASE_WAITING);
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
    return 0;
}
