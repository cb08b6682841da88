/*
 * heap_table.c: see heap_table.h.
 *
 * Protocol. An entry is free (its handle is NULL), taken (TAKEN: one thread is writing it), or in
 * use. No thread waits for another.
 * - free -> taken: by compare-and-swap of the thread that adds a handle. It then writes the other
 *   fields and, with release, the handle: taken -> in use.
 * - in use -> taken: by compare-and-swap; of several threads that remove the handle, one wins. It
 *   takes the heap out and then, with release, clears the handle: taken -> free.
 * - A thread that looks for a handle reads it with acquire, and the other fields after that.
 * Between the two reads the handle may be removed and the entry used for another handle. The heap
 * that it then reads is NULL or that of the other handle. It reads the heap with acquire as well,
 * because the handle that it has read does not order the writes of another heap. A struct
 * host_malloc stays readable while its manager lives.
 *
 * If one thread destroys a heap while another uses it, the other reads a heap that has ended. As in
 * Win32, that is an error of the program.
 *
 * `used` is above the index of every entry that was ever in use. It only grows.
 */
#include "redirect/heap_table.h"

#include "heap/heap_counters.h"
#include "os/os.h"

struct entry {
    _Atomic(HANDLE) handle;
    _Atomic(struct host_malloc *) host_malloc; /* with a reference */
    _Atomic uint32_t options;
};

static struct entry entries[HEAP_TABLE_ENTRIES];
static _Atomic uint32_t used;

/* No handle equals an address inside this module. */
#define TAKEN ((HANDLE)entries)

static struct entry *find(const struct manager *manager, const void *handle,
                          struct served_heap *heap)
{
    uint32_t count = atomic_load_explicit(&used, memory_order_acquire);

    for (uint32_t i = 0; handle && i < count; i++) {
        struct entry *entry = &entries[i];

        if (atomic_load_explicit(&entry->handle, memory_order_acquire) != handle)
            continue;
        heap->host_malloc = atomic_load_explicit(&entry->host_malloc, memory_order_acquire);
        heap->options = atomic_load_explicit(&entry->options, memory_order_relaxed);
        /* NULL: it is being removed. Another manager's: that kept a heap with live blocks. */
        if (heap->host_malloc && heap->host_malloc->manager == manager)
            return entry;
    }
    return NULL;
}

bool heap_table_find(const struct manager *manager, HANDLE handle, struct served_heap *heap)
{
    return find(manager, handle, heap) != NULL;
}

static struct entry *take_free(void)
{
    for (uint32_t i = 0; i < HEAP_TABLE_ENTRIES; i++) {
        HANDLE expected = NULL;
        uint32_t count = atomic_load_explicit(&used, memory_order_relaxed);

        if (!atomic_compare_exchange_strong_explicit(&entries[i].handle, &expected, TAKEN,
                                                     memory_order_acquire, memory_order_relaxed))
            continue;
        while (count <= i && !atomic_compare_exchange_weak_explicit(
                                 &used, &count, i + 1, memory_order_release, memory_order_relaxed))
            ;
        return &entries[i];
    }
    return NULL;
}

static void give_back(struct entry *entry)
{
    atomic_store_explicit(&entry->host_malloc, NULL, memory_order_relaxed);
    atomic_store_explicit(&entry->handle, NULL, memory_order_release);
}

static struct heap_origin origin_of(const void *handle, const void *module)
{
    bool of_process = handle == GetProcessHeap();

    return (struct heap_origin){.kind = of_process ? HostMemHeapOfProcess : HostMemHeapOfModule,
                                .handle = (uintptr_t)handle,
                                .module = of_process ? 0 : (uintptr_t)module};
}

bool heap_table_add(struct manager *manager, HANDLE handle, DWORD options, const void *module)
{
    struct entry *entry = take_free();
    struct host_malloc *host_malloc;
    IHostMalloc *iface;

    if (!entry)
        return false;
    iface = host_malloc_create(manager, (options & HEAP_CREATE_ENABLE_EXECUTE) != 0);
    if (!iface) {
        give_back(entry);
        return false;
    }
    host_malloc = CONTAINING_RECORD(iface, struct host_malloc, IHostMalloc_iface);
    heap_set_origin(host_malloc->heap, origin_of(handle, module));
    atomic_store_explicit(&entry->host_malloc, host_malloc, memory_order_release);
    atomic_store_explicit(&entry->options, options, memory_order_relaxed);
    atomic_store_explicit(&entry->handle, handle, memory_order_release);
    return true;
}

/* Takes an entry out of use. The caller gets the heap's reference; NULL: another thread did. */
static struct host_malloc *take_out(struct entry *entry, HANDLE handle)
{
    struct host_malloc *host_malloc;

    if (!atomic_compare_exchange_strong_explicit(&entry->handle, &handle, TAKEN,
                                                 memory_order_acquire, memory_order_relaxed))
        return NULL;
    host_malloc = atomic_load_explicit(&entry->host_malloc, memory_order_relaxed);
    give_back(entry);
    return host_malloc;
}

static void release(struct host_malloc *host_malloc)
{
    IHostMalloc *iface = &host_malloc->IHostMalloc_iface;

    iface->lpVtbl->Release(iface);
}

void heap_table_remove(const struct manager *manager, HANDLE handle)
{
    struct served_heap heap;
    struct entry *entry = find(manager, handle, &heap);
    struct host_malloc *host_malloc = entry ? take_out(entry, handle) : NULL;

    if (!host_malloc)
        return;
    /* Destroying a heap is a way to free its blocks: they are no leaks. */
    heap_free_all(host_malloc->heap);
    release(host_malloc);
}

/* HEAP_CREATE_ENABLE_EXECUTE, if blocks of the heap can be executed; else 0. */
static DWORD options_of(HANDLE handle)
{
    const DWORD executable = PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE;
    MEMORY_BASIC_INFORMATION pages;

    return VirtualQuery(handle, &pages, sizeof(pages)) && (pages.Protect & executable)
               ? HEAP_CREATE_ENABLE_EXECUTE
               : 0;
}

bool heap_table_ensure(struct manager *manager, HANDLE handle, const void *module)
{
    struct served_heap heap;

    return heap_table_find(manager, handle, &heap) ||
           heap_table_add(manager, handle, options_of(handle), module);
}

static bool is_in_use(struct heap *heap)
{
    struct heap_figures figures;

    return heap_figures(heap, &figures) && figures.blocks;
}

/* The heap of an entry that is in use, if it is this manager's; else NULL. */
static struct host_malloc *heap_at(const struct entry *entry, const struct manager *manager,
                                   HANDLE *handle)
{
    struct host_malloc *host_malloc;

    *handle = atomic_load_explicit(&entry->handle, memory_order_acquire);
    if (!*handle || *handle == TAKEN)
        return NULL;
    host_malloc = atomic_load_explicit(&entry->host_malloc, memory_order_relaxed);
    return host_malloc && host_malloc->manager == manager ? host_malloc : NULL;
}

bool heap_table_is_in_use(const struct manager *manager)
{
    for (uint32_t i = 0; i < HEAP_TABLE_ENTRIES; i++) {
        HANDLE handle;
        struct host_malloc *host_malloc = heap_at(&entries[i], manager, &handle);

        if (host_malloc && is_in_use(host_malloc->heap))
            return true;
    }
    return false;
}

unsigned heap_table_count(const struct manager *manager)
{
    unsigned count = 0;

    for (uint32_t i = 0; i < HEAP_TABLE_ENTRIES; i++) {
        HANDLE handle;

        if (heap_at(&entries[i], manager, &handle))
            count++;
    }
    return count;
}

unsigned heap_table_take_unused(const struct manager *manager, struct host_malloc **taken)
{
    unsigned count = 0;

    for (uint32_t i = 0; i < HEAP_TABLE_ENTRIES; i++) {
        HANDLE handle;
        struct host_malloc *host_malloc = heap_at(&entries[i], manager, &handle);

        if (host_malloc && !is_in_use(host_malloc->heap) && take_out(&entries[i], handle))
            taken[count++] = host_malloc;
    }
    return count;
}
