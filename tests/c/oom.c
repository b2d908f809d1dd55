/*
 * Proves that no memory is an error: every request for a block of 64 KiB and more fails in turn, over all kinds of jobs, alone
 * or with "all" that follow. Each job then succeeds or ends with VOLCV_E_OUT_OF_MEMORY, what was paid for is there, the
 * client goes on, and every block comes back. "malloc" fails malloc and its like, and mmap, of the whole process; without
 * it, the blocks are those of a volcv_allocator. The largest picture is among them with VOLCV_LARGE. It prints the seed, the
 * result and the charge of each job, for the server to be held against.
 */
#include "large_blocks.h"

enum { WIDTH = 256, HEIGHT = 192, WIDE = 1100, HIGH = 960 };

static volcv_client *client;
/* Of each job its own. */
static int64_t seed;
static char *link_to_fetch;
static unsigned char texture[HIGH * WIDE * 4];
static unsigned char grown[HIGH * WIDE * 2 * 4];

/* Pixels that no codec makes small. */
static void paint(void)
{
    uint64_t state = 88172645463325252u;
    for (size_t i = 0; i < sizeof texture; i++) {
        texture[i] = i % 4 == 3 ? 255 : (unsigned char)(96 + roll(&state) % 64);
    }
}

static void put(unsigned char *at, uint32_t number)
{
    for (int i = 0; i < 4; i++) {
        at[i] = (unsigned char)(number >> (8 * i));
    }
}

/* A BMP of the texture, as large as its pixels. */
static volcv_picture file(void)
{
    static unsigned char bmp[54 + WIDTH * HEIGHT * 3];
    memset(bmp, 0, 54);
    bmp[0] = 'B';
    bmp[1] = 'M';
    put(bmp + 2, sizeof bmp);
    put(bmp + 10, 54);
    put(bmp + 14, 40);
    put(bmp + 18, WIDTH);
    put(bmp + 22, HEIGHT);
    bmp[26] = 1;
    bmp[28] = 24;
    for (size_t i = 0; i < WIDTH * HEIGHT * 3; i++) {
        bmp[54 + i] = texture[i / 3 * 4 + i % 3];
    }
    volcv_picture picture = VOLCV_PICTURE_INIT;
    picture.data = bmp;
    picture.size = sizeof bmp;
    return picture;
}

static volcv_pixels pixels_of(uint32_t width, uint32_t height)
{
    volcv_pixels pixels = VOLCV_PIXELS_INIT;
    pixels.format = VOLCV_PIXEL_RGBA8;
    pixels.width = width;
    pixels.height = height;
    pixels.data = texture;
    pixels.size = (size_t)width * height * 4;
    return pixels;
}

static atomic_int releases;

static void VOLCV_CALL released(void *user, const void *data, size_t size)
{
    (void)user, (void)data, (void)size;
    atomic_fetch_add(&releases, 1);
}

/* Whatever the result, the lent memory comes back if the job was accepted. */
static volcv_result of_outpaint(volcv_outpaint *outpaint, volcv_job *job, volcv_error *error)
{
    outpaint->seed = seed;
    return volcv_outpaint_run(client, outpaint, NULL, job, error);
}

static volcv_result sides(uint32_t flags, uint32_t picture_flags, volcv_job *job, volcv_error *error)
{
    volcv_picture picture = file();
    picture.flags = picture_flags;
    picture.release = picture_flags != 0 ? released : NULL;
    volcv_outpaint outpaint = small_outpaint(&picture);
    outpaint.flags = flags;
    return of_outpaint(&outpaint, job, error);
}

static volcv_result copied(volcv_job *job, volcv_error *error)
{
    return sides(0, 0, job, error);
}

static volcv_result borrowed(volcv_job *job, volcv_error *error)
{
    const int before = atomic_load(&releases);
    const volcv_result result = sides(0, VOLCV_PICTURE_BORROW, job, error);
    CHECK(atomic_load(&releases) == before + 1 || (result == VOLCV_E_OUT_OF_MEMORY && error->attempts == 0));
    return result;
}

static volcv_result downloaded(volcv_job *job, volcv_error *error)
{
    return sides(VOLCV_OUTPAINT_RETURN_LINK | VOLCV_OUTPAINT_DOWNLOAD, 0, job, error);
}

static volcv_result canvas(volcv_job *job, volcv_error *error)
{
    const volcv_picture picture = file();
    volcv_outpaint outpaint = VOLCV_OUTPAINT_INIT;
    outpaint.mode = VOLCV_MODE_CANVAS;
    outpaint.picture = outpaint.mask = &picture;
    return of_outpaint(&outpaint, job, error);
}

static volcv_result whole(uint32_t flags, volcv_job *job, volcv_error *error)
{
    const volcv_picture picture = file();
    volcv_outpaint outpaint = small_outpaint(&picture);
    outpaint.flags = VOLCV_OUTPAINT_PIXELS | flags;
    return of_outpaint(&outpaint, job, error);
}

static volcv_result from_file(volcv_job *job, volcv_error *error)
{
    return whole(0, job, error);
}

static volcv_result from_link(volcv_job *job, volcv_error *error)
{
    volcv_picture picture = VOLCV_PICTURE_INIT;
    picture.link = link_to_fetch;
    volcv_outpaint outpaint = small_outpaint(&picture);
    outpaint.flags = VOLCV_OUTPAINT_PIXELS | VOLCV_OUTPAINT_RETURN_LINK;
    return of_outpaint(&outpaint, job, error);
}

/* Scaled on both ways. */
static volcv_result scaled(volcv_job *job, volcv_error *error)
{
    volcv_pixels pixels = pixels_of(WIDE / 2, HIGH / 2);
    volcv_outpaint outpaint = VOLCV_OUTPAINT_INIT;
    outpaint.mode = VOLCV_MODE_TARGET;
    outpaint.target_width = WIDE * 3 / 4;
    outpaint.target_height = HIGH / 2;
    outpaint.max_side = WIDE / 2;
    outpaint.pixels = &pixels;
    return of_outpaint(&outpaint, job, error);
}

/* On a canvas, with a transparent pixel, lent. */
static volcv_result placed(volcv_job *job, volcv_error *error)
{
    volcv_pixels pixels = pixels_of(WIDTH, HEIGHT);
    pixels.flags = VOLCV_PIXELS_BORROW;
    pixels.release = released;
    volcv_outpaint outpaint = VOLCV_OUTPAINT_INIT;
    outpaint.mode = VOLCV_MODE_PIXELS;
    outpaint.left = outpaint.top = 24;
    outpaint.overlap = 16;
    outpaint.feather = 4;
    outpaint.pixels = &pixels;
    texture[3] = 0;
    const int before = atomic_load(&releases);
    const volcv_result result = of_outpaint(&outpaint, job, error);
    CHECK(atomic_load(&releases) == before + 1);
    texture[3] = 255;
    return result;
}

/* More than a mebipixel goes out as a JPEG. */
static volcv_result large(volcv_job *job, volcv_error *error)
{
    volcv_pixels pixels = pixels_of(WIDE, HIGH);
    volcv_outpaint outpaint = VOLCV_OUTPAINT_INIT;
    outpaint.mode = VOLCV_MODE_PIXELS;
    outpaint.left = 64;
    outpaint.pixels = &pixels;
    return of_outpaint(&outpaint, job, error);
}

static volcv_result twice(volcv_job *job, volcv_error *error)
{
    volcv_pixels pixels = pixels_of(WIDTH, HEIGHT);
    volcv_outpaint outpaint = VOLCV_OUTPAINT_INIT;
    outpaint.mode = VOLCV_MODE_TARGET;
    outpaint.target_width = WIDTH * 4;
    outpaint.target_height = HEIGHT;
    outpaint.max_passes = 2;
    outpaint.pixels = &pixels;
    return of_outpaint(&outpaint, job, error);
}

/* Waits for a job, and says how it ended. */
static volcv_result waited(volcv_result submitted, const volcv_job *job, volcv_error *error)
{
    if (submitted == VOLCV_OK) {
        IS(volcv_wait(client, job, 1, 1, VOLCV_WAIT_FOREVER), VOLCV_OK);
        IS(next_event(client).job == *job ? VOLCV_OK : VOLCV_E_INTERNAL, VOLCV_OK);
        *error = error_of(client, *job);
        submitted = error->code;
    }
    return submitted;
}

static volcv_result any_action(volcv_job *job, volcv_error *error)
{
    static char json[LARGE * 2];
    const int length = snprintf(json, sizeof json,
        "{\"req_key\":\"i2i_outpainting\",\"left\":0.25,\"right\":0,\"top\":0,\"bottom\":0,\"seed\":%lld,\"note\":\"",
        (long long)seed);
    memset(json + length, 'x', LARGE);
    memcpy(json + length + LARGE, "\"}", 3);
    const volcv_picture picture = file();
    volcv_raw raw = VOLCV_RAW_INIT;
    raw.json = json;
    raw.pictures = &picture;
    raw.picture_count = 1;
    return waited(volcv_raw_submit(client, &raw, NULL, job, error), job, error);
}

static volcv_result inpainted(volcv_job *job, volcv_error *error)
{
    const volcv_picture picture = file();
    volcv_inpaint inpaint = VOLCV_INPAINT_INIT;
    inpaint.ability = VOLCV_INPAINT_ERASE;
    inpaint.picture = inpaint.mask = &picture;
    inpaint.seed = seed;
    return waited(volcv_inpaint_submit(client, &inpaint, NULL, job, error), job, error);
}

static volcv_result as_task(volcv_job *job, volcv_error *error)
{
    const volcv_picture picture = file();
    volcv_inpaint inpaint = VOLCV_INPAINT_INIT;
    inpaint.ability = VOLCV_PAINTING_EDIT;
    inpaint.picture = inpaint.mask = &picture;
    inpaint.prompt = "a sea";
    inpaint.seed = seed;
    const volcv_result result = waited(volcv_inpaint_submit(client, &inpaint, NULL, job, error), job, error);
    const char *task;
    size_t size;
    /* A task that was paid for can be waited for again. */
    if (result != VOLCV_OK && error->charge != VOLCV_CHARGE_NONE) {
        atomic_store(&until, -1);
        IS(volcv_job_task(client, *job, &task, &size), VOLCV_OK);
        volcv_job again = 0;
        volcv_error other = VOLCV_ERROR_INIT;
        IS(waited(volcv_task_wait(client, task, NULL, &again, &other), &again, &other), VOLCV_OK);
        IS(volcv_job_release(client, again), VOLCV_OK);
    }
    return result;
}

static volcv_result fetched(volcv_job *job, volcv_error *error)
{
    return waited(volcv_download_submit(client, link_to_fetch, NULL, job, error), job, error);
}

static const struct {
    const char *name;
    volcv_result (*run)(volcv_job *job, volcv_error *error);
    /* Its pictures are files; or it is a whole operation; or only its reply counts. */
    enum { FILES, PIXELS, REPLY } gives;
} operations[] = {
    {"copied", copied, FILES}, {"borrowed", borrowed, FILES}, {"downloaded", downloaded, FILES}, {"canvas", canvas, FILES},
    {"inpainted", inpainted, FILES}, {"fetched", fetched, FILES}, {"task", as_task, FILES}, {"any action", any_action, REPLY},
    {"file", from_file, PIXELS}, {"link", from_link, PIXELS}, {"scaled", scaled, PIXELS}, {"placed", placed, PIXELS},
    {"twice", twice, PIXELS}, {"large", large, PIXELS},
};

/* A result that is whole: its memory is asked for here, too. */
static volcv_result taken(size_t operation, volcv_job job)
{
    volcv_buffer buffer = VOLCV_BUFFER_INIT;
    if (operations[operation].gives == REPLY) {
        const char *json;
        size_t size;
        const volcv_result result = volcv_job_reply(client, job, &json, &size);
        CHECK(result != VOLCV_OK || (size > LARGE && json[size] == 0 && strlen(json) == size));
        return result;
    }
    if (operations[operation].gives == PIXELS) {
        volcv_pixels_info info = VOLCV_PIXELS_INFO_INIT;
        IS(volcv_job_pixels_info(client, job, 0, &info), VOLCV_OK);
        volcv_pixels into = VOLCV_PIXELS_INIT;
        into.width = info.width;
        into.height = info.height;
        into.data = grown;
        into.size = sizeof grown;
        IS(volcv_job_pixels(client, job, 0, &into), VOLCV_OK);
        CHECK(info.exact == 1 || operations[operation].run == placed);
    }
    IS(volcv_job_image_take(client, job, 0, &buffer), VOLCV_OK);
    CHECK(buffer.size > 20000);
    return volcv_buffer_release(&buffer);
}

/* What a job that was paid for has to show: a file, a link or a task, unless there was no memory for the reply itself. */
static void not_lost(size_t operation, volcv_job job, const volcv_error *error)
{
    const char *task;
    uint32_t images = 0, rejected = 0;
    /* Who downloads a link has it. */
    if (error->charge != VOLCV_CHARGE_CHARGED || operations[operation].run == fetched || strstr(error->message, "no memory for the reply") != NULL) {
        return;
    }
    CHECK(job != 0);
    IS(volcv_job_image_count(client, job, &images), VOLCV_OK);
    IS(volcv_job_rejected_count(client, job, &rejected), VOLCV_OK);
    if (images + rejected == 0) {
        fprintf(stderr, "%s\n", error->message);
    }
    CHECK(images + rejected > 0 || volcv_job_task(client, job, &task, NULL) == VOLCV_OK);
    volcv_image_info info = VOLCV_IMAGE_INFO_INIT;
    if (strstr(error->message, "cannot be used") != NULL) {
        IS(volcv_job_image_info(client, job, 0, &info), VOLCV_OK);
        CHECK(info.width > 0 && info.size > 20000);
    }
}

static void open_client(void)
{
    volcv_client_options options = local_options();
    volcv_allocator allocator = VOLCV_ALLOCATOR_INIT;
    allocator.user = &living;
    allocator.alloc = host_alloc;
    allocator.free = host_free;
    options.allocator = of_process ? NULL : &allocator;
    options.max_in_flight = 1;
    options.max_attempts = 1;
    options.poll_interval_ms = 50;
    client = create(&options);
}

/* One job in which the nth request fails; whether it came so far. */
static int torture(size_t operation, int nth)
{
    open_client();
    volcv_job job = 0, next = 0;
    volcv_error error = VOLCV_ERROR_INIT;
    seed++;
    atomic_store(&failed, 0);
    atomic_store(&until, nth);
    volcv_result result = operations[operation].run(&job, &error);
    volcv_result after = result;
    if (result == VOLCV_OK) {
        after = taken(operation, job);
        IS(volcv_job_error(client, job, &error), VOLCV_OK);
    }
    atomic_store(&until, -1);
    if (!atomic_load(&failed) || (result != VOLCV_OK && result != VOLCV_E_OUT_OF_MEMORY)) {
        if (result != VOLCV_OK) {
            fprintf(stderr, "%s, %d: %s\n", operations[operation].name, nth, error.message);
        }
        IS(result, VOLCV_OK);
    }
    if (result != VOLCV_OK) {
        CHECK(error.code == result && error.message[0] != 0);
        not_lost(operation, job, &error);
    } else if (after != VOLCV_OK) {
        /* It was not lost: now there is memory. */
        IS(after, VOLCV_E_OUT_OF_MEMORY);
        IS(taken(operation, job), VOLCV_OK);
    }
    printf("%lld %d %u %s %d\n", (long long)seed, result, error.charge, operations[operation].name, nth);
    if (job != 0) {
        IS(volcv_job_release(client, job), VOLCV_OK);
    }
    /* The client goes on. */
    if (atomic_load(&failed)) {
        IS(submit(client, 0, &next), VOLCV_OK);
        IS(next_event(client).result, VOLCV_OK);
        IS(volcv_job_release(client, next), VOLCV_OK);
    }
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
    return atomic_load(&failed);
}

/* A link that can be fetched any number of times. */
static void make_link(void)
{
    volcv_job job = 0;
    volcv_error error = VOLCV_ERROR_INIT;
    const char *link = NULL;
    open_client();
    seed++;
    IS(sides(VOLCV_OUTPAINT_RETURN_LINK, 0, &job, &error), VOLCV_OK);
    IS(volcv_job_image_link(client, job, 0, &link), VOLCV_OK);
    link_to_fetch = strdup(link);
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
}

int main(int count, char **arguments)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < count; i++) {
        of_process |= strcmp(arguments[i], "malloc") == 0;
        and_all |= strcmp(arguments[i], "all") == 0;
    }
    seed = 1000;
    paint();
    make_link();
    printf("# %s\n", of_process ? "malloc" : "volcv_allocator");
    const size_t before = living, bytes = living_bytes;
    const uint64_t start = now_ns();
    for (size_t operation = 0; operation < sizeof operations / sizeof operations[0]; operation++) {
        int nth = 0;
        if (operations[operation].run == large && getenv("VOLCV_LARGE") == NULL) {
            continue;
        }
        while (torture(operation, nth)) {
            nth++;
            if (living != before || living_bytes != bytes) {
                fprintf(stderr, "%s, %d: %zu blocks of %zu bytes are left\n", operations[operation].name, nth,
                    living - before, living_bytes - bytes);
                return 1;
            }
        }
        printf("# %s: %d requests, %llu ms\n", operations[operation].name, nth, (unsigned long long)(now_ns() - start) / 1000000);
        CHECK(nth > 0 || operations[operation].run == borrowed);
    }
    free(link_to_fetch);
    return 0;
}
