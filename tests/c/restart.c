/* Proves that the library can be started and shut down a hundred times: no thread and no descriptor stays behind. */
#include "check.h"
#include "first_thread.h"

#include <dirent.h>

static int entries(const char *folder)
{
    DIR *const open = opendir(folder);
    CHECK(open != NULL);
    int count = 0;
    while (readdir(open) != NULL) {
        count++;
    }
    closedir(open);
    return count;
}

int main(void)
{
    first_thread();
    const uint32_t rounds = number("VOLCV_ROUNDS", 100);
    const int descriptors = entries("/proc/self/fd");
    const int threads = entries("/proc/self/task");
    for (uint32_t round = 0; round < rounds; round++) {
        volcv_client *const client = local_client();
        volcv_job jobs[6];
        for (uint64_t i = 0; i < 6; i++) {
            IS(submit(client, i, &jobs[i]), VOLCV_OK);
        }
        /* Every way to leave: with results, in the middle of it, at once. */
        if (round % 3 == 0) {
            IS(volcv_wait(client, jobs, 6, 1, VOLCV_WAIT_FOREVER), VOLCV_OK);
        } else if (round % 3 == 1) {
            IS(volcv_wait(client, jobs, 6, 0, VOLCV_WAIT_FOREVER), VOLCV_OK);
        }
        if (round % 2 == 0) {
            IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
        } else {
            (void)local_client();
            IS(volcv_shutdown(VOLCV_WAIT_FOREVER), VOLCV_OK);
        }
        IS(volcv_job_cancel(client, jobs[0]), VOLCV_E_STALE);
        /* A thread that was joined is listed for a moment more, but not for seconds. */
        for (int naps = 0; entries("/proc/self/task") != threads; naps++) {
            CHECK(naps < 2000);
            nap();
        }
        CHECK(entries("/proc/self/fd") == descriptors);
    }
    IS(volcv_shutdown(0), VOLCV_OK);
    puts("ok");
    return 0;
}
