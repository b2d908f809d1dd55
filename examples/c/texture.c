/*
 * texture.c: pixels in, pixels out. It makes a texture twice as wide, and keeps every pixel of it.
 *
 *     cc texture.c -lvolcv -o texture
 *     VOLCV_BASE_URL=https://... VOLCV_API_KEY=... ./texture photo.ppm wide.ppm
 *
 * PPM files stand for the textures of a game, so that the program needs no other library.
 */

#include <stdio.h>
#include <stdlib.h>
#include <volcv.h>

static int failed(const volcv_error *error)
{
    fprintf(stderr, "%s: %s\n", volcv_result_name(error->code), error->message);
    return EXIT_FAILURE;
}

/* Memory for rows of red, green and blue without gaps; its data is NULL if there is none. */
static volcv_pixels make_texture(uint32_t width, uint32_t height)
{
    volcv_pixels texture = VOLCV_PIXELS_INIT;
    texture.format = VOLCV_PIXEL_RGB8;
    texture.width = width;
    texture.height = height;
    texture.size = (size_t)width * height * 3;
    texture.data = malloc(texture.size);
    return texture;
}

static int read_texture(const char *path, volcv_pixels *texture)
{
    unsigned int width = 0, height = 0;
    FILE *file = fopen(path, "rb");
    int good = file != NULL && fscanf(file, "P6 %u %u 255", &width, &height) == 2 && fgetc(file) != EOF;
    good = good && width <= 16384 && height <= 16384;
    *texture = make_texture(width, height);
    good = good && texture->data != NULL && fread(texture->data, 1, texture->size, file) == texture->size;
    if (file != NULL) fclose(file);
    return good;
}

static int write_texture(const char *path, const volcv_pixels *texture)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL) return 0;
    fprintf(file, "P6\n%u %u\n255\n", texture->width, texture->height);
    const size_t written = fwrite(texture->data, 1, texture->size, file);
    return fclose(file) == 0 && written == texture->size;
}

/* Submits the texture, polls as a game does once in a frame, and copies the pixels of the result. */
static int grow(volcv_client *client, volcv_outpaint *request, const volcv_pixels *larger)
{
    volcv_error error = VOLCV_ERROR_INIT;
    volcv_pixels_info info = VOLCV_PIXELS_INFO_INIT;
    volcv_event event = VOLCV_EVENT_INIT;
    volcv_job job;
    if (volcv_outpaint_submit(client, request, NULL, &job, &error) != VOLCV_OK) return failed(&error);
    while (volcv_poll(client, &event, 1) == 0) {
        volcv_wait(client, NULL, 0, 0, 16); /* Stands for the 16 ms in which a game draws and waits for the display. */
    }
    volcv_job_error(client, job, &error);
    if (event.result != VOLCV_OK) return failed(&error);
    if (volcv_job_pixels(client, job, 0, larger) != VOLCV_OK ||
        volcv_job_pixels_info(client, job, 0, &info) != VOLCV_OK) {
        return fprintf(stderr, "no pixels\n"), EXIT_FAILURE;
    }
    printf("%ux%u, the original is %s, seam %.1f (%.1f before)\n", info.width, info.height,
           info.exact ? "untouched" : "changed", info.seam_after, info.seam_before);
    volcv_job_release(client, job);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    volcv_client_options options = VOLCV_CLIENT_OPTIONS_INIT;
    volcv_outpaint request = VOLCV_OUTPAINT_INIT;
    volcv_plan_info plan = VOLCV_PLAN_INFO_INIT;
    volcv_error error = VOLCV_ERROR_INIT;
    volcv_pixels texture, larger = VOLCV_PIXELS_INIT;
    volcv_client *client;

    if (argc != 3 || !read_texture(argv[1], &texture)) {
        return fprintf(stderr, "usage: texture PPM RESULT\n"), EXIT_FAILURE;
    }
    texture.flags = VOLCV_PIXELS_BORROW; /* The memory outlives the job, so volcv need not copy it in the frame. */
    request.pixels = &texture;
    request.mode = VOLCV_MODE_PIXELS;
    request.left = request.right = texture.width / 2;
    request.prompt = "a lake between mountains at dawn";

    options.base_url = getenv("VOLCV_BASE_URL");
    options.api_key = getenv("VOLCV_API_KEY");
    if (volcv_client_create(VOLCV_ABI_VERSION, &options, &client, &error) != VOLCV_OK) return failed(&error);
    int status = EXIT_FAILURE;
    if (volcv_plan(&request, 0, 0, &plan, &error) != VOLCV_OK) {
        failed(&error);
    } else {
        larger = make_texture(plan.result_width, plan.result_height);
        status = larger.data == NULL ? EXIT_FAILURE : grow(client, &request, &larger);
    }
    volcv_client_destroy(client, VOLCV_WAIT_FOREVER);
    if (status == EXIT_SUCCESS && !write_texture(argv[2], &larger)) status = (perror(argv[2]), EXIT_FAILURE);
    free(texture.data);
    free(larger.data);
    return status;
}
