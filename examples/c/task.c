/*
 * task.c: an outpainting that survives the end of the program. It is submitted as a task, which is printed as one line;
 * whoever has the line can wait for the result, without paying again.
 *
 *     cc task.c -lvolcv -o task
 *     export VOLCV_BASE_URL=https://... VOLCV_API_KEY=...
 *     ./task submit photo.jpg wide.png    prints the task, then waits
 *     ./task wait '{"task_id":...}' wide.png
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <volcv.h>

static unsigned char photo[32 << 20];

static int failed(const volcv_error *error)
{
    fprintf(stderr, "%s: %s\n", volcv_result_name(error->code), error->message);
    return EXIT_FAILURE;
}

/* Waits for the end of a job. A game would poll for its event. */
static volcv_result end_of(volcv_client *client, volcv_job job, volcv_error *error)
{
    volcv_wait(client, &job, 1, 1, VOLCV_WAIT_FOREVER);
    volcv_job_error(client, job, error);
    return error->code;
}

/* The task of a photo that becomes twice as wide. The text belongs to the job. */
static const char *submit(volcv_client *client, const char *path, volcv_error *error)
{
    volcv_picture picture = VOLCV_PICTURE_INIT;
    volcv_outpaint outpaint = VOLCV_OUTPAINT_INIT;
    volcv_task_request request = VOLCV_TASK_REQUEST_INIT;
    const char *task = NULL;
    volcv_job job;
    FILE *in = fopen(path, "rb");
    if (in != NULL) {
        picture.data = photo;
        picture.size = fread(photo, 1, sizeof photo, in);
        fclose(in);
    }
    outpaint.picture = &picture;
    outpaint.left = outpaint.right = 0.5;
    request.outpaint = &outpaint;
    if (volcv_task_submit(client, &request, NULL, &job, error) != VOLCV_OK) return NULL;
    if (end_of(client, job, error) == VOLCV_OK) volcv_job_task(client, job, &task, NULL);
    return task;
}

int main(int argc, char **argv)
{
    volcv_client_options options = VOLCV_CLIENT_OPTIONS_INIT;
    volcv_job_options links = VOLCV_JOB_OPTIONS_INIT;
    volcv_image_info image = VOLCV_IMAGE_INFO_INIT;
    volcv_error error = VOLCV_ERROR_INIT;
    volcv_client *client;
    volcv_job job;

    const int is_new = argc == 4 && strcmp(argv[1], "submit") == 0;
    if (!is_new && (argc != 4 || strcmp(argv[1], "wait") != 0)) {
        return fprintf(stderr, "usage: task submit PHOTO RESULT, or task wait TASK RESULT\n"), EXIT_FAILURE;
    }
    options.base_url = getenv("VOLCV_BASE_URL");
    options.api_key = getenv("VOLCV_API_KEY");
    if (volcv_client_create(VOLCV_ABI_VERSION, &options, &client, &error) != VOLCV_OK) return failed(&error);

    const char *task = is_new ? submit(client, argv[2], &error) : argv[2];
    if (task == NULL) return failed(&error);
    puts(task); /* A program would store it: from here on the task is as good as paid for. */
    fflush(stdout);

    links.flags = VOLCV_JOB_DOWNLOAD;
    int status = EXIT_SUCCESS;
    if (volcv_task_wait(client, task, &links, &job, &error) != VOLCV_OK || end_of(client, job, &error) != VOLCV_OK) {
        status = failed(&error);
    } else if (volcv_job_image_info(client, job, 0, &image) == VOLCV_OK) {
        FILE *out = fopen(argv[3], "wb");
        if (out == NULL || fwrite(image.data, 1, image.size, out) != image.size || fclose(out) != 0) {
            status = (perror(argv[3]), EXIT_FAILURE);
        } else {
            printf("%s: %ux%u\n", argv[3], image.width, image.height);
        }
    }
    volcv_client_destroy(client, VOLCV_WAIT_FOREVER);
    return status;
}
