/*
 * Proves that misuse is an error code with empty outputs. NULL in the place of every pointer, and wrong numbers in
 * every field of every struct: those cases are generated from volcv.h into cases.inc. The rest is below.
 */
#define _GNU_SOURCE
#include "inputs.h"

/* struct_size of an input: only true sizes are taken, and an unknown tail must be zero. */
#define SIZES(of, value)                                                                \
    do {                                                                                \
        const uint32_t size = (uint32_t)sizeof(value);                                  \
        const uint32_t wrong[] = {0, 4, size - 1, 4097, 0x7FFFFFFFu, 0x80000000u, 0xFFFFFFFFu}; \
        union { uint64_t align; unsigned char bytes[8192]; volcv_##of it; } big;        \
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {                   \
            fresh();                                                                    \
            value.struct_size = wrong[i];                                               \
            IS(use_##of(&value), VOLCV_E_INVALID_ARGUMENT);                             \
            CHECK(strstr(out_error.message, "struct_size") != NULL);                    \
        }                                                                               \
        fresh();                                                                        \
        memset(&big, 0, sizeof big);                                                    \
        memcpy(&big, &value, size);                                                     \
        big.it.struct_size = size + 8;                                                  \
        IS(use_##of(&big.it), VOLCV_OK);                                                \
        big.it.struct_size = 4096;                                                      \
        IS(use_##of(&big.it), VOLCV_OK);                                                \
        big.bytes[size + 7] = 1;                                                        \
        IS(use_##of(&big.it), VOLCV_E_UNSUPPORTED);                                     \
        big.it.struct_size = size + 7;                                                  \
        IS(use_##of(&big.it), VOLCV_OK);                                                \
    } while (0)

/* struct_size of an output: a wrong one is refused and nothing is written, a larger one is emptied to its end. */
#define OUT_SIZES(type, out, call_ok, call_bad)                                         \
    do {                                                                                \
        const uint32_t size = (uint32_t)sizeof(type);                                   \
        const uint32_t wrong[] = {0, 4, size - 1, 4097, 0x80000000u, 0xFFFFFFFFu};      \
        union { unsigned char bytes[8192]; type it; } big;                              \
        type *const out = &big.it;                                                      \
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {                   \
            fresh();                                                                    \
            memset(&big, 0xCD, sizeof big);                                             \
            out->struct_size = wrong[i];                                                \
            IS(call_ok, VOLCV_E_INVALID_ARGUMENT);                                      \
            for (size_t at = 4; at < sizeof big; at++) {                                \
                CHECK(big.bytes[at] == 0xCD);                                           \
            }                                                                           \
        }                                                                               \
        memset(&big, 0xCD, sizeof big);                                                 \
        out->struct_size = size + 8;                                                    \
        CHECK((call_bad) != VOLCV_OK);                                                  \
        CHECK(out->struct_size == size + 8 && zero(big.bytes + size, 8) && big.bytes[size + 8] == 0xCD); \
    } while (0)

#include "access.h"
#include "cases.inc"
#include "operations.h"
#include "tasks.h"

static void nested_pointers(void)
{
    volcv_picture bad = small_picture();
    bad.data = NULL;
#define NESTED(of, value, change)                          \
    fresh();                                               \
    value.change;                                          \
    IS(use_##of(&value), VOLCV_E_INVALID_ARGUMENT)
    NESTED(client_options, good_client, base_url = NULL);
    NESTED(client_options, good_client, api_key = NULL);
    NESTED(client_options, good_client, extra_roots_size = 1);
    NESTED(http_transport, transport, start = NULL);
    NESTED(http_transport, transport, cancel = NULL);
    NESTED(picture, picture, data = NULL);
    NESTED(picture, picture, link = "https://example.com/x.png");
    NESTED(outpaint, outpaint, picture = NULL);
    NESTED(outpaint, outpaint, picture = &bad);
    NESTED(outpaint, outpaint, mask = &picture);
    NESTED(outpaint, outpaint, mode = (outpaint.left = 0, VOLCV_MODE_CANVAS));
    CHECK(strstr(out_error.message, "mask is NULL") != NULL);
    NESTED(outpaint, outpaint, pixels = &pixels);
    CHECK(strstr(out_error.message, "volcv_outpaint.pixels is given beside picture") != NULL);
    NESTED(outpaint, outpaint, reserved_pointer = room);
    NESTED(pixels, pixels, data = NULL);
    CHECK(strstr(out_error.message, "volcv_pixels.data is NULL") != NULL);
    NESTED(pixels_hooks, pixels_hooks, acquire = NULL);
    NESTED(pixels_hooks, pixels_hooks, submit = NULL);
    NESTED(allocator, allocator, alloc = NULL);
    NESTED(allocator, allocator, free = NULL);
    NESTED(raw, raw, json = NULL);
    NESTED(raw, raw, pictures = NULL);
    NESTED(raw, raw, pictures = &bad);
    fresh();
    IS(volcv_http_on_head(client, 1, 200, NULL, 1), VOLCV_E_INVALID_ARGUMENT);
    /* A pair without a name or a value does not cost the reply: only the exchange is none. */
    header.name = NULL;
    IS(volcv_http_on_head(client, 1, 200, &header, 1), VOLCV_E_STALE);
    header.name = "A";
    header.value = NULL;
    IS(volcv_http_on_head(client, 1, 200, &header, 1), VOLCV_E_STALE);
}

static void texts(void)
{
    static const char bad[] = "\xC3\x28";
    static const char no_picture[sizeof PNG] = "no picture at all";
#define TEXT(of, value, field)                             \
    fresh();                                               \
    value.field = bad;                                     \
    IS(use_##of(&value), VOLCV_E_INVALID_ARGUMENT);        \
    CHECK(strstr(out_error.message, "UTF-8") != NULL)
    TEXT(client_options, good_client, base_url);
    TEXT(client_options, good_client, api_key);
    TEXT(client_options, good_client, proxy);
    TEXT(picture, picture, link);
    TEXT(outpaint, outpaint, prompt);
    TEXT(outpaint, outpaint, extra_json);
    TEXT(raw, raw, json);
    TEXT(raw, raw, action);
    TEXT(raw, raw, version);
    TEXT(inpaint, inpaint, extra_json);
    fresh();
    IS(use_link(bad), VOLCV_E_INVALID_ARGUMENT);
    CHECK(strstr(out_error.message, "link is bytes with") != NULL);
    IS(volcv_http_complete(client, 1, VOLCV_OK, bad), VOLCV_E_INVALID_ARGUMENT);
#define CODE(of, value, change, code)                      \
    fresh();                                               \
    value.change;                                          \
    IS(use_##of(&value), code)
    CODE(outpaint, outpaint, extra_json = "[1]", VOLCV_E_INVALID_INPUT);
    CODE(outpaint, outpaint, extra_json = "", VOLCV_E_INVALID_INPUT);
    CODE(raw, raw, json = "{", VOLCV_E_INVALID_INPUT);
    CODE(client_options, good_client, base_url = "", VOLCV_E_CONFIG);
    CODE(client_options, good_client, base_url = "http://example.com", VOLCV_E_CONFIG);
    CODE(client_options, good_client, base_url = "no url", VOLCV_E_CONFIG);
    CODE(client_options, good_client, api_key = "", VOLCV_E_CONFIG);
    CODE(client_options, good_client, api_key = "a\nb", VOLCV_E_CONFIG);
    CODE(client_options, good_client, proxy = "", VOLCV_E_CONFIG);
    CODE(client_options, good_client, proxy = "https://user:secret@proxy.example", VOLCV_E_CONFIG);
    CHECK(strstr(out_error.message, "another scheme") != NULL && strstr(out_error.message, "secret") == NULL);
    CODE(picture, picture, size = 0, VOLCV_E_INVALID_INPUT);
    CODE(picture, picture, data = no_picture, VOLCV_E_INVALID_INPUT);
    CODE(outpaint, outpaint, left = 0, VOLCV_E_INVALID_INPUT);
    CODE(outpaint, outpaint, seed = INT64_MIN, VOLCV_E_INVALID_INPUT);
    CODE(outpaint, outpaint, seed = 4294967296, VOLCV_E_INVALID_INPUT);
}

/* A link comes from a reply: it must not lead just anywhere. */
static void links_that_are_not_followed(void)
{
    const char *const bad[] = {"", "no link", "ftp://example.com/x.png", "http://example.com/x.png", "/files/1.png"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        fresh();
        volcv_error_init(&out_error);
        IS(use_link(bad[i]), VOLCV_E_DECODE);
        CHECK(strstr(out_error.message, "the link to the picture") != NULL);
        CHECK(out_error.charge == VOLCV_CHARGE_CHARGED && out_error.attempts == 0);
    }
    fresh();
    IS(use_link(link_to_file), VOLCV_OK);
}

/* A number that would be ignored without an error is an error. */
static void numbers_of_another_mode(void)
{
#define OTHER(change, field, allowed)                      \
    change;                                                \
    IS(use_outpaint(&outpaint), VOLCV_E_INVALID_ARGUMENT); \
    CHECK(strcmp(out_error.message, "volcv_outpaint." #field " is 0.5, but must be " allowed) == 0); \
    outpaint.field = 0

    fresh();
    OTHER(outpaint.aspect_width = 0.5, aspect_width, "0, but in VOLCV_MODE_ASPECT");
    OTHER(outpaint.aspect_height = 0.5, aspect_height, "0, but in VOLCV_MODE_ASPECT");
    IS(use_outpaint(&outpaint), VOLCV_OK);
    fresh();
    aspect(2.0);
    OTHER(outpaint.left = 0.5, left, "0, but in VOLCV_MODE_SIDES and VOLCV_MODE_PIXELS");
    OTHER(outpaint.right = 0.5, right, "0, but in VOLCV_MODE_SIDES and VOLCV_MODE_PIXELS");
    OTHER(outpaint.top = 0.5, top, "0, but in VOLCV_MODE_SIDES and VOLCV_MODE_PIXELS");
    OTHER(outpaint.bottom = 0.5, bottom, "0, but in VOLCV_MODE_SIDES and VOLCV_MODE_PIXELS");
    outpaint.aspect_width = 4.0;
    outpaint.left = -0.0;
    IS(use_outpaint(&outpaint), VOLCV_OK);
    outpaint.mode = VOLCV_MODE_CANVAS;
    outpaint.mask = &picture;
    outpaint.aspect_width = 0;
    OTHER(outpaint.aspect_height = 0.5, aspect_height, "0, but in VOLCV_MODE_ASPECT");
    OTHER(outpaint.bottom = 0.5, bottom, "0, but in VOLCV_MODE_SIDES and VOLCV_MODE_PIXELS");
    IS(use_outpaint(&outpaint), VOLCV_OK);
    outpaint.mode = VOLCV_MODE_SIDES;
    outpaint.left = 0.5;
    IS(use_outpaint(&outpaint), VOLCV_E_INVALID_ARGUMENT);
    CHECK(strstr(out_error.message, "mask is a picture") != NULL);
}

/* {"a":{"a": ... 1}}, `levels` deep. */
static const char *nested(int levels)
{
    static char text[6 * 128 + 2];
    char *at = text;
    for (int i = 0; i < levels; i++) {
        memcpy(at, "{\"a\":", 5);
        at += 5;
    }
    *at++ = '1';
    memset(at, '}', (size_t)levels);
    at[levels] = 0;
    return text;
}

static void depth_of_json(void)
{
    fresh();
    outpaint.extra_json = raw.json = nested(127);
    IS(use_outpaint(&outpaint), VOLCV_OK);
    IS(use_raw(&raw), VOLCV_OK);
    outpaint.extra_json = raw.json = nested(128);
    IS(use_outpaint(&outpaint), VOLCV_E_INVALID_INPUT);
    CHECK(strstr(out_error.message, "extra_json is nested too deeply: it goes wrong at line 1") != NULL);
    IS(use_raw(&raw), VOLCV_E_INVALID_INPUT);
    CHECK(strstr(out_error.message, "volcv_raw.json is nested too deeply") != NULL);
}

/* What the header says of the largest numbers. */
static void limits(void)
{
    fresh();
    good_client.max_attempts = good_client.charge_limit = 1000;
    IS(use_client_options(&good_client), VOLCV_OK);
    good_client.max_attempts = 1001;
    IS(use_client_options(&good_client), VOLCV_E_INVALID_ARGUMENT);
    good_client.max_attempts = 0;
    good_client.charge_limit = 1001;
    IS(use_client_options(&good_client), VOLCV_E_INVALID_ARGUMENT);
    fresh();
    good_client.tls_roots = VOLCV_TLS_ROOTS_EXTRA_ONLY;
    IS(use_http_transport(&transport), VOLCV_E_INVALID_ARGUMENT);
    fresh();
    good_client.extra_roots = room;
    good_client.extra_roots_size = sizeof room;
    IS(use_http_transport(&transport), VOLCV_E_INVALID_ARGUMENT);
    good_client.extra_roots_size = (16 << 20) + 1;
    IS(use_client_options(&good_client), VOLCV_E_INVALID_ARGUMENT);
    fresh();
    good_client.proxy = "http://proxy.example";
    IS(use_client_options(&good_client), VOLCV_OK);
    IS(use_http_transport(&transport), VOLCV_E_INVALID_ARGUMENT);
    good_client.flags = VOLCV_CLIENT_PROXY_FROM_ENV;
    IS(use_client_options(&good_client), VOLCV_E_INVALID_ARGUMENT);
    good_client.proxy = NULL;
    IS(use_client_options(&good_client), VOLCV_OK);
    IS(use_http_transport(&transport), VOLCV_E_INVALID_ARGUMENT);
    fresh();
    picture.size = (256 << 20) + 1;
    IS(use_picture(&picture), VOLCV_E_INVALID_ARGUMENT);
}

/* An id, an index and a size have no pointer that could be NULL. */
static void ids_and_numbers(void)
{
    const volcv_job stale[] = {0, 1, 0xFFFF, UINT64_MAX, done ^ 1, done + 65536, done ^ (UINT64_C(1) << 63)};
    for (size_t i = 0; i < sizeof stale / sizeof stale[0]; i++) {
        const volcv_job job = stale[i];
        fresh();
        IS(volcv_job_cancel(client, job), VOLCV_E_STALE);
        IS(volcv_job_release(client, job), VOLCV_E_STALE);
        IS(volcv_wait(client, &job, 1, 0, 0), VOLCV_E_STALE);
        IS(volcv_job_progress(client, job, &out_progress), VOLCV_E_STALE);
        IS(volcv_job_error(client, job, &out_error), VOLCV_E_STALE);
        IS(volcv_job_reply(client, job, &out_text, &out_size), VOLCV_E_STALE);
        IS(volcv_job_image_count(client, job, &out_count), VOLCV_E_STALE);
        EMPTY(out_count);
        memset(&out_count, 0xAB, sizeof out_count);
        IS(volcv_job_rejected_count(client, job, &out_count), VOLCV_E_STALE);
        IS(volcv_job_rejected_take(client, job, 0, &out_buffer), VOLCV_E_STALE);
        EMPTY(out_buffer);
        IS(volcv_job_pixels_info(client, job, 0, &out_pixels_info), VOLCV_E_STALE);
        IS(volcv_job_pixels(client, job, 0, &pixels), VOLCV_E_STALE);
        EMPTY_BEHIND_SIZE(out_pixels_info);
        EMPTY_BEHIND_SIZE(out_progress);
        EMPTY_BEHIND_SIZE(out_error);
        EMPTY(out_text);
        EMPTY(out_size);
        EMPTY(out_count);
        fresh();
        IS(volcv_job_task(client, job, &out_text, &out_size), VOLCV_E_STALE);
        IS(volcv_job_task_status(client, job, &out_count), VOLCV_E_STALE);
        EMPTY(out_text);
        EMPTY(out_size);
        EMPTY(out_count);
        IS(volcv_http_complete(client, job, VOLCV_OK, NULL), VOLCV_E_STALE);
        IS(volcv_http_body_read(client, job, room, sizeof room, &out_size), VOLCV_E_STALE);
        IS(volcv_http_on_head(client, job, 200, &header, 1), VOLCV_E_STALE);
        IS(volcv_http_on_data(client, job, room, 1), VOLCV_E_STALE);
    }
    const uint32_t indices[] = {1, 0x7FFFFFFF, 0x80000000u, UINT32_MAX};
    for (size_t i = 0; i < sizeof indices / sizeof indices[0]; i++) {
        fresh();
        IS(volcv_job_image_info(client, done, indices[i], &out_info), VOLCV_E_NO_RESULT);
        IS(volcv_job_image_link(client, done, indices[i], &out_text), VOLCV_E_NO_RESULT);
        IS(volcv_job_image_take(client, done, indices[i], &out_buffer), VOLCV_E_NO_RESULT);
        IS(volcv_job_rejected_take(client, done, indices[i] - 1, &out_buffer), VOLCV_E_NO_RESULT);
        IS(volcv_job_pixels_info(client, done, indices[i], &out_pixels_info), VOLCV_E_NO_RESULT);
        IS(volcv_job_pixels(client, done, indices[i] - 1, &pixels), VOLCV_E_NO_RESULT);
        EMPTY_BEHIND_SIZE(out_pixels_info);
        EMPTY_BEHIND_SIZE(out_info);
        EMPTY(out_text);
        EMPTY(out_buffer);
        IS(volcv_client_create(indices[i] + 1, &good_client, &out_client, &out_error), VOLCV_E_ABI_MISMATCH);
        EMPTY(out_client);
    }
    fresh();
    IS(volcv_job_reply(client, kept, &out_text, &out_size), VOLCV_E_NOT_READY);
    IS(volcv_job_error(client, kept, &out_error), VOLCV_E_NOT_READY);
    IS(volcv_job_image_take(client, kept, 0, &out_buffer), VOLCV_E_NOT_READY);
    IS(volcv_job_rejected_count(client, kept, &out_count), VOLCV_E_NOT_READY);
    EMPTY(out_count);
    IS(volcv_job_rejected_take(client, kept, 0, &out_buffer), VOLCV_E_NOT_READY);
    EMPTY(out_text);
    EMPTY(out_buffer);
    EMPTY_BEHIND_SIZE(out_error);
    fresh();
    IS(volcv_job_task(client, kept, &out_text, &out_size), VOLCV_E_NOT_READY);
    IS(volcv_job_task(client, done, &out_text, &out_size), VOLCV_E_NO_RESULT);
    IS(volcv_job_task_status(client, kept, &out_count), VOLCV_E_NOT_READY);
    IS(volcv_job_task_status(client, done, &out_count), VOLCV_E_NO_RESULT);
    EMPTY(out_text);
    EMPTY(out_size);
    EMPTY(out_count);
    const int32_t statuses[] = {INT32_MIN, -1, 0, 99, 1000, 65736, INT32_MAX};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        IS(volcv_http_on_head(client, 1, statuses[i], NULL, 0), VOLCV_E_INVALID_ARGUMENT);
    }
    IS(volcv_http_on_head(client, 1, 200, &header, 65537), VOLCV_E_INVALID_ARGUMENT);
    static const volcv_header empty_headers[2000];
    IS(volcv_http_on_head(client, 1, 200, empty_headers, 2000), VOLCV_E_STALE);
    IS(volcv_http_on_head(client, 1, 200, &header, SIZE_MAX), VOLCV_E_INVALID_ARGUMENT);
    IS(volcv_http_on_data(client, 1, room, SIZE_MAX), VOLCV_E_INVALID_ARGUMENT);
    IS(volcv_http_body_read(client, 1, room, 0, &out_size), VOLCV_E_INVALID_ARGUMENT);
    IS(volcv_http_body_read(client, 1, room, SIZE_MAX, &out_size), VOLCV_E_INVALID_ARGUMENT);
    IS(volcv_http_complete(client, 1, 1, NULL), VOLCV_E_INVALID_ARGUMENT);
    const volcv_result results[] = {INT32_MIN, -999, -35, -19, 1, INT32_MAX};
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
        CHECK(strcmp(volcv_result_name(results[i]), "VOLCV_E_?") == 0);
        CHECK(volcv_result_is_retryable(results[i]) == 0);
    }
}

/* A caller whose error has no size gets no job either: nothing may be bought that the caller does not know of. */
static void a_bad_error_is_found_before_anything_is_done(void)
{
    fresh();
    out_error.struct_size = 0;
    IS(volcv_outpaint_submit(client, &outpaint, NULL, &out_job, &out_error), VOLCV_E_INVALID_ARGUMENT);
    EMPTY(out_job);
    fresh();
    out_error.struct_size = 7;
    IS(volcv_outpaint_run(client, &outpaint, NULL, &out_job, &out_error), VOLCV_E_INVALID_ARGUMENT);
    EMPTY(out_job);
    fresh();
    out_error.struct_size = UINT32_MAX;
    IS(volcv_raw_submit(client, &raw, NULL, &out_job, &out_error), VOLCV_E_INVALID_ARGUMENT);
    EMPTY(out_job);
    fresh();
    out_error.struct_size = 5;
    IS(volcv_inpaint_submit(client, &inpaint, NULL, &out_job, &out_error), VOLCV_E_INVALID_ARGUMENT);
    EMPTY(out_job);
    fresh();
    out_error.struct_size = 9;
    IS(volcv_task_submit(client, &task_request, NULL, &out_job, &out_error), VOLCV_E_INVALID_ARGUMENT);
    EMPTY(out_job);
    fresh();
    out_error.struct_size = 3;
    IS(volcv_download_submit(client, link_to_file, NULL, &out_job, &out_error), VOLCV_E_INVALID_ARGUMENT);
    EMPTY(out_job);
    fresh();
    out_error.struct_size = 1;
    IS(volcv_client_create(VOLCV_ABI_VERSION, &good_client, &out_client, &out_error), VOLCV_E_INVALID_ARGUMENT);
    EMPTY(out_client);
}

static _Atomic int released;

static void release(void *user, const void *data, size_t size)
{
    (void)user, (void)data, (void)size;
    released++;
}

/* Release is for accepted jobs alone. */
static void refused_jobs_release_nothing(void)
{
    fresh();
    picture.flags = VOLCV_PICTURE_BORROW;
    picture.release = release;
    outpaint.left = 2.0;
    IS(use_outpaint(&outpaint), VOLCV_E_INVALID_INPUT);
    outpaint.left = 0.5;
    outpaint.extra_json = "{";
    IS(use_outpaint(&outpaint), VOLCV_E_INVALID_INPUT);
    raw.json = "[";
    IS(use_raw(&raw), VOLCV_E_INVALID_INPUT);
    pixels.flags = VOLCV_PIXELS_BORROW;
    pixels.release = release;
    IS(use_pixels(&pixels), VOLCV_E_INVALID_INPUT);
    outpaint.extra_json = NULL;
    outpaint.left = 2.0;
    IS(use_pixels(&pixels), VOLCV_E_INVALID_INPUT);
    inpaint.strength = (double)NAN;
    IS(use_inpaint(&inpaint), VOLCV_E_INVALID_INPUT);
    task_request.inpaint = &inpaint;
    task_request.outpaint = NULL;
    IS(use_task_request(&task_request), VOLCV_E_INVALID_INPUT);
    CHECK(released == 0);
    fresh();
    picture.flags = VOLCV_PICTURE_BORROW;
    picture.release = release;
    IS(use_outpaint(&outpaint), VOLCV_OK);
    while (released == 0) {
        nap();
    }
    /* A link has no bytes to lend. */
    fresh();
    picture.flags = VOLCV_PICTURE_BORROW;
    picture.link = "https://example.com/x.png";
    picture.data = NULL;
    picture.size = 0;
    IS(use_outpaint(&outpaint), VOLCV_E_INVALID_ARGUMENT);
}

static void after_the_end(void)
{
    fresh();
    volcv_client *const gone = client;
    IS(volcv_job_image_take(client, done, 0, &out_buffer), VOLCV_OK);
    volcv_buffer copy = out_buffer;
    IS(volcv_job_image_take(client, done, 0, &out_buffer), VOLCV_E_NO_RESULT);
    EMPTY(out_buffer);
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_E_STALE);
    IS(volcv_wake(gone), VOLCV_E_STALE);
    IS(volcv_wait(gone, NULL, 0, 0, 0), VOLCV_E_STALE);
    IS(volcv_outpaint_submit(gone, &outpaint, NULL, &out_job, &out_error), VOLCV_E_STALE);
    EMPTY(out_job);
    IS(volcv_download_submit(gone, link_to_file, NULL, &out_job, &out_error), VOLCV_E_STALE);
    IS(volcv_job_rejected_take(gone, done, 0, &out_buffer), VOLCV_E_STALE);
    EMPTY(out_job);
    EMPTY(out_buffer);
    IS(volcv_inpaint_submit(gone, &inpaint, NULL, &out_job, &out_error), VOLCV_E_STALE);
    IS(volcv_task_submit(gone, &task_request, NULL, &out_job, &out_error), VOLCV_E_STALE);
    IS(volcv_task_wait(gone, UNKNOWN_TASK, NULL, &out_job, &out_error), VOLCV_E_STALE);
    IS(volcv_job_task(gone, asked, &out_text, NULL), VOLCV_E_STALE);
    EMPTY(out_text);
    EMPTY(out_job);
    IS(volcv_job_release(gone, done), VOLCV_E_STALE);
    CHECK(volcv_poll(gone, out_events, 4) == 0);
    IS(volcv_wake((volcv_client *)(void *)room), VOLCV_E_STALE);
    /* Buffers outlive the client, and go once. */
    CHECK(copy.size > 100 && memcmp(copy.data, PNG, 8) == 0);
    volcv_buffer again = copy;
    IS(volcv_buffer_release(&copy), VOLCV_OK);
    EMPTY(copy);
    IS(volcv_buffer_release(&copy), VOLCV_OK);
    IS(volcv_buffer_release(&again), VOLCV_E_STALE);
    EMPTY(again);
    again.id = UINT64_MAX;
    IS(volcv_buffer_release(&again), VOLCV_E_STALE);
}

int main(void)
{
    volcv_client_options options = local_options();
    options.max_in_flight = 2;
    client = create(&options);
    IS(submit(client, 1, &done), VOLCV_OK);
    CHECK(next_event(client).result == VOLCV_OK);
    /* The server keeps this one. */
    IS(submit(client, 2, &kept), VOLCV_OK);
    do {
        fresh();
        IS(volcv_job_progress(client, kept, &out_progress), VOLCV_OK);
        nap();
    } while (out_progress.phase != VOLCV_PHASE_WAITING);
    fresh();
    IS(volcv_task_status(client, UNKNOWN_TASK, NULL, &asked, NULL), VOLCV_OK);
    CHECK(next_event(client).result == VOLCV_OK);
    every_pointer();
    every_field();
    nested_pointers();
    texts();
    ways_to_the_service();
    fields_of_inpaintings();
    requests_of_tasks();
    texts_of_tasks();
    links_that_are_not_followed();
    numbers_of_another_mode();
    fields_of_whole_operations();
    layouts();
    plans();
    depth_of_json();
    limits();
    ids_and_numbers();
    a_bad_error_is_found_before_anything_is_done();
    refused_jobs_release_nothing();
    after_the_end();
    IS(volcv_shutdown(VOLCV_WAIT_FOREVER), VOLCV_OK);
    puts("ok");
    return 0;
}
