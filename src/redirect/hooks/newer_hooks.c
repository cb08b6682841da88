/*
 * newer_hooks.c: see newer_hooks.h.
 *
 * hostmem imports none of these functions, so that it loads where they are missing: what passes to
 * Win32 goes through the addresses at which the system exports them.
 *
 * The manager knows no placeholders, and cannot honour a wish for an alignment or a range of
 * addresses: such requests pass to Win32, and so do those for another process.
 */
#include "redirect/hooks/newer_hooks.h"

#include "os/os.h"
#include "redirect/hooks/page_hooks.h"
#include "redirect/hooks/sections/view_hooks.h"
#include "redirect/own_process.h"
#include "redirect/retry.h"

#include <stdbool.h>

enum {
    ALLOC2,
    ALLOC2_FROM_APP,
    ALLOC_FROM_APP,
    PROTECT_FROM_APP,
    MAP3,
    MAP3_FROM_APP,
    MAP_FROM_APP,
    MAP_NUMA2,
    UNMAP2,
    UNMAP_EX,
    NEWER_HOOKS
};

static struct hook hooks[NEWER_HOOKS];

/*
 * Win32's own function, with the last error of one that the system lacks. A module can hardly come
 * here then, because it has the hook from an import or a look-up that found the function.
 */
static hook_function *win32(unsigned hook)
{
    hook_function *function = hook_win32(&hooks[hook]);

    if (!function)
        SetLastError(ERROR_CALL_NOT_IMPLEMENTED);
    return function;
}

/* ------------------------------------------------------------------------------------------------
 * Pages
 * --------------------------------------------------------------------------------------------- */

typedef LPVOID WINAPI alloc2(HANDLE process, LPVOID address, SIZE_T size, ULONG type, ULONG protect,
                             MEM_EXTENDED_PARAMETER *parameters, ULONG count);
typedef LPVOID WINAPI alloc_from_app(LPVOID address, SIZE_T size, ULONG type, ULONG protect);
typedef BOOL WINAPI protect_from_app(LPVOID address, SIZE_T size, ULONG protect,
                                     PULONG old_protect);

/* winnt.h has them for programs that need Windows 10 only. */
#define PLACEHOLDER_FLAGS ((ULONG)0x00044000) /* MEM_REPLACE_ and MEM_RESERVE_PLACEHOLDER */
#define NUMA_NODE_PARAMETER 2                 /* MemExtendedParameterNumaNode */

#define EXECUTABLE                                                                                 \
    ((ULONG)(PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY))

/* True if a request is one for pages of this process that VirtualAllocExNuma could make. */
static bool is_plain(HANDLE process, ULONG type, const MEM_EXTENDED_PARAMETER *parameters,
                     ULONG count, DWORD *node)
{
    *node = OS_ANY_NODE;
    if ((type & PLACEHOLDER_FLAGS) ||
        (process && !own_process_is_with(process, PROCESS_VM_OPERATION)))
        return false;
    if (count == 1 && parameters && parameters->Type == NUMA_NODE_PARAMETER &&
        !parameters->Reserved) {
        *node = parameters->ULong;
        return true;
    }
    return count == 0;
}

static LPVOID pass_alloc(unsigned hook, HANDLE process, LPVOID address, SIZE_T size, ULONG type,
                         ULONG protect, MEM_EXTENDED_PARAMETER *parameters, ULONG count)
{
    struct retry retry = retry_begin();
    alloc2 *pass = (alloc2 *)win32(hook);
    bool is_own = !process || own_process_is(process);
    LPVOID memory;

    if (!pass)
        return NULL;
    do
        memory = pass(process, address, size, type, protect, parameters, count);
    while (!memory && is_own && retry_helps(&retry, GetLastError()));
    return memory;
}

static LPVOID alloc_or_pass(unsigned hook, HANDLE process, LPVOID address, SIZE_T size, ULONG type,
                            ULONG protect, MEM_EXTENDED_PARAMETER *parameters, ULONG count)
{
    DWORD node;

    if (is_plain(process, type, parameters, count, &node) &&
        !(hook == ALLOC2_FROM_APP && (protect & EXECUTABLE)))
        return page_hooks_alloc(address, size, type, protect, node);
    return pass_alloc(hook, process, address, size, type, protect, parameters, count);
}

static LPVOID WINAPI hook_VirtualAlloc2(HANDLE process, LPVOID address, SIZE_T size, ULONG type,
                                        ULONG protect, MEM_EXTENDED_PARAMETER *parameters,
                                        ULONG count)
{
    return alloc_or_pass(ALLOC2, process, address, size, type, protect, parameters, count);
}

/* The functions for apps may refuse memory that can be executed: Win32 decides about that. */
static LPVOID WINAPI hook_VirtualAlloc2FromApp(HANDLE process, LPVOID address, SIZE_T size,
                                               ULONG type, ULONG protect,
                                               MEM_EXTENDED_PARAMETER *parameters, ULONG count)
{
    return alloc_or_pass(ALLOC2_FROM_APP, process, address, size, type, protect, parameters, count);
}

static LPVOID WINAPI hook_VirtualAllocFromApp(LPVOID address, SIZE_T size, ULONG type,
                                              ULONG protect)
{
    struct retry retry;
    alloc_from_app *pass;
    LPVOID memory;

    if (!(protect & EXECUTABLE))
        return page_hooks_alloc(address, size, type, protect, OS_ANY_NODE);
    retry = retry_begin();
    pass = (alloc_from_app *)win32(ALLOC_FROM_APP);
    if (!pass)
        return NULL;
    do
        memory = pass(address, size, type, protect);
    while (!memory && retry_helps(&retry, GetLastError()));
    return memory;
}

static BOOL WINAPI hook_VirtualProtectFromApp(LPVOID address, SIZE_T size, ULONG protect,
                                              PULONG old_protect)
{
    protect_from_app *pass;

    if (!(protect & EXECUTABLE))
        return page_hooks_protect(address, size, protect, old_protect);
    pass = (protect_from_app *)win32(PROTECT_FROM_APP);
    return pass ? pass(address, size, protect, old_protect) : FALSE;
}

/* ------------------------------------------------------------------------------------------------
 * Views
 * --------------------------------------------------------------------------------------------- */

typedef LPVOID WINAPI map3(HANDLE mapping, HANDLE process, LPVOID address, ULONG64 offset,
                           SIZE_T size, ULONG type, ULONG protect,
                           MEM_EXTENDED_PARAMETER *parameters, ULONG count);
typedef LPVOID WINAPI map_numa2(HANDLE mapping, HANDLE process, ULONG64 offset, LPVOID address,
                                SIZE_T size, ULONG type, ULONG protect, ULONG node);
typedef LPVOID WINAPI map_from_app(HANDLE mapping, ULONG access, ULONG64 offset, SIZE_T size);
typedef BOOL WINAPI unmap2(HANDLE process, LPVOID address, ULONG flags);
typedef BOOL WINAPI unmap_ex(LPVOID address, ULONG flags);

/* Maps in one of these ways, and enters a view in this process in the books. */
static LPVOID map(map_way *way, const struct map_request *request)
{
    return own_process_is(request->process) ? view_hooks_map(way, request) : way(request);
}

static LPVOID map_by_parameters(const struct map_request *request)
{
    map3 *pass = (map3 *)win32(request->hook);

    return pass ? pass(request->mapping, request->process, request->address, request->offset,
                       request->size, request->type, request->protect, request->parameters,
                       request->count)
                : NULL;
}

static LPVOID WINAPI hook_MapViewOfFile3(HANDLE mapping, HANDLE process, LPVOID address,
                                         ULONG64 offset, SIZE_T size, ULONG type, ULONG protect,
                                         MEM_EXTENDED_PARAMETER *parameters, ULONG count)
{
    const struct map_request request = {MAP3, mapping, process,    address, offset, size,
                                        type, protect, parameters, count,   0};

    return map(map_by_parameters, &request);
}

static LPVOID WINAPI hook_MapViewOfFile3FromApp(HANDLE mapping, HANDLE process, LPVOID address,
                                                ULONG64 offset, SIZE_T size, ULONG type,
                                                ULONG protect, MEM_EXTENDED_PARAMETER *parameters,
                                                ULONG count)
{
    const struct map_request request = {MAP3_FROM_APP, mapping, process,    address, offset, size,
                                        type,          protect, parameters, count,   0};

    return map(map_by_parameters, &request);
}

static LPVOID map_for_node(const struct map_request *request)
{
    map_numa2 *pass = (map_numa2 *)win32(MAP_NUMA2);

    return pass ? pass(request->mapping, request->process, request->offset, request->address,
                       request->size, request->type, request->protect, request->node)
                : NULL;
}

static LPVOID WINAPI hook_MapViewOfFileNuma2(HANDLE mapping, HANDLE process, ULONG64 offset,
                                             LPVOID address, SIZE_T size, ULONG type, ULONG protect,
                                             ULONG node)
{
    const struct map_request request = {.mapping = mapping,
                                        .process = process,
                                        .address = address,
                                        .offset = offset,
                                        .size = size,
                                        .type = type,
                                        .protect = protect,
                                        .node = node};

    return map(map_for_node, &request);
}

static LPVOID map_for_app(const struct map_request *request)
{
    map_from_app *pass = (map_from_app *)win32(MAP_FROM_APP);

    return pass ? pass(request->mapping, request->protect, request->offset, request->size) : NULL;
}

static LPVOID WINAPI hook_MapViewOfFileFromApp(HANDLE mapping, ULONG access, ULONG64 offset,
                                               SIZE_T size)
{
    const struct map_request request = {
        .mapping = mapping, .offset = offset, .size = size, .protect = access};

    return view_hooks_map(map_for_app, &request);
}

static BOOL unmap_by_process(HANDLE process, LPVOID address, ULONG flags)
{
    unmap2 *pass = (unmap2 *)win32(UNMAP2);

    return pass ? pass(process, address, flags) : FALSE;
}

static BOOL WINAPI hook_UnmapViewOfFile2(HANDLE process, LPVOID address, ULONG flags)
{
    return own_process_is(process) ? view_hooks_unmap(process, address, flags, unmap_by_process)
                                   : unmap_by_process(process, address, flags);
}

static BOOL unmap_by_flags(HANDLE process, LPVOID address, ULONG flags)
{
    unmap_ex *pass = (unmap_ex *)win32(UNMAP_EX);

    (void)process;
    return pass ? pass(address, flags) : FALSE;
}

static BOOL WINAPI hook_UnmapViewOfFileEx(LPVOID address, ULONG flags)
{
    return view_hooks_unmap(GetCurrentProcess(), address, flags, unmap_by_flags);
}

static struct hook hooks[NEWER_HOOKS] = {
    [ALLOC2] = HOOK(VirtualAlloc2),
    [ALLOC2_FROM_APP] = HOOK(VirtualAlloc2FromApp),
    [ALLOC_FROM_APP] = HOOK(VirtualAllocFromApp),
    [PROTECT_FROM_APP] = HOOK(VirtualProtectFromApp),
    [MAP3] = HOOK(MapViewOfFile3),
    [MAP3_FROM_APP] = HOOK(MapViewOfFile3FromApp),
    [MAP_FROM_APP] = HOOK(MapViewOfFileFromApp),
    [MAP_NUMA2] = HOOK(MapViewOfFileNuma2),
    [UNMAP2] = HOOK(UnmapViewOfFile2),
    [UNMAP_EX] = HOOK(UnmapViewOfFileEx),
};

const struct hook_table newer_hooks = HOOK_TABLE(hooks);
