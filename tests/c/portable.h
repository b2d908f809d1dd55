/*
 * What the test programs ask the system for beside C, threads and clocks, which MinGW has as POSIX has them: pages that can be
 * closed, the environment, the number of threads and of open things, libraries that are loaded, sockets.
 */
#ifndef PORTABLE_H
#define PORTABLE_H

#ifdef _WIN32
/* Before windows.h. */
#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>
/* Behind windows.h. */
#include <tlhelp32.h>
#else
#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#endif

#include "check.h"

#ifdef _WIN32

typedef SOCKET socket_handle;
#define close_socket closesocket

static inline void start_sockets(void)
{
    WSADATA data;
    CHECK(WSAStartup(MAKEWORD(2, 2), &data) == 0);
}

static inline void *new_pages(size_t size)
{
    return VirtualAlloc(NULL, size, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
}

static inline void close_pages(void *pages, size_t size)
{
    DWORD old;
    CHECK(VirtualProtect(pages, size, PAGE_NOACCESS, &old));
}

static inline void open_pages(void *pages, size_t size)
{
    DWORD old;
    CHECK(VirtualProtect(pages, size, PAGE_READWRITE, &old));
}

static inline void free_pages(void *pages, size_t size)
{
    (void)size;
    CHECK(VirtualFree(pages, 0, MEM_RELEASE));
}

/* NULL removes it. */
static inline void set_variable(const char *name, const char *value)
{
    CHECK(_putenv_s(name, value == NULL ? "" : value) == 0);
}

static inline int threads(void)
{
    THREADENTRY32 thread = {.dwSize = sizeof thread};
    const HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
    int count = 0;
    CHECK(snapshot != INVALID_HANDLE_VALUE);
    for (BOOL more = Thread32First(snapshot, &thread); more; more = Thread32Next(snapshot, &thread)) {
        count += thread.th32OwnerProcessID == GetCurrentProcessId();
    }
    CloseHandle(snapshot);
    return count;
}

static inline uint64_t this_thread(void)
{
    return GetCurrentThreadId();
}

/* Files, sockets, threads and all else that has a handle. */
static inline int open_handles(void)
{
    DWORD count;
    CHECK(GetProcessHandleCount(GetCurrentProcess(), &count));
    return (int)count;
}

/* Windows itself opens things on the first use, and keeps them. */
enum { FIRST_ROUND_THAT_COUNTS = 1 };

typedef HMODULE loaded_library;
#define load_library(path, round) ((void)(round), LoadLibraryA(path))
#define find_function(library, name) ((void *)(uintptr_t)GetProcAddress(library, name))
#define unload_library(library) (FreeLibrary(library) != 0)

/* Whether it has left the address space. */
static inline int is_loaded(const char *path)
{
    return GetModuleHandleA(path) != NULL;
}

#else

typedef int socket_handle;
#define INVALID_SOCKET (-1)
#define close_socket close

static inline void start_sockets(void)
{
}

static inline void *new_pages(size_t size)
{
    void *const pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return pages == MAP_FAILED ? NULL : pages;
}

static inline void close_pages(void *pages, size_t size)
{
    CHECK(mprotect(pages, size, PROT_NONE) == 0);
}

static inline void open_pages(void *pages, size_t size)
{
    CHECK(mprotect(pages, size, PROT_READ | PROT_WRITE) == 0);
}

static inline void free_pages(void *pages, size_t size)
{
    CHECK(munmap(pages, size) == 0);
}

/* NULL removes it. */
static inline void set_variable(const char *name, const char *value)
{
    CHECK((value == NULL ? unsetenv(name) : setenv(name, value, 1)) == 0);
}

static inline int entries(const char *folder)
{
    DIR *const open = opendir(folder);
    CHECK(open != NULL);
    int count = 0;
    while (readdir(open) != NULL) {
        count++;
    }
    closedir(open);
    return count;
}

static inline void *own_folder(void *path)
{
    snprintf(path, 64, "/proc/self/task/%ld", syscall(SYS_gettid));
    return NULL;
}

/* With the first thread of a program, ThreadSanitizer starts one of its own; so there is one before threads are counted. */
static inline int threads(void)
{
    static int begun;
    if (!begun) {
        char path[64];
        pthread_t thread;
        begun = 1;
        CHECK(pthread_create(&thread, NULL, own_folder, path) == 0 && pthread_join(thread, NULL) == 0);
        while (access(path, F_OK) == 0) {
            nap();
        }
    }
    return entries("/proc/self/task");
}

static inline uint64_t this_thread(void)
{
    return (uint64_t)syscall(SYS_gettid);
}

static inline int open_handles(void)
{
    return entries("/proc/self/fd");
}

enum { FIRST_ROUND_THAT_COUNTS = 0 };

typedef void *loaded_library;
#define load_library(path, round) dlopen(path, (round) % 2 == 0 ? RTLD_NOW | RTLD_LOCAL : RTLD_LAZY | RTLD_GLOBAL)
#define find_function dlsym
#define unload_library(library) (dlclose(library) == 0)

#endif

#endif
