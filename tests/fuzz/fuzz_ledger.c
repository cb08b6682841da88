/*
 * fuzz_ledger.c: sequences of calls of src/pages. Each answer and all books are compared with the
 * reference model (ledger_model.h). Requests of others to the system, faults and limits are
 * operations like the rest.
 */
#include "ledger_run.h"

#include "fault_plan.h"

/* ------------------------------------------------------------------------------------------------
 * Operations
 * --------------------------------------------------------------------------------------------- */

static void perform_fault(const struct ledger_operation *operation)
{
    fault_plan(ledger_which(operation) ? OS_FAULT_PAGES : OS_FAULT_METADATA, operation->count % 8);
}

static bool makes_region(uintptr_t address, uint32_t type)
{
    return !address || (type & OS_MEM_RESERVE);
}

static bool has_room(void)
{
    return run.model.count < MODEL_REGIONS;
}

/* What a request for a region is charged for. It may be more than the system has, up to a point. */
static size_t charge_of(uintptr_t address, size_t size)
{
    uintptr_t end = address + size;

    if (size == 0 || size >= (size_t)1 << 48 || end < address || end > UINTPTR_MAX - PAGE)
        return 0;
    return (end + PAGE - 1) / PAGE * PAGE - address / GRANULE * GRANULE;
}

/* A request that was to make a region. */
static void judge_making(const struct pages_request *request, pages_result result, void *memory)
{
    uintptr_t address = (uintptr_t)request->address;
    size_t taken = ledger_region_size(address, request->size);
    size_t charge = charge_of(address, request->size);
    pages_result expected = ledger_alloc_answer(address, request->size, request->type);
    struct model_region *region;

    if (!model_allows(&run.model, charge, (request->type & OS_MEM_COMMIT) ? charge : 0,
                      request->critical_level))
        expected = PAGES_REFUSED;
    if (fault_plan_has_struck()) {
        expected = OS_ERROR_NOT_ENOUGH_MEMORY;
        /* Where the system chose the place, nobody has told it. */
        model_bury(&run.model, address / GRANULE * GRANULE, address ? taken : SIZE_MAX, false);
    }
    if (result == OS_ERROR_INVALID_ADDRESS && !ledger_is_vacant_for_certain(address))
        expected = result;
    assert_int_equal(result, expected);
    if (result) {
        assert_null(memory);
        return;
    }
    if (address)
        assert_int_equal((uintptr_t)memory, address / GRANULE * GRANULE);
    else
        assert_true(model_is_vacant(&run.model, (uintptr_t)memory, (uintptr_t)memory + taken));
    region = ledger_add((uintptr_t)memory, taken, request->type, request->guard,
                        request->heap ? OWNER_HEAP : OWNER_CALLER);
    region->heap = request->heap;
    region->block = region->base + request->block_offset;
    region->requested = request->requested;
}

/* A request about memory that is there, or is not. */
static void judge_inside(const struct pages_request *request, pages_result result, void *memory)
{
    uintptr_t address = (uintptr_t)request->address;
    pages_result expected = ledger_alloc_answer(address, request->size, request->type);
    const struct model_region *region = model_at(&run.model, address);
    bool foreign = !region || region->owner != OWNER_CALLER;
    bool commits = request->type == OS_MEM_COMMIT;
    struct span_of_pages span;

    if (!expected && commits && !foreign && ledger_pages(address, request->size, &span)) {
        size_t missing = span.last - span.first - model_committed(region, span.first, span.last);

        if (!model_allows(&run.model, 0, missing * PAGE, request->critical_level))
            expected = PAGES_REFUSED;
    }
    if (fault_plan_has_struck())
        expected = OS_ERROR_NOT_ENOUGH_MEMORY;
    assert_int_equal(result, expected);
    assert_int_equal((uintptr_t)memory, result ? 0 : address / PAGE * PAGE);
    if (result || !commits)
        return;
    run.foreign_commits += foreign;
    if (ledger_pages(address, request->size, &span))
        ledger_commit(&span);
}

static void perform_request(const struct pages_request *request)
{
    void *memory = &run;
    pages_result result;

    if (makes_region((uintptr_t)request->address, request->type)) {
        if (!has_room())
            return;
        result = try_request(run.world, request, &memory);
        judge_making(request, result, memory);
    } else {
        result = try_request(run.world, request, &memory);
        judge_inside(request, result, memory);
    }
}

static void perform_alloc(const struct ledger_operation *operation)
{
    struct pages_request request = {
        .address = (void *)ledger_wanted_address(operation),
        .size = ledger_size(operation),
        .type = ledger_types[operation->type % LEDGER_TYPES].value,
        .protect = OS_PAGE_READWRITE,
        .node = OS_ANY_NODE,
        .critical_level = ledger_level(operation),
    };

    perform_request(&request);
}

/*
 * Asks for a region as heap_large.c and slab_memory.c do; but also at a given address, so that
 * regions meet.
 */
static void perform_alloc_block(const struct ledger_operation *operation)
{
    static const size_t offsets[] = {0, 16, PAGE - 16, PAGE};
    size_t size = ledger_size(operation);
    uintptr_t address = ledger_wanted_address(operation);
    struct pages_request request = {
        .address = (void *)address,
        .size = size,
        .type = RESERVE_COMMIT,
        .protect = OS_PAGE_READWRITE,
        .node = OS_ANY_NODE,
        .critical_level = ledger_level(operation),
        .heap = ledger_heap(operation),
        .requested = size,
        .guard = ledger_is_guarded(operation),
    };

    if (offsets[operation->type % COUNT_OF(offsets)] < ledger_region_size(address, size))
        request.block_offset = offsets[operation->type % COUNT_OF(offsets)];
    perform_request(&request);
}

static void perform_release_block(const struct ledger_operation *operation)
{
    uintptr_t address = ledger_address(operation);
    uint32_t heap = ledger_heap(operation);
    struct model_region *region = model_at(&run.model, address);
    bool is_block =
        region && region->owner == OWNER_HEAP && region->block == address && region->heap == heap;
    size_t requested = 0;
    pages_result result;

    counters_begin(&run.world->counters, COUNTED_HEAP_PAGES);
    result = pages_release_block(&run.world->pages, (void *)address, heap, &requested);
    counters_end(&run.world->counters, COUNTED_HEAP_PAGES, !result);
    assert_int_equal(result, is_block ? PAGES_OK : PAGES_FOREIGN);
    if (!is_block)
        return;
    assert_int_equal(requested, region->requested);
    model_remove(&run.model, region);
}

/* The model's region is freed as the system has freed it. */
static void model_free(uintptr_t address, size_t size, uint32_t type)
{
    struct model_region *region = model_at(&run.model, address);
    struct span_of_pages span = {region, 0, region->pages};

    if (type == OS_MEM_RELEASE) {
        model_remove(&run.model, region);
        return;
    }
    if (size)
        ledger_pages(address, size, &span);
    ledger_decommit(&span);
}

static pages_result free_answer(uintptr_t address, size_t size, uint32_t type)
{
    const struct model_region *region = model_at(&run.model, address);
    bool at_base = region && address - region->base < PAGE;

    if (!region || region->owner != OWNER_CALLER)
        return PAGES_FOREIGN;
    if (size > model_end_of(region) - address)
        return PAGES_FOREIGN;
    switch (type) {
    case OS_MEM_RELEASE:
        if (size)
            return OS_ERROR_INVALID_PARAMETER;
        return at_base ? PAGES_OK : OS_ERROR_INVALID_ADDRESS;
    case OS_MEM_DECOMMIT:
        if (size)
            return PAGES_OK;
        return at_base ? PAGES_OK : OS_ERROR_INVALID_ADDRESS;
    default:
        return OS_ERROR_INVALID_PARAMETER;
    }
}

static void perform_free(const struct ledger_operation *operation)
{
    uintptr_t address = ledger_address(operation);
    uint32_t type = ledger_free_types[operation->type % LEDGER_FREE_TYPES].value;
    size_t size = type == OS_MEM_RELEASE && operation->more % 4 ? 0 : ledger_size(operation);
    pages_result expected = free_answer(address, size, type);

    assert_int_equal(try_free(run.world, (void *)address, size, type), expected);
    if (expected == PAGES_OK)
        model_free(address, size, type);
}

/* Other code of the process reserves memory; the manager knows nothing of it. */
static void perform_stranger(const struct ledger_operation *operation)
{
    uintptr_t address = ledger_wanted_address(operation);
    size_t size = ledger_size(operation);
    uint32_t type = OS_MEM_RESERVE | (operation->type % 2 ? OS_MEM_COMMIT : 0);
    uint32_t expected = ledger_alloc_answer(address, size, type);
    uint32_t result;
    void *memory;

    if (!has_room())
        return;
    result = os_alloc((void *)address, size, type, OS_PAGE_READWRITE, OS_ANY_NODE, &memory);
    if (fault_plan_has_struck())
        expected = OS_ERROR_NOT_ENOUGH_MEMORY;
    if (result == OS_ERROR_INVALID_ADDRESS && !ledger_is_vacant_for_certain(address))
        expected = result;
    assert_int_equal(result, expected);
    if (!result)
        ledger_add((uintptr_t)memory, ledger_region_size(address, size), type, false,
                   OWNER_STRANGER);
}

/* Whether the manager had a region at the address, and no foreign memory is there now. */
static enum model_past past_of(uintptr_t address)
{
    const struct model_region *region = model_at(&run.model, address);

    if (!region)
        return model_past(&run.model, address);
    return region->owner == OWNER_STRANGER ? PAST_NONE : PAST_OWNED;
}

/*
 * A redirected module frees memory that may be foreign. Foreign memory is freed by the system. The
 * manager's own memory never is, nor an address where it had memory and nothing is allocated now.
 */
static void perform_free_strangers(const struct ledger_operation *operation)
{
    uintptr_t address = ledger_address(operation);
    uint32_t type = ledger_free_types[operation->type % LEDGER_FREE_TYPES].value;
    size_t size = type == OS_MEM_RELEASE && operation->more % 4 ? 0 : ledger_size(operation);
    enum model_past past = past_of(address);
    pages_result result = pages_free_foreign(&run.world->pages, (void *)address, size, type);

    if (past == PAST_PERHAPS)
        past = counter_read(&run.world->counters.passed_frees) == run.passed_frees ? PAST_OWNED
                                                                                   : PAST_NONE;
    if (past == PAST_OWNED) {
        assert_int_equal(result, OS_ERROR_INVALID_ADDRESS);
        return;
    }
    assert_int_equal(result, ledger_free_answer(address, size, type));
    run.passed_frees++;
    if (!result)
        model_free(address, size, type);
}

static void perform_find(const struct ledger_operation *operation)
{
    uintptr_t address = ledger_address(operation);
    const struct model_region *region = model_at(&run.model, address);
    enum model_past past = past_of(address);
    bool own = region && region->owner != OWNER_STRANGER;
    struct region_facts facts;
    size_t committed;

    assert_int_equal(pages_find(&run.world->pages, (void *)address, &facts, &committed), own);
    if (own)
        ledger_check_facts(&facts, committed, region);
    if (region && !own) /* what was the manager's once, and is not committed, may be so again */
        past = region->bytes[(address - region->base) / PAGE] != MODEL_ABSENT
                   ? PAST_NONE
                   : model_past(&run.model, address);
    if (past != PAST_PERHAPS)
        assert_int_equal(pages_is_own(&run.world->pages, (void *)address), past == PAST_OWNED);
}

static void perform_limit(const struct ledger_operation *operation)
{
    bool of_committed = ledger_which(operation);
    struct budget *budget = &run.world->pages.budget;
    size_t size = ledger_size(operation);
    struct budget_limit limit = {.limit = operation->index % 4 ? size : BUDGET_ENDLESS,
                                 .app_domain_reserve = operation->type & 1 ? size : 0,
                                 .process_reserve = operation->type & 2 ? size : 0};

    budget_set_limit(of_committed ? &budget->committed : &budget->reserved, &limit);
    *(of_committed ? &run.model.committed_limit : &run.model.reserved_limit) = limit;
}

/* ------------------------------------------------------------------------------------------------
 * An input
 * --------------------------------------------------------------------------------------------- */

void fuzz_perform(const uint8_t bytes[FUZZ_OPERATION])
{
    static void (*const performers[LEDGER_KINDS])(const struct ledger_operation *) = {
        [LEDGER_ALLOC] = perform_alloc,
        [LEDGER_FREE] = perform_free,
        [LEDGER_ALLOC_BLOCK] = perform_alloc_block,
        [LEDGER_RELEASE_BLOCK] = perform_release_block,
        [LEDGER_STRANGER] = perform_stranger,
        [LEDGER_FREE_STRANGERS] = perform_free_strangers,
        [LEDGER_FIND] = perform_find,
        [LEDGER_FAULT] = perform_fault,
        [LEDGER_LIMIT] = perform_limit,
    };
    struct ledger_operation operation;
    enum ledger_kind kind;

    memcpy(&operation, bytes, sizeof(operation));
    kind = (enum ledger_kind)(operation.kind % LEDGER_KINDS);
    if (kind == LEDGER_CHECK)
        ledger_check_all();
    else
        performers[kind](&operation);
    ledger_check_totals();
}

void fuzz_begin(void)
{
    memset(&run, 0, sizeof(run));
    fault_plan_reset();
    model_begin(&run.model);
    begin_world((void **)&run.world);
}

static void give_back(struct model_region *region)
{
    size_t requested;

    switch (region->owner) {
    case OWNER_CALLER:
        release(run.world, (char *)region->base);
        break;
    case OWNER_HEAP:
        assert_int_equal(
            pages_release_block(&run.world->pages, (void *)region->block, region->heap, &requested),
            PAGES_OK);
        break;
    case OWNER_STRANGER:
        assert_int_equal(os_free((void *)region->base, 0, OS_MEM_RELEASE), 0);
        break;
    }
    model_remove(&run.model, region);
}

void fuzz_end(void)
{
    ledger_check_all();
    while (run.model.count)
        give_back(&run.model.regions[0]);
    model_end(&run.model);
    end_world((void **)&run.world);
}
