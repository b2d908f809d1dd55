/* Proves that the library can be loaded, used, shut down and unloaded again and again, as plug-ins are. */
#define _GNU_SOURCE
/* This program is not linked with the library. */
#define name_of(result) "something else"
#include "portable.h"

/* A pointer to a function cannot be cast from one to data. */
#define FIND(name)                                             \
    union { void *data; __typeof__(&volcv_##name) call; } name; \
    name.data = find_function(library, "volcv_" #name);                \
    CHECK(name.data != NULL)

#ifdef _WIN32
/* A thread that connects to a listener whose queue is full outlives its client. The library must stay then. */
static void stays_while_a_thread_runs(const char *path)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int length = sizeof at;
    u_long yes = 1;
    start_sockets();
    const SOCKET listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(listener, (struct sockaddr *)&at, length) == 0 && listen(listener, 0) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&at, &length) == 0);
    for (int i = 0; i < 8; i++) {
        const SOCKET waiting = socket(AF_INET, SOCK_STREAM, 0);
        CHECK(ioctlsocket(waiting, (long)FIONBIO, &yes) == 0);
        connect(waiting, (struct sockaddr *)&at, length);
    }
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%u", (unsigned)ntohs(at.sin_port));
    const loaded_library library = load_library(path, 0);
    FIND(client_create);
    FIND(outpaint_submit);
    FIND(job_progress);
    FIND(shutdown);
    volcv_client_options options = local_options();
    const volcv_picture picture = small_picture();
    const volcv_outpaint outpaint = small_outpaint(&picture);
    volcv_progress progress = VOLCV_PROGRESS_INIT;
    volcv_client *client;
    volcv_job job;
    options.base_url = url;
    IS(client_create.call(VOLCV_ABI_VERSION, &options, &client, NULL), VOLCV_OK);
    IS(outpaint_submit.call(client, &outpaint, NULL, &job, NULL), VOLCV_OK);
    do {
        nap();
        IS(job_progress.call(client, job, &progress), VOLCV_OK);
    } while (progress.phase != VOLCV_PHASE_CONNECTING);
    /* The phase begins a little before the thread. */
    for (int naps = 0; naps < 200; naps++) {
        nap();
    }
    IS(shutdown.call(VOLCV_WAIT_FOREVER), VOLCV_OK);
    CHECK(unload_library(library) && is_loaded(path));
}
#endif

int main(int count, char **arguments)
{
    CHECK(count == 2);
    const uint32_t rounds = number("VOLCV_ROUNDS", 30);
    const int before = threads();
    for (uint32_t round = 0; round < rounds; round++) {
        const loaded_library library = load_library(arguments[1], round);
        CHECK(library != NULL);
        FIND(abi_version);
        FIND(client_create);
        FIND(outpaint_run);
        FIND(shutdown);
        CHECK(abi_version.call() == VOLCV_ABI_VERSION);
        const volcv_client_options options = local_options();
        const volcv_picture picture = small_picture();
        const volcv_outpaint outpaint = small_outpaint(&picture);
        volcv_client *client;
        volcv_job job;
        IS(client_create.call(VOLCV_ABI_VERSION, &options, &client, NULL), VOLCV_OK);
        if (round % 4 == 0) {
            IS(outpaint_run.call(client, &outpaint, NULL, &job, NULL), VOLCV_OK);
        }
        IS(shutdown.call(VOLCV_WAIT_FOREVER), VOLCV_OK);
        /* A thread that was joined is listed for a moment more, but not for seconds. */
        for (int naps = 0; threads() != before; naps++) {
            CHECK(naps < 2000);
            nap();
        }
        CHECK(unload_library(library));
#ifdef _WIN32
        CHECK(!is_loaded(arguments[1]));
#endif
    }
#ifdef _WIN32
    stays_while_a_thread_runs(arguments[1]);
#endif
    puts("ok");
    return 0;
}
