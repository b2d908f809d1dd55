/* One picture, with the proxies of the environment if ASKS is not 0. */
#include "check.h"

int main(void)
{
    volcv_client_options options = local_options();
    const volcv_picture picture = small_picture();
    const volcv_outpaint outpaint = small_outpaint(&picture);
    volcv_client *client;
    volcv_job job;
    options.flags = number("ASKS", 0) != 0 ? VOLCV_CLIENT_PROXY_FROM_ENV : 0;
    IS(volcv_client_create(VOLCV_ABI_VERSION, &options, &client, NULL), VOLCV_OK);
    IS(volcv_outpaint_run(client, &outpaint, NULL, &job, NULL), VOLCV_OK);
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
    puts("ok");
    return 0;
}
