/* The peer of the bench that is a program in C: `peer URL BYTES`, then lines of `ROUNDS AT_ONCE` on standard input. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <volcv.h>

#define MOST 64

static void check(int good, const char *what)
{
    if (!good) {
        fprintf(stderr, "c: %s\n", what);
        exit(1);
    }
}

static void put_u32(unsigned char *at, size_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(value >> (24 - 8 * i));
}

/* A PNG as far as its structure goes, as benches/src/picture.rs makes it. */
static unsigned char *make_picture(size_t bytes)
{
    static const unsigned char head[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13, 'I', 'H', 'D', 'R', 0, 0, 4, 0, 0, 0, 4, 0, 8, 2, 0, 0, 0};
    unsigned char *png = calloc(bytes, 1);
    uint32_t state = 1;
    check(png != NULL, "no memory");
    memcpy(png, head, sizeof head);
    put_u32(png + 33, bytes - 57);
    memcpy(png + 37, "IDAT", 4);
    for (size_t i = 41; i < bytes - 16; i++) {
        state = state * 1664525u + 1013904223u;
        png[i] = (unsigned char)(state >> 24);
    }
    memcpy(png + bytes - 8, "IEND", 4);
    return png;
}

static void round_of_calls(volcv_client *client, const volcv_outpaint *request, size_t bytes, uint32_t at_once)
{
    volcv_job jobs[MOST];
    volcv_error error = VOLCV_ERROR_INIT;
    volcv_event events[MOST];
    for (uint32_t i = 0; i < at_once; i++)
        check(volcv_outpaint_submit(client, request, NULL, &jobs[i], &error) == VOLCV_OK, error.message);
    check(volcv_wait(client, jobs, at_once, 1, VOLCV_WAIT_FOREVER) == VOLCV_OK, "the wait failed");
    check(volcv_poll(client, events, MOST) == at_once, "each job has one event");
    for (uint32_t i = 0; i < at_once; i++) {
        volcv_buffer picture = VOLCV_BUFFER_INIT;
        volcv_job_error(client, jobs[i], &error);
        check(volcv_job_image_take(client, jobs[i], 0, &picture) == VOLCV_OK, error.message);
        check(picture.size == bytes && error.attempts == 1, "the picture came back whole, and nothing was sent twice");
        volcv_buffer_release(&picture);
        volcv_job_release(client, jobs[i]);
    }
}

int main(int argc, char **argv)
{
    volcv_client_options options = VOLCV_CLIENT_OPTIONS_INIT;
    volcv_picture picture = VOLCV_PICTURE_INIT;
    volcv_outpaint request = VOLCV_OUTPAINT_INIT;
    volcv_error error = VOLCV_ERROR_INIT;
    volcv_client *client = NULL;
    unsigned rounds, at_once;
    check(argc == 3, "usage: peer URL BYTES");
    size_t bytes = strtoul(argv[2], NULL, 10);
    unsigned char *png = make_picture(bytes);
    options.base_url = argv[1];
    options.api_key = "bench-key";
    options.max_in_flight = MOST;
    check(volcv_client_create(VOLCV_ABI_VERSION, &options, &client, &error) == VOLCV_OK, error.message);
    picture.data = png;
    picture.size = bytes;
    picture.flags = VOLCV_PICTURE_BORROW;
    request.picture = &picture;
    request.left = 0.5;
    request.right = 0.5;
    request.prompt = "a lake at dawn";
    request.seed = 7;
    while (scanf("%u %u", &rounds, &at_once) == 2) {
        check(at_once <= MOST, "too many at once");
        for (unsigned i = 0; i < rounds; i++)
            round_of_calls(client, &request, bytes, at_once);
        puts("done");
        fflush(stdout);
    }
    check(volcv_client_destroy(client, 5000) == VOLCV_OK, "destroy failed");
    free(png);
    return 0;
}
