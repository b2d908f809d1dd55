/*
 * Requests for blocks of 64 KiB and more: which of them fails, and which blocks have not come back. They are those of a
 * volcv_allocator and, on Linux, those of the whole process. It is included first, and by one program.
 */
#ifndef LARGE_BLOCKS_H
#define LARGE_BLOCKS_H

#ifdef __linux__
#define OWN_MALLOC
#define _GNU_SOURCE
#endif
#include "check.h"
#ifdef OWN_MALLOC
#include <errno.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#endif

enum { LARGE = 65536, MOST = 4096 };

static atomic_flag locked = ATOMIC_FLAG_INIT;
static struct { void *at; size_t size, align; } blocks[MOST];
static size_t living, living_bytes;
/* Requests until the one that fails; negative: none does. */
static atomic_int until = -1;
static atomic_int failed;

static void lock(void)
{
    while (atomic_flag_test_and_set(&locked)) {
    }
}

static void unlock(void)
{
    atomic_flag_clear(&locked);
}

/* That one and all that follow fail, and not that one alone. */
static int and_all;

/* Whether the request that comes now is one to fail. */
static int is_due(void)
{
    const int left = atomic_load(&until);
    if (left < 0 || (left > 0 && atomic_fetch_sub(&until, 1) > 0)) {
        return 0;
    }
    if (!and_all) {
        atomic_store(&until, -1);
    }
    atomic_store(&failed, 1);
    return 1;
}

static void note(void *at, size_t size, size_t align)
{
    lock();
    size_t free_one = 0;
    while (free_one < MOST && blocks[free_one].at != NULL) {
        free_one++;
    }
    if (free_one == MOST) {
        _exit(3);
    }
    blocks[free_one].at = at;
    blocks[free_one].size = size;
    blocks[free_one].align = align;
    living++;
    living_bytes += size;
    unlock();
}

/* The number of the block, whose lock is held; MOST if there is none. */
static size_t find(const void *at)
{
    size_t block = 0;
    while (block < MOST && blocks[block].at != at) {
        block++;
    }
    return block;
}

static void forget(size_t block)
{
    living--;
    living_bytes -= blocks[block].size;
    blocks[block].at = NULL;
}

/* ---- Of a volcv_allocator ---- */

static void *VOLCV_CALL host_alloc(void *user, size_t size, size_t align)
{
    CHECK(user == &living && size >= LARGE && align > 0 && (align & (align - 1)) == 0);
    if (is_due()) {
        return NULL;
    }
    /* In front of the block: what malloc gave. */
    char *const whole = malloc(size + align + sizeof(void *));
    CHECK(whole != NULL);
    char *at = whole + sizeof(void *);
    at += (align - (uintptr_t)at % align) % align;
    memcpy(at - sizeof(void *), &whole, sizeof(void *));
    note(at, size, align);
    return at;
}

static void VOLCV_CALL host_free(void *user, void *memory, size_t size, size_t align)
{
    lock();
    const size_t block = find(memory);
    CHECK(user == &living && block < MOST && blocks[block].size == size && blocks[block].align == align);
    forget(block);
    unlock();
    void *whole;
    memcpy(&whole, (char *)memory - sizeof(void *), sizeof(void *));
    free(whole);
}

/* ---- Of the whole process ---- */

static int of_process;

#ifdef OWN_MALLOC
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *at, size_t size);
void *__libc_memalign(size_t align, size_t size);
void __libc_free(void *at);

static int is_watched(size_t size)
{
    return of_process && size >= LARGE;
}

static void *noted(void *at, size_t size)
{
    if (at != NULL && is_watched(size)) {
        note(at, size, 0);
    }
    return at;
}

static int fails(size_t size)
{
    if (!is_watched(size) || !is_due()) {
        return 0;
    }
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size)
{
    return fails(size) ? NULL : noted(__libc_malloc(size), size);
}

void *calloc(size_t count, size_t size)
{
    const size_t bytes = size != 0 && count > SIZE_MAX / size ? SIZE_MAX : count * size;
    return fails(bytes) ? NULL : noted(__libc_calloc(count, size), bytes);
}

void *memalign(size_t align, size_t size)
{
    return fails(size) ? NULL : noted(__libc_memalign(align, size), size);
}

void *aligned_alloc(size_t align, size_t size)
{
    return memalign(align, size);
}

int posix_memalign(void **to, size_t align, size_t size)
{
    *to = memalign(align, size);
    return *to == NULL ? ENOMEM : 0;
}

static void freed(void *at)
{
    if (of_process && at != NULL && malloc_usable_size(at) >= LARGE) {
        lock();
        const size_t block = find(at);
        if (block < MOST) {
            forget(block);
        }
        unlock();
    }
}

void free(void *at)
{
    freed(at);
    __libc_free(at);
}

void *realloc(void *at, size_t size)
{
    if (fails(size)) {
        return NULL;
    }
    freed(at);
    return noted(__libc_realloc(at, size), size);
}

void *mmap(void *at, size_t size, int protection, int flags, int file, off_t offset)
{
    if (flags & MAP_ANONYMOUS && fails(size)) {
        return MAP_FAILED;
    }
    /* NOLINTNEXTLINE: the address is the kernel's. */
    return (void *)syscall(SYS_mmap, at, size, protection, flags, file, offset);
}

void *mmap64(void *at, size_t size, int protection, int flags, int file, off_t offset)
{
    return mmap(at, size, protection, flags, file, offset);
}
#endif

#endif
