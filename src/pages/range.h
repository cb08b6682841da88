/*
 * range.h: ranges of pages.
 */
#ifndef HOSTMEM_PAGES_RANGE_H
#define HOSTMEM_PAGES_RANGE_H

#include "os/os.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Addresses from begin to end, exclusive; both at the start of a page. */
struct range {
    uintptr_t begin;
    uintptr_t end;
};

static inline uintptr_t range_round_down(uintptr_t value, size_t unit)
{
    return value & ~(uintptr_t)(unit - 1);
}

/* Whether any byte is in both; the other one has `size` bytes from base on. */
static inline bool range_meets(struct range range, uintptr_t base, size_t size)
{
    return base < range.end && base + (size - 1) >= range.begin;
}

/* The whole pages that hold [address, address + size). False: there is no such range. */
static inline bool range_of_pages(uintptr_t address, size_t size, struct range *range)
{
    uintptr_t last = address + size - 1;

    if (size == 0 || last < address || last > UINTPTR_MAX - OS_PAGE_SIZE)
        return false;
    range->begin = range_round_down(address, OS_PAGE_SIZE);
    range->end = range_round_down(last, OS_PAGE_SIZE) + OS_PAGE_SIZE;
    return true;
}

#endif
