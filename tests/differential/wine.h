/*
 * wine.h: the cases in which Wine answers otherwise than Windows, while hostmem answers as Windows
 * does. Each case is an entry with its evidence. Nothing else is excused.
 */
#ifndef HOSTMEM_TESTS_DIFFERENTIAL_WINE_H
#define HOSTMEM_TESTS_DIFFERENTIAL_WINE_H

#include "step.h"

struct wine_departure {
    const char *name;

    /* Whether the step is such a case. */
    bool (*covers)(const struct step *step);

    /* What Windows answers. It touches nothing. */
    HRESULT hr;
    DWORD last_error;

    /* Shows, by Win32 alone, that this Wine departs so. */
    bool (*is_there)(void);
};

extern const struct wine_departure wine_departures[];
extern const size_t wine_departure_count;

bool runs_under_wine(void);

/* The entry that covers the step; NULL: there is none, or this is no Wine. */
const struct wine_departure *wine_departure_of(const struct step *step);

#endif
