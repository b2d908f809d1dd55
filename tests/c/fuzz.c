/*
 * Proves that every accepted job ends exactly once, whatever the server does and whatever threads do to the job: one
 * event (none if it was released before), each borrowed picture released once and before the event, and VOLCV_E_BUSY
 * when the queue is full. Prints "seed result charge delivery attempts" of every job that was polled, for the server
 * to judge.
 */
#include "check.h"

#define SUBMITTERS 3

typedef struct record {
    _Atomic int releases, events, given_back;
    _Atomic uint64_t job;
} record;

static record *records;
static volcv_client *client;
static uint32_t first_seed, count;
static _Atomic uint32_t accepted, busy, polled;

static void on_release(void *user, const void *data, size_t size)
{
    CHECK(data == PNG && size == sizeof PNG);
    CHECK(((record *)user)->releases++ == 0);
}

/* An inpainting in place of an outpainting. */
static volcv_result lend_erase(uint32_t at, const volcv_picture *picture, const volcv_job_options *options, volcv_job *job)
{
    const volcv_picture mask = small_picture();
    volcv_inpaint inpaint = VOLCV_INPAINT_INIT;
    inpaint.ability = VOLCV_INPAINT_ERASE;
    inpaint.picture = picture;
    inpaint.mask = &mask;
    inpaint.seed = (int64_t)(first_seed + at);
    return volcv_inpaint_submit(client, &inpaint, options, job, NULL);
}

static volcv_result lend(uint32_t at, volcv_job *job)
{
    volcv_picture picture = small_picture();
    picture.flags = VOLCV_PICTURE_BORROW;
    picture.release = on_release;
    picture.release_user = &records[at];
    volcv_outpaint outpaint = small_outpaint(&picture);
    outpaint.seed = (int64_t)(first_seed + at);
    volcv_job_options options = VOLCV_JOB_OPTIONS_INIT;
    options.user = at;
    /* One in four is an inpainting, and one in four a whole operation. */
    if (at % 4 == 1) {
        return lend_erase(at, &picture, &options, job);
    }
    if (at % 4 == 0) {
        outpaint.flags = VOLCV_OUTPAINT_PIXELS;
    } else {
        outpaint.max_width = outpaint.max_height = 16;
    }
    return volcv_outpaint_submit(client, &outpaint, &options, job, NULL);
}

static void *submit_many(void *part)
{
    uint64_t state = ((uint64_t)(size_t)part + first_seed) * UINT64_C(0x9E3779B97F4A7C15) + 1;
    for (uint32_t at = (uint32_t)(size_t)part; at < count; at += SUBMITTERS) {
        volcv_job job;
        volcv_result result;
        while ((result = lend(at, &job)) == VOLCV_E_BUSY) {
            CHECK(job == 0 && records[at].releases == 0);
            busy++;
            nap();
        }
        IS(result, VOLCV_OK);
        records[at].job = job;
        accepted++;
        /* Some jobs are cancelled later, this one or an older one. */
        const uint32_t other = (uint32_t)(roll(&state) % (at + 1));
        const uint32_t victim = roll(&state) % 2 == 0 ? at : other;
        const volcv_job old = records[victim].job;
        switch (roll(&state) % 24) {
        case 0:
        case 1: (void)volcv_job_cancel(client, old); break;
        case 2: records[victim].given_back += volcv_job_release(client, old) == VOLCV_OK; break;
        default: break;
        }
    }
    return NULL;
}

static void take(const volcv_event *event)
{
    record *const of = &records[event->user];
    volcv_error error = VOLCV_ERROR_INIT;
    CHECK(event->type == VOLCV_EVENT_DONE && event->user < count);
    CHECK(of->events++ == 0);
    CHECK(of->releases == 1);
    polled++;
    if (volcv_job_error(client, event->job, &error) == VOLCV_OK) {
        CHECK(error.code == event->result && error.attempts <= 2);
        printf("%u %d %u %u %u\n", first_seed + (uint32_t)event->user, error.code, error.charge, error.delivery,
               error.attempts);
    }
    of->given_back += volcv_job_release(client, event->job) == VOLCV_OK;
}

int main(void)
{
    pthread_t threads[SUBMITTERS];
    count = number("VOLCV_JOBS", 1000);
    first_seed = number("VOLCV_FIRST_SEED", 1);
    records = calloc(count, sizeof *records);
    volcv_client_options options = local_options();
    options.max_in_flight = 32;
    options.max_queued = 48;
    options.max_attempts = 2;
    options.attempt_limit_ms = number("VOLCV_LIMIT", 400);
    options.stall_limit_ms = options.attempt_limit_ms / 2;
    options.reply_limit_bytes = 1 << 20;
    client = create(&options);
    for (size_t i = 0; i < SUBMITTERS; i++) {
        CHECK(pthread_create(&threads[i], NULL, submit_many, (void *)i) == 0);
    }
    volcv_event events[16];
    for (uint32_t ended = 0; ended < count;) {
        const uint32_t got = volcv_poll(client, events, 16);
        for (uint32_t i = 0; i < got; i++) {
            take(&events[i]);
        }
        if (got == 0) {
            nap();
        }
        ended = 0;
        for (uint32_t at = 0; at < count; at++) {
            ended += records[at].events > 0 || records[at].given_back > 0;
        }
    }
    for (size_t i = 0; i < SUBMITTERS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    CHECK(accepted == count);
    /* Those that were given back end as well, without an event. */
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
    for (uint32_t at = 0; at < count; at++) {
        CHECK(records[at].releases == 1 && records[at].given_back == 1 && records[at].events <= 1);
    }
    free(records);
    fprintf(stderr, "%u accepted, %u polled, %u times busy\n", accepted, polled, busy);
    CHECK(busy > 0 || count < 100);
    CHECK(polled >= count / 2);
    return 0;
}
