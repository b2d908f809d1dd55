/* Tells a console program, by the name of its file, that its window is being closed, as the system does it. */
#include <stdio.h>
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
    const HANDLE process = OpenProcess(PROCESS_ALL_ACCESS, FALSE, count == 2 ? process_of(arguments[1]) : 0);
    /* It lies at the same place in every process. */
    union { FARPROC found; LPTHREAD_START_ROUTINE routine; } at;
    at.found = GetProcAddress(GetModuleHandleA("kernelbase.dll"), "CtrlRoutine");
    if (process == NULL || at.found == NULL) {
        fprintf(stderr, "no such process, or no CtrlRoutine\n");
        return 1;
    }
    return CreateRemoteThread(process, NULL, 0, at.routine, (void *)(ULONG_PTR)CTRL_CLOSE_EVENT, 0, NULL) == NULL;
}
