/* Proves that the library can be loaded, used, shut down and unloaded again and again, as plug-ins are. */
#define _GNU_SOURCE
/* This program is not linked with the library. */
#define name_of(result) "something else"
#include "check.h"
#include "first_thread.h"

#include <dirent.h>
#include <dlfcn.h>

/* A pointer to a function cannot be cast from one to data. */
#define FIND(name)                                             \
    union { void *data; __typeof__(&volcv_##name) call; } name; \
    name.data = dlsym(library, "volcv_" #name);                \
    CHECK(name.data != NULL)

static int threads(void)
{
    DIR *const open = opendir("/proc/self/task");
    int count = 0;
    while (readdir(open) != NULL) {
        count++;
    }
    closedir(open);
    return count;
}

int main(int count, char **arguments)
{
    CHECK(count == 2);
    const uint32_t rounds = number("VOLCV_ROUNDS", 30);
    first_thread();
    const int before = threads();
    for (uint32_t round = 0; round < rounds; round++) {
        void *const library = dlopen(arguments[1], round % 2 == 0 ? RTLD_NOW | RTLD_LOCAL : RTLD_LAZY | RTLD_GLOBAL);
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
        CHECK(dlclose(library) == 0);
    }
    puts("ok");
    return 0;
}
