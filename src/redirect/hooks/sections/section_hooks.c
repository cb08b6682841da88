/*
 * section_hooks.c: see section_hooks.h.
 *
 * hostmem imports only the oldest of these functions, so that it loads where the others are
 * missing: those are reached through the addresses at which the system exports them.
 */
#include "redirect/hooks/sections/section_hooks.h"

#include "heap/reuse/reclaim.h"
#include "hosting/counted_call.h"
#include "redirect/binding.h"
#include "redirect/hooks/sections/handle_hooks.h"
#include "redirect/runtime/request_level.h"

enum {
    MAKE_A,
    MAKE_W,
    MAKE_NUMA_A,
    MAKE_NUMA_W,
    MAKE_2,
    MAKE_FROM_APP,
    OPEN_A,
    OPEN_W,
    OPEN_FROM_APP,
    SECTION_HOOKS
};

static struct hook hooks[SECTION_HOOKS];

/* What all ways to make a section take. */
struct section_call {
    HANDLE file;
    SECURITY_ATTRIBUTES *attributes;
    ULONG access; /* CreateFileMapping2's */
    ULONG protect;
    ULONG allocation; /* SEC_COMMIT, SEC_RESERVE and others; older functions have them in protect */
    ULONG64 size;
    const void *name;
    DWORD node;
    MEM_EXTENDED_PARAMETER *parameters;
    ULONG count;
    const void *caller;
    bool narrow; /* the name is not Unicode */
};

typedef HANDLE section_way(const struct section_call *call);

static DWORD failure(void)
{
    DWORD error = GetLastError();

    return error != ERROR_SUCCESS ? error : ERROR_INVALID_PARAMETER;
}

/*
 * Makes one that is in no books: one of a file, say. What the handle's value stood for in any
 * manager's books was closed unseen.
 */
static HANDLE make_other(section_way *way, const struct section_call *call)
{
    HANDLE handle = way(call);

    handle_hooks_forget(handle);
    return handle;
}

/*
 * Asks Win32 to make the section that the books have begun. One that existed under its name is not
 * the module's making.
 */
static pages_result make_begun(struct sections *sections, uint32_t index, section_way *way,
                               const struct section_call *call, HANDLE *handle)
{
    *handle = make_other(way, call);
    if (!*handle) {
        pages_result result = failure();

        sections_unmade(sections, index);
        return result;
    }
    if (GetLastError() == ERROR_ALREADY_EXISTS) {
        sections_unmade(sections, index);
        return PAGES_OK;
    }
    if (sections_made(sections, index, (uintptr_t)*handle))
        return PAGES_OK;
    CloseHandle(*handle);
    *handle = NULL;
    sections_unmade(sections, index);
    return ERROR_NOT_ENOUGH_MEMORY;
}

/* True if a section of that name exists. The last error stays as it is. */
static bool exists(const struct section_call *call)
{
    DWORD last_error = GetLastError();
    HANDLE probe;
    bool found;

    if (!call->name)
        return false;
    probe = call->narrow ? OpenFileMappingA(FILE_MAP_READ, FALSE, call->name)
                         : OpenFileMappingW(FILE_MAP_READ, FALSE, call->name);
    found = probe || GetLastError() == ERROR_ACCESS_DENIED;
    if (probe)
        CloseHandle(probe);
    SetLastError(last_error);
    return found;
}

/*
 * The books refuse a new section of that name: one that exists may be opened still, as it costs
 * nothing. If it has ended since, Win32 makes a new one, which is closed at once.
 */
static pages_result open_refused(section_way *way, const struct section_call *call,
                                 pages_result refusal, HANDLE *handle)
{
    if (!exists(call))
        return refusal;
    *handle = make_other(way, call);
    if (!*handle)
        return failure();
    if (GetLastError() == ERROR_ALREADY_EXISTS)
        return PAGES_OK;
    CloseHandle(*handle);
    *handle = NULL;
    return refusal;
}

static pages_result try_make(struct manager *manager, section_way *way,
                             const struct section_call *call, uint32_t level, HANDLE *handle)
{
    struct sections *sections = &manager->pages.sections;
    const struct section_request request = {
        .size = call->size,
        .reserved = (call->allocation & SEC_RESERVE) != 0,
        .protect = call->protect,
        .critical_level = level,
        .caller = call->caller,
    };
    uint32_t index;
    pages_result result = sections_begin(sections, &request, &index);

    if (!result)
        return make_begun(sections, index, way, call, handle);
    if (result != PAGES_FOREIGN)
        return open_refused(way, call, result, handle);
    *handle = make_other(way, call); /* Win32 says what is wrong with it */
    return *handle ? PAGES_OK : failure();
}

/* Makes a section of the paging file. The last error is Win32's, after a success too. */
static HANDLE make_counted(struct manager *manager, section_way *way,
                           const struct section_call *call)
{
    uint32_t level = (uint32_t)request_level_of_block(manager);
    HOSTMEM_REFUSED refused = {
        .Kind = HostMemRequestSection, .Level = (EMemoryCriticalLevel)level, .Bytes = call->size};
    struct reclaim_attempt attempt = reclaim_begin(&manager->heaps);
    struct counted_call counted;
    HANDLE handle = NULL;
    pages_result result;

    if (!counted_call_begin(&counted, manager, COUNTED_SECTIONS)) {
        counted_call_unavailable(&counted);
        return make_other(way, call);
    }
    do
        result = try_make(manager, way, call, level, &handle);
    while (result && reclaim_again(&attempt, result));
    reclaim_count_refusal(&manager->heaps, level, result);
    counted.last_error = GetLastError();
    counted_call_end_request(&counted, result, &refused);
    return handle;
}

static HANDLE make(section_way *way, const struct section_call *call)
{
    struct manager *manager = binding_enter_open();
    HANDLE handle = manager && call->file == INVALID_HANDLE_VALUE ? make_counted(manager, way, call)
                                                                  : make_other(way, call);

    binding_leave();
    return handle;
}

/* ------------------------------------------------------------------------------------------------
 * The functions
 * --------------------------------------------------------------------------------------------- */

static struct section_call older_call(HANDLE file, SECURITY_ATTRIBUTES *attributes, DWORD protect,
                                      DWORD size_high, DWORD size_low, const void *name)
{
    return (struct section_call){.file = file,
                                 .attributes = attributes,
                                 .protect = protect,
                                 .allocation = protect,
                                 .size = (ULONG64)size_high << 32 | size_low,
                                 .name = name};
}

static DWORD size_high(const struct section_call *call)
{
    return (DWORD)(call->size >> 32);
}

static HANDLE make_a(const struct section_call *call)
{
    return CreateFileMappingA(call->file, call->attributes, call->protect, size_high(call),
                              (DWORD)call->size, call->name);
}

static HANDLE WINAPI hook_CreateFileMappingA(HANDLE file, SECURITY_ATTRIBUTES *attributes,
                                             DWORD protect, DWORD high, DWORD low, LPCSTR name)
{
    struct section_call call = older_call(file, attributes, protect, high, low, name);

    call.narrow = true;
    call.caller = __builtin_return_address(0);
    return make(make_a, &call);
}

static HANDLE make_w(const struct section_call *call)
{
    return CreateFileMappingW(call->file, call->attributes, call->protect, size_high(call),
                              (DWORD)call->size, call->name);
}

static HANDLE WINAPI hook_CreateFileMappingW(HANDLE file, SECURITY_ATTRIBUTES *attributes,
                                             DWORD protect, DWORD high, DWORD low, LPCWSTR name)
{
    struct section_call call = older_call(file, attributes, protect, high, low, name);

    call.caller = __builtin_return_address(0);
    return make(make_w, &call);
}

/* Win32's own function; NULL, with the last error of one that the system lacks. */
static hook_function *win32(unsigned hook)
{
    hook_function *function = hook_win32(&hooks[hook]);

    if (!function)
        SetLastError(ERROR_CALL_NOT_IMPLEMENTED);
    return function;
}

typedef HANDLE WINAPI make_for_node(HANDLE file, SECURITY_ATTRIBUTES *attributes, DWORD protect,
                                    DWORD high, DWORD low, const void *name, DWORD node);

static HANDLE make_numa(unsigned hook, const struct section_call *call)
{
    make_for_node *pass = (make_for_node *)win32(hook);

    return pass ? pass(call->file, call->attributes, call->protect, size_high(call),
                       (DWORD)call->size, call->name, call->node)
                : NULL;
}

static HANDLE make_numa_a(const struct section_call *call)
{
    return make_numa(MAKE_NUMA_A, call);
}

static HANDLE WINAPI hook_CreateFileMappingNumaA(HANDLE file, SECURITY_ATTRIBUTES *attributes,
                                                 DWORD protect, DWORD high, DWORD low, LPCSTR name,
                                                 DWORD node)
{
    struct section_call call = older_call(file, attributes, protect, high, low, name);

    call.node = node;
    call.narrow = true;
    call.caller = __builtin_return_address(0);
    return make(make_numa_a, &call);
}

static HANDLE make_numa_w(const struct section_call *call)
{
    return make_numa(MAKE_NUMA_W, call);
}

static HANDLE WINAPI hook_CreateFileMappingNumaW(HANDLE file, SECURITY_ATTRIBUTES *attributes,
                                                 DWORD protect, DWORD high, DWORD low, LPCWSTR name,
                                                 DWORD node)
{
    struct section_call call = older_call(file, attributes, protect, high, low, name);

    call.node = node;
    call.caller = __builtin_return_address(0);
    return make(make_numa_w, &call);
}

typedef HANDLE WINAPI make_by_parameters(HANDLE file, SECURITY_ATTRIBUTES *attributes, ULONG access,
                                         ULONG protect, ULONG allocation, ULONG64 size,
                                         const void *name, MEM_EXTENDED_PARAMETER *parameters,
                                         ULONG count);

static HANDLE make_2(const struct section_call *call)
{
    make_by_parameters *pass = (make_by_parameters *)win32(MAKE_2);

    return pass ? pass(call->file, call->attributes, call->access, call->protect, call->allocation,
                       call->size, call->name, call->parameters, call->count)
                : NULL;
}

static HANDLE WINAPI hook_CreateFileMapping2(HANDLE file, SECURITY_ATTRIBUTES *attributes,
                                             ULONG access, ULONG protect, ULONG allocation,
                                             ULONG64 size, LPCWSTR name,
                                             MEM_EXTENDED_PARAMETER *parameters, ULONG count)
{
    const struct section_call call = {file,
                                      attributes,
                                      access,
                                      protect,
                                      allocation,
                                      size,
                                      name,
                                      0,
                                      parameters,
                                      count,
                                      __builtin_return_address(0),
                                      false};

    return make(make_2, &call);
}

typedef HANDLE WINAPI make_for_app(HANDLE file, SECURITY_ATTRIBUTES *attributes, ULONG protect,
                                   ULONG64 size, const void *name);

static HANDLE make_from_app(const struct section_call *call)
{
    make_for_app *pass = (make_for_app *)win32(MAKE_FROM_APP);

    return pass ? pass(call->file, call->attributes, call->protect, call->size, call->name) : NULL;
}

static HANDLE WINAPI hook_CreateFileMappingFromApp(HANDLE file, SECURITY_ATTRIBUTES *attributes,
                                                   ULONG protect, ULONG64 size, LPCWSTR name)
{
    const struct section_call call = {.file = file,
                                      .attributes = attributes,
                                      .protect = protect,
                                      .allocation = protect,
                                      .size = size,
                                      .name = name,
                                      .caller = __builtin_return_address(0)};

    return make(make_from_app, &call);
}

/* Opens one that exists: it is not the module's making. */
static HANDLE opened(HANDLE handle)
{
    binding_enter();
    handle_hooks_forget(handle);
    binding_leave();
    return handle;
}

static HANDLE WINAPI hook_OpenFileMappingA(DWORD access, BOOL inherit, LPCSTR name)
{
    return opened(OpenFileMappingA(access, inherit, name));
}

static HANDLE WINAPI hook_OpenFileMappingW(DWORD access, BOOL inherit, LPCWSTR name)
{
    return opened(OpenFileMappingW(access, inherit, name));
}

typedef HANDLE WINAPI open_for_app(ULONG access, BOOL inherit, LPCWSTR name);

static HANDLE WINAPI hook_OpenFileMappingFromApp(ULONG access, BOOL inherit, LPCWSTR name)
{
    open_for_app *pass = (open_for_app *)win32(OPEN_FROM_APP);

    return pass ? opened(pass(access, inherit, name)) : NULL;
}

static struct hook hooks[SECTION_HOOKS] = {
    [MAKE_A] = HOOK(CreateFileMappingA),
    [MAKE_W] = HOOK(CreateFileMappingW),
    [MAKE_NUMA_A] = HOOK(CreateFileMappingNumaA),
    [MAKE_NUMA_W] = HOOK(CreateFileMappingNumaW),
    [MAKE_2] = HOOK(CreateFileMapping2),
    [MAKE_FROM_APP] = HOOK(CreateFileMappingFromApp),
    [OPEN_A] = HOOK(OpenFileMappingA),
    [OPEN_W] = HOOK(OpenFileMappingW),
    [OPEN_FROM_APP] = HOOK(OpenFileMappingFromApp),
};

const struct hook_table section_hooks = HOOK_TABLE(hooks);
