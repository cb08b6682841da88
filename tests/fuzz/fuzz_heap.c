/*
 * fuzz_heap.c: sequences of calls of src/heap by several threads, which one real thread plays in
 * turn. Each answer is compared with a model of the live blocks: their heap, their address and
 * their contents.
 */
#include "heap_run.h"

#include "fault_plan.h"
#include "frozen_key.h"

/* ------------------------------------------------------------------------------------------------
 * Faults and limits
 * --------------------------------------------------------------------------------------------- */

static void perform_fault(const struct heap_operation *operation)
{
    fault_plan(operation->more & 1 ? OS_FAULT_PAGES : OS_FAULT_METADATA, operation->count % 8);
}

static bool fault_struck(void)
{
    bool struck = fault_plan_has_struck();

    run.fault_has_struck |= struck;
    return struck;
}

static void perform_limit(const struct heap_operation *operation)
{
    struct budget_limit limit = {BUDGET_ENDLESS, 0, 0};

    if (operation->count)
        limit.limit = operation->count * SLAB_SIZE;
    budget_set_limit(&run.world->pages.budget.committed, &limit);
    run.limit = limit.limit;
}

static uint64_t committed(void)
{
    return gauge_now(&run.world->pages.budget.committed.granted);
}

/* ------------------------------------------------------------------------------------------------
 * Allocating
 * --------------------------------------------------------------------------------------------- */

static bool is_large(size_t size)
{
    return size > run.space->classes.small_limit || size > run.guard_above;
}

/* What a block of its own region, or a slab, is charged for. */
static uint64_t charge_of(size_t size)
{
    size_t margin = run.space->classes.margin;
    bool guard = size > run.guard_above;
    uint64_t pages = ((size ? size : 1) + (guard ? margin : 2 * margin) + PAGE - 1) / PAGE;

    if (!is_large(size))
        return SLAB_SIZE + (run.flags & HEAP_HARDEN ? PAGE : 0);
    return (pages + guard) * PAGE;
}

#define NEVER ((size_t)1 << 47)

static void judge_failure(size_t size, pages_result result, bool struck)
{
    if (struck && result == OS_ERROR_NOT_ENOUGH_MEMORY)
        return;
    if (size >= NEVER)
        return;
    assert_int_equal(result, PAGES_REFUSED);
    assert_true(committed() + charge_of(size) > run.limit);
}

/*
 * Checks that a new block is aligned and overlaps no other, and that its contents are as promised.
 */
static void judge_block(const unsigned char *address, size_t size)
{
    bool filled = run.flags & HEAP_FILL_ON_ALLOC && !run.fault_has_struck;

    assert_non_null(address);
    assert_int_equal((uintptr_t)address % BLOCK_ALIGNMENT, 0);
    assert_null(heap_run_overlapping(address, size));
    if (filled && size) {
        assert_int_equal(address[0], HEAP_FILL_ALLOCATED);
        assert_int_equal(address[size - 1], HEAP_FILL_ALLOCATED);
    }
}

/* From now on the heap has counters for this thread. */
static void note_thread(struct model_heap *heap)
{
    heap->threads |= UINT32_C(1) << run.thread;
}

static pages_result ask(struct heap *heap, const struct heap_operation *operation,
                        const struct heap_request *request, void **memory)
{
    if (!(operation->how & 1) && !request->debug && heap_fast_alloc(heap, request->size, memory))
        return PAGES_OK;
    return heap_alloc(heap, request, memory);
}

static void allocate(const struct heap_operation *operation, unsigned number)
{
    static const char *const files[] = {"a.cpp", "directory/b.cpp", "c.h", NULL};
    struct model_heap *heap = &run.heaps[operation->heap % HEAP_COUNT];
    struct slot *slot = &run.slots[number % HEAP_SLOTS];
    struct heap_request request = {.size = heap_size(operation),
                                   .critical_level = operation->how / 4u % BUDGET_LEVELS,
                                   .line = number + 1,
                                   .debug = operation->how & 2};
    uint64_t before = committed();
    void *memory = NULL;
    pages_result result;
    bool struck;

    if (!heap->heap || slot->live)
        return;
    note_thread(heap);
    request.file = request.debug ? files[number % COUNT_OF(files)] : NULL;
    result = ask(heap->heap, operation, &request, &memory);
    struck = fault_struck();
    if (committed() > before)
        assert_true(committed() <= run.limit);
    if (result) {
        assert_null(memory);
        assert_true(committed() <= before);
        judge_failure(request.size, result, struck);
        return;
    }
    judge_block(memory, request.size);
    slot->known = (request.debug || run.flags || is_large(request.size)) && !run.fault_has_struck;
    slot->line = request.line;
    heap_run_born(slot, operation->heap % HEAP_COUNT, memory, request.size);
}

static void perform_alloc(const struct heap_operation *operation)
{
    allocate(operation, heap_slot_number(operation));
}

static void perform_fill(const struct heap_operation *operation)
{
    for (unsigned i = 0; i < operation->number; i++)
        allocate(operation, heap_slot_number(operation) + i);
}

/* ------------------------------------------------------------------------------------------------
 * Freeing
 * --------------------------------------------------------------------------------------------- */

static pages_result give(struct heap *heap, bool quick, void *memory)
{
    if (quick && heap_fast_free(heap, memory))
        return PAGES_OK;
    return heap_free(heap, memory);
}

/*
 * If freed blocks are to be filled, checks that this one was, unless its slab has been given back.
 */
static void judge_freed(const struct slot *slot)
{
    if (!(run.flags & HEAP_FILL_ON_FREE) || run.fault_has_struck || is_large(slot->size) ||
        !slot->size || system_at(slot->address).state != OS_MEM_COMMIT)
        return;
    assert_int_equal(slot->address[0], HEAP_FILL_FREED);
    assert_int_equal(slot->address[slot->size - 1], HEAP_FILL_FREED);
}

static void free_slot(struct slot *slot, bool quick)
{
    if (!slot->live)
        return;
    heap_run_look(slot);
    note_thread(&run.heaps[slot->heap]);
    assert_int_equal(give(run.heaps[slot->heap].heap, quick, slot->address), PAGES_OK);
    heap_run_died(slot);
    judge_freed(slot);
}

static void perform_free(const struct heap_operation *operation)
{
    free_slot(&run.slots[heap_slot_number(operation)], !(operation->how & 1));
}

static void perform_free_run(const struct heap_operation *operation)
{
    unsigned step = 1 + operation->count % 8u;

    for (unsigned i = 0; i < operation->number; i++)
        free_slot(&run.slots[(heap_slot_number(operation) + i * step) % HEAP_SLOTS],
                  !(operation->how & 1));
}

static struct model_heap *model_of(const struct heap *heap)
{
    size_t i = 0;

    while (run.heaps[i].heap != heap)
        i++;
    return &run.heaps[i];
}

/* The free must be refused, and counted for that reason; BLOCK_REFUSALS: for any reason. */
static void refuse(struct heap *heap, bool quick, unsigned char *address, enum block_refusal why)
{
    _Atomic uint64_t *reasons = run.world->counters.refused_blocks;
    uint64_t before = why < BLOCK_REFUSALS ? counter_read(&reasons[why]) : 0;

    note_thread(model_of(heap));
    assert_int_equal(give(heap, quick, address), PAGES_FOREIGN);
    run.refused++;
    if (why < BLOCK_REFUSALS)
        assert_int_equal(counter_read(&reasons[why]), before + 1);
}

static void refuse_inside(const struct slot *slot, struct heap *heap, bool quick, size_t offset)
{
    if (!slot->live || slot->size < 2)
        return;
    offset = 1 + offset * 997 % (slot->size - 1);
    refuse(heap, quick, slot->address + offset,
           offset % BLOCK_ALIGNMENT ? BLOCK_REFUSED_MISALIGNED : BLOCK_REFUSED_INTERIOR);
}

static void refuse_at(struct heap *heap, bool quick, unsigned char *address)
{
    if (address && !heap_run_block_at(address))
        refuse(heap, quick, address, BLOCK_REFUSALS);
}

static void refuse_nowhere(struct heap *heap, bool quick, uint8_t number)
{
    unsigned char *const addresses[] = {(unsigned char *)1,         (unsigned char *)&number,
                                        (unsigned char *)SIZE_MAX,  (unsigned char *)heap,
                                        (unsigned char *)run.space, (unsigned char *)0x10000};

    refuse(heap, quick, addresses[number % COUNT_OF(addresses)], BLOCK_REFUSED_FOREIGN);
}

/* VirtualFree knows nothing of blocks. */
static void refuse_pages(const struct slot *slot)
{
    if (!slot->live)
        return;
    assert_int_equal(try_free(run.world, slot->address, 0, OS_MEM_RELEASE), PAGES_FOREIGN);
    assert_int_equal(try_free(run.world, slot->address, 0, OS_MEM_DECOMMIT), PAGES_FOREIGN);
    assert_int_equal(try_free(run.world, slot->address, 1, OS_MEM_DECOMMIT), PAGES_FOREIGN);
}

static void perform_free_wrong(const struct heap_operation *operation)
{
    struct slot *slot = &run.slots[heap_slot_number(operation)];
    unsigned number = operation->heap % HEAP_COUNT;
    struct heap *heap = run.heaps[number].heap;
    bool quick = !(operation->how & 1);

    if (!heap)
        return;
    switch ((enum heap_wrong)(operation->more % HEAP_WRONGS)) {
    case HEAP_WRONG_HEAP:
        if (slot->live && slot->heap != number)
            refuse(heap, quick, slot->address, BLOCK_REFUSED_OTHER_HEAP);
        break;
    case HEAP_WRONG_INSIDE:
        refuse_inside(slot, heap, quick, operation->count);
        break;
    case HEAP_WRONG_BEFORE:
        if (slot->live)
            refuse_at(heap, quick, slot->address - 1 - operation->count);
        break;
    case HEAP_WRONG_FREED:
        if (!slot->live)
            refuse_at(heap, quick, slot->address);
        break;
    case HEAP_WRONG_ELSEWHERE:
        refuse(heap, quick, (unsigned char *)run.foreign + operation->count * 16u,
               BLOCK_REFUSED_FOREIGN);
        break;
    case HEAP_WRONG_PAGES:
        refuse_pages(slot);
        break;
    default:
        refuse_nowhere(heap, quick, operation->count);
        break;
    }
}

static void perform_free_all(const struct heap_operation *operation)
{
    unsigned number = operation->heap % HEAP_COUNT;

    if (!run.heaps[number].heap)
        return;
    if (run.heaps[number].blocks)
        note_thread(&run.heaps[number]);
    heap_free_all(run.heaps[number].heap);
    for (size_t i = 0; i < HEAP_SLOTS; i++) {
        if (!run.slots[i].live || run.slots[i].heap != number)
            continue;
        heap_run_died(&run.slots[i]);
    }
}

/* ------------------------------------------------------------------------------------------------
 * Other calls
 * --------------------------------------------------------------------------------------------- */

static void perform_resize(const struct heap_operation *operation)
{
    struct slot *slot = &run.slots[heap_slot_number(operation)];
    struct heap *heap = run.heaps[operation->heap % HEAP_COUNT].heap;
    size_t size = heap_size(operation);
    bool mine = slot->live && slot->heap == operation->heap % HEAP_COUNT;
    bool done;

    if (!heap || !slot->address || (!slot->live && heap_run_block_at(slot->address)))
        return;
    if (mine)
        heap_run_look(slot);
    note_thread(model_of(heap));
    done = heap_resize(heap, slot->address, size);
    if (done)
        assert_true(mine);
    if (mine && size == slot->size && size <= run.guard_above)
        assert_int_equal(done, !run.space->classes.margin);
    if (!done)
        return;
    slot->live = false;
    assert_null(heap_run_overlapping(slot->address, size));
    slot->live = true;
    if (size < slot->size && size)
        assert_int_equal(slot->address[0], slot->pattern);
    heap_run_resized(slot, size);
}

static void perform_trim(const struct heap_operation *operation)
{
    struct model_heap *model = &run.heaps[operation->heap % HEAP_COUNT];
    uint64_t before = committed();
    size_t given;

    if (!model->heap)
        return;
    given = reclaim(run.space);
    assert_int_equal(before - committed(), given);
    if (!model->blocks)
        assert_int_equal(gauge_now(&model->heap->slab_bytes), 0);
}

/* A key with that hash (thread_index.h): the factor's inverse, by Newton's method. */
static uintptr_t key_of_hash(uintptr_t hash)
{
    uintptr_t factor = thread_index_hash(1), inverse = factor;

    for (int i = 0; i < 6; i++)
        inverse *= 2 - factor * inverse;
    return hash * inverse;
}

static void be_thread(unsigned number)
{
    run.thread = number;
    frozen_key = key_of_hash(((uintptr_t)(1 + number % 8) << (THREAD_KEY_BITS - THREAD_ROOT_BITS)) +
                             number / 8);
}

/* The same thread numbers come again, and some share a place of the heap's index, and of a node. */
static void perform_thread(const struct heap_operation *operation)
{
    be_thread(operation->number % HEAP_THREADS);
}

/* Writes to a freed block, if its memory still belongs to a slab and was filled. */
static void perform_damage(const struct heap_operation *operation)
{
    const struct slot *slot = &run.slots[heap_slot_number(operation)];
    unsigned char *byte;

    if (slot->live || !slot->size || !(run.flags & HEAP_FILL_ON_FREE) ||
        run.wound_count == COUNT_OF(run.wounds))
        return;
    byte = slot->address + operation->count % slot->size;
    if (system_at(byte).state != OS_MEM_COMMIT || heap_run_overlapping(byte, 1) ||
        *byte != HEAP_FILL_FREED)
        return;
    *byte = 1;
    run.wounds[run.wound_count++] = (struct wound){(uintptr_t)slot->address, (uintptr_t)byte};
}

/*
 * The heap has reported a damaged block: it must be one that was written to, at its first damaged
 * byte.
 */
static void note_damage(void *context, const struct heap_block *block)
{
    bool known = false;
    size_t kept = 0;

    (void)context;
    for (size_t i = 0; i < run.wound_count; i++) {
        const struct wound *wound = &run.wounds[i];

        if (wound->block != block->address) {
            run.wounds[kept++] = *wound;
            continue;
        }
        assert_true(wound->byte >= block->damage);
        known = known || wound->byte == block->damage;
    }
    assert_true(known);
    run.wound_count = kept;
    run.corrupted++;
}

/* ------------------------------------------------------------------------------------------------
 * Heaps and spaces
 * --------------------------------------------------------------------------------------------- */

static void create_heap(unsigned number, bool executable)
{
    struct heap *heap;
    bool struck;

    if (run.heaps[number].heap)
        return;
    heap = heap_create(run.space, executable);
    struck = fault_struck();
    assert_true(heap || struck);
    run.heaps[number] = (struct model_heap){.heap = heap};
}

static void perform_create(const struct heap_operation *operation)
{
    create_heap(operation->heap % HEAP_COUNT, operation->more & 1);
}

/* A leak, reported at the end of its heap: it must be what the model knows. */
static void note_leak(void *context, const struct heap_block *block)
{
    const unsigned *number = context;
    struct slot *slot = (struct slot *)heap_run_block_at((const unsigned char *)block->address);

    assert_non_null(slot);
    assert_int_equal(slot->heap, *number);
    assert_int_equal(slot->size, block->size);
    heap_run_look(slot);
    run.leaked_blocks++;
    run.leaked_bytes += block->size;
    heap_run_died(slot);
}

static void destroy_heap(unsigned number)
{
    struct model_heap *model = &run.heaps[number];

    if (!model->heap)
        return;
    run.ended_allocated += model->allocated;
    run.ended_freed += model->freed; /* leaks are not freed */
    heap_destroy(model->heap, note_leak, &number);
    assert_int_equal(model->blocks, 0);
    assert_int_equal(model->bytes, 0);
    model->heap = NULL;
}

static void perform_destroy(const struct heap_operation *operation)
{
    destroy_heap(operation->heap % HEAP_COUNT);
}

static void begin_space(uint32_t flags, size_t guard_above)
{
    struct heap_options options = {
        .flags = flags, .guard_above = guard_above, .damaged = note_damage};

    run.flags = flags;
    run.fault_has_struck = false;
    run.space = zeroed(sizeof(struct heap_space));
    assert_true(heap_space_init(run.space, &run.world->pages, &options));
    run.guard_above = run.space->options.guard_above;
    /* An input that fails is to fail again. */
    atomic_store(&run.space->secrets.slot, 1);
    atomic_store(&run.space->delayed.chance, 1);
    for (unsigned i = 0; i + 1 < HEAP_COUNT; i++)
        create_heap(i, i == 1);
}

static void end_space(void)
{
    for (unsigned i = 0; i < HEAP_COUNT; i++)
        destroy_heap(i);
    if (!run.fault_has_struck)
        assert_int_equal(run.wound_count, 0); /* each damaged block was reported */
    run.wound_count = 0;
    assert_int_equal(gauge_now(&run.world->counters.heaps), 0);
    assert_int_equal(gauge_now(&run.world->counters.slab_bytes), 0);
    assert_int_equal(gauge_now(&run.space->peak_blocks), 0);
    assert_int_equal(gauge_now(&run.space->peak_bytes), 0);
    assert_int_equal(committed(), 0);
    end_heap_space(run.space);
    memset(run.slots, 0, sizeof(run.slots));
}

static void perform_space(const struct heap_operation *operation)
{
    fault_plan_reset();
    end_space();
    begin_space(heap_flags(operation), heap_guard_above(operation));
}

/* ------------------------------------------------------------------------------------------------
 * An input
 * --------------------------------------------------------------------------------------------- */

void fuzz_perform(const uint8_t bytes[FUZZ_OPERATION])
{
    static void (*const performers[HEAP_KINDS])(const struct heap_operation *) = {
        [HEAP_SPACE] = perform_space,       [HEAP_CREATE] = perform_create,
        [HEAP_DESTROY] = perform_destroy,   [HEAP_ALLOC] = perform_alloc,
        [HEAP_FILL] = perform_fill,         [HEAP_FREE] = perform_free,
        [HEAP_FREE_RUN] = perform_free_run, [HEAP_FREE_WRONG] = perform_free_wrong,
        [HEAP_RESIZE] = perform_resize,     [HEAP_TRIM] = perform_trim,
        [HEAP_FREE_ALL] = perform_free_all, [HEAP_THREAD] = perform_thread,
        [HEAP_DAMAGE] = perform_damage,     [HEAP_FAULT] = perform_fault,
        [HEAP_LIMIT] = perform_limit,
    };
    struct heap_operation operation;
    enum heap_kind kind;

    memcpy(&operation, bytes, sizeof(operation));
    kind = (enum heap_kind)(operation.kind % HEAP_KINDS);
    if (kind == HEAP_CHECK)
        heap_run_check_all();
    else
        performers[kind](&operation);
    fault_struck();
    heap_run_check_totals();
}

void fuzz_begin(void)
{
    memset(&run, 0, sizeof(run));
    fault_plan_reset();
    be_thread(0);
    run.limit = BUDGET_ENDLESS;
    begin_world((void **)&run.world);
    run.foreign = reserve(run.world, GRANULE);
    begin_space(0, SIZE_MAX);
}

void fuzz_end(void)
{
    fault_plan_reset();
    heap_run_check_all();
    end_space();
    release(run.world, run.foreign);
    end_world((void **)&run.world);
}
