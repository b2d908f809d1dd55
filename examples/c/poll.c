/*
 * poll.c: a frame loop that never blocks. It submits a job, polls for events once a frame, shows the progress, and
 * cancels the job on Ctrl-C. A game does the same in its own loop, on any thread.
 *
 *     cc poll.c -lvolcv -o poll
 *     VOLCV_BASE_URL=https://... VOLCV_API_KEY=... ./poll photo.jpg wide.png
 */

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <volcv.h>

static const char *const phases[] = {
    "queued", "connecting", "uploading", "waiting", "downloading", "backing off", "ended", "waiting for the task",
};

static volatile sig_atomic_t cancel_wanted;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    cancel_wanted = 1;
}

/* volcv calls this on one of its threads when it no longer needs the bytes, before the event can be polled. */
static void VOLCV_CALL free_photo(void *user, const void *data, size_t size)
{
    (void)data;
    (void)size;
    free(user);
}

static void *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) return NULL;
    const long end = ftell(file);
    void *bytes = end > 0 ? malloc((size_t)end) : NULL;
    rewind(file);
    *size = bytes != NULL ? fread(bytes, 1, (size_t)end, file) : 0;
    fclose(file);
    return bytes;
}

static int write_file(const char *path, const volcv_buffer *bytes)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL) return 0;
    const size_t written = fwrite(bytes->data, 1, bytes->size, file);
    return fclose(file) == 0 && written == bytes->size;
}

/* Stands for drawing: prints a line when the phase has changed. */
static void draw(volcv_client *client, volcv_job job)
{
    static uint32_t shown = UINT32_MAX;
    volcv_progress progress = VOLCV_PROGRESS_INIT;
    if (volcv_job_progress(client, job, &progress) != VOLCV_OK || progress.phase == shown) return;
    shown = progress.phase;
    printf("%s, attempt %" PRIu32 ", sent %" PRIu64 " of %" PRIu64 ", received %" PRIu64 "\n", phases[shown],
           progress.attempt, progress.sent, progress.send_total, progress.received);
    fflush(stdout);
}

/* Prints how the job ended and writes the picture to a file. */
static int finish(volcv_client *client, const volcv_event *event, const char *path)
{
    volcv_error error = VOLCV_ERROR_INIT;
    volcv_image_info image = VOLCV_IMAGE_INFO_INIT;
    volcv_buffer bytes = VOLCV_BUFFER_INIT;
    int status = EXIT_FAILURE;

    volcv_job_error(client, event->job, &error);
    if (event->result != VOLCV_OK) {
        printf("%s: %s\n", volcv_result_name(event->result), error.message);
    } else if (volcv_job_image_info(client, event->job, 0, &image) == VOLCV_OK &&
               volcv_job_image_take(client, event->job, 0, &bytes) == VOLCV_OK && write_file(path, &bytes)) {
        printf("done after %" PRIu32 " attempts: %" PRIu32 "x%" PRIu32 "\n", error.attempts, image.width, image.height);
        status = EXIT_SUCCESS;
    } else {
        perror(path);
    }
    volcv_buffer_release(&bytes);
    volcv_job_release(client, event->job);
    return status;
}

int main(int argc, char **argv)
{
    volcv_client_options options = VOLCV_CLIENT_OPTIONS_INIT;
    volcv_picture picture = VOLCV_PICTURE_INIT;
    volcv_outpaint request = VOLCV_OUTPAINT_INIT;
    volcv_error error = VOLCV_ERROR_INIT;
    volcv_client *client;
    volcv_job job;

    void *photo = argc == 3 ? read_file(argv[1], &picture.size) : NULL;
    if (photo == NULL) return fprintf(stderr, "usage: poll PHOTO RESULT\n"), EXIT_FAILURE;
    signal(SIGINT, on_interrupt);

    options.base_url = getenv("VOLCV_BASE_URL");
    options.api_key = getenv("VOLCV_API_KEY");
    if (volcv_client_create(VOLCV_ABI_VERSION, &options, &client, &error) != VOLCV_OK) {
        fprintf(stderr, "%s\n", error.message);
        free(photo);
        return EXIT_FAILURE;
    }

    picture.flags = VOLCV_PICTURE_BORROW;
    picture.data = picture.release_user = photo;
    picture.release = free_photo;
    request.picture = &picture;
    request.mode = VOLCV_MODE_ASPECT;
    request.aspect_width = 16;
    request.aspect_height = 9;
    if (volcv_outpaint_submit(client, &request, NULL, &job, &error) != VOLCV_OK) {
        fprintf(stderr, "%s\n", error.message);
        free(photo); /* volcv did not accept the job, so it does not call free_photo(). */
        volcv_client_destroy(client, VOLCV_WAIT_FOREVER);
        return EXIT_FAILURE;
    }

    int status = -1;
    for (unsigned long frame = 0; status < 0; ++frame) {
        volcv_event events[16];
        const uint32_t count = volcv_poll(client, events, 16);
        for (uint32_t i = 0; i < count; ++i) {
            if (events[i].type != VOLCV_EVENT_DONE || events[i].job != job) continue;
            draw(client, job);
            status = finish(client, &events[i], argv[2]);
            printf("%lu frames\n", frame);
        }
        if (status >= 0) break;
        draw(client, job);
        if (cancel_wanted) volcv_job_cancel(client, job);
        volcv_wait(client, NULL, 0, 0, 16); /* Stands for the 16 ms in which a game draws and waits for the display. */
    }
    volcv_client_destroy(client, VOLCV_WAIT_FOREVER);
    return status;
}
