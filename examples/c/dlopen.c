/*
 * dlopen.c: loads libvolcv while it runs, with one look-up, and makes a picture twice as wide. A game that has volcv as an
 * option starts without the library, too.
 *
 *     cc dlopen.c -ldl -o dlopen             (MinGW: without -ldl)
 *     VOLCV_BASE_URL=https://... VOLCV_API_KEY=... ./dlopen libvolcv.so photo.jpg wide.png
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The functions are found while the program runs: nothing is imported. */
#define VOLCV_STATIC
#include <volcv.h>

#ifdef _WIN32
#include <windows.h>

static volcv_get_api_fn look_up(const char *library)
{
    HMODULE module = LoadLibraryA(library);
    FARPROC found = module == NULL ? NULL : GetProcAddress(module, "volcv_get_api");
    volcv_get_api_fn get_api;
    memcpy(&get_api, &found, sizeof get_api);
    return get_api;
}
#else
#include <dlfcn.h>

static volcv_get_api_fn look_up(const char *library)
{
    void *module = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    void *found = module == NULL ? NULL : dlsym(module, "volcv_get_api");
    volcv_get_api_fn get_api;
    /* C has no cast from a pointer to data to one to a function. */
    memcpy(&get_api, &found, sizeof get_api);
    return get_api;
}
#endif

static unsigned char photo[32 << 20];

static int failed(const volcv_api *volcv, const volcv_error *error)
{
    fprintf(stderr, "%s: %s\n", volcv->result_name(error->code), error->message);
    return EXIT_FAILURE;
}

static int widen(const volcv_api *volcv, const volcv_picture *picture, const char *path)
{
    volcv_client_options options = VOLCV_CLIENT_OPTIONS_INIT;
    volcv_outpaint request = VOLCV_OUTPAINT_INIT;
    volcv_image_info image = VOLCV_IMAGE_INFO_INIT;
    volcv_error error = VOLCV_ERROR_INIT;
    volcv_client *client;
    volcv_job job;
    int status = EXIT_SUCCESS;

    options.base_url = getenv("VOLCV_BASE_URL");
    options.api_key = getenv("VOLCV_API_KEY");
    if (volcv->client_create(VOLCV_ABI_VERSION, &options, &client, &error) != VOLCV_OK) return failed(volcv, &error);
    request.picture = picture;
    request.left = request.right = 0.5;
    if (volcv->outpaint_run(client, &request, NULL, &job, &error) != VOLCV_OK) {
        status = failed(volcv, &error);
    } else if (volcv->job_image_info(client, job, 0, &image) == VOLCV_OK) {
        FILE *out = fopen(path, "wb");
        if (out == NULL || fwrite(image.data, 1, image.size, out) != image.size || fclose(out) != 0) {
            status = (perror(path), EXIT_FAILURE);
        } else {
            printf("%s: %ux%u by libvolcv %s\n", path, image.width, image.height, volcv->version());
        }
    }
    volcv->client_destroy(client, VOLCV_WAIT_FOREVER);
    return status;
}

int main(int argc, char **argv)
{
    volcv_api volcv = VOLCV_API_INIT;
    volcv_picture picture = VOLCV_PICTURE_INIT;
    volcv_get_api_fn get_api = argc == 4 ? look_up(argv[1]) : NULL;
    FILE *in = argc == 4 ? fopen(argv[2], "rb") : NULL;
    int status;
    if (argc != 4 || in == NULL) return fprintf(stderr, "usage: dlopen LIBRARY PHOTO RESULT\n"), EXIT_FAILURE;
    if (get_api == NULL) return fprintf(stderr, "%s has no volcv_get_api\n", argv[1]), EXIT_FAILURE;
    /* An older library leaves the functions NULL that it does not have. */
    if (get_api(VOLCV_ABI_VERSION, &volcv) != VOLCV_OK || volcv.job_image_info == NULL) {
        return fprintf(stderr, "%s is another version\n", argv[1]), EXIT_FAILURE;
    }
    picture.flags = VOLCV_PICTURE_BORROW;
    picture.data = photo;
    picture.size = fread(photo, 1, sizeof photo, in);
    status = feof(in) ? widen(&volcv, &picture, argv[3]) : (fprintf(stderr, "%s is too large\n", argv[2]), EXIT_FAILURE);
    fclose(in);
    volcv.shutdown(VOLCV_WAIT_FOREVER);
    return status;
}
