/*
 * gen0_size.c: see gen0_size.h.
 */
#include "run/host/coreclr/gen0_size.h"

#include "base/environment.h"

#include <windows.h>

#define VARIABLE L"COMPlus_GCgen0size" /* hexadecimal */

#define SHARE 64u /* of the limit */
#define LEAST (UINT32_C(256) << 10)

/*
 * What the collector chooses on most processors. A heap segment of 32-bit runtimes is 16 MiB: with
 * a first generation of more than a fraction of that, the collector always believes that it is near
 * the end of a segment.
 */
#define MOST ((sizeof(void *) == 8 ? UINT32_C(6) : UINT32_C(1)) << 20)

static uint32_t size_for(uint64_t limit)
{
    uint64_t size = limit / SHARE;

    if (size < LEAST)
        return LEAST;
    return size < MOST ? (uint32_t)size : MOST;
}

/* digits: 9 characters. */
static void write_hexadecimal(wchar_t *digits, uint32_t number)
{
    for (int i = 0; i < 8; i++)
        digits[i] = L"0123456789abcdef"[number >> (28 - 4 * i) & 15];
    digits[8] = L'\0';
}

bool gen0_size_fit(uint64_t limit)
{
    wchar_t digits[9];

    if (!limit || environment_value(VARIABLE) || environment_value(L"COMPlus_GCHeapHardLimit") ||
        environment_value(L"DOTNET_GCHeapHardLimit"))
        return false;
    write_hexadecimal(digits, size_for(limit));
    return SetEnvironmentVariableW(VARIABLE, digits) != FALSE;
}

void gen0_size_forget(void)
{
    SetEnvironmentVariableW(VARIABLE, NULL);
}
