/* Has a data race, on purpose: two threads let libvolcv write into one struct at once. ThreadSanitizer has to see it. */
#include "check.h"

static volcv_client *client;
static volcv_job job;
static volcv_progress shared;

static void *ask(void *unused)
{
    for (int i = 0; i < 1000; i++) {
        IS(volcv_job_progress(client, job, &shared), VOLCV_OK);
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
