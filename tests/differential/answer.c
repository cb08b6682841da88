/*
 * answer.c: see answer.h.
 */
#include "answer.h"

/* ------------------------------------------------------------------------------------------------
 * Results
 * --------------------------------------------------------------------------------------------- */

static void begin(struct answer *answer)
{
    *answer = (struct answer){.given = true};
    SetLastError(UNTOUCHED);
}

static void end_hresult(struct answer *answer, HRESULT hr)
{
    answer->last_error = GetLastError();
    answer->hr = hr;
}

static void end_win32(struct answer *answer, bool done)
{
    DWORD error = GetLastError();

    /* Win32 does not promise what it leaves there after a success. */
    answer->last_error = done ? UNTOUCHED : error;
    answer->hr = done ? S_OK : hresult_of_error(error);
}

const char *answer_figure_name(enum step_kind kind, unsigned i)
{
    static const char *const names[STEP_KINDS][MOST_FIGURES] = {
        [STEP_ALLOC] = {"address", "out pointer is NULL"},
        [STEP_ALLOC_ALIEN] = {"address", "out pointer is NULL"},
        [STEP_PROTECT] = {"old protection"},
        [STEP_QUERY] = {"bytes told", "BaseAddress", "AllocationBase", "AllocationProtect",
                        "RegionSize", "State", "Protect", "Type"},
        [STEP_WRITE] = {"byte before", "guard pages struck"},
        [STEP_GET_WATCH] = {"result", "pages", "granularity", "digest of the pages"},
        [STEP_RESET_WATCH] = {"result"},
    };

    return i < MOST_FIGURES ? names[kind][i] : NULL;
}

/* ------------------------------------------------------------------------------------------------
 * Requests that a manager has methods for
 * --------------------------------------------------------------------------------------------- */

/* What the figures of a step count from. */
static uintptr_t origin_of(const struct twin *twin, const struct step *step)
{
    switch (step->place) {
    case PLACE_WINDOW:
        return (uintptr_t)twin->window;
    case PLACE_MADE:
        return (uintptr_t)twin->made[step->made];
    default:
        return 0;
    }
}

static struct answer alloc(struct twin *twin, const struct step *step, bool alien)
{
    void *address = world_address(twin, step);
    void *memory = &memory;
    struct answer answer;

    begin(&answer);
    if (twin->manager && !alien) {
        end_hresult(&answer,
                    IHostMemoryManager_VirtualAlloc(twin->manager, address, step->size, step->type,
                                                    step->protect, eTaskCritical, &memory));
    } else {
        memory = VirtualAlloc(address, step->size, step->type, step->protect);
        end_win32(&answer, memory != NULL);
    }
    answer.figures[1] = !memory;
    if (!memory)
        return answer;
    if (address) {
        answer.figures[0] = (uintptr_t)memory - origin_of(twin, step);
    } else {
        answer.figures[0] = (uintptr_t)memory % GRANULE;
        if (answer.hr == S_OK)
            twin->made[step->made] = memory;
    }
    return answer;
}

static struct answer free_memory(struct twin *twin, const struct step *step, bool alien)
{
    void *address = world_address(twin, step);
    struct answer answer;

    begin(&answer);
    if (twin->manager && !alien)
        end_hresult(&answer,
                    IHostMemoryManager_VirtualFree(twin->manager, address, step->size, step->type));
    else
        end_win32(&answer, VirtualFree(address, step->size, step->type));
    return answer;
}

static struct answer protect(const struct twin *twin, const struct step *step)
{
    void *address = world_address(twin, step);
    struct answer answer;
    DWORD old = 0;

    begin(&answer);
    if (twin->manager)
        end_hresult(&answer, IHostMemoryManager_VirtualProtect(twin->manager, address, step->size,
                                                               step->protect, &old));
    else
        end_win32(&answer, VirtualProtect(address, step->size, step->protect, &old));
    answer.figures[0] = answer.hr == S_OK ? old : 0;
    return answer;
}

static void note_information(struct answer *answer, const struct twin *twin,
                             const struct step *step, const MEMORY_BASIC_INFORMATION *range)
{
    uintptr_t origin = origin_of(twin, step);
    const ULONGLONG figures[MOST_FIGURES] = {
        answer->figures[0],
        (uintptr_t)range->BaseAddress - origin,
        range->State == MEM_FREE ? 0 : (uintptr_t)range->AllocationBase - origin,
        range->AllocationProtect,
        range->RegionSize,
        range->State,
        range->Protect,
        range->State == MEM_FREE ? 0 : range->Type,
    };

    for (unsigned i = 0; i < MOST_FIGURES; i++)
        answer->figures[i] = figures[i];
}

static struct answer query(const struct twin *twin, const struct step *step)
{
    void *address = world_address(twin, step);
    MEMORY_BASIC_INFORMATION range;
    struct answer answer;
    SIZE_T told = 0;

    begin(&answer);
    if (twin->manager) {
        end_hresult(&answer, IHostMemoryManager_VirtualQuery(twin->manager, address, &range,
                                                             sizeof(range), &told));
    } else {
        told = VirtualQuery(address, &range, sizeof(range));
        end_win32(&answer, told != 0);
    }
    answer.figures[0] = told;
    if (told)
        note_information(&answer, twin, step, &range);
    return answer;
}

/* ------------------------------------------------------------------------------------------------
 * Write watch
 * --------------------------------------------------------------------------------------------- */

#define MOST_WATCHED 64

static struct answer get_watch(const struct twin *twin, const struct step *step)
{
    char *address = world_address(twin, step);
    void *written[MOST_WATCHED];
    ULONG_PTR count = step->protect <= MOST_WATCHED ? step->protect : MOST_WATCHED;
    ULONG granularity = 0;
    struct answer answer;
    UINT result;

    begin(&answer);
    result = GetWriteWatch(step->type, address, step->size, written, &count, &granularity);
    end_win32(&answer, result == 0);
    answer.figures[0] = result;
    if (result)
        return answer;
    answer.figures[1] = count;
    answer.figures[2] = granularity;
    for (ULONG_PTR i = 0; i < count; i++)
        answer.figures[3] = answer.figures[3] * UINT64_C(0x100000001b3) +
                            ((uintptr_t)written[i] - origin_of(twin, step));
    return answer;
}

static struct answer reset_watch(const struct twin *twin, const struct step *step)
{
    struct answer answer;
    UINT result;

    begin(&answer);
    result = ResetWriteWatch(world_address(twin, step), step->size);
    end_win32(&answer, result == 0);
    answer.figures[0] = result;
    return answer;
}

/* ------------------------------------------------------------------------------------------------
 * Writing
 * --------------------------------------------------------------------------------------------- */

static void *guard_handler;
static volatile ULONGLONG guards_struck;

static LONG CALLBACK on_guard_page(EXCEPTION_POINTERS *exception)
{
    if (exception->ExceptionRecord->ExceptionCode != (DWORD)STATUS_GUARD_PAGE_VIOLATION)
        return EXCEPTION_CONTINUE_SEARCH;
    guards_struck++;
    return EXCEPTION_CONTINUE_EXECUTION;
}

void answer_watch_guards(bool watch)
{
    if (watch) {
        guard_handler = AddVectoredExceptionHandler(1, on_guard_page);
        assert_non_null(guard_handler);
    } else {
        RemoveVectoredExceptionHandler(guard_handler);
    }
}

static struct answer write_byte(struct world *world, const struct twin *twin,
                                const struct step *step)
{
    volatile unsigned char *byte = (volatile unsigned char *)world_address(twin, step);
    struct answer answer;
    unsigned char before;

    begin(&answer);
    guards_struck = 0;
    before = *byte;
    *byte = world_was_reset(world, step->offset) ? 1 : (unsigned char)(before + 1);
    answer.last_error = UNTOUCHED;
    answer.figures[0] = world_was_reset(world, step->offset) ? 0 : before;
    answer.figures[1] = guards_struck;
    return answer;
}

static bool is_writable(const char *address)
{
    MEMORY_BASIC_INFORMATION range;
    const DWORD writable =
        PAGE_READWRITE | PAGE_WRITECOPY | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY;

    return VirtualQuery(address, &range, sizeof(range)) && range.State == MEM_COMMIT &&
           (range.Protect & writable);
}

/* ------------------------------------------------------------------------------------------------
 * Any step
 * --------------------------------------------------------------------------------------------- */

struct answer answer_of(struct world *world, struct twin *twin, const struct step *step)
{
    switch (step->kind) {
    case STEP_ALLOC:
    case STEP_ALLOC_ALIEN:
        return alloc(twin, step, step->kind == STEP_ALLOC_ALIEN);
    case STEP_FREE:
    case STEP_FREE_ALIEN:
        return free_memory(twin, step, step->kind == STEP_FREE_ALIEN);
    case STEP_PROTECT:
        return protect(twin, step);
    case STEP_QUERY:
        return query(twin, step);
    case STEP_WRITE:
        return write_byte(world, twin, step);
    case STEP_GET_WATCH:
        return get_watch(twin, step);
    default:
        return reset_watch(twin, step);
    }
}

static bool place_is_there(struct world *world, const struct step *step)
{
    switch (step->place) {
    case PLACE_WINDOW:
        return step->offset < WINDOW_SIZE;
    case PLACE_MADE:
        return step->made < MADE && world_find(world, step);
    default:
        return step->made < MADE;
    }
}

/* Whether the step's range ends at the address or before it; an end that wraps does not. */
static bool ends_by(const struct twin *twin, const struct step *step, uintptr_t address)
{
    uintptr_t begin = (uintptr_t)world_address(twin, step);

    return begin <= address && step->size <= address - begin;
}

/*
 * The twins do not lie at the same distance from where a program's address space ends, nor from
 * where, rounded up to a page, an end is 0.
 */
static bool means_the_same(const struct world *world, const struct step *step)
{
    const uintptr_t ends[] = {world->last_address + 1, (uintptr_t)0 - PAGE};

    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        if (ends_by(&world->ours, step, ends[i]) != ends_by(&world->theirs, step, ends[i]))
            return false;
    }
    return true;
}

bool answer_can_be_had(struct world *world, const struct step *step)
{
    const struct world_region *region = world_find(world, step);

    if (!place_is_there(world, step) || !means_the_same(world, step))
        return false;
    switch (step->kind) {
    case STEP_ALLOC:
        return world->region_count < MOST_REGIONS &&
               (step->place != PLACE_ANYWHERE || !world->theirs.made[step->made]);
    case STEP_ALLOC_ALIEN:
        return world->region_count < MOST_REGIONS && step->place == PLACE_WINDOW &&
               (step->type & MEM_RESERVE);
    case STEP_FREE_ALIEN:
        return region && !region->owned && !region->fence;
    case STEP_WRITE:
        return step->place == PLACE_WINDOW && is_writable(world_address(&world->ours, step)) &&
               is_writable(world_address(&world->theirs, step));
    case STEP_GET_WATCH:
    case STEP_RESET_WATCH:
        return step->place != PLACE_ANYWHERE;
    default:
        return true;
    }
}
