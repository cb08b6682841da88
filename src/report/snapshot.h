/*
 * snapshot.h: everything that a report says, taken at one moment.
 *
 * A snapshot is complete in itself: nothing in it is a handle, an interface, or a pointer into the
 * process that it describes. Addresses of that process are figures and are never followed. Texts
 * and arrays are in the snapshot's own arena, or constants. A text that is not known yet is empty;
 * where the arena had no room left, arrays end early and texts are empty.
 */
#ifndef HOSTMEM_REPORT_SNAPSHOT_H
#define HOSTMEM_REPORT_SNAPSHOT_H

#include "base/arena.h"
#include "board/ending.h"
#include "board/page_owner.h"

#include <hostmem/hostmem.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What ran, and on what. */
struct snapshot_subject {
    const char *program; /* its path */
    DWORD process_id;
    bool is_running;            /* it has not ended */
    struct ending ending;       /* if it has */
    const char *runtime_family; /* "CoreCLR", ".NET Framework" or "none" */
    const char *runtime_version;
    const char *runtime_directory;
    const char *architecture;   /* "x64" or "x86" */
    bool has_host_control;      /* hostmem-host hosted the runtime */
    HRESULT host_control;       /* what SetHostControl returned */
    const char *const *modules; /* names of the modules that were redirected */
    size_t module_count;
    const char *const *libraries; /* by which others allocate, likewise */
    size_t library_count;

    /* What was asked of hostmem. */
    bool manages_heaps;
    bool keeps_callers;
    bool checks_blocks;
    bool is_hardened;
    bool tells_pressure;
    uint64_t guard_above; /* bytes; 0: no guard pages */
};

struct heap_size_class {
    DWORD heap; /* its number */
    HOSTMEM_SIZE_CLASS size_class;
};

/* Live heap blocks that were allocated at one place. */
struct live_block_group {
    const char *origin; /* such as "coreclr.dll+0x1a2b3c" or "file.cpp:123" */
    uint64_t blocks;
    uint64_t bytes; /* asked for in them */
};

/* A heap block that was written to after it had been freed, or that was written beyond. */
struct damaged_block {
    HOSTMEM_DAMAGE_KIND kind;
    uint64_t address;   /* of the first byte that changed */
    uint64_t block;     /* address of the block */
    uint64_t size;      /* bytes asked for */
    DWORD heap;         /* its number */
    DWORD allocated_by; /* thread; 0: not kept */
    DWORD freed_by;     /* thread; 0: nobody, or not kept */
    uint64_t sequence;  /* HOSTMEM_BLOCK.Sequence */
    const char *origin; /* where the block was allocated */
};

struct snapshot {
    struct arena arena;
    struct snapshot_subject subject;
    HOSTMEM_STATISTICS statistics;
    HOSTMEM_LIMITS limits;
    HOSTMEM_AUDIT audit;
    HRESULT audit_result;
    bool is_audited_inside; /* the process compared the books with the system when it ended */
    bool has_process;       /* process is filled in */
    struct page_map process;
    bool is_earlier_look;       /* process is as it was some time before the process ended */
    uint64_t look_milliseconds; /* how long before */

    const HOSTMEM_DIFFERENCE *differences; /* what the audit found */
    size_t difference_count;
    const HOSTMEM_REGION *regions;
    size_t region_count;
    const HOSTMEM_SECTION *sections;
    size_t section_count;
    const HOSTMEM_MAPPED_RANGE *mapped_ranges;
    size_t mapped_range_count;
    const HOSTMEM_HEAP *heaps;
    size_t heap_count;
    const char *const *heap_modules; /* of each heap: the name of HOSTMEM_HEAP.Module; "": none */
    const struct heap_size_class *size_classes; /* one heap's after another's */
    size_t size_class_count;
    const struct live_block_group *live_block_groups; /* those of the most bytes first */
    size_t live_block_group_count;
    const struct damaged_block *damaged_blocks; /* the first that were found */
    size_t damaged_block_count;
};

#endif
