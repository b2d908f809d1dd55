/*
 * Proves what volcv_thread_hooks promises: on_start and on_stop come in pairs on the same thread, around every other hook of
 * that thread, with the thread's name; all of them have run when volcv_client_destroy() returns VOLCV_OK; none runs after
 * it has returned VOLCV_E_TIMEOUT, and the rest of the pairs come with the next call.
 */
#define _GNU_SOURCE
#include "portable.h"

/* What the hooks count. */
typedef struct host {
    _Atomic uint32_t workers, timers, credentials, stops, logs, held;
    /* Held by the test to keep a hook from returning. */
    pthread_mutex_t hold_release, hold_stop;
    int holds_stop;
} host;

typedef enum state { FOREIGN, STARTED, STOPPED } state;

/* Of a thread of volcv, from its first hook to its last. */
static _Thread_local state life;
static _Thread_local host *owner;
static _Thread_local uint64_t thread;
/* Of a thread of the test, which may run hooks inside of its calls. */
static _Thread_local int is_of_host;

static host *new_host(void)
{
    host *const user = calloc(1, sizeof *user);
    CHECK(user != NULL && pthread_mutex_init(&user->hold_release, NULL) == 0);
    CHECK(pthread_mutex_init(&user->hold_stop, NULL) == 0);
    return user;
}

static uint32_t starts(const host *user)
{
    return user->workers + user->timers + user->credentials;
}

static void on_start(void *user, const char *name)
{
    host *const at = user;
    CHECK(life == FOREIGN);
    life = STARTED;
    owner = at;
    thread = this_thread();
    CHECK(!is_of_host);
    if (strcmp(name, "volcv-worker") == 0) {
        at->workers++;
    } else if (strcmp(name, "volcv-timer") == 0) {
        at->timers++;
    } else {
        CHECK(strcmp(name, "volcv-credentials") == 0);
        at->credentials++;
    }
}

static void on_stop(void *user)
{
    host *const at = user;
    CHECK(life == STARTED && owner == at && thread == this_thread());
    life = STOPPED;
    if (at->holds_stop) {
        pthread_mutex_lock(&at->hold_stop);
        pthread_mutex_unlock(&at->hold_stop);
    }
    at->stops++;
}

/* A hook comes between the two, or inside of a call of the test. */
static void inside(void)
{
    CHECK(life == STARTED || is_of_host);
}

static void on_log(void *user, uint32_t level, volcv_job job, const char *text)
{
    (void)level, (void)job, (void)text;
    inside();
    ((host *)user)->logs++;
}

static void on_release(void *user, const void *data, size_t size)
{
    host *const at = user;
    CHECK(data == PNG && size == sizeof PNG);
    inside();
    at->held++;
    pthread_mutex_lock(&at->hold_release);
    pthread_mutex_unlock(&at->hold_release);
}

static volcv_result get(void *user, volcv_credentials *out)
{
    (void)user;
    CHECK(life == STARTED);
    out->access_key = getenv("VOLC_ACCESSKEY");
    out->secret_key = getenv("VOLC_SECRETKEY");
    return VOLCV_OK;
}

static volcv_client *client_with(host *user, uint32_t workers)
{
    volcv_client_options options = local_options();
    volcv_thread_hooks threads = VOLCV_THREAD_HOOKS_INIT;
    threads.user = user;
    threads.on_start = on_start;
    threads.on_stop = on_stop;
    options.threads = &threads;
    options.max_in_flight = workers;
    options.log = on_log;
    options.log_user = user;
    options.log_level = VOLCV_LOG_DEBUG;
    return create(&options);
}

/* A job whose picture is given back to `user`. */
static volcv_job borrowing(volcv_client *client, host *user)
{
    volcv_picture picture = small_picture();
    volcv_job job;
    picture.flags = VOLCV_PICTURE_BORROW;
    picture.release = on_release;
    picture.release_user = user;
    const volcv_outpaint outpaint = small_outpaint(&picture);
    IS(volcv_outpaint_submit(client, &outpaint, NULL, &job, NULL), VOLCV_OK);
    return job;
}

/* The next event of a client that is being destroyed, for which volcv_wait() does not wait. */
static volcv_event late_event(volcv_client *client)
{
    volcv_event event = VOLCV_EVENT_INIT;
    while (volcv_poll(client, &event, 1) == 0) {
        nap();
    }
    return event;
}

/* A hook that had begun before volcv_client_destroy() gave up may still return. */
static uint32_t settled(const host *user)
{
    for (int naps = 0; naps < 20; naps++) {
        nap();
    }
    return starts(user) + user->stops + user->held + user->logs;
}

/* All pairs are complete. */
static void whole(host *user, uint32_t workers, uint32_t timers)
{
    CHECK(user->workers == workers && user->timers == timers && user->stops == starts(user));
    free(user);
}

static void one_and_many_workers(uint32_t rounds)
{
    for (uint32_t round = 0; round < rounds; round++) {
        const uint32_t workers = round % 3 == 0 ? 1 : round % 3 == 1 ? 4 : 64;
        host *const user = new_host();
        volcv_client *const client = client_with(user, workers);
        const uint32_t jobs = round % 4;
        for (uint32_t i = 0; i < jobs; i++) {
            (void)borrowing(client, user);
        }
        for (uint32_t i = 0; i < jobs && round % 2 == 0; i++) {
            CHECK(next_event(client).result == VOLCV_OK);
        }
        IS(round % 5 == 0 ? volcv_shutdown(VOLCV_WAIT_FOREVER) : volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
        CHECK(user->held == jobs && (jobs == 0 || user->logs > 0));
        /* The timer is there from the first call on; a job that is cancelled in the queue makes none. */
        CHECK(user->timers <= 1 && (jobs == 0 || round % 2 == 1 || user->timers == 1));
        whole(user, workers, user->timers);
    }
}

static void the_thread_that_asks_for_credentials(void)
{
    host *const user = new_host();
    volcv_client_options options = VOLCV_CLIENT_OPTIONS_INIT;
    volcv_thread_hooks threads = {sizeof threads, 0, user, on_start, on_stop};
    volcv_credentials_hook credentials = VOLCV_CREDENTIALS_HOOK_INIT;
    credentials.get = get;
    options.base_url = getenv("VOLCV_BASE_URL");
    options.credentials = &credentials;
    options.threads = &threads;
    options.max_in_flight = 2;
    volcv_client *const client = create(&options);
    volcv_job job;
    IS(submit(client, 1, &job), VOLCV_OK);
    CHECK(next_event(client).result == VOLCV_OK);
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
    CHECK(user->credentials == 1);
    whole(user, 2, 1);
}

static void one_hook_alone(void)
{
    for (int which = 0; which < 3; which++) {
        host *const user = new_host();
        volcv_client_options options = local_options();
        volcv_thread_hooks threads = VOLCV_THREAD_HOOKS_INIT;
        threads.user = user;
        threads.on_start = which == 0 ? on_start : NULL;
        options.threads = &threads;
        volcv_client *const client = create(&options);
        IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
        CHECK(user->workers == (which == 0 ? 4 : 0) && user->stops == 0);
        free(user);
    }
}

/* The game gives up at once and lets go later: between the two calls no hook runs. */
static void destroyed_too_early(uint32_t rounds)
{
    for (uint32_t round = 0; round < rounds; round++) {
        host *const user = new_host();
        volcv_client *const client = client_with(user, 8);
        const volcv_job job = borrowing(client, user);
        const volcv_result first = volcv_client_destroy(client, 0);
        CHECK(first == VOLCV_OK || first == VOLCV_E_TIMEOUT);
        if (first == VOLCV_E_TIMEOUT) {
            const uint32_t before = settled(user);
            /* The job ends all the same. */
            CHECK(late_event(client).job == job);
            CHECK(settled(user) == before);
            IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
        }
        CHECK(user->held == 1);
        /* A worker that began in between has neither hook. */
        CHECK(user->workers <= 8);
        whole(user, user->workers, user->timers);
    }
}

/* A hook that does not return keeps its thread; the others wait with their end until destroy is called again. */
static void a_hook_that_hangs(void)
{
    host *const user = new_host();
    volcv_client *const client = client_with(user, 4);
    CHECK(pthread_mutex_lock(&user->hold_release) == 0);
    (void)borrowing(client, user);
    while (user->held == 0) {
        nap();
    }
    while (user->workers < 4) {
        nap();
    }
    IS(volcv_client_destroy(client, 20), VOLCV_E_TIMEOUT);
    const uint32_t before = settled(user);
    CHECK(pthread_mutex_unlock(&user->hold_release) == 0);
    CHECK(late_event(client).type == VOLCV_EVENT_DONE);
    CHECK(settled(user) == before && user->stops < 4);
    IS(volcv_shutdown(VOLCV_WAIT_FOREVER), VOLCV_OK);
    whole(user, 4, user->timers);
}

static void a_stop_that_hangs(void)
{
    host *const user = new_host();
    user->holds_stop = 1;
    volcv_client *const client = client_with(user, 1);
    volcv_job job;
    IS(submit(client, 1, &job), VOLCV_OK);
    CHECK(next_event(client).result == VOLCV_OK);
    CHECK(pthread_mutex_lock(&user->hold_stop) == 0);
    IS(volcv_client_destroy(client, 20), VOLCV_E_TIMEOUT);
    IS(volcv_client_destroy(client, 0), VOLCV_E_TIMEOUT);
    CHECK(user->stops == 0 && pthread_mutex_unlock(&user->hold_stop) == 0);
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
    whole(user, 1, 1);
}

static void *patient(void *client)
{
    is_of_host = 1;
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
    return NULL;
}

/* A second destroy that gives up does not hold the first one up. */
static void destroyed_by_two(uint32_t rounds)
{
    for (uint32_t round = 0; round < rounds; round++) {
        host *const user = new_host();
        volcv_client *const client = client_with(user, 4);
        pthread_t other;
        CHECK(pthread_mutex_lock(&user->hold_release) == 0);
        (void)borrowing(client, user);
        while (user->held == 0) {
            nap();
        }
        CHECK(pthread_create(&other, NULL, patient, client) == 0);
        IS(volcv_client_destroy(client, round), VOLCV_E_TIMEOUT);
        CHECK(pthread_mutex_unlock(&user->hold_release) == 0);
        CHECK(pthread_join(other, NULL) == 0);
        const volcv_result late = volcv_client_destroy(client, VOLCV_WAIT_FOREVER);
        CHECK(late == VOLCV_E_STALE);
        whole(user, user->workers, user->timers);
    }
}

int main(void)
{
    const uint32_t rounds = number("VOLCV_ROUNDS", 60);
    is_of_host = 1;
    one_and_many_workers(rounds);
    the_thread_that_asks_for_credentials();
    one_hook_alone();
    destroyed_too_early(rounds / 4);
    a_hook_that_hangs();
    a_stop_that_hangs();
    destroyed_by_two(5);
    puts("ok");
    return 0;
}
