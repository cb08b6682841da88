/*
 * process_map.h: whose every page of the process is, by a walk with VirtualQuery.
 */
#ifndef HOSTMEM_RUN_SNAPSHOT_PROCESS_MAP_H
#define HOSTMEM_RUN_SNAPSHOT_PROCESS_MAP_H

#include <hostmem/hostmem.h>

#include <stdint.h>

enum page_owner {
    PAGE_OWNER_HOSTMEM, /* handed out by hostmem */
    PAGE_OWNER_IMAGE,   /* programs and libraries */
    PAGE_OWNER_FILE,    /* mapped files and shared memory */
    PAGE_OWNER_OTHER,   /* other private memory: stacks, the system's heaps, hostmem's own */
    PAGE_OWNERS
};

struct page_count {
    uint64_t committed;   /* bytes */
    uint64_t reserved;    /* bytes of address space, committed or not */
    uint64_t allocations; /* regions, images, views */
};

struct process_map {
    struct page_count owners[PAGE_OWNERS];
};

void process_map_walk(struct process_map *map, IHostMemInspection *inspection);

#endif
