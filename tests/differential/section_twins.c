/*
 * section_twins.c: see section_twins.h.
 */
#include "section_twins.h"

#include <string.h>

/* ------------------------------------------------------------------------------------------------
 * Making and ending
 * --------------------------------------------------------------------------------------------- */

/* As in twin_world.c: far from where the system puts things of its own. */
#ifdef _WIN64
#define FIRST_CHUNK ((uintptr_t)(UINT64_C(1) << 44))
#else
#define FIRST_CHUNK ((uintptr_t)0x10000000)
#endif
#define CHUNK ((uintptr_t)64 << 20)
#define CHUNKS_TO_TRY 16

static bool is_free(char *window)
{
    MEMORY_BASIC_INFORMATION range;

    return VirtualQuery(window, &range, sizeof(range)) && range.State == MEM_FREE &&
           (uintptr_t)range.BaseAddress + range.RegionSize - (uintptr_t)window >= SECTION_WINDOW &&
           VirtualAlloc(window, SECTION_WINDOW, MEM_RESERVE, PAGE_NOACCESS) == window &&
           VirtualFree(window, 0, MEM_RELEASE);
}

static char *find_window(unsigned *number)
{
    while (*number < CHUNKS_TO_TRY) {
        char *window = (char *)(FIRST_CHUNK + (uintptr_t)*number * CHUNK - SECTION_WINDOW / 2);

        ++*number;
        if (is_free(window))
            return window;
    }
    fail_msg("there is no free address space of %u MiB", (unsigned)(SECTION_WINDOW >> 20));
    return NULL;
}

void section_twins_open(struct section_twins *twins, struct looker *looker)
{
    static const struct section_calls win32_calls = {
        CreateFileMappingW, OpenFileMappingW, DuplicateHandle, CloseHandle,   MapViewOfFileEx,
        UnmapViewOfFile,    VirtualAlloc,     VirtualFree,     VirtualProtect};
    unsigned number = 0;

    looker_restart(looker, NULL);
    *twins = (struct section_twins){
        .looker = looker,
        .ours = {.calls = {LOOKED_UP(looker, CreateFileMappingW),
                           LOOKED_UP(looker, OpenFileMappingW), LOOKED_UP(looker, DuplicateHandle),
                           LOOKED_UP(looker, CloseHandle), LOOKED_UP(looker, MapViewOfFileEx),
                           LOOKED_UP(looker, UnmapViewOfFile), LOOKED_UP(looker, VirtualAlloc),
                           LOOKED_UP(looker, VirtualFree), LOOKED_UP(looker, VirtualProtect)},
                 .names = {NULL, L"hostmem-differential-ours-1", L"hostmem-differential-ours-2"}},
        .theirs = {
            .calls = win32_calls,
            .names = {NULL, L"hostmem-differential-theirs-1", L"hostmem-differential-theirs-2"}}};
    assert_true(twins->ours.calls.make != CreateFileMappingW);
    twins->ours.window = find_window(&number);
    twins->theirs.window = find_window(&number);
}

static void give_back(struct section_twin *twin)
{
    MEMORY_BASIC_INFORMATION range;

    for (unsigned i = 0; i < SECTION_VIEWS; i++) {
        if (twin->views[i])
            assert_true(twin->calls.unmap(twin->views[i]));
    }
    for (unsigned i = 0; i < SECTION_HANDLES; i++) {
        if (!twin->handles[i])
            continue;
        SetHandleInformation(twin->handles[i], HANDLE_FLAG_PROTECT_FROM_CLOSE, 0);
        assert_true(twin->calls.close(twin->handles[i]));
    }
    for (char *at = twin->window; at < twin->window + SECTION_WINDOW;
         at = (char *)range.BaseAddress + range.RegionSize) {
        assert_true(VirtualQuery(at, &range, sizeof(range)) != 0);
        if (range.State != MEM_FREE)
            assert_true(twin->calls.free(range.AllocationBase, 0, MEM_RELEASE));
    }
}

void section_twins_close(struct section_twins *twins)
{
    give_back(&twins->ours);
    give_back(&twins->theirs);
}

/* ------------------------------------------------------------------------------------------------
 * Where
 * --------------------------------------------------------------------------------------------- */

char *section_address(const struct section_twin *twin, const struct section_step *step)
{
    switch (step->place) {
    case SECTION_AT_WINDOW:
        return twin->window + step->offset;
    case SECTION_AT_VIEW:
        return twin->views[step->target] + step->offset;
    default:
        return (char *)step->offset;
    }
}

SIZE_T section_extent(const char *base)
{
    MEMORY_BASIC_INFORMATION range;
    const char *at = base;

    while (VirtualQuery(at, &range, sizeof(range)) && range.State != MEM_FREE &&
           range.AllocationBase == base)
        at += range.RegionSize;
    return (SIZE_T)(at - base);
}

unsigned section_view_at(const struct section_twin *twin, const char *address)
{
    unsigned slot = 0;

    while (slot < SECTION_VIEWS &&
           (!twin->views[slot] ||
            (uintptr_t)address - (uintptr_t)twin->views[slot] >= twin->extents[slot]))
        slot++;
    return slot;
}

static HANDLE handle_of(const struct section_twin *twin, unsigned slot)
{
    return slot == SECTION_NO_HANDLE    ? NULL
           : slot == SECTION_BAD_HANDLE ? INVALID_HANDLE_VALUE
                                        : twin->handles[slot];
}

/* ------------------------------------------------------------------------------------------------
 * Asking
 * --------------------------------------------------------------------------------------------- */

static bool ask_make(struct section_twin *twin, const struct section_step *step)
{
    HANDLE *handle = &twin->handles[step->handle];

    *handle = twin->calls.make(INVALID_HANDLE_VALUE, NULL, step->protect, (DWORD)(step->size >> 32),
                               (DWORD)step->size, twin->names[step->name]);
    twin->sizes[step->handle] = GetLastError() == ERROR_ALREADY_EXISTS ? 0 : step->size;
    return *handle != NULL;
}

static bool ask_open(struct section_twin *twin, const struct section_step *step)
{
    HANDLE *handle = &twin->handles[step->handle];

    *handle = twin->calls.open(step->protect, FALSE, twin->names[step->name]);
    twin->sizes[step->handle] = 0;
    return *handle != NULL;
}

/* The duplicate may have got the value of its source. */
static bool is_closed(HANDLE handle, HANDLE duplicate)
{
    DWORD flags;

    return handle == duplicate || !GetHandleInformation(handle, &flags);
}

static bool ask_duplicate(struct section_twin *twin, const struct section_step *step)
{
    HANDLE process = GetCurrentProcess(), duplicate = NULL;
    bool done = twin->calls.duplicate(process, handle_of(twin, step->handle), process, &duplicate,
                                      step->protect, FALSE, step->type) != 0;

    if (step->handle < SECTION_HANDLES && (step->type & DUPLICATE_CLOSE_SOURCE)) {
        DWORD last_error = GetLastError();

        if (is_closed(twin->handles[step->handle], duplicate))
            twin->handles[step->handle] = NULL;
        SetLastError(last_error);
    }
    if (done) {
        twin->handles[step->target] = duplicate;
        twin->sizes[step->target] = step->handle < SECTION_HANDLES ? twin->sizes[step->handle] : 0;
    }
    return done;
}

static bool ask_close(struct section_twin *twin, const struct section_step *step)
{
    bool seen = step->kind == SECTION_CLOSE;
    bool done = (seen ? twin->calls.close : CloseHandle)(handle_of(twin, step->handle)) != 0;

    if (done && step->handle < SECTION_HANDLES)
        twin->handles[step->handle] = NULL;
    return done;
}

static bool ask_map(struct section_twin *twin, const struct section_step *step, ULONGLONG *figure)
{
    char *address = step->place == SECTION_AT_WINDOW ? twin->window + step->offset : NULL;
    char *view =
        twin->calls.map(handle_of(twin, step->handle), step->protect, (DWORD)(step->from >> 32),
                        (DWORD)step->from, (SIZE_T)step->size, address);
    DWORD last_error = GetLastError();

    twin->views[step->target] = view;
    if (!view)
        return false;
    *figure = address ? (ULONGLONG)(view - twin->window) : (uintptr_t)view % GRANULE;
    twin->extents[step->target] = section_extent(view);
    SetLastError(last_error);
    return true;
}

static bool ask_unmap(struct section_twin *twin, const struct section_step *step)
{
    const char *address = section_address(twin, step);
    unsigned slot = section_view_at(twin, address);
    bool done = twin->calls.unmap(address) != 0;

    if (done && slot < SECTION_VIEWS)
        twin->views[slot] = NULL;
    return done;
}

static bool ask_alloc(const struct section_twin *twin, const struct section_step *step,
                      ULONGLONG *figure)
{
    char *address = section_address(twin, step);
    char *memory = twin->calls.alloc(address, (SIZE_T)step->size, step->type, step->protect);

    *figure = memory ? (uintptr_t)memory - (uintptr_t)address : 0;
    return memory != NULL;
}

static bool ask_protect(const struct section_twin *twin, const struct section_step *step,
                        ULONGLONG *figure)
{
    DWORD old = 0;
    bool done = twin->calls.protect(section_address(twin, step), (SIZE_T)step->size, step->protect,
                                    &old) != 0;

    *figure = done ? old : 0;
    return done;
}

static bool ask_write(const struct section_twin *twin, const struct section_step *step,
                      ULONGLONG *figure)
{
    volatile unsigned char *byte = (volatile unsigned char *)section_address(twin, step);

    *figure = *byte;
    *byte = (unsigned char)(*figure + 1);
    return true;
}

static bool ask(struct section_twin *twin, const struct section_step *step, ULONGLONG *figure)
{
    switch (step->kind) {
    case SECTION_MAKE:
        return ask_make(twin, step);
    case SECTION_OPEN:
        return ask_open(twin, step);
    case SECTION_DUPLICATE:
        return ask_duplicate(twin, step);
    case SECTION_GUARD:
        return SetHandleInformation(handle_of(twin, step->handle), HANDLE_FLAG_PROTECT_FROM_CLOSE,
                                    step->type ? HANDLE_FLAG_PROTECT_FROM_CLOSE : 0) != 0;
    case SECTION_CLOSE:
    case SECTION_CLOSE_UNSEEN:
        return ask_close(twin, step);
    case SECTION_MAP:
        return ask_map(twin, step, figure);
    case SECTION_UNMAP:
        return ask_unmap(twin, step);
    case SECTION_ALLOC:
        return ask_alloc(twin, step, figure);
    case SECTION_FREE:
        return twin->calls.free(section_address(twin, step), (SIZE_T)step->size, step->type) != 0;
    case SECTION_PROTECT:
        return ask_protect(twin, step, figure);
    default:
        return ask_write(twin, step, figure);
    }
}

struct section_answer section_ask(struct section_twin *twin, const struct section_step *step)
{
    struct section_answer answer = {.given = true};

    SetLastError(UNTOUCHED);
    answer.done = ask(twin, step, &answer.figure);
    answer.last_error = GetLastError();
    return answer;
}

/* ------------------------------------------------------------------------------------------------
 * What can be asked
 * --------------------------------------------------------------------------------------------- */

static bool has_handle(const struct section_twins *twins, unsigned slot)
{
    return slot >= SECTION_HANDLES || twins->theirs.handles[slot];
}

static bool is_writable(const char *address)
{
    MEMORY_BASIC_INFORMATION range;

    return VirtualQuery(address, &range, sizeof(range)) && range.State == MEM_COMMIT &&
           (range.Protect &
            (PAGE_READWRITE | PAGE_WRITECOPY | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY)) &&
           !(range.Protect & PAGE_GUARD);
}

/*
 * A free of memory of nobody, or of a range that leaves its region, is for invariant I1 to judge:
 * test_differential has these.
 */
static bool frees_inside(const struct section_twin *twin, const struct section_step *step)
{
    const char *address = section_address(twin, step);
    MEMORY_BASIC_INFORMATION range;

    if (!VirtualQuery(address, &range, sizeof(range)))
        return true;
    if (range.State == MEM_FREE || range.Type != MEM_PRIVATE)
        return range.State != MEM_FREE;
    return step->size <= section_extent(range.AllocationBase) -
                             (SIZE_T)(address - (const char *)range.AllocationBase);
}

/* Not all of a huge section. */
static bool is_small(const struct section_twin *twin, const struct section_step *step)
{
    ULONGLONG size = step->handle < SECTION_HANDLES ? twin->sizes[step->handle] : 0;

    return step->size || (size && (step->from >= size || size - step->from <= SECTION_MOST_VIEW));
}

static bool place_is_there(const struct section_twins *twins, const struct section_step *step)
{
    const char *view = twins->theirs.views[step->target];

    switch (step->place) {
    case SECTION_AT_WINDOW:
        return step->offset < SECTION_WINDOW;
    case SECTION_AT_VIEW:
        return view && step->offset < twins->theirs.extents[step->target];
    default:
        return true;
    }
}

bool section_can_be_asked(const struct section_twins *twins, const struct section_step *step)
{
    switch (step->kind) {
    case SECTION_MAKE:
    case SECTION_OPEN:
        return !twins->theirs.handles[step->handle];
    case SECTION_DUPLICATE:
        return has_handle(twins, step->handle) && step->handle != step->target &&
               !twins->theirs.handles[step->target];
    case SECTION_GUARD:
    case SECTION_CLOSE:
    case SECTION_CLOSE_UNSEEN:
        return has_handle(twins, step->handle);
    case SECTION_MAP:
        return has_handle(twins, step->handle) && !twins->theirs.views[step->target] &&
               step->place != SECTION_AT_VIEW && place_is_there(twins, step) &&
               is_small(&twins->theirs, step);
    case SECTION_ALLOC:
        return place_is_there(twins, step) &&
               (!(step->type & MEM_RESERVE) ||
                (step->place == SECTION_AT_WINDOW && step->size <= SECTION_WINDOW - step->offset));
    case SECTION_FREE:
        return place_is_there(twins, step) && frees_inside(&twins->theirs, step);
    case SECTION_WRITE:
        return place_is_there(twins, step) && is_writable(section_address(&twins->ours, step)) &&
               is_writable(section_address(&twins->theirs, step));
    default:
        return place_is_there(twins, step);
    }
}

/* ------------------------------------------------------------------------------------------------
 * Comparing memory
 * --------------------------------------------------------------------------------------------- */

/* Pages that are alike, up to the end of what is looked at. */
struct run {
    SIZE_T end;
    ULONGLONG base; /* from the origin */
    DWORD allocation_protect, state, protect, type;
};

static struct run run_at(const char *origin, SIZE_T offset, SIZE_T limit)
{
    MEMORY_BASIC_INFORMATION range;
    struct run run = {.end = limit};

    if (!VirtualQuery(origin + offset, &range, sizeof(range)))
        return run;
    run.end = (SIZE_T)((char *)range.BaseAddress - origin) + range.RegionSize;
    if (run.end > limit)
        run.end = limit;
    run.state = range.State;
    if (range.State == MEM_FREE)
        return run; /* the rest is undefined */
    run.base = (ULONGLONG)((char *)range.AllocationBase - origin);
    run.allocation_protect = range.AllocationProtect;
    run.protect = range.State == MEM_COMMIT ? range.Protect : 0;
    run.type = range.Type;
    return run;
}

static const char *compare_range(const char *ours, const char *theirs, SIZE_T size)
{
    struct run here, there;

    for (SIZE_T at = 0; at < size; at = there.end) {
        here = run_at(ours, at, size);
        there = run_at(theirs, at, size);
        if (here.state != there.state)
            return "the state of a page";
        if (here.end != there.end)
            return "how far pages are alike";
        if (here.base != there.base || here.type != there.type)
            return "the view or region of a page";
        if (here.allocation_protect != there.allocation_protect || here.protect != there.protect)
            return "the protection of a page";
    }
    return NULL;
}

const char *section_compare_window(const struct section_twins *twins)
{
    return compare_range(twins->ours.window, twins->theirs.window, SECTION_WINDOW);
}

const char *section_compare_views(const struct section_twins *twins, unsigned first, unsigned last)
{
    const char *what = NULL;

    for (unsigned i = first; i <= last && i < SECTION_VIEWS && !what; i++) {
        const char *ours = twins->ours.views[i], *theirs = twins->theirs.views[i];
        SIZE_T size;

        if (!ours || !theirs)
            continue;
        size = section_extent(theirs);
        what =
            section_extent(ours) != size ? "the size of a view" : compare_range(ours, theirs, size);
    }
    return what;
}
