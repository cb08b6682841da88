/*
 * notes.h: callbacks that note what the manager tells them, so that a test can look at it
 * afterwards; and a callback of the CLR that counts its references.
 */
#ifndef HOSTMEM_TESTS_API_NOTES_H
#define HOSTMEM_TESTS_API_NOTES_H

#include "support.h"

#define MOST_NOTES 8

/* Regions. The callback answers with `answer`, and takes a struct region_notes for its context. */
struct region_notes {
    HRESULT answer;
    unsigned count;
    HOSTMEM_REGION region[MOST_NOTES];
};

HRESULT CALLBACK note_region(void *context, const HOSTMEM_REGION *region);
struct region_notes regions_of(const struct subject *subject);

/* Mapped ranges, in the same way. */
struct range_notes {
    HRESULT answer;
    unsigned count;
    HOSTMEM_MAPPED_RANGE range[MOST_NOTES];
};

HRESULT CALLBACK note_range(void *context, const HOSTMEM_MAPPED_RANGE *range);
struct range_notes ranges_of(const struct subject *subject);

/* The base of the n-th made-up mapped range. */
void *range_address(unsigned n);

/* Blocks. The name is copied; the block's first byte is read while the callback runs. */
struct told_block {
    HOSTMEM_BLOCK block;
    bool is_named;
    char file[1200];
    unsigned char first_byte;
};

struct block_notes {
    HRESULT answer;
    unsigned count;
    struct told_block told[MOST_NOTES];
};

HRESULT CALLBACK note_block(void *context, const HOSTMEM_BLOCK *block);
struct block_notes blocks_of(const struct subject *subject, DWORD heap);

/* A notification callback. */
struct callback {
    ICLRMemoryNotificationCallback ICLRMemoryNotificationCallback_iface;
    LONG references;                                                     /* 1 at first */
    void (*told)(struct callback *callback, EMemoryAvailable available); /* NULL: it does nothing */
};

struct callback make_callback(void);
HRESULT register_callback(const struct subject *subject, struct callback *callback);

#endif
