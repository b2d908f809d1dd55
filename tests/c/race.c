/* Has a data race, on purpose: two threads let libvolcv write into one struct at once. ThreadSanitizer has to see it. */
#include "check.h"

static volcv_client *client;
static volcv_job job;
static volcv_progress shared;
static atomic_int done;

static void *ask(void *unused)
{
    for (int i = 0; i < 100; i++) {
        IS(volcv_job_progress(client, job, &shared), VOLCV_OK);
    }
    /* A thread that has ended is forgotten, and a race with it is not seen. Relaxed: no order between the threads. */
    atomic_fetch_add_explicit(&done, 1, memory_order_relaxed);
    while (atomic_load_explicit(&done, memory_order_relaxed) < 2) {
        nap();
    }
    return unused;
}

int main(void)
{
    shared.struct_size = sizeof shared;
    client = local_client();
    IS(submit(client, 0, &job), VOLCV_OK);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        CHECK(pthread_create(&threads[i], NULL, ask, NULL) == 0);
    }
    for (int i = 0; i < 2; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
    puts("ok");
    return 0;
}
