/* Proves that the library can be started and shut down a hundred times: no thread and nothing that is open stays behind. */
#include "portable.h"

int main(void)
{
    const uint32_t rounds = number("VOLCV_ROUNDS", 100);
    int handles = open_handles();
    const int own_threads = threads();
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
        for (int naps = 0; threads() != own_threads; naps++) {
            CHECK(naps < 2000);
            nap();
        }
        if ((int)round < FIRST_ROUND_THAT_COUNTS) {
            handles = open_handles();
        }
        CHECK(open_handles() == handles);
    }
    IS(volcv_shutdown(0), VOLCV_OK);
    puts("ok");
    return 0;
}
