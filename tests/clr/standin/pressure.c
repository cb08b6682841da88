/*
 * pressure.c: allocates until it is refused or warned.
 */
#include "pressure.h"

#include "host.h"
#include "notification.h"
#include "output.h"

#include <stdio.h>

#define SEGMENTS 16
#define SEGMENT_SIZE (256 * GRANULE)
#define KEPT (4 * GRANULE) /* of each segment */

struct hoard {
    char *base;
    SIZE_T committed;
};

static bool is_told(unsigned before)
{
    return notification_count(eMemoryAvailableLow) != before;
}

/* False: refused, or told. */
static bool grow(struct caller *caller, struct hoard *hoard, unsigned before)
{
    void *memory;

    if (host_alloc(NULL, SEGMENT_SIZE, MEM_RESERVE | MEM_WRITE_WATCH, PAGE_READWRITE, caller->level,
                   &memory) != S_OK)
        return false;
    hoard->base = memory;
    while (hoard->committed < SEGMENT_SIZE) {
        char *at = hoard->base + hoard->committed;

        if (is_told(before) ||
            host_alloc(at, GRANULE, MEM_COMMIT, PAGE_READWRITE, caller->level, &memory) != S_OK)
            return false;
        for (SIZE_T page = 0; page < GRANULE; page += PAGE)
            caller_fill(caller, at + page, sizeof(void *), 1);
        hoard->committed += GRANULE;
    }
    return true;
}

static void shrink(struct caller *caller, const struct hoard *hoard)
{
    for (SIZE_T page = 0; page < hoard->committed; page += PAGE)
        caller_check(caller, hoard->base + page, sizeof(void *), 1);
    if (hoard->committed > KEPT)
        caller_free(caller, hoard->base + KEPT, hoard->committed - KEPT, MEM_DECOMMIT);
}

void allocate_until_told(struct caller *caller)
{
    const unsigned before = notification_count(eMemoryAvailableLow);
    struct hoard hoards[SEGMENTS] = {{0}};
    wchar_t line[40];

    for (int i = 0; i < SEGMENTS; i++)
        if (!grow(caller, &hoards[i], before))
            break;
    for (int i = 0; i < SEGMENTS; i++)
        shrink(caller, &hoards[i]);
    swprintf(line, ARRAYSIZE(line), L"notified low %u",
             notification_count(eMemoryAvailableLow) - before);
    output_line(line, L"");
    for (int i = 0; i < SEGMENTS; i++)
        if (hoards[i].base)
            caller_free(caller, hoards[i].base, 0, MEM_RELEASE);
}
