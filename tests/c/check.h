/* What the test programs share: checks that end the program, a picture, a client for the server in the environment. */
#ifndef CHECK_H
#define CHECK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>
#include <volcv.h>

#define CHECK(what)                                                         \
    do {                                                                    \
        if (!(what)) {                                                      \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what); \
            _exit(1);                                                       \
        }                                                                   \
    } while (0)

/* The call gives this result. */
#define IS(call, wanted) check_result(__FILE__, __LINE__, #call, (call), (wanted))

#ifndef name_of
#define name_of volcv_result_name
#endif

static inline void check_result(const char *file, int line, const char *call, volcv_result got, volcv_result wanted)
{
    if (got != wanted) {
        fprintf(stderr, "%s:%d: %s is %s, not %s\n", file, line, call, name_of(got), name_of(wanted));
        _exit(1);
    }
}

/* 64 x 64 pixels of one colour. */
static const unsigned char PNG[] = {
    137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0, 64, 0, 0, 0, 64, 8, 2, 0, 0, 0, 37, 11,
    230, 137, 0, 0, 0, 79, 73, 68, 65, 84, 120, 218, 237, 207, 65, 9, 0, 0, 8, 4, 176, 139, 99, 28, 227, 24, 223, 8,
    190, 133, 193, 10, 44, 213, 243, 90, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 46, 11, 101, 80, 0, 226, 44, 222, 51, 187, 0, 0, 0,
    0, 73, 69, 78, 68, 174, 66, 96, 130,
};

/* A number from the environment. */
static inline uint32_t number(const char *name, uint32_t otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : (uint32_t)strtoul(text, NULL, 10);
}

static inline uint64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static inline void nap(void)
{
    const struct timespec millisecond = {0, 1000000};
    nanosleep(&millisecond, NULL);
}

/* Options for the server in the environment. */
static inline volcv_client_options local_options(void)
{
    volcv_client_options options = VOLCV_CLIENT_OPTIONS_INIT;
    options.base_url = getenv("VOLCV_BASE_URL");
    options.api_key = getenv("VOLCV_API_KEY");
    return options;
}

static inline volcv_client *create(const volcv_client_options *options)
{
    volcv_client *client = NULL;
    volcv_error error = VOLCV_ERROR_INIT;
    if (volcv_client_create(VOLCV_ABI_VERSION, options, &client, &error) != VOLCV_OK) {
        fprintf(stderr, "no client: %s\n", error.message);
        _exit(1);
    }
    CHECK(client != NULL);
    return client;
}

static inline volcv_client *local_client(void)
{
    const volcv_client_options options = local_options();
    return create(&options);
}

static inline volcv_picture small_picture(void)
{
    volcv_picture picture = VOLCV_PICTURE_INIT;
    picture.data = PNG;
    picture.size = sizeof PNG;
    return picture;
}

/* Grows the picture to the left. */
static inline volcv_outpaint small_outpaint(const volcv_picture *picture)
{
    volcv_outpaint outpaint = VOLCV_OUTPAINT_INIT;
    outpaint.picture = picture;
    outpaint.left = 0.25;
    return outpaint;
}

static inline volcv_result submit(volcv_client *client, uint64_t user, volcv_job *job)
{
    const volcv_picture picture = small_picture();
    const volcv_outpaint outpaint = small_outpaint(&picture);
    volcv_job_options options = VOLCV_JOB_OPTIONS_INIT;
    options.user = user;
    return volcv_outpaint_submit(client, &outpaint, &options, job, NULL);
}

/* The next event; the test hangs, and is ended from outside, if it never comes. */
static inline volcv_event next_event(volcv_client *client)
{
    volcv_event event = VOLCV_EVENT_INIT;
    while (volcv_poll(client, &event, 1) == 0) {
        const volcv_result waited = volcv_wait(client, NULL, 0, 0, 60000);
        CHECK(waited == VOLCV_OK || waited == VOLCV_E_INTERRUPTED);
    }
    CHECK(event.type == VOLCV_EVENT_DONE);
    return event;
}

/* How the job ended, by its own word. */
static inline volcv_error error_of(volcv_client *client, volcv_job job)
{
    volcv_error error = VOLCV_ERROR_INIT;
    IS(volcv_job_error(client, job, &error), VOLCV_OK);
    return error;
}

/* A cheap random number. */
static inline uint64_t roll(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

#endif
