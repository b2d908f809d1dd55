/*
 * direct.c: an outpainting with an access key of Volcengine, without a gateway.
 *
 *     cc direct.c -lvolcv -o direct
 *     VOLC_ACCESSKEY=... VOLC_SECRETKEY=... ./direct photo.jpg wide.png
 *
 * A session token is taken from VOLC_SESSION_TOKEN, and another address than the service's from VOLCV_BASE_URL.
 */

#include <stdio.h>
#include <stdlib.h>
#include <volcv.h>

static unsigned char photo[32 << 20];

static int failed(const volcv_error *error)
{
    fprintf(stderr, "%s: %s\n", volcv_result_name(error->code), error->message);
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    volcv_client_options options = VOLCV_CLIENT_OPTIONS_INIT;
    volcv_picture picture = VOLCV_PICTURE_INIT;
    volcv_outpaint request = VOLCV_OUTPAINT_INIT;
    volcv_image_info image = VOLCV_IMAGE_INFO_INIT;
    volcv_error error = VOLCV_ERROR_INIT;
    volcv_client *client;
    volcv_job job;

    FILE *in = argc == 3 ? fopen(argv[1], "rb") : NULL;
    if (in == NULL) return fprintf(stderr, "usage: direct PHOTO RESULT\n"), EXIT_FAILURE;
    picture.data = photo;
    picture.size = fread(photo, 1, sizeof photo, in);
    if (!feof(in)) return fprintf(stderr, "%s is too large\n", argv[1]), EXIT_FAILURE;
    fclose(in);

    /* volcv copies the keys, and wipes its copies. VOLCV_CLIENT_FIND_CREDENTIALS would look in ~/.volc, too. */
    options.access_key = getenv("VOLC_ACCESSKEY");
    options.secret_key = getenv("VOLC_SECRETKEY");
    options.session_token = getenv("VOLC_SESSION_TOKEN");
    options.base_url = getenv("VOLCV_BASE_URL");
    if (volcv_client_create(VOLCV_ABI_VERSION, &options, &client, &error) != VOLCV_OK) return failed(&error);

    request.picture = &picture;
    request.left = request.right = 0.5;
    int status = EXIT_SUCCESS;
    if (volcv_outpaint_run(client, &request, NULL, &job, &error) != VOLCV_OK) {
        status = failed(&error);
    } else if (volcv_job_image_info(client, job, 0, &image) == VOLCV_OK) {
        FILE *out = fopen(argv[2], "wb");
        if (out == NULL || fwrite(image.data, 1, image.size, out) != image.size || fclose(out) != 0) {
            status = (perror(argv[2]), EXIT_FAILURE);
        } else {
            printf("%s: %ux%u\n", argv[2], image.width, image.height);
        }
    }
    volcv_client_destroy(client, VOLCV_WAIT_FOREVER);
    return status;
}
