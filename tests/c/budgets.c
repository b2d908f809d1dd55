/*
 * Measures what the library takes out of a frame, and proves what can be counted: volcv_poll() of a busy client
 * without an event allocates nothing and makes no system call, a borrowed picture is not copied, a copied one goes into
 * memory of an earlier one, and a client that has nothing to do wakes no thread up. Prints the times, which depend on the machine.
 */
#define _GNU_SOURCE
#include "check.h"

#include <dirent.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* The memory of the whole program passes here. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t align, size_t size);

static _Thread_local unsigned allocations, large_allocations;

static void *count_one(void *memory, size_t size)
{
    allocations++;
    large_allocations += size >= 1u << 20;
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

int posix_memalign(void **memory, size_t align, size_t size)
{
    *memory = count_one(__libc_memalign(align, size), size);
    return *memory == NULL ? ENOMEM : 0;
}

/* Large pictures have mappings of their own. */
void *mmap64(void *address, size_t size, int protection, int flags, int file, off64_t offset)
{
    return count_one((void *)syscall(SYS_mmap, address, size, protection, flags, file, offset), size);
}

static volcv_result keep(void *user, volcv_client *client, volcv_exchange exchange, const volcv_http_request *request)
{
    (void)user, (void)client, (void)exchange, (void)request;
    return VOLCV_OK;
}

static void forget(void *user, volcv_exchange exchange)
{
    (void)user, (void)exchange;
}

/* A client whose jobs never end. */
static volcv_client *patient_client(uint32_t in_flight, uint32_t queued)
{
    volcv_http_transport transport = VOLCV_HTTP_TRANSPORT_INIT;
    volcv_client_options options = local_options();
    transport.start = keep;
    transport.cancel = forget;
    options.transport = &transport;
    options.max_in_flight = in_flight;
    options.max_queued = queued;
    return create(&options);
}

static int by_size(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void tell(const char *what, const char *unit, double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_size);
    const double median = values[count / 2], p99 = values[(count * 99 - 1) / 100];
    printf("%-44s median %9.3f %s, p99 %9.3f %s\n", what, median, unit, p99, unit);
}

static volcv_client *busy;

/* In this thread, any system call but read, write and exit is the end of the process. */
static void *poll_without_system_calls(void *unused)
{
    volcv_event event;
    CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0);
    for (int i = 0; i < 1000000; i++) {
        if (volcv_poll(busy, &event, 1) != 0) {
            break;
        }
    }
    syscall(SYS_exit, 0);
    return unused;
}

static void poll_of_a_busy_client(void)
{
    enum { JOBS = 1000, IN_FLIGHT = 32, BATCHES = 200, CALLS = 1000 };
    static volcv_job jobs[JOBS];
    static double times[BATCHES];
    volcv_progress progress = VOLCV_PROGRESS_INIT;
    volcv_event event;
    pthread_t thread;
    busy = patient_client(IN_FLIGHT, JOBS);
    for (uint64_t i = 0; i < JOBS; i++) {
        IS(submit(busy, i, &jobs[i]), VOLCV_OK);
    }
    for (int under_way = 0; under_way < IN_FLIGHT;) {
        under_way = 0;
        for (int i = 0; i < JOBS; i++) {
            IS(volcv_job_progress(busy, jobs[i], &progress), VOLCV_OK);
            under_way += progress.phase != VOLCV_PHASE_QUEUED;
        }
    }
    unsigned before = allocations;
    for (int batch = 0; batch < BATCHES; batch++) {
        const uint64_t start = now_ns();
        for (int i = 0; i < CALLS; i++) {
            CHECK(volcv_poll(busy, &event, 1) == 0);
        }
        times[batch] = (double)(now_ns() - start) / CALLS;
    }
    CHECK(allocations == before);
    tell("volcv_poll, 1000 jobs, no event", "ns", times, BATCHES);
    before = allocations;
    for (int batch = 0; batch < BATCHES; batch++) {
        const uint64_t start = now_ns();
        for (int i = 0; i < CALLS; i++) {
            IS(volcv_job_progress(busy, jobs[i % JOBS], &progress), VOLCV_OK);
        }
        times[batch] = (double)(now_ns() - start) / CALLS;
    }
    CHECK(allocations == before);
    tell("volcv_job_progress", "ns", times, BATCHES);
    CHECK(pthread_create(&thread, NULL, poll_without_system_calls, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    const uint64_t start = now_ns();
    IS(volcv_client_destroy(busy, VOLCV_WAIT_FOREVER), VOLCV_OK);
    printf("%-44s %.2f ms\n", "destroy with 1000 jobs", (double)(now_ns() - start) / 1e6);
}

static void submit_of_eight_megabytes(uint32_t flags, const char *what, unsigned most_allocations)
{
    enum { ROUNDS = 100 };
    static double times[ROUNDS];
    const size_t size = 8u << 20;
    unsigned char *const large = calloc(1, size);
    volcv_picture picture = VOLCV_PICTURE_INIT;
    /* No time is to be lost over the first touch of the memory. */
    memset(large, 1, size);
    memcpy(large, PNG, sizeof PNG);
    picture.data = large;
    picture.size = size;
    picture.flags = flags;
    const volcv_outpaint outpaint = small_outpaint(&picture);
    volcv_client *const client = patient_client(1, 2);
    const unsigned before = large_allocations;
    for (int i = 0; i < ROUNDS; i++) {
        volcv_job job;
        const uint64_t start = now_ns();
        IS(volcv_outpaint_submit(client, &outpaint, NULL, &job, NULL), VOLCV_OK);
        times[i] = (double)(now_ns() - start) / 1000;
        IS(volcv_job_cancel(client, job), VOLCV_OK);
        CHECK(next_event(client).job == job);
        IS(volcv_job_release(client, job), VOLCV_OK);
    }
    CHECK(large_allocations - before <= most_allocations);
    tell(what, "us", times, ROUNDS);
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
    free(large);
}

static void create_and_destroy(void)
{
    enum { ROUNDS = 50 };
    static double creates[ROUNDS], destroys[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        const uint64_t start = now_ns();
        volcv_client *const client = local_client();
        const uint64_t middle = now_ns();
        IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
        creates[i] = (double)(middle - start) / 1e6;
        destroys[i] = (double)(now_ns() - middle) / 1e6;
    }
    tell("create", "ms", creates, ROUNDS);
    tell("destroy", "ms", destroys, ROUNDS);
}

/* How often threads other than this one have gone to sleep, and so were woken up. */
static unsigned long switches(unsigned *threads)
{
    unsigned long total = 0;
    DIR *const open = opendir("/proc/self/task");
    struct dirent *entry;
    *threads = 0;
    while ((entry = readdir(open)) != NULL) {
        char path[300], line[256];
        if (entry->d_name[0] == '.' || strtol(entry->d_name, NULL, 10) == getpid()) {
            continue;
        }
        snprintf(path, sizeof path, "/proc/self/task/%s/status", entry->d_name);
        FILE *const status = fopen(path, "r");
        if (status == NULL) {
            continue;
        }
        ++*threads;
        while (fgets(line, sizeof line, status) != NULL) {
            unsigned long count;
            if (sscanf(line, "voluntary_ctxt_switches: %lu", &count) == 1) {
                total += count;
            }
        }
        fclose(status);
    }
    closedir(open);
    return total;
}

static void idle(void)
{
    volcv_client *const client = local_client();
    volcv_job job;
    unsigned threads, later;
    IS(submit(client, 0, &job), VOLCV_OK);
    CHECK(next_event(client).result == VOLCV_OK);
    IS(volcv_job_release(client, job), VOLCV_OK);
    /* Two seconds in which nothing happens; the first may see the last threads of the job go to sleep, or end. */
    unsigned long before, now = switches(&threads);
    int seconds = 0;
    do {
        before = now;
        sleep(2);
        seconds += 2;
        now = switches(&later);
        CHECK(seconds <= 12);
    } while (now != before);
    printf("%-44s 0 in 2 s, after %d s, %u threads\n", "wake-ups of an idle client", seconds - 2, later);
    CHECK(threads >= 4 && later >= 4);
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
}

int main(void)
{
    poll_of_a_busy_client();
    submit_of_eight_megabytes(VOLCV_PICTURE_BORROW, "submit, 8 MiB borrowed", 0);
    /* One that ends, one that begins, and one whose thread is still about to drop it. */
    submit_of_eight_megabytes(0, "submit, 8 MiB copied", 3);
    create_and_destroy();
    idle();
    return 0;
}
