/*
 * places.h: where in the address space regions are put, so that nobody else's memory is there.
 *
 * The system gives an address to whoever asks next, to this manager or to others in the process. So
 * as long as it chooses, nobody can tell whose the memory is that a thread was handed and has not
 * booked yet (foreign.h). Therefore a manager chooses itself, among addresses that the system gives
 * to nobody who does not name them: each record of a region (region_table.h) has a place for each
 * size of regions. Whose memory at a place is follows from that one record, before the system is
 * asked and after.
 *
 * The places of one size lie one behind the other, in the order of the records, and those of twice
 * the size behind them. The records that are used are as few as regions live at once, so regions
 * lie close together, and the tables for addresses (chunk_table.h) stay as small. Larger regions
 * have no places: collectors take them for heaps, and keep tables for all addresses between the
 * lowest and the highest.
 *
 * Where a manager's places begin is chance, so that addresses are hard to guess.
 */
#ifndef HOSTMEM_PAGES_MEMORY_PLACES_H
#define HOSTMEM_PAGES_MEMORY_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* There are places for regions of one granule, two, four, and so on: of up to 2 MiB. */
#define PLACE_SIZES 6u

struct places {
    uintptr_t begin;        /* 0: there are none */
    unsigned records_shift; /* records 1 to 2 to the power of this have places */
};

/* Asks the system which addresses there are. False: none; no region has a place then. */
bool places_init(struct places *places);

/* Where the region of that record and size (bytes, not 0) is put; 0: where the system wants. */
uintptr_t places_of(const struct places *places, uint32_t record, size_t size);

#endif
