/*
 * Proves that a texture goes in and comes out in any layout: what was there is there again, bit for bit, and no other byte is
 * touched; that borrowed pixels are released before anything is sent; that files, links and plans go the same way; and
 * that nothing that was paid for is lost. The server's faults, in order, are in engine.rs.
 */
#include "texture.h"

static volcv_client *client;
static unsigned char texture_memory[STRIDE * HEIGHT];
static room out;

static _Atomic int releases;

static void on_release(void *user, const void *data, size_t size)
{
    CHECK(user == &releases && data == texture_memory && size == sizeof texture_memory);
    releases++;
}

static volcv_pixels lent(void)
{
    volcv_pixels texture = texture_of(texture_memory);
    texture.flags |= VOLCV_PIXELS_BORROW;
    texture.release = on_release;
    texture.release_user = &releases;
    return texture;
}

/* The job of a request, once it has ended well. */
static volcv_job done(const volcv_outpaint *outpaint)
{
    volcv_job job;
    volcv_error error = VOLCV_ERROR_INIT;
    if (volcv_outpaint_run(client, outpaint, NULL, &job, &error) != VOLCV_OK) {
        fprintf(stderr, "%s\n", error.message);
        _exit(1);
    }
    return job;
}

static volcv_pixels_info info_of(volcv_job job)
{
    volcv_pixels_info info = VOLCV_PIXELS_INFO_INIT;
    IS(volcv_job_pixels_info(client, job, 0, &info), VOLCV_OK);
    return info;
}

static void is_exact(volcv_job job)
{
    const volcv_pixels_info info = info_of(job);
    CHECK(info.width == GROWN && info.height == HEIGHT && info.has_alpha == 0);
    CHECK(info.exact == 1 && info.recognised == 1 && info.passes == 1 && info.charges == 1);
    CHECK(info.offset_x == 0 && info.offset_y == 0 && info.ncc > 0.99 && info.scale == 1.0);
}

static void in_every_layout(volcv_job job)
{
    const uint32_t flags[] = {0, VOLCV_PIXELS_BOTTOM_UP, VOLCV_PIXELS_OPAQUE | VOLCV_PIXELS_BOTTOM_UP, VOLCV_PIXELS_PREMULTIPLIED};
    for (uint32_t format = VOLCV_PIXEL_RGBA8; format <= VOLCV_PIXEL_GRAY8; format++) {
        for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
            make_room(&out, format, flags[i]);
            IS(volcv_job_pixels(client, job, 0, &out.pixels), VOLCV_OK);
            has_texture(&out);
        }
    }
}

/* Pixels become a file, with the marks of another file, and the same pixels again. */
static void there_and_back(const volcv_pixels *pixels, const volcv_buffer *origin)
{
    volcv_picture marks = VOLCV_PICTURE_INIT, file = VOLCV_PICTURE_INIT;
    volcv_buffer encoded = VOLCV_BUFFER_INIT, memory = VOLCV_BUFFER_INIT;
    volcv_pixels again = VOLCV_PIXELS_INIT;
    volcv_error error = VOLCV_ERROR_INIT;
    marks.data = origin->data;
    marks.size = origin->size;
    IS(volcv_encode(pixels, &marks, VOLCV_FORMAT_PNG, 0, &encoded, &error), VOLCV_OK);
    file.data = encoded.data;
    file.size = encoded.size;
    IS(volcv_decode(&file, &again, &memory, &error), VOLCV_OK);
    CHECK(again.width == pixels->width && again.height == pixels->height && again.data == memory.data);
    CHECK(again.size == memory.size && again.format == VOLCV_PIXEL_RGB8);
    const unsigned char *const from = pixels->data, *const to = again.data;
    for (size_t i = 0; i < again.size; i++) {
        CHECK(to[i] == from[i / 3 * 4 + i % 3]);
    }
    IS(volcv_buffer_release(&memory), VOLCV_OK);
    IS(volcv_encode(pixels, NULL, VOLCV_FORMAT_WEBP, 0, &memory, &error), VOLCV_E_INVALID_ARGUMENT);
    IS(volcv_encode(pixels, NULL, VOLCV_FORMAT_PNG, 9, &memory, &error), VOLCV_E_INVALID_ARGUMENT);
    IS(volcv_encode(pixels, NULL, VOLCV_FORMAT_JPEG, 101, &memory, &error), VOLCV_E_INVALID_ARGUMENT);
    file.size /= 2;
    IS(volcv_decode(&file, &again, &memory, &error), VOLCV_E_INVALID_INPUT);
    CHECK(memory.id == 0 && again.data == NULL && strstr(error.message, "file is") != NULL);
    IS(volcv_buffer_release(&encoded), VOLCV_OK);
}

static void a_texture_comes_back(void)
{
    paint(texture_memory);
    const volcv_pixels borrowed = lent();
    volcv_outpaint outpaint = wider(&borrowed);
    volcv_plan_info plan = VOLCV_PLAN_INFO_INIT;
    IS(volcv_plan(&outpaint, 0, 0, &plan, NULL), VOLCV_OK);
    CHECK(plan.calls == 1 && plan.result_width == GROWN && plan.result_height == HEIGHT);
    CHECK(plan.original_x == LEFT && plan.original_y == 0 && plan.original_width == WIDTH);
    const volcv_job job = done(&outpaint);
    CHECK(releases == 1);
    is_exact(job);
    in_every_layout(job);
    /* Rows without gaps. */
    make_room(&out, VOLCV_PIXEL_RGBA8, 0);
    out.pixels.stride = 0;
    out.pixels.size = GROWN * HEIGHT * 4;
    IS(volcv_job_pixels(client, job, 0, &out.pixels), VOLCV_OK);
    CHECK(((const unsigned char *)out.data)[GROWN * 4 * 7 + (LEFT + 9) * 4] == value_at(9, 7, 0));
    /* The file of the service is there too. */
    uint32_t count = 0;
    IS(volcv_job_image_count(client, job, &count), VOLCV_OK);
    volcv_buffer file = VOLCV_BUFFER_INIT;
    IS(volcv_job_image_take(client, job, 0, &file), VOLCV_OK);
    CHECK(count == 1 && file.size > 100);
    there_and_back(&out.pixels, &file);
    IS(volcv_buffer_release(&file), VOLCV_OK);
    const volcv_error error = error_of(client, job);
    CHECK(error.attempts == 1 && error.charge == VOLCV_CHARGE_CHARGED && error.request_id[0] != 0);
    IS(volcv_job_release(client, job), VOLCV_OK);
    IS(volcv_job_pixels(client, job, 0, &out.pixels), VOLCV_E_STALE);
}

/* The caller's memory is its own again when the submit returns. */
static void a_texture_is_copied_if_it_is_not_lent(void)
{
    paint(texture_memory);
    const volcv_pixels texture = texture_of(texture_memory);
    const volcv_outpaint outpaint = wider(&texture);
    volcv_job job;
    IS(volcv_outpaint_submit(client, &outpaint, NULL, &job, NULL), VOLCV_OK);
    memset(texture_memory, 0, sizeof texture_memory);
    CHECK(next_event(client).result == VOLCV_OK);
    is_exact(job);
    in_every_layout(job);
    IS(volcv_job_release(client, job), VOLCV_OK);
}

/* Waits until the server has all of a job. */
static void arrives(volcv_client *of, volcv_job job)
{
    volcv_progress progress = VOLCV_PROGRESS_INIT;
    do {
        nap();
        IS(volcv_job_progress(of, job, &progress), VOLCV_OK);
    } while (progress.phase != VOLCV_PHASE_WAITING);
}

/* The server does not answer: the texture was released long before. */
static void a_lent_texture_is_released_before_the_call_ends(void)
{
    paint(texture_memory);
    const volcv_pixels borrowed = lent();
    const volcv_outpaint outpaint = wider(&borrowed);
    volcv_job job;
    releases = 0;
    IS(volcv_outpaint_submit(client, &outpaint, NULL, &job, NULL), VOLCV_OK);
    arrives(client, job);
    CHECK(releases == 1);
    volcv_pixels_info info = VOLCV_PIXELS_INFO_INIT;
    IS(volcv_job_pixels_info(client, job, 0, &info), VOLCV_E_NOT_READY);
    make_room(&out, VOLCV_PIXEL_RGBA8, 0);
    IS(volcv_job_pixels(client, job, 0, &out.pixels), VOLCV_E_NOT_READY);
    IS(volcv_job_cancel(client, job), VOLCV_OK);
    IS(next_event(client).result, VOLCV_E_CANCELLED);
    CHECK(releases == 1);
    IS(volcv_job_pixels(client, job, 0, &out.pixels), VOLCV_E_NO_RESULT);
    IS(volcv_job_pixels_info(client, job, 0, &info), VOLCV_E_NO_RESULT);
    is_untouched(&out);
    IS(volcv_job_release(client, job), VOLCV_OK);
}

/* In the queue, cancelled, released, and too late: released once each. */
static void a_lent_texture_is_released_once_in_the_queue(void)
{
    volcv_client_options options = local_options();
    options.max_in_flight = 1;
    volcv_client *const narrow = create(&options);
    const volcv_pixels borrowed = lent();
    const volcv_outpaint outpaint = wider(&borrowed);
    volcv_job jobs[4];
    releases = 0;
    /* The server keeps this one. */
    IS(submit(narrow, 0, &jobs[0]), VOLCV_OK);
    arrives(narrow, jobs[0]);
    volcv_job_options hurry = VOLCV_JOB_OPTIONS_INIT;
    hurry.deadline_ms = 30;
    IS(volcv_outpaint_submit(narrow, &outpaint, NULL, &jobs[1], NULL), VOLCV_OK);
    IS(volcv_outpaint_submit(narrow, &outpaint, NULL, &jobs[2], NULL), VOLCV_OK);
    CHECK(releases == 0);
    IS(volcv_job_cancel(narrow, jobs[1]), VOLCV_OK);
    CHECK(releases == 1);
    IS(volcv_job_release(narrow, jobs[2]), VOLCV_OK);
    CHECK(releases == 2);
    IS(volcv_outpaint_submit(narrow, &outpaint, &hurry, &jobs[3], NULL), VOLCV_OK);
    IS(volcv_wait(narrow, &jobs[3], 1, 1, VOLCV_WAIT_FOREVER), VOLCV_OK);
    const volcv_error late = error_of(narrow, jobs[3]);
    CHECK(late.code == VOLCV_E_TIMEOUT && late.charge == VOLCV_CHARGE_NONE && late.attempts == 0);
    CHECK(strstr(late.message, "deadline") != NULL && strstr(late.message, "nothing was charged") != NULL);
    CHECK(releases == 3);
    IS(volcv_outpaint_submit(narrow, &outpaint, NULL, &jobs[1], NULL), VOLCV_OK);
    IS(volcv_client_destroy(narrow, VOLCV_WAIT_FOREVER), VOLCV_OK);
    CHECK(releases == 4);
}

static void alpha_comes_back(void)
{
    paint(texture_memory);
    for (uint32_t x = 0; x < WIDTH; x++) {
        texture_memory[50 * STRIDE + x * 4 + 3] = (unsigned char)x;
    }
    const volcv_pixels texture = texture_of(texture_memory);
    const volcv_outpaint outpaint = wider(&texture);
    const volcv_job job = done(&outpaint);
    CHECK(info_of(job).has_alpha == 1 && info_of(job).exact == 1);
    make_room(&out, VOLCV_PIXEL_RGB8, 0);
    IS(volcv_job_pixels(client, job, 0, &out.pixels), VOLCV_E_INVALID_ARGUMENT);
    is_untouched(&out);
    make_room(&out, VOLCV_PIXEL_BGRA8, VOLCV_PIXELS_BOTTOM_UP);
    IS(volcv_job_pixels(client, job, 0, &out.pixels), VOLCV_OK);
    for (uint32_t y = 0; y < HEIGHT; y++) {
        CHECK(memcmp(pixel_of(&out, LEFT, y), texture_memory + (HEIGHT - 1 - y) * STRIDE, WIDTH * 4) == 0);
    }
    IS(volcv_job_release(client, job), VOLCV_OK);
}

static void a_file_becomes_pixels(void)
{
    const volcv_picture picture = small_picture();
    volcv_outpaint outpaint = VOLCV_OUTPAINT_INIT;
    outpaint.picture = &picture;
    outpaint.mode = VOLCV_MODE_ASPECT;
    outpaint.aspect_width = 16;
    outpaint.aspect_height = 9;
    outpaint.anchor_x = -1;
    outpaint.flags = VOLCV_OUTPAINT_PIXELS;
    volcv_plan_info plan = VOLCV_PLAN_INFO_INIT;
    IS(volcv_plan(&outpaint, 0, 0, &plan, NULL), VOLCV_OK);
    CHECK(plan.result_width == 114 && plan.result_height == 64 && plan.original_x == 0 && plan.source_width == 64);
    volcv_job job = done(&outpaint);
    CHECK(info_of(job).width == 114 && info_of(job).height == 64 && info_of(job).exact == 1);
    IS(volcv_job_release(client, job), VOLCV_OK);
    /* Two calls for a growth that one cannot make. */
    outpaint.mode = VOLCV_MODE_TARGET;
    outpaint.aspect_width = outpaint.aspect_height = outpaint.anchor_x = 0;
    outpaint.target_width = 256;
    outpaint.target_height = 64;
    volcv_error error = VOLCV_ERROR_INIT;
    IS(volcv_plan(&outpaint, 0, 0, &plan, &error), VOLCV_E_INVALID_INPUT);
    CHECK(plan.calls == 0 && strstr(error.message, "max_passes") != NULL);
    outpaint.max_passes = 2;
    IS(volcv_plan(&outpaint, 0, 0, &plan, &error), VOLCV_OK);
    CHECK(plan.calls == 2 && plan.warning_count > 0 && plan.warnings[0] != 0);
    job = done(&outpaint);
    CHECK(info_of(job).width == 256 && info_of(job).passes == 2 && info_of(job).charges == 2);
    CHECK(info_of(job).exact == 1 && error_of(client, job).attempts == 2);
    uint32_t count = 0;
    IS(volcv_job_image_count(client, job, &count), VOLCV_OK);
    CHECK(count == 2);
    IS(volcv_job_release(client, job), VOLCV_OK);
    outpaint.flags |= VOLCV_OUTPAINT_NO_PASTE;
    outpaint.max_passes = 0;
    outpaint.target_width = 100;
    job = done(&outpaint);
    CHECK(info_of(job).width == 100 && info_of(job).exact == 0 && info_of(job).recognised == 0);
    IS(volcv_job_release(client, job), VOLCV_OK);
}

static void links_are_downloaded(void)
{
    const volcv_picture picture = small_picture();
    volcv_outpaint outpaint = small_outpaint(&picture);
    volcv_image_info info = VOLCV_IMAGE_INFO_INIT;
    volcv_error error = VOLCV_ERROR_INIT;
    const char *link = NULL;
    /* By an operation. */
    outpaint.flags = VOLCV_OUTPAINT_PIXELS | VOLCV_OUTPAINT_RETURN_LINK;
    volcv_job job = done(&outpaint);
    CHECK(info_of(job).exact == 1);
    IS(volcv_job_release(client, job), VOLCV_OK);
    /* By a job that is none. */
    outpaint.flags = VOLCV_OUTPAINT_DOWNLOAD | VOLCV_OUTPAINT_RETURN_LINK;
    job = done(&outpaint);
    IS(volcv_job_image_info(client, job, 0, &info), VOLCV_OK);
    CHECK(info.width == 80 && info.height == 64 && info.size > 100);
    IS(volcv_job_image_link(client, job, 0, &link), VOLCV_E_NO_RESULT);
    volcv_pixels_info none = VOLCV_PIXELS_INFO_INIT;
    IS(volcv_job_pixels_info(client, job, 0, &none), VOLCV_E_NO_RESULT);
    IS(volcv_job_release(client, job), VOLCV_OK);
    /* What cannot be downloaded is not lost: both jobs are left, with their links. */
    for (int i = 0; i < 2; i++) {
        outpaint.flags = VOLCV_OUTPAINT_RETURN_LINK | (i == 0 ? VOLCV_OUTPAINT_DOWNLOAD : VOLCV_OUTPAINT_PIXELS);
        job = 0;
        CHECK(volcv_outpaint_run(client, &outpaint, NULL, &job, &error) != VOLCV_OK && job != 0);
        CHECK(error.charge == VOLCV_CHARGE_CHARGED && (error.flags & VOLCV_ERROR_RETRYABLE) == 0);
        uint32_t count = 0;
        IS(volcv_job_image_count(client, job, &count), VOLCV_OK);
        IS(volcv_job_image_link(client, job, 0, &link), VOLCV_OK);
        CHECK(count == 1 && strncmp(link, getenv("VOLCV_BASE_URL"), strlen(getenv("VOLCV_BASE_URL"))) == 0);
        volcv_job download;
        IS(volcv_download_submit(client, link, NULL, &download, &error), VOLCV_OK);
        CHECK(next_event(client).result == VOLCV_OK);
        IS(volcv_job_image_info(client, download, 0, &info), VOLCV_OK);
        CHECK(info.width == 80);
        IS(volcv_job_release(client, download), VOLCV_OK);
        IS(volcv_job_release(client, job), VOLCV_OK);
    }
}

int main(void)
{
    client = local_client();
    a_texture_comes_back();
    a_texture_is_copied_if_it_is_not_lent();
    a_lent_texture_is_released_before_the_call_ends();
    a_lent_texture_is_released_once_in_the_queue();
    alpha_comes_back();
    a_file_becomes_pixels();
    links_are_downloaded();
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
    puts("ok");
    return 0;
}
