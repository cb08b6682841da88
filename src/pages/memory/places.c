/*
 * places.c: see places.h.
 */
#include "pages/memory/places.h"

#include "os/os.h"

/* Two million regions: their slabs alone would be 128 GiB. */
#define RECORDS_SHIFT 21u
#define RECORDS_SHIFT_LEAST 8u

/* As chunks (chunk_table.h), so that a chunk's granules are places of one size. */
#define ALIGNMENT ((uintptr_t)1 << 26)

/* What all places take together: 1 + 2 + 4 + ... granules for each record. */
static uintptr_t size_of_all(unsigned records_shift)
{
    return (((uintptr_t)1 << PLACE_SIZES) - 1) * OS_GRANULE_SIZE << records_shift;
}

bool places_init(struct places *places)
{
    uintptr_t begin, end, rest;

    *places = (struct places){0};
    if (!os_unasked_addresses(&begin, &end))
        return false;
    begin = (begin + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    for (unsigned shift = RECORDS_SHIFT; shift >= RECORDS_SHIFT_LEAST; shift--) {
        if (begin >= end || size_of_all(shift) > end - begin)
            continue;
        rest = (end - begin - size_of_all(shift)) / ALIGNMENT + 1;
        places->begin = begin + (uintptr_t)(os_chance() % rest) * ALIGNMENT;
        places->records_shift = shift;
        return true;
    }
    return false;
}

/* The number of the highest bit; value is not 0. */
static unsigned highest_bit(uintptr_t value)
{
    return 63u ^ (unsigned)__builtin_clzll(value);
}

uintptr_t places_of(const struct places *places, uint32_t record, size_t size)
{
    size_t last = (size - 1) / OS_GRANULE_SIZE;
    unsigned shift = last ? highest_bit(last) + 1 : 0;
    uintptr_t granule;

    if (!places->begin || shift >= PLACE_SIZES || (record - 1) >> places->records_shift)
        return 0;
    granule = ((((uintptr_t)1 << shift) - 1) << places->records_shift) +
              ((uintptr_t)(record - 1) << shift);
    return places->begin + granule * OS_GRANULE_SIZE;
}
