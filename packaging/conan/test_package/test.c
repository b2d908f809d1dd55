/*
 * Prints the version, creates a client and destroys it. With VOLCV_BASE_URL and VOLCV_API_KEY it outpaints the picture that
 * its argument names. A library without HTTP refuses the client, which is a success as well.
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

static int outpaint(volcv_client *client, const char *path)
{
    volcv_picture picture = VOLCV_PICTURE_INIT;
    volcv_outpaint request = VOLCV_OUTPAINT_INIT;
    volcv_image_info image = VOLCV_IMAGE_INFO_INIT;
    volcv_error error = VOLCV_ERROR_INIT;
    volcv_job job;
    FILE *file = fopen(path, "rb");
    if (file == NULL) return perror(path), EXIT_FAILURE;
    picture.flags = VOLCV_PICTURE_BORROW;
    picture.data = photo;
    picture.size = fread(photo, 1, sizeof photo, file);
    fclose(file);
    request.picture = &picture;
    request.left = request.right = 0.5;
    if (volcv_outpaint_run(client, &request, NULL, &job, &error) != VOLCV_OK) return failed(&error);
    if (volcv_job_image_info(client, job, 0, &image) != VOLCV_OK) return EXIT_FAILURE;
    printf("C: %ux%u\n", image.width, image.height);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    volcv_client_options options = VOLCV_CLIENT_OPTIONS_INIT;
    volcv_error error = VOLCV_ERROR_INIT;
    volcv_client *client;
    volcv_result result;
    const char *url = getenv("VOLCV_BASE_URL");
    int status = EXIT_SUCCESS;

    printf("C: volcv %s\n", volcv_version());
    options.base_url = url != NULL ? url : "https://gateway.example";
    options.api_key = url != NULL ? getenv("VOLCV_API_KEY") : "no-key";
    result = volcv_client_create(VOLCV_ABI_VERSION, &options, &client, &error);
    if (result == VOLCV_E_UNSUPPORTED) return printf("C: %s\n", error.message), EXIT_SUCCESS;
    if (result != VOLCV_OK) return failed(&error);
    if (url != NULL && argc == 2) status = outpaint(client, argv[1]);
    return volcv_client_destroy(client, VOLCV_WAIT_FOREVER) == VOLCV_OK ? status : EXIT_FAILURE;
}
