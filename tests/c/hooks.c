/*
 * Proves what hooks may do and when they are called: the functions that say VOLCV_E_REENTRANT say it in every hook,
 * and all others work there; after volcv_client_destroy() has returned no hook runs, which a page without access
 * would notice; a hook that does not return makes VOLCV_E_TIMEOUT of it, in time and without calling a hook, and a second call
 * catches up.
 */
#define _GNU_SOURCE
#include "portable.h"

/* What hooks are given: a page that can be poisoned. */
typedef struct page {
    volcv_client *client;
    _Atomic int logs, readies, releases, starts, cancels, destroys, holding;
    pthread_mutex_t hold;
    int checks;
} page;

static page *new_page(int checks)
{
    page *const user = new_pages(sizeof(page));
    CHECK(user != NULL);
    user->checks = checks;
    CHECK(pthread_mutex_init(&user->hold, NULL) == 0);
    return user;
}

static void poison(page *user)
{
    close_pages(user, sizeof(page));
}

static void heal(page *user)
{
    open_pages(user, sizeof(page));
}

static _Thread_local int inside;

/* Every function that must not be called here, and every other. */
static void call_back(page *user, volcv_job job)
{
    if (user->checks == 0 || user->client == NULL || inside) {
        return;
    }
    inside = 1;
    volcv_client *const client = user->client;
    const volcv_picture picture = small_picture();
    const volcv_outpaint outpaint = small_outpaint(&picture);
    const volcv_client_options options = local_options();
    volcv_client *other = client;
    volcv_error error = VOLCV_ERROR_INIT;
    volcv_progress progress = VOLCV_PROGRESS_INIT;
    volcv_event event;
    volcv_job out = 1;
    IS(volcv_client_create(VOLCV_ABI_VERSION, &options, &other, &error), VOLCV_E_REENTRANT);
    CHECK(other == NULL && error.code == VOLCV_E_REENTRANT);
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_E_REENTRANT);
    IS(volcv_shutdown(VOLCV_WAIT_FOREVER), VOLCV_E_REENTRANT);
    IS(volcv_wait(client, &job, 1, 1, VOLCV_WAIT_FOREVER), VOLCV_E_REENTRANT);
    IS(volcv_outpaint_run(client, &outpaint, NULL, &out, &error), VOLCV_E_REENTRANT);
    CHECK(out == 0);
    const volcv_result submitted = submit(client, 99, &out);
    CHECK(submitted == VOLCV_OK || submitted == VOLCV_E_SHUTDOWN || submitted == VOLCV_E_BUSY);
    if (submitted == VOLCV_OK) {
        IS(volcv_job_cancel(client, out), VOLCV_OK);
        IS(volcv_job_progress(client, out, &progress), VOLCV_OK);
        IS(volcv_job_release(client, out), VOLCV_OK);
    }
    volcv_raw raw = VOLCV_RAW_INIT;
    raw.json = "{\"req_key\":\"x\"}";
    const volcv_result called = volcv_raw_submit(client, &raw, NULL, &out, &error);
    CHECK(called == VOLCV_OK || called == VOLCV_E_SHUTDOWN || called == VOLCV_E_BUSY);
    if (called == VOLCV_OK) {
        IS(volcv_job_release(client, out), VOLCV_OK);
    }
    char link[128];
    snprintf(link, sizeof link, "%s/files/1.png", getenv("VOLCV_BASE_URL"));
    const volcv_result fetched = volcv_download_submit(client, link, NULL, &out, &error);
    CHECK(fetched == VOLCV_OK || fetched == VOLCV_E_SHUTDOWN || fetched == VOLCV_E_BUSY);
    if (fetched == VOLCV_OK) {
        uint32_t count = 1;
        const volcv_result counted = volcv_job_rejected_count(client, out, &count);
        CHECK((counted == VOLCV_OK || counted == VOLCV_E_NOT_READY) && count == 0);
        IS(volcv_job_release(client, out), VOLCV_OK);
    }
    volcv_buffer none = {1, NULL, 1};
    IS(volcv_job_rejected_take(client, 1, 0, &none), VOLCV_E_STALE);
    CHECK(none.id == 0 && none.size == 0);
    IS(volcv_job_release(client, 1), VOLCV_E_STALE);
    IS(volcv_http_complete(client, UINT64_MAX, VOLCV_OK, NULL), VOLCV_E_STALE);
    IS(volcv_wake(client), VOLCV_OK);
    CHECK(volcv_poll(client, &event, 0) == 0);
    inside = 0;
}

static void on_log(void *user, uint32_t level, volcv_job job, const char *text)
{
    CHECK(level >= VOLCV_LOG_ERROR && level <= VOLCV_LOG_DEBUG && text[0] != 0);
    CHECK(strstr(text, getenv("VOLCV_API_KEY")) == NULL);
    page *const at = user;
    at->logs++;
    call_back(at, job);
}

static void on_ready(void *user)
{
    ((page *)user)->readies++;
}

static void on_release(void *user, const void *data, size_t size)
{
    page *const at = user;
    CHECK(data == PNG && size == sizeof PNG);
    call_back(at, 0);
    at->releases++;
    at->holding++;
    pthread_mutex_lock(&at->hold);
    pthread_mutex_unlock(&at->hold);
    /* The last that is done with the page. */
    at->holding--;
}

static volcv_result on_start(
    void *user, volcv_client *client, volcv_exchange exchange, const volcv_http_request *request)
{
    page *const at = user;
    CHECK(client == at->client && request->struct_size == sizeof *request && request->header_count > 2);
    const int start = at->starts++;
    call_back(at, 0);
    /* Of three, one is left to be cancelled, one is refused, and one is answered at once. */
    if (start % 3 == 1) {
        return VOLCV_E_CONNECT;
    }
    if (start % 3 == 2) {
        IS(volcv_http_complete(client, exchange, VOLCV_E_TLS, "no"), VOLCV_OK);
    }
    return VOLCV_OK;
}

static void on_cancel(void *user, volcv_exchange exchange)
{
    page *const at = user;
    at->cancels++;
    IS(volcv_http_complete(at->client, exchange, VOLCV_E_CANCELLED, NULL), VOLCV_E_STALE);
    call_back(at, 0);
}

static void on_destroy(void *user)
{
    page *const at = user;
    CHECK(at->destroys++ == 0);
    call_back(at, 0);
}

static volcv_client *hooked(page *user, const volcv_http_transport *transport, uint32_t in_flight)
{
    volcv_client_options options = local_options();
    options.max_in_flight = in_flight;
    options.max_attempts = 1;
    options.log = on_log;
    options.log_level = VOLCV_LOG_DEBUG;
    options.on_ready = on_ready;
    options.log_user = options.on_ready_user = user;
    options.transport = transport;
    return user->client = create(&options);
}

static volcv_result lend(volcv_client *client, page *user, volcv_job *job)
{
    volcv_picture picture = small_picture();
    picture.flags = VOLCV_PICTURE_BORROW;
    picture.release = on_release;
    picture.release_user = user;
    const volcv_outpaint outpaint = small_outpaint(&picture);
    return volcv_outpaint_submit(client, &outpaint, NULL, job, NULL);
}

static volcv_http_transport scripted(page *user)
{
    volcv_http_transport transport = VOLCV_HTTP_TRANSPORT_INIT;
    transport.user = user;
    transport.start = on_start;
    transport.cancel = on_cancel;
    transport.destroy = on_destroy;
    return transport;
}

static void the_table_holds_in_every_hook(void)
{
    page *const user = new_page(1);
    const volcv_http_transport transport = scripted(user);
    volcv_client *const client = hooked(user, &transport, 4);
    volcv_job jobs[9];
    int accepted = 0;
    for (int i = 0; i < 9; i++) {
        accepted += lend(client, user, &jobs[i]) == VOLCV_OK;
    }
    CHECK(accepted == 9);
    while (user->starts < 3) {
        nap();
    }
    for (int i = 0; i < 9; i++) {
        IS(volcv_job_cancel(client, jobs[i]), VOLCV_OK);
    }
    volcv_result waited;
    do {
        waited = volcv_wait(client, jobs, 9, 1, VOLCV_WAIT_FOREVER);
    } while (waited == VOLCV_E_INTERRUPTED);
    IS(waited, VOLCV_OK);
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
    CHECK(user->logs > 9 && user->readies > 0 && user->releases == 9 && user->destroys == 1 && user->cancels > 0);
}

/* As an engine does that leaves in the middle of everything. */
static void *disturb(void *of)
{
    page *const user = of;
    uint64_t state = 88172645463325252u;
    for (;;) {
        volcv_job job = 0;
        volcv_event event;
        const volcv_result result = lend(user->client, user, &job);
        if (result == VOLCV_E_SHUTDOWN || result == VOLCV_E_STALE) {
            return NULL;
        }
        if (roll(&state) % 2 == 0) {
            (void)volcv_job_cancel(user->client, job);
        } else {
            (void)volcv_job_release(user->client, job);
        }
        (void)volcv_poll(user->client, &event, 1);
    }
}

static void after_destroy_there_is_silence(void)
{
    const uint32_t rounds = number("VOLCV_ROUNDS", 60);
    for (uint32_t round = 0; round < rounds; round++) {
        page *const user = new_page(0);
        pthread_t thread;
        volcv_job job;
        volcv_client *const client = hooked(user, NULL, 2);
        for (int i = 0; i < 4; i++) {
            IS(lend(client, user, &job), VOLCV_OK);
        }
        CHECK(pthread_create(&thread, NULL, disturb, user) == 0);
        if (round % 2 == 0) {
            while (user->logs < 20) {
                nap();
            }
        }
        IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
        const int releases = user->releases, logs = user->logs;
        CHECK(user->holding == 0);
        CHECK(pthread_join(thread, NULL) == 0);
        CHECK(user->releases == releases && user->logs == logs);
        poison(user);
        nap();
        free_pages(user, sizeof(page));
    }
}

static uint64_t ms_since(uint64_t start)
{
    return (now_ns() - start) / 1000000;
}

/* Ends a job on its worker, whose release then does not return. */
static void get_held(page *user, volcv_job job)
{
    while (user->holding == 0) {
        if (user->starts > 0) {
            (void)volcv_job_cancel(user->client, job);
        }
        nap();
    }
}

/* The release of a job that was under way, or that of one in the queue, does not return. */
static void a_stuck_hook_does_not_hold_destroy_up(int queued)
{
    page *const user = new_page(0);
    volcv_job jobs[3];
    volcv_event event;
    volcv_http_transport transport = scripted(user);
    volcv_client *const client = hooked(user, &transport, 1);
    pthread_mutex_lock(&user->hold);
    if (queued) {
        IS(submit(client, 0, &jobs[0]), VOLCV_OK);
        while (user->starts == 0) {
            nap();
        }
    }
    for (int i = 0; i < 3; i++) {
        IS(lend(client, user, &jobs[i]), VOLCV_OK);
    }
    if (!queued) {
        get_held(user, jobs[0]);
    }
    const uint64_t start = now_ns();
    IS(volcv_client_destroy(client, 100), VOLCV_E_TIMEOUT);
    const uint64_t took = ms_since(start);
    CHECK(took >= 99 && took < 5000);
    IS(submit(client, 0, &jobs[0]), VOLCV_E_SHUTDOWN);
    IS(volcv_client_destroy(client, 0), VOLCV_E_TIMEOUT);
    const int logs = user->logs, readies = user->readies, releases = user->releases, cancels = user->cancels;
    CHECK(user->holding == 1 && releases >= 1 && releases < 3);
    /* The hook returns at last: the workers end all jobs, but no other hook is called. */
    pthread_mutex_unlock(&user->hold);
    while (user->holding != 0) {
        nap();
    }
    poison(user);
    IS(volcv_wait(client, &jobs[2], 1, 1, VOLCV_WAIT_FOREVER), VOLCV_OK);
    CHECK(volcv_poll(client, &event, 1) == 1);
    heal(user);
    CHECK(user->logs == logs && user->readies == readies && user->releases == releases && user->cancels == cancels);
    CHECK(user->destroys == 0);
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
    CHECK(user->releases == 3 && user->destroys == 1 && user->holding == 0);
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_E_STALE);
    poison(user);
}

/* What a second thread needs that waits longer than the first. */
static void *patient(void *client)
{
    return volcv_client_destroy(client, VOLCV_WAIT_FOREVER) == VOLCV_OK ? client : NULL;
}

static void of_two_that_destroy_the_patient_one_gets_everything(void)
{
    page *const user = new_page(0);
    volcv_job jobs[3];
    pthread_t thread;
    void *result;
    const volcv_http_transport transport = scripted(user);
    volcv_client *const client = hooked(user, &transport, 1);
    pthread_mutex_lock(&user->hold);
    for (int i = 0; i < 3; i++) {
        IS(lend(client, user, &jobs[i]), VOLCV_OK);
    }
    get_held(user, jobs[0]);
    CHECK(pthread_create(&thread, NULL, patient, client) == 0);
    while (submit(client, 0, &jobs[0]) != VOLCV_E_SHUTDOWN) {
        nap();
    }
    IS(volcv_client_destroy(client, 20), VOLCV_E_TIMEOUT);
    pthread_mutex_unlock(&user->hold);
    CHECK(pthread_join(thread, &result) == 0 && result == client);
    CHECK(user->releases == 3 && user->destroys == 1);
    poison(user);
}

/* 0 only begins the end, although no hook is in the way. */
static void no_time_is_a_timeout_too(void)
{
    page *const user = new_page(0);
    volcv_client *const client = hooked(user, NULL, 64);
    const volcv_result begun = volcv_client_destroy(client, 0);
    CHECK(begun == VOLCV_E_TIMEOUT || begun == VOLCV_OK);
    volcv_job job;
    IS(submit(client, 0, &job), begun == VOLCV_OK ? VOLCV_E_STALE : VOLCV_E_SHUTDOWN);
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), begun == VOLCV_OK ? VOLCV_E_STALE : VOLCV_OK);
    poison(user);
}

int main(void)
{
    no_time_is_a_timeout_too();
    the_table_holds_in_every_hook();
    after_destroy_there_is_silence();
    a_stuck_hook_does_not_hold_destroy_up(0);
    a_stuck_hook_does_not_hold_destroy_up(1);
    of_two_that_destroy_the_patient_one_gets_everything();
    IS(volcv_shutdown(VOLCV_WAIT_FOREVER), VOLCV_OK);
    puts("ok");
    return 0;
}
