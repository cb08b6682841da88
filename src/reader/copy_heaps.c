/*
 * copy_heaps.c: see copy.h. Filling in the heaps, their threads' counters, the slabs and the
 * histories of their blocks.
 */
#include "reader/copy.h"

#include "counters/relaxed.h"
#include "os/os.h"

/* ------------------------------------------------------------------------------------------------
 * Slabs
 * --------------------------------------------------------------------------------------------- */

/* The copy's size class that a pointer found in the books names; NULL: it names none. */
static const struct size_class *class_of(const struct copy *copy, const struct size_class *pointer)
{
    const struct size_class *classes = copy->manager.heaps.classes.classes;
    size_t at = (uintptr_t)pointer - copy->base - copy_offset(copy, classes);

    if (!pointer || at % sizeof(*classes) || at / sizeof(*classes) >= CLASS_COUNT)
        return NULL;
    return &classes[at / sizeof(*classes)];
}

/* Makes a live block's field free: its history was being written. */
static void forget_block(struct slab *slab, const struct slab_view *view, uint32_t index)
{
    struct slab_block block;

    if (slab_look(slab, view, slab_block_address(view, index), &block) == SLAB_LIVE)
        slab_try_change(slab, view, &block, 0);
}

/* True if what is told of a block was the same in both readings, and complete. */
static bool is_settled(const struct block_history *first, const struct block_history *second)
{
    uint64_t sequence = LOAD_RELAXED(first->sequence);

    return sequence && LOAD_RELAXED(second->sequence) == sequence &&
           LOAD_RELAXED(second->tick) == LOAD_RELAXED(first->tick) &&
           LOAD_RELAXED(second->file) == LOAD_RELAXED(first->file) &&
           LOAD_RELAXED(second->caller) == LOAD_RELAXED(first->caller) &&
           LOAD_RELAXED(second->line) == LOAD_RELAXED(first->line) &&
           LOAD_RELAXED(second->thread_id) == LOAD_RELAXED(first->thread_id);
}

/* Copies the slab's histories. `raw` is what was read before the slab; *hr is a want of memory. */
static bool fill_histories(struct copy *copy, struct slab *slab, const struct block_history *raw,
                           const void *pointer, HRESULT *hr)
{
    struct metadata *metadata = &copy->manager.heaps.histories.memory;
    struct slab_view view;
    struct block_history *histories;
    uint32_t requested;
    size_t size;

    slab_view(slab, &view);
    size = view.size_class->blocks * sizeof(struct block_history);
    histories = metadata_take(metadata, size);
    if (!histories) {
        *hr = E_OUTOFMEMORY;
        return false;
    }
    if (!copy->histories_changed)
        os_copy(histories, raw, size);
    else if (copy_read(copy, histories, (uintptr_t)pointer - copy->base, size) != S_OK)
        return false;
    STORE_RELAXED(slab->histories, histories);
    for (uint32_t i = 0; i < view.size_class->blocks; i++) {
        bool settled = is_settled(&raw[i], &histories[i]);

        STORE_RELAXED(histories[i].file, copy_text(copy, LOAD_RELAXED(raw[i].file)));
        if (!settled && slab_read(slab, &view, i, &requested))
            forget_block(slab, &view, i);
    }
    return true;
}

/* Puts what was read of a slab into an empty descriptor. False: it makes no sense. */
static bool fill_slab(struct copy *copy, struct slab *slab, const struct slab *raw, HRESULT *hr)
{
    const void *pointer = LOAD_RELAXED(raw->histories);
    struct slab_view view;
    const struct block_history *histories;

    if (!slab_view(raw, &view))
        return false;
    view.size_class = class_of(copy, view.size_class);
    if (!view.size_class || view.base <= SLAB_SIZE ||
        view.base % SLAB_SIZE != view.size_class->margin || view.base > UINTPTR_MAX - SLAB_SIZE ||
        !view.heap || view.heap > LOAD_RELAXED(copy_raw_manager(copy)->heaps.heap_number))
        return false;
    slab_open(slab, &view, SLAB_FULL);
    STORE_RELAXED(slab->heap_item, LOAD_RELAXED(raw->heap_item));
    os_copy(slab->words, raw->words, sizeof(slab->words));
    if (!view.size_class->tracked)
        return true;
    histories =
        copy_follow(copy, pointer, &copy->manager.heaps.histories.memory.span, copy->histories_used,
                    view.size_class->blocks * sizeof(struct block_history), 64);
    return histories && fill_histories(copy, slab, histories, pointer, hr);
}

/* True if both readings are of the same use of the descriptor. */
static bool is_same_use(const struct slab *first, const struct slab *second)
{
    struct slab_view a, b;

    return slab_view(first, &a) && slab_view(second, &b) && a.key == b.key && a.base == b.base &&
           a.size_class == b.size_class && a.heap == b.heap &&
           LOAD_RELAXED(first->histories) == LOAD_RELAXED(second->histories);
}

HRESULT copy_fill_slabs(struct copy *copy)
{
    struct pool *slabs = &copy->manager.heaps.slabs;
    struct metadata *histories = &copy->manager.heaps.histories.memory;
    HRESULT hr = copy_read_again(copy, &copy_raw_manager(copy)->heaps.slabs, slabs);
    const struct heap_options *options = &copy_raw_manager(copy)->heaps.options;

    size_classes_init(&copy->manager.heaps.classes, heap_has_margins(options));
    if (histories->span.size > copy->histories_used + OS_GRANULE_SIZE)
        histories->span.size = copy->histories_used + OS_GRANULE_SIZE;
    for (uint32_t index = 1; hr == S_OK && index <= pool_limit(slabs); index++) {
        struct slab *slab = pool_item(slabs, index);
        const struct slab *raw = copy_raw_item(copy, slabs, index);
        bool same = is_same_use(raw, slab);

        os_fill(slab, 0, sizeof(*slab));
        if (same && !fill_slab(copy, slab, raw, &hr))
            os_fill(slab, 0, sizeof(*slab));
    }
    return hr;
}

/* ------------------------------------------------------------------------------------------------
 * Threads' counters
 * --------------------------------------------------------------------------------------------- */

/*
 * The copy's counters were read last, the ones in raw first. If they differ, the thread has been
 * inside a call meanwhile.
 */
static void fill_thread(struct thread_counters *thread, const struct thread_counters *raw)
{
    uint32_t inside = LOAD_RELAXED(raw->inside);

    if (LOAD_RELAXED(thread->inside) > inside)
        inside = LOAD_RELAXED(thread->inside);
    for (int i = 0; i < THREAD_COUNTS; i++) {
        if (LOAD_RELAXED(thread->counts[i]) != LOAD_RELAXED(raw->counts[i]) && !inside)
            inside = 1;
    }
    STORE_RELAXED(thread->inside, inside);
    STORE_RELAXED(thread->next, NULL);
    STORE_RELAXED(thread->owner, 0);
    STORE_RELAXED(thread->active_slabs, NULL);
    STORE_RELAXED(thread->marks, NULL);
    thread->index = 0; /* until a heap has it */
}

/* Links the counters that the heap's list holds. Each thread is in one list, and once. */
static void fill_threads(const struct copy *copy, struct heap *heap,
                         const struct thread_counters *first)
{
    const struct pool *threads = &copy->manager.heaps.threads;
    uint32_t index;

    for (const void *pointer = first; (index = copy_index_of(copy, pointer, threads)) != 0;) {
        const struct thread_counters *raw = copy_raw_item(copy, threads, index);
        struct thread_counters *thread = pool_item(threads, index);

        if (thread->index)
            return; /* a circle, or the list of another heap */
        thread->index = index;
        STORE_RELAXED(thread->next, LOAD_RELAXED(heap->threads));
        STORE_RELAXED(heap->threads, thread);
        pointer = LOAD_RELAXED(raw->next);
    }
}

/* ------------------------------------------------------------------------------------------------
 * Heaps
 * --------------------------------------------------------------------------------------------- */

static void copy_gauge(struct gauge *to, const struct gauge *from)
{
    STORE_RELAXED(to->now, gauge_now(from));
    STORE_RELAXED(to->peak, gauge_peak(from));
}

/* An empty heap stays so if what was read makes no sense. */
static HRESULT fill_heap(struct copy *copy, uint32_t index, struct heap *heap,
                         const struct heap *raw)
{
    uint32_t number = heap_number(raw);
    HRESULT hr;

    if (!number || number > LOAD_RELAXED(copy_raw_manager(copy)->heaps.heap_number))
        return S_OK;
    hr = copy_read(copy, &heap->shared, copy_offset(copy, &heap->shared), sizeof(heap->shared));
    if (hr != S_OK)
        return hr;
    fill_thread(&heap->shared, &raw->shared);
    heap->space = &copy->manager.heaps;
    heap->index = index;
    STORE_RELAXED(heap->executable, *(const unsigned char *)&raw->executable != 0);
    heap_set_origin(heap, heap_origin(raw));
    STORE_RELAXED(heap->peak_blocks, LOAD_RELAXED(raw->peak_blocks));
    STORE_RELAXED(heap->peak_bytes, LOAD_RELAXED(raw->peak_bytes));
    copy_gauge(&heap->slab_bytes, &raw->slab_bytes);
    copy_gauge(&heap->large_blocks, &raw->large_blocks);
    copy_gauge(&heap->large_bytes, &raw->large_bytes);
    STORE_RELAXED(heap->cached, LOAD_RELAXED(raw->cached));
    fill_threads(copy, heap, LOAD_RELAXED(raw->threads));
    STORE_RELAXED(heap->number, number);
    return S_OK;
}

/* Notes of empty slabs: those that name a heap and a slab that there are. */
static void fill_idle(struct heap_space *space, const struct heap_space *raw)
{
    for (uint32_t place = 0; place < IDLE_PLACES; place++) {
        uint64_t note = LOAD_RELAXED(raw->idle.places[place]);
        uint32_t slab = (uint32_t)note, heap = (uint32_t)(note >> 32);

        if (slab && slab <= pool_limit(&space->slabs) && heap && heap <= pool_limit(&space->heaps))
            STORE_RELAXED(space->idle.places[place], note);
        STORE_RELAXED(space->idle.taken[place / 64], UINT64_MAX);
    }
}

HRESULT copy_fill_heaps(struct copy *copy)
{
    const struct heap_space *raw = &copy_raw_manager(copy)->heaps;
    struct heap_space *space = &copy->manager.heaps;
    HRESULT hr = copy_read_again(copy, &raw->threads, &space->threads);

    for (uint32_t index = 1; hr == S_OK && index <= pool_limit(&space->threads); index++)
        fill_thread(pool_item(&space->threads, index), copy_raw_item(copy, &space->threads, index));
    if (hr == S_OK)
        hr = copy_give_out(&raw->heaps, &space->heaps);
    for (uint32_t index = 1; hr == S_OK && index <= pool_limit(&space->heaps); index++)
        hr = fill_heap(copy, index, pool_item(&space->heaps, index),
                       copy_raw_item(copy, &space->heaps, index));
    if (hr == S_OK)
        fill_idle(space, raw);
    copy_gauge(&space->peak_blocks, &raw->peak_blocks);
    copy_gauge(&space->peak_bytes, &raw->peak_bytes);
    STORE_RELAXED(space->heap_number, LOAD_RELAXED(raw->heap_number));
    space->is_copy = true;
    return hr;
}
