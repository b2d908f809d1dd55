/* Wine 8 lacks this library of Windows, from which Rust's standard library takes its random numbers. */
#include <windows.h>

/* advapi32's RtlGenRandom. */
BOOLEAN NTAPI SystemFunction036(void *buffer, ULONG size);

__declspec(dllexport) BOOL WINAPI ProcessPrng(void *buffer, SIZE_T size)
{
    return SystemFunction036(buffer, (ULONG)size);
}
