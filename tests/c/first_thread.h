/* The first thread of a program, for programs that count their threads on Linux. */
#ifndef FIRST_THREAD_H
#define FIRST_THREAD_H

#include "check.h"

#include <sys/syscall.h>

static inline void *own_folder(void *path)
{
    snprintf(path, 64, "/proc/self/task/%ld", syscall(SYS_gettid));
    return NULL;
}

/* Starts a thread and waits until it is gone: with the first one of a program, ThreadSanitizer starts one of its own. */
static inline void first_thread(void)
{
    char path[64];
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, own_folder, path) == 0 && pthread_join(thread, NULL) == 0);
    while (access(path, F_OK) == 0) {
        nap();
    }
}

#endif
