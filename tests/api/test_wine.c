/*
 * test_wine.c: how the Wines that the tests run under depart from Windows, as far as a promise of
 * hostmem or a test touches it. Each entry of the table shows by Win32 alone whether the departure
 * is there; its comment names what Windows' reference pages (learn.microsoft.com) or Wine's own
 * conformance tests, which are run on Windows, say instead, and where Wine's sources do it.
 *
 * hostmem passes Win32's answer about owned memory on, so no entry excuses anything of hostmem.
 * docs/TESTING.md has the whole table, with what no program can show without harm.
 *
 * An entry that is no longer true must be removed, or lose a Wine. On Windows none may be there.
 */
#include "support.h"

#include <stdlib.h>

#define RESERVE_COMMIT (MEM_RESERVE | MEM_COMMIT)

/* ------------------------------------------------------------------------------------------------
 * Which Wine
 * --------------------------------------------------------------------------------------------- */

enum {
    WINE_8 = 1,
    WINE_10 = 2
};

/* The major version; 0: this is no Wine. */
static int wine_version(void)
{
    typedef const char *get_version(void);
    FARPROC function = GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version");

    return function ? atoi(((get_version *)(void (*)(void))function)()) : 0;
}

/* ------------------------------------------------------------------------------------------------
 * VirtualFree
 * --------------------------------------------------------------------------------------------- */

/* The last error of a free; 0: it was granted. */
static DWORD error_of_free(void *address, SIZE_T size, DWORD type)
{
    return VirtualFree(address, size, type) ? 0 : GetLastError();
}

/*
 * A release with a size that, rounded up to pages, wraps to 0.
 * Windows: dwSize "must be 0 (zero)" with MEM_RELEASE (VirtualFree).
 * Wine 8: NtFreeVirtualMemory rounds up before it looks. Wine 10: VirtualFreeEx looks first.
 */
static bool a_wrapped_size_is_released(void)
{
    void *memory = VirtualAlloc(NULL, PAGE, MEM_RESERVE, PAGE_READWRITE);
    bool released = VirtualFree(memory, SIZE_MAX, MEM_RELEASE);

    if (!released)
        VirtualFree(memory, 0, MEM_RELEASE);
    return released;
}

/*
 * A release of what is not allocated is ERROR_INVALID_PARAMETER.
 * Windows: STATUS_MEMORY_NOT_ALLOCATED, which is ERROR_INVALID_ADDRESS (Wine 10's
 * dlls/ntdll/tests/virtual.c, test_NtFreeVirtualMemory and what follows it).
 * Wine 8: NtFreeVirtualMemory has one answer for all that no VirtualAlloc made.
 */
static bool what_is_not_allocated_is_an_invalid_parameter(void)
{
    void *memory = VirtualAlloc(NULL, PAGE, MEM_RESERVE, PAGE_READWRITE);

    VirtualFree(memory, 0, MEM_RELEASE);
    return error_of_free(memory, 0, MEM_RELEASE) == ERROR_INVALID_PARAMETER;
}

/*
 * A free of size 0 inside a region, of a type that there is not, is ERROR_INVALID_ADDRESS.
 * Windows: dwFreeType "must be one of the following values" (VirtualFree); the page does not say
 * which error comes first. MEM_COALESCE_PLACEHOLDERS alone is STATUS_INVALID_PARAMETER_4, the type
 * (Wine 10's dlls/ntdll/tests/virtual.c).
 * Wine 10: NtFreeVirtualMemory judges the address first.
 */
static bool an_unknown_type_is_an_invalid_address(void)
{
    char *memory = VirtualAlloc(NULL, GRANULE, MEM_RESERVE, PAGE_READWRITE);
    DWORD error = error_of_free(memory + PAGE, 0, 0x40);

    VirtualFree(memory, 0, MEM_RELEASE);
    return error == ERROR_INVALID_ADDRESS;
}

/* ------------------------------------------------------------------------------------------------
 * VirtualAlloc
 * --------------------------------------------------------------------------------------------- */

static bool is_granted(void *address, DWORD type)
{
    char *memory = VirtualAlloc(address, GRANULE, type, PAGE_READWRITE);

    if (memory && !address)
        VirtualFree(memory, 0, MEM_RELEASE);
    return memory != NULL;
}

/*
 * MEM_RESET at NULL reserves.
 * Windows: it is about "the memory range specified by lpAddress and dwSize" (VirtualAlloc).
 * Wine 8 and 10: allocate_virtual_memory reserves wherever there is no address.
 */
static bool a_reset_at_null_reserves(void)
{
    return is_granted(NULL, MEM_RESET);
}

/*
 * MEM_RESET together with MEM_COMMIT is granted.
 * Windows: MEM_RESET "cannot be used with any other value" (VirtualAlloc).
 * Wine 8 and 10: allocate_virtual_memory resets, and commits nothing.
 */
static bool a_reset_may_commit(void)
{
    char *memory = VirtualAlloc(NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);
    bool is_there = is_granted(memory, MEM_RESET | MEM_COMMIT);

    VirtualFree(memory, 0, MEM_RELEASE);
    return is_there;
}

/*
 * MEM_RESET_UNDO is refused where MEM_RESET has been granted.
 * Windows: "should only be called on an address range to which MEM_RESET was successfully applied
 * earlier" (VirtualAlloc; since Windows 8).
 * Wine 8 and 10: allocate_virtual_memory, NtAllocateVirtualMemory do not know the flag.
 */
static bool a_reset_cannot_be_undone(void)
{
    char *memory = VirtualAlloc(NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);
    bool is_there = is_granted(memory, MEM_RESET) && !is_granted(memory, MEM_RESET_UNDO);

    VirtualFree(memory, 0, MEM_RELEASE);
    return is_there;
}

/*
 * MEM_PHYSICAL is refused.
 * Windows: with MEM_RESERVE it reserves a range for AWE pages (VirtualAlloc); only
 * AllocateUserPhysicalPages takes a privilege.
 * Wine 8 and 10: as above.
 */
static bool physical_pages_have_no_range(void)
{
    return !is_granted(NULL, MEM_RESERVE | MEM_PHYSICAL);
}

/*
 * There are no placeholders.
 * Windows: MEM_RESERVE_PLACEHOLDER (VirtualAlloc2; since Windows 10, version 1803).
 * Wine 8: NtAllocateVirtualMemoryEx does not know the flag.
 */
static bool there_are_no_placeholders(void)
{
    typedef PVOID WINAPI alloc2(HANDLE, PVOID, SIZE_T, ULONG, ULONG, void *, ULONG);
    FARPROC function = GetProcAddress(GetModuleHandleW(L"kernelbase.dll"), "VirtualAlloc2");
    void *memory;

    if (!function)
        return true;
    memory = ((alloc2 *)(void (*)(void))function)(NULL, NULL, GRANULE, MEM_RESERVE | 0x40000,
                                                  PAGE_NOACCESS, NULL, 0);
    if (memory)
        VirtualFree(memory, 0, MEM_RELEASE);
    return !memory;
}

/* ------------------------------------------------------------------------------------------------
 * ReadProcessMemory
 * --------------------------------------------------------------------------------------------- */

/*
 * ReadProcessMemory gives zeros where nothing is committed.
 * Windows: "the entire area to be read must be accessible, and if it is not accessible, the
 * function fails" (ReadProcessMemory).
 * Wine 8: the server reads the process from outside. Wine 10 copies inside the own process.
 */
static bool what_is_not_committed_can_be_read(void)
{
    char *memory = VirtualAlloc(NULL, PAGE, MEM_RESERVE, PAGE_READWRITE);
    char byte = 1;
    SIZE_T read = 0;
    bool is_read = ReadProcessMemory(GetCurrentProcess(), memory, &byte, 1, &read);

    VirtualFree(memory, 0, MEM_RELEASE);
    return is_read && byte == 0;
}

/* ------------------------------------------------------------------------------------------------
 * All
 * --------------------------------------------------------------------------------------------- */

#define DEPARTURE(name, wines)                                                                     \
    {                                                                                              \
#name, name, wines                                                                         \
    }

static const struct {
    const char *name;
    bool (*is_there)(void);
    int wines;
} departures[] = {
    DEPARTURE(a_wrapped_size_is_released, WINE_8),
    DEPARTURE(what_is_not_allocated_is_an_invalid_parameter, WINE_8),
    DEPARTURE(an_unknown_type_is_an_invalid_address, WINE_10),
    DEPARTURE(a_reset_at_null_reserves, WINE_8 | WINE_10),
    DEPARTURE(a_reset_may_commit, WINE_8 | WINE_10),
    DEPARTURE(a_reset_cannot_be_undone, WINE_8 | WINE_10),
    DEPARTURE(physical_pages_have_no_range, WINE_8 | WINE_10),
    DEPARTURE(there_are_no_placeholders, WINE_8),
    DEPARTURE(what_is_not_committed_can_be_read, WINE_8),
};

static void each_departure_is_there_in_its_wines_and_no_other(void **state)
{
    int version = wine_version();
    int wine = version == 8 ? WINE_8 : version == 10 ? WINE_10 : 0;

    (void)state;
    print_message("Wine %d\n", version);
    for (size_t i = 0; i < COUNT_OF(departures); i++) {
        bool is_there = departures[i].is_there();

        print_message("%-50s %s\n", departures[i].name, is_there ? "yes" : "no");
        if (wine || !version)
            assert_figure_of(departures[i].name, is_there, (departures[i].wines & wine) != 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_departure_is_there_in_its_wines_and_no_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
