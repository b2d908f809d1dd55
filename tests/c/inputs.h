/* What nulls.c calls with: one good value of every struct, poisoned outputs, and each call around its struct. */
#ifndef INPUTS_H
#define INPUTS_H

#include "check.h"

#include <math.h>

static volcv_client *client;
static volcv_job done;
static volcv_job kept;
static volcv_job asked;

/* What calls are made with. `fresh` poisons every output. */
static volcv_client_options good_client;
static volcv_picture picture;
static volcv_outpaint outpaint;
static volcv_raw raw;
static volcv_inpaint inpaint;
static volcv_task_request task_request;
static volcv_job_options job_options;
static volcv_http_transport transport;
static volcv_pixels pixels;
static volcv_pixels_hooks pixels_hooks;
static volcv_credentials_hook credentials_hook;
static volcv_thread_hooks thread_hooks;
static volcv_allocator allocator;
static volcv_header header;
static volcv_client *out_client;
static volcv_error out_error;
static volcv_event out_events[4];
static volcv_job out_job;
static volcv_progress out_progress;
static volcv_image_info out_info;
static volcv_buffer out_buffer;
static volcv_plan_info out_plan;
static volcv_pixels_info out_pixels_info;
static volcv_pixels out_pixels;
static volcv_api out_api;
static const char *out_text;
static size_t out_size;
static uint32_t out_count;
static char room[64];
static unsigned char texture[32 * 32 * 4];
/* The file that the first job made the server paint. */
static char link_to_file[128];
/* A task that no server has. */
static const char UNKNOWN_TASK[] = "{\"task_id\":\"404\",\"req_key\":\"i2i_outpainting\"}";

static volcv_result start(void *user, volcv_client *of, volcv_exchange exchange, const volcv_http_request *request)
{
    (void)user, (void)of, (void)exchange, (void)request;
    return VOLCV_E_CONNECT;
}

static void cancel(void *user, volcv_exchange exchange)
{
    (void)user, (void)exchange;
}

static void *give(void *user, size_t size, size_t align)
{
    (void)user, (void)align;
    return malloc(size);
}

static void take_back(void *user, void *memory, size_t size, size_t align)
{
    (void)user, (void)size, (void)align;
    free(memory);
}

static volcv_result acquire(
    void *user, volcv_job job, uint64_t number_of_job, uint32_t index, uint32_t width, uint32_t height, volcv_pixels *out)
{
    (void)user, (void)job, (void)number_of_job, (void)index, (void)width, (void)height, (void)out;
    return VOLCV_E_NOT_READY;
}

static void submitted(void *user, volcv_job job, uint64_t number_of_job, uint32_t index, volcv_result result)
{
    (void)user, (void)job, (void)number_of_job, (void)index, (void)result;
}

static volcv_result get(void *user, volcv_credentials *out)
{
    (void)user, (void)out;
    return VOLCV_E_AUTH;
}

static void fresh(void)
{
    good_client = local_options();
    picture = small_picture();
    outpaint = small_outpaint(&picture);
    volcv_raw_init(&raw);
    raw.json = "{\"req_key\":\"x\"}";
    raw.pictures = &picture;
    raw.picture_count = 1;
    volcv_inpaint_init(&inpaint);
    /* The ability that has every number. */
    inpaint.ability = VOLCV_INPAINT_ERASE;
    inpaint.picture = inpaint.mask = &picture;
    volcv_task_request_init(&task_request);
    task_request.outpaint = &outpaint;
    volcv_credentials_hook_init(&credentials_hook);
    credentials_hook.get = get;
    volcv_job_options_init(&job_options);
    volcv_http_transport_init(&transport);
    transport.start = start;
    transport.cancel = cancel;
    volcv_pixels_init(&pixels);
    pixels.width = pixels.height = 32;
    pixels.data = texture;
    pixels.size = sizeof texture;
    volcv_pixels_hooks_init(&pixels_hooks);
    pixels_hooks.acquire = acquire;
    pixels_hooks.submit = submitted;
    volcv_thread_hooks_init(&thread_hooks);
    volcv_allocator_init(&allocator);
    allocator.alloc = give;
    allocator.free = take_back;
    snprintf(link_to_file, sizeof link_to_file, "%s/files/1.png", good_client.base_url);
    header.name = "Content-Type";
    header.value = "application/json";
    memset(&out_client, 0xAB, sizeof out_client);
    memset(&out_error, 0xAB, sizeof out_error);
    memset(&out_job, 0xAB, sizeof out_job);
    memset(&out_progress, 0xAB, sizeof out_progress);
    memset(&out_info, 0xAB, sizeof out_info);
    memset(&out_buffer, 0xAB, sizeof out_buffer);
    memset(&out_plan, 0xAB, sizeof out_plan);
    memset(&out_pixels_info, 0xAB, sizeof out_pixels_info);
    memset(&out_pixels, 0xAB, sizeof out_pixels);
    memset(&out_api, 0xAB, sizeof out_api);
    memset(&out_text, 0xAB, sizeof out_text);
    memset(&out_size, 0xAB, sizeof out_size);
    memset(&out_count, 0xAB, sizeof out_count);
    out_error.struct_size = sizeof out_error;
    out_progress.struct_size = sizeof out_progress;
    out_info.struct_size = sizeof out_info;
    out_plan.struct_size = sizeof out_plan;
    out_pixels_info.struct_size = sizeof out_pixels_info;
    out_pixels.struct_size = sizeof out_pixels;
    out_api.struct_size = sizeof out_api;
}

static int zero(const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < size; i++) {
        if (at[i] != 0) {
            return 0;
        }
    }
    return 1;
}

#define EMPTY(out) CHECK(zero(&(out), sizeof(out)))
#define EMPTY_BEHIND_SIZE(out) CHECK((out).struct_size == sizeof(out) && zero(&(out).struct_size + 1, sizeof(out) - 4))

/* Not more than this can follow from a number that is out of range; what was accepted is undone. */
static void release_result(const char *field, volcv_result result, int strict)
{
    int documented = result == VOLCV_E_INVALID_ARGUMENT;
    if (!strict) {
        documented |= result == VOLCV_OK || result == VOLCV_E_INVALID_INPUT || result == VOLCV_E_CONFIG;
    }
    if (!documented) {
        fprintf(stderr, "%s: %s\n", field, volcv_result_name(result));
        _exit(1);
    }
    if (result != VOLCV_OK) {
        CHECK(out_error.code == result && out_error.charge == VOLCV_CHARGE_NONE && out_error.message[0] != 0);
    }
}

static volcv_result use_client_options(const volcv_client_options *with)
{
    const volcv_result result = volcv_client_create(VOLCV_ABI_VERSION, with, &out_client, &out_error);
    CHECK((result == VOLCV_OK) == (out_client != NULL));
    IS(volcv_client_destroy(out_client, VOLCV_WAIT_FOREVER), VOLCV_OK);
    return result;
}

static volcv_result use_http_transport(const volcv_http_transport *with)
{
    volcv_client_options options = good_client;
    options.transport = with;
    return use_client_options(&options);
}

static volcv_result took(volcv_result result)
{
    CHECK((result == VOLCV_OK) == (out_job != 0));
    if (result == VOLCV_OK) {
        IS(volcv_job_release(client, out_job), VOLCV_OK);
    }
    return result;
}

static volcv_result use_outpaint(const volcv_outpaint *with)
{
    return took(volcv_outpaint_submit(client, with, NULL, &out_job, &out_error));
}

static volcv_result use_pixels(const volcv_pixels *with)
{
    volcv_outpaint request = outpaint;
    request.picture = NULL;
    request.pixels = with;
    return use_outpaint(&request);
}

static volcv_result use_pixels_hooks(const volcv_pixels_hooks *with)
{
    volcv_client_options options = good_client;
    options.pixels_hooks = with;
    return use_client_options(&options);
}

static volcv_result use_thread_hooks(const volcv_thread_hooks *with)
{
    volcv_client_options options = good_client;
    options.threads = with;
    return use_client_options(&options);
}

static volcv_result use_allocator(const volcv_allocator *with)
{
    volcv_client_options options = good_client;
    options.allocator = with;
    return use_client_options(&options);
}

/* A client for direct access by this hook. */
static volcv_result use_credentials_hook(const volcv_credentials_hook *with)
{
    volcv_client_options options = good_client;
    options.api_key = NULL;
    options.credentials = with;
    return use_client_options(&options);
}

static volcv_result use_inpaint(const volcv_inpaint *with)
{
    return took(volcv_inpaint_submit(client, with, NULL, &out_job, &out_error));
}

static volcv_result use_task_request(const volcv_task_request *with)
{
    return took(volcv_task_submit(client, with, NULL, &out_job, &out_error));
}

static volcv_result use_task(const char *with)
{
    const volcv_result result = took(volcv_task_wait(client, with, NULL, &out_job, &out_error));
    IS(took(volcv_task_status(client, with, NULL, &out_job, &out_error)), result);
    IS(took(volcv_task_cancel(client, with, NULL, &out_job, &out_error)), result);
    return result;
}

static volcv_result use_raw(const volcv_raw *with)
{
    return took(volcv_raw_submit(client, with, NULL, &out_job, &out_error));
}

static volcv_result use_link(const char *with)
{
    return took(volcv_download_submit(client, with, NULL, &out_job, &out_error));
}

static volcv_result use_picture(const volcv_picture *with)
{
    volcv_outpaint request = outpaint;
    request.picture = with;
    return use_outpaint(&request);
}

static volcv_result use_job_options(const volcv_job_options *with)
{
    return took(volcv_outpaint_submit(client, &outpaint, with, &out_job, &out_error));
}

/* One field of one struct with each of the odd numbers. */
#define FIELD(of, type, value, field, strict)                                           \
    do {                                                                                \
        const type odd[] = {(type)-1, (type)0x7FFFFFFF, (type)0x80000000u, (type)0xDEADBEEFu}; \
        for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {                       \
            fresh();                                                                    \
            value.field = odd[i];                                                       \
            release_result(#of "." #field, use_##of(&value), strict);                           \
        }                                                                               \
    } while (0)

/* The mode in which aspects count. */
static void aspect(double of)
{
    outpaint.mode = VOLCV_MODE_ASPECT;
    outpaint.left = 0;
    outpaint.aspect_width = outpaint.aspect_height = of;
}

/* The mode in which anchors count. */
static void anchor(void)
{
    outpaint.mode = VOLCV_MODE_TARGET;
    outpaint.left = 0;
    outpaint.target_width = outpaint.target_height = 96;
}

/* As FIELD, with the first `count` numbers that are none, in the mode in which the field counts. */
#define REAL(of, count, field)                                                          \
    do {                                                                                \
        const double odd[] = {(double)NAN, (double)INFINITY, -(double)INFINITY, -1.5, 1e308}; \
        for (size_t i = 0; i < count; i++) {                                            \
            fresh();                                                                    \
            if (strncmp(#field, "aspect", 6) == 0) {                                    \
                aspect(1.0);                                                            \
            }                                                                           \
            if (strncmp(#field, "anchor", 6) == 0) {                                    \
                anchor();                                                               \
            }                                                                           \
            outpaint.flags = VOLCV_OUTPAINT_STRICT;                                     \
            of.field = odd[i];                                                          \
            IS(use_##of(&of), VOLCV_E_INVALID_INPUT);                                   \
            CHECK(strstr(out_error.message, #field) != NULL || strncmp(#field, "aspect", 6) == 0); \
        }                                                                               \
    } while (0)

#endif
