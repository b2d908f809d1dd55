/*
 * Proves that no id, client or buffer can be forged: eight threads make random calls with ids that live, have ended,
 * were released, belong to another client or were never given, and get nothing but documented codes.
 */
#include "check.h"

#define THREADS 8
#define SHARED 256

static volcv_client *clients[2];
static volcv_client *destroyed;
static _Atomic uint64_t shared[2][SHARED];
static uint32_t operations;
static _Atomic uint64_t stale, fine;

/* Whether any thread may be using the id as one of this client's. */
static volcv_job some_job(uint64_t *state, int of, int *foreign)
{
    const volcv_job known = shared[of][roll(state) % SHARED];
    *foreign = 1;
    switch (roll(state) % 8) {
    case 0: return roll(state);
    case 1: return known + (UINT64_C(1) << 40);
    case 2: return known ^ (roll(state) % 7 + 1);
    case 3: return shared[1 - of][roll(state) % SHARED];
    case 4: return roll(state) % 65536;
    default: *foreign = 0; return known;
    }
}

static void judge(volcv_result result, int foreign, int call)
{
    int documented = result == VOLCV_E_STALE;
    if (!foreign) {
        documented |= result == VOLCV_OK || result == VOLCV_E_NOT_READY || result == VOLCV_E_NO_RESULT ||
                      result == VOLCV_E_TIMEOUT || result == VOLCV_E_INTERRUPTED;
    }
    if (!documented) {
        fprintf(stderr, "call %d of a %s id: %s\n", call, foreign ? "foreign" : "known", volcv_result_name(result));
        _exit(1);
    }
    *(result == VOLCV_E_STALE ? &stale : &fine) += 1;
}

/* What the picture becomes: 16 columns more. */
static volcv_result pixels_of(volcv_client *client, volcv_job job)
{
    unsigned char bytes[80 * 64 * 3];
    volcv_pixels into = VOLCV_PIXELS_INIT;
    into.format = VOLCV_PIXEL_BGR8;
    into.width = 80;
    into.height = 64;
    into.data = bytes;
    into.size = sizeof bytes;
    return volcv_job_pixels(client, job, 0, &into);
}

static volcv_result grow(volcv_client *client, volcv_job *job)
{
    const volcv_picture picture = small_picture();
    volcv_outpaint outpaint = small_outpaint(&picture);
    outpaint.flags = VOLCV_OUTPAINT_PIXELS;
    return volcv_outpaint_submit(client, &outpaint, NULL, job, NULL);
}

static volcv_result one_call(volcv_client *client, volcv_job job, uint64_t *state, int call)
{
    volcv_progress progress = VOLCV_PROGRESS_INIT;
    volcv_error error = VOLCV_ERROR_INIT;
    volcv_image_info info = VOLCV_IMAGE_INFO_INIT;
    volcv_pixels_info pixels_info = VOLCV_PIXELS_INFO_INIT;
    volcv_buffer buffer = VOLCV_BUFFER_INIT;
    const char *text;
    size_t size;
    uint32_t count;
    volcv_result result;
    switch (call) {
    case 0: return volcv_job_cancel(client, job);
    case 1: return volcv_job_progress(client, job, &progress);
    case 2: return volcv_job_error(client, job, &error);
    case 3: return roll(state) % 32 == 0 ? volcv_job_release(client, job) : volcv_job_progress(client, job, &progress);
    case 4: return volcv_job_reply(client, job, &text, &size);
    case 5: return volcv_job_image_count(client, job, &count);
    case 6: return volcv_job_image_info(client, job, (uint32_t)(roll(state) % 3), &info);
    case 7: return volcv_job_image_link(client, job, 0, &text);
    case 8: return volcv_wait(client, &job, 1, 1, 0);
    case 9:
        result = volcv_job_image_take(client, job, 0, &buffer);
        if (result == VOLCV_OK) {
            volcv_buffer copy = buffer;
            CHECK(((const unsigned char *)buffer.data)[buffer.size - 1] == 130);
            IS(volcv_buffer_release(&buffer), VOLCV_OK);
            IS(volcv_buffer_release(&copy), VOLCV_E_STALE);
        }
        return result;
    case 10: return volcv_job_rejected_count(client, job, &count);
    case 11: return volcv_job_rejected_take(client, job, 0, &buffer);
    case 12: return volcv_job_pixels_info(client, job, 0, &pixels_info);
    case 13: return pixels_of(client, job);
    case 14: return volcv_job_task(client, job, &text, &size);
    case 15: return volcv_job_task_status(client, job, &count);
    case 16: return volcv_http_on_data(client, job | UINT64_C(1) << 50, "x", 1);
    case 17: return volcv_http_complete(client, job | UINT64_C(1) << 50, VOLCV_OK, NULL);
    default:
        buffer.id = job | UINT64_C(1) << 50;
        return volcv_buffer_release(&buffer);
    }
}

static void *misuse(void *seed)
{
    uint64_t state = (uint64_t)(size_t)seed * UINT64_C(0x9E3779B97F4A7C15);
    volcv_event events[8];
    for (uint32_t i = 0; i < operations; i++) {
        const int of = (int)(roll(&state) % 2);
        if (roll(&state) % 512 == 0) {
            volcv_job job;
            const volcv_result result = roll(&state) % 4 == 0 ? grow(clients[of], &job) : submit(clients[of], 0, &job);
            CHECK(result == VOLCV_OK || (result == VOLCV_E_BUSY && job == 0));
            if (result == VOLCV_OK) {
                /* The one that was there before goes, unless another thread has released it already. */
                (void)volcv_job_release(clients[of], atomic_exchange(&shared[of][roll(&state) % SHARED], job));
            }
            continue;
        }
        if (roll(&state) % 64 == 0) {
            (void)volcv_poll(clients[of], events, 8);
            IS(volcv_wake(clients[of]), VOLCV_OK);
            continue;
        }
        int foreign;
        const volcv_job job = some_job(&state, of, &foreign);
        const int call = (int)(roll(&state) % 19);
        const int gone = roll(&state) % 8 == 0;
        judge(one_call(gone ? destroyed : clients[of], job, &state, call), gone || foreign || call > 15, call);
    }
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    operations = number("VOLCV_OPERATIONS", 1000000) / THREADS;
    destroyed = local_client();
    IS(volcv_client_destroy(destroyed, VOLCV_WAIT_FOREVER), VOLCV_OK);
    clients[0] = local_client();
    clients[1] = local_client();
    for (size_t i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, misuse, (void *)(i + 1)) == 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    CHECK(stale > operations && fine > operations / 100);
    /* Both clients can be used as before. */
    for (int of = 0; of < 2; of++) {
        volcv_event event;
        while (volcv_poll(clients[of], &event, 1) > 0) {
        }
        for (int i = 0; i < SHARED; i++) {
            (void)volcv_job_release(clients[of], shared[of][i]);
        }
        volcv_job job;
        IS(submit(clients[of], 7, &job), VOLCV_OK);
        event = next_event(clients[of]);
        CHECK(event.job == job && event.result == VOLCV_OK && event.user == 7);
    }
    IS(volcv_shutdown(VOLCV_WAIT_FOREVER), VOLCV_OK);
    printf("%llu stale, %llu fine\n", (unsigned long long)stale, (unsigned long long)fine);
    return 0;
}
