/* Sends a console program, by the name of its file, an event of its window, by its number, as the system does it: 0 is Ctrl-C,
 * 1 is Ctrl-Break, 2 is a window that is being closed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
/* Behind windows.h. */
#include <tlhelp32.h>

static DWORD process_of(const char *name)
{
    PROCESSENTRY32 process = {.dwSize = sizeof process};
    const HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    BOOL more = Process32First(snapshot, &process);
    while (more && strcmp(process.szExeFile, name) != 0) {
        more = Process32Next(snapshot, &process);
    }
    CloseHandle(snapshot);
    return more ? process.th32ProcessID : 0;
}

int main(int count, char **arguments)
{
    const HANDLE process = OpenProcess(PROCESS_ALL_ACCESS, FALSE, count == 3 ? process_of(arguments[1]) : 0);
    /* It lies at the same place in every process. */
    union { FARPROC found; LPTHREAD_START_ROUTINE routine; } at;
    at.found = GetProcAddress(GetModuleHandleA("kernelbase.dll"), "CtrlRoutine");
    if (process == NULL || at.found == NULL) {
        fprintf(stderr, "no such process, or no CtrlRoutine\n");
        return 1;
    }
    const ULONG_PTR event = strtoul(arguments[2], NULL, 10);
    return CreateRemoteThread(process, NULL, 0, at.routine, (void *)event, 0, NULL) == NULL;
}
