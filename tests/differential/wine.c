/*
 * wine.c: see wine.h.
 */
#include "wine.h"

bool runs_under_wine(void)
{
    return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != NULL;
}

/* ------------------------------------------------------------------------------------------------
 * A release with a size that, rounded up to pages, wraps to 0
 *
 * Windows' VirtualFree looks whether the size is 0 before it does anything ("must be 0 if
 * dwFreeType is MEM_RELEASE": the reference page of VirtualFree). Wine 8.0 rounds it up first, and
 * releases.
 * --------------------------------------------------------------------------------------------- */

/* As Wine rounds: (size + offset in the page + 0xfff) & ~0xfff. */
static bool wraps_to_0(uintptr_t offset, SIZE_T size)
{
    return size && ((size + offset % PAGE + PAGE - 1) & ~(PAGE - 1)) == 0;
}

static bool covers_wrapped_release(const struct step *step)
{
    return step->kind == STEP_FREE && step->type == MEM_RELEASE &&
           wraps_to_0(step->offset, step->size);
}

static bool has_wrapped_release(void)
{
    void *memory = VirtualAlloc(NULL, PAGE, MEM_RESERVE, PAGE_READWRITE);
    bool released = VirtualFree(memory, SIZE_MAX, MEM_RELEASE);

    if (!released)
        VirtualFree(memory, 0, MEM_RELEASE);
    return released;
}

/* ------------------------------------------------------------------------------------------------
 * All
 * --------------------------------------------------------------------------------------------- */

const struct wine_departure wine_departures[] = {
    {"a release with a size that wraps to 0", covers_wrapped_release,
     HRESULT_FROM_WIN32(ERROR_INVALID_PARAMETER), ERROR_INVALID_PARAMETER, has_wrapped_release},
};

const size_t wine_departure_count = COUNT_OF(wine_departures);

const struct wine_departure *wine_departure_of(const struct step *step)
{
    if (!runs_under_wine())
        return NULL;
    for (size_t i = 0; i < wine_departure_count; i++) {
        if (wine_departures[i].covers(step))
            return &wine_departures[i];
    }
    return NULL;
}
