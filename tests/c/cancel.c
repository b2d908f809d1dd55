/*
 * Proves that a job can be cancelled in every phase, with the right charge, and prints how long that took. The
 * argument is the phase in which the server keeps every job.
 */
#include "portable.h"

typedef struct phase {
    const char *name;
    uint32_t number, charge, delivery;
} phase;

static const phase PHASES[] = {
    {"queued", VOLCV_PHASE_QUEUED, VOLCV_CHARGE_NONE, VOLCV_DELIVERY_NONE},
    {"connecting", VOLCV_PHASE_CONNECTING, VOLCV_CHARGE_NONE, VOLCV_DELIVERY_NONE},
    {"uploading", VOLCV_PHASE_UPLOADING, VOLCV_CHARGE_NONE, VOLCV_DELIVERY_PARTIAL},
    {"waiting", VOLCV_PHASE_WAITING, VOLCV_CHARGE_UNKNOWN, VOLCV_DELIVERY_FULL},
    {"downloading", VOLCV_PHASE_DOWNLOADING, VOLCV_CHARGE_CHARGED, VOLCV_DELIVERY_FULL},
    {"backoff", VOLCV_PHASE_BACKOFF, VOLCV_CHARGE_NONE, VOLCV_DELIVERY_FULL},
    {"task", VOLCV_PHASE_TASK, VOLCV_CHARGE_UNKNOWN, VOLCV_DELIVERY_FULL},
};

static unsigned char *large;
static const size_t LARGE = 8u << 20;

static volcv_job submit_sized(volcv_client *client, size_t size)
{
    volcv_picture picture = VOLCV_PICTURE_INIT;
    picture.data = large;
    picture.size = size;
    picture.flags = VOLCV_PICTURE_BORROW;
    const volcv_outpaint outpaint = small_outpaint(&picture);
    volcv_job job;
    IS(volcv_outpaint_submit(client, &outpaint, NULL, &job, NULL), VOLCV_OK);
    return job;
}

/* A task that the service never ends. */
static volcv_job submit_task(volcv_client *client)
{
    const volcv_picture picture = small_picture();
    volcv_inpaint inpaint = VOLCV_INPAINT_INIT;
    inpaint.ability = VOLCV_PAINTING_EDIT;
    inpaint.picture = inpaint.mask = &picture;
    volcv_job job;
    IS(volcv_inpaint_submit(client, &inpaint, NULL, &job, NULL), VOLCV_OK);
    return job;
}

/* A listener that takes no connection out of its queue: a handshake over TLS never begins. */
static socket_handle deaf_listener(char *url, size_t size)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof at;
    start_sockets();
    const socket_handle listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(listener != INVALID_SOCKET && bind(listener, (struct sockaddr *)&at, length) == 0 && listen(listener, 4096) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&at, &length) == 0);
    snprintf(url, size, "https://127.0.0.1:%u", (unsigned)ntohs(at.sin_port));
    return listener;
}

static uint64_t cancel_one(volcv_client *client, const phase *in)
{
    volcv_job blocker = 0;
    if (in->number == VOLCV_PHASE_QUEUED) {
        blocker = submit_sized(client, sizeof PNG);
    }
    const size_t size = in->number == VOLCV_PHASE_UPLOADING ? LARGE : sizeof PNG;
    const volcv_job job = in->number == VOLCV_PHASE_TASK ? submit_task(client) : submit_sized(client, size);
    volcv_progress progress = VOLCV_PROGRESS_INIT;
    do {
        IS(volcv_job_progress(client, job, &progress), VOLCV_OK);
        CHECK(progress.phase != VOLCV_PHASE_ENDED);
        nap();
    } while (progress.phase != in->number || (in->number == VOLCV_PHASE_UPLOADING && progress.sent < 65536));
    CHECK(progress.result == VOLCV_E_NOT_READY);
    const uint64_t start = now_ns();
    IS(volcv_job_cancel(client, job), VOLCV_OK);
    const volcv_event event = next_event(client);
    const uint64_t took = now_ns() - start;
    CHECK(event.job == job);
    IS(event.result, VOLCV_E_CANCELLED);
    const volcv_error error = error_of(client, job);
    if (error.charge != in->charge || error.delivery != in->delivery) {
        fprintf(stderr, "%s: charge %u, delivery %u: %s\n", in->name, error.charge, error.delivery, error.message);
        _exit(1);
    }
    IS(volcv_job_progress(client, job, &progress), VOLCV_OK);
    CHECK(progress.phase == VOLCV_PHASE_ENDED && progress.result == VOLCV_E_CANCELLED);
    IS(volcv_job_release(client, job), VOLCV_OK);
    if (blocker != 0) {
        IS(volcv_job_cancel(client, blocker), VOLCV_OK);
        CHECK(next_event(client).job == blocker);
        IS(volcv_job_release(client, blocker), VOLCV_OK);
    }
    return took;
}

static int by_size(const void *left, const void *right)
{
    const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

int main(int count, char **arguments)
{
    const uint32_t rounds = number("VOLCV_ROUNDS", 3);
    uint64_t *const times = calloc(rounds, sizeof *times);
    char deaf[64];
    const socket_handle listener = deaf_listener(deaf, sizeof deaf);
    large = calloc(1, LARGE);
    memcpy(large, PNG, sizeof PNG);
    const phase *in = NULL;
    CHECK(count == 2);
    for (size_t at = 0; at < sizeof PHASES / sizeof PHASES[0]; at++) {
        in = strcmp(PHASES[at].name, arguments[1]) == 0 ? &PHASES[at] : in;
    }
    CHECK(in != NULL);
    volcv_client_options options = local_options();
    options.max_in_flight = 1;
    if (in->number == VOLCV_PHASE_CONNECTING) {
        options.base_url = deaf;
    }
    volcv_client *const client = create(&options);
    for (uint32_t round = 0; round < rounds; round++) {
        times[round] = cancel_one(client, in);
    }
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
    qsort(times, rounds, sizeof *times, by_size);
    printf("cancel while %s: median %.2f ms, p99 %.2f ms of %u\n", in->name, (double)times[rounds / 2] / 1e6,
           (double)times[(rounds * 99 - 1) / 100] / 1e6, rounds);
    free(times);
    free(large);
    close_socket(listener);
    return 0;
}
