/*
 * Measures what whole operations take out of the frames of a game: twenty textures of 2048 x 2048, lent to volcv, whose
 * results a thread of volcv writes into memory of the host. Proves that the game's thread allocates no memory for a
 * picture and frees none. Prints the longest frame by the clock and by the time of the thread, which depend on the
 * machine.
 */
#define _GNU_SOURCE
#include "check.h"

#include <sys/mman.h>
#include <sys/syscall.h>

enum { SIDE = 2048, GROWTH = 256, LARGE = 1 << 20 };

/* The memory of the whole program passes here. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static _Thread_local int is_measured;
static _Thread_local unsigned large_pieces;

static void *count_one(void *memory, size_t size)
{
    large_pieces += is_measured && size >= LARGE;
    return memory;
}

void *malloc(size_t size)
{
    return count_one(__libc_malloc(size), size);
}

void *calloc(size_t count, size_t size)
{
    return count_one(__libc_calloc(count, size), count * size);
}

void *realloc(void *old, size_t size)
{
    return count_one(__libc_realloc(old, size), size);
}

/* Large pictures have mappings of their own. */
void *mmap64(void *address, size_t size, int protection, int flags, int file, off64_t offset)
{
    return count_one((void *)syscall(SYS_mmap, address, size, protection, flags, file, offset), size);
}

static unsigned unmapped;

int munmap(void *address, size_t size)
{
    unmapped += is_measured && size >= LARGE;
    return (int)syscall(SYS_munmap, address, size);
}

static _Atomic uint32_t written;

static volcv_result acquire(
    void *user, volcv_job job, uint64_t job_user, uint32_t index, uint32_t width, uint32_t height, volcv_pixels *out)
{
    (void)job, (void)index;
    CHECK(width == SIDE + GROWTH && height == SIDE);
    out->format = VOLCV_PIXEL_BGRA8;
    out->size = (size_t)width * height * 4;
    out->data = malloc(out->size);
    ((void **)user)[job_user] = out->data;
    return out->data == NULL ? VOLCV_E_OUT_OF_MEMORY : VOLCV_OK;
}

static void submitted(void *user, volcv_job job, uint64_t job_user, uint32_t index, volcv_result result)
{
    (void)job, (void)index;
    IS(result, VOLCV_OK);
    free(((void **)user)[job_user]);
    written++;
}

static uint64_t thread_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void submit_one(volcv_client *client, const volcv_outpaint *outpaint, uint64_t number_of_job)
{
    volcv_job job;
    volcv_job_options options = VOLCV_JOB_OPTIONS_INIT;
    options.user = number_of_job;
    IS(volcv_outpaint_submit(client, outpaint, &options, &job, NULL), VOLCV_OK);
}

static uint32_t collect(volcv_client *client)
{
    volcv_event events[8];
    const uint32_t count = volcv_poll(client, events, 8);
    for (uint32_t i = 0; i < count; i++) {
        IS(events[i].result, VOLCV_OK);
        IS(volcv_job_release(client, events[i].job), VOLCV_OK);
    }
    return count;
}

/* Twenty jobs, so many of them in each frame. */
static void measure(uint32_t jobs, uint32_t in_a_frame)
{
    void *memory[64] = {NULL};
    volcv_pixels_hooks hooks = VOLCV_PIXELS_HOOKS_INIT;
    hooks.user = memory;
    hooks.acquire = acquire;
    hooks.submit = submitted;
    volcv_client_options options = local_options();
    options.pixels_hooks = &hooks;
    volcv_client *const client = create(&options);

    volcv_pixels texture = VOLCV_PIXELS_INIT;
    texture.flags = VOLCV_PIXELS_BORROW;
    texture.width = texture.height = SIDE;
    texture.size = (size_t)SIDE * SIDE * 4;
    unsigned char *const pixels = malloc(texture.size);
    texture.data = pixels;
    for (size_t i = 0; i < texture.size; i++) {
        /* With some noise, so that files are large. */
        pixels[i] = i % 4 == 3 ? 255 : (unsigned char)(i / 4 % SIDE / 9 + i / 4 / SIDE / 11 + (i * 2654435761u >> 16) % 9);
    }
    volcv_outpaint outpaint = VOLCV_OUTPAINT_INIT;
    outpaint.pixels = &texture;
    outpaint.mode = VOLCV_MODE_PIXELS;
    outpaint.left = GROWTH;
    outpaint.max_side = 4096;

    uint64_t longest = 0, longest_of_thread = 0;
    uint32_t frames = 0, sent = 0, done = 0;
    written = 0;
    for (; done < jobs; frames++) {
        const uint64_t start = now_ns(), start_of_thread = thread_ns();
        is_measured = 1;
        for (uint32_t i = 0; i < in_a_frame && sent < jobs; i++) {
            submit_one(client, &outpaint, sent++);
        }
        done += collect(client);
        is_measured = 0;
        const uint64_t took = now_ns() - start, took_of_thread = thread_ns() - start_of_thread;
        longest = took > longest ? took : longest;
        longest_of_thread = took_of_thread > longest_of_thread ? took_of_thread : longest_of_thread;
        const struct timespec frame = {0, 16000000};
        nanosleep(&frame, NULL);
    }
    CHECK(written == jobs && large_pieces == 0 && unmapped == 0);
    printf("%u jobs, %u in a frame: longest of %u frames %.1f us by the clock, %.1f us of the thread\n", jobs, in_a_frame,
           frames, (double)longest / 1000, (double)longest_of_thread / 1000);
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
    free(pixels);
}

int main(void)
{
    const uint32_t jobs = number("VOLCV_JOBS", 20);
    measure(jobs, 1);
    measure(jobs, jobs);
    puts("ok");
    return 0;
}
