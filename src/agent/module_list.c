/*
 * module_list.c: the system's loader tells of each module that it loads or unloads
 * ("LdrRegisterDllNotification" in the Windows API reference). It holds its lock meanwhile, so
 * one notice comes at a time. Places in the board's list are claimed by fetch-add (board.h),
 * because the thread that starts the agent lists the modules that are there without that lock.
 *
 * Windows tells of a module before it links the module's imports, Wine after. What is written into
 * imports before they are linked is lost. So a module that is not linked yet waits, and is looked
 * at again whenever the loader tells of something. If a redirected module has loaded it, hostmem's
 * hooks of the loader have redirected it by then.
 */
#include "agent/module_list.h"

#include "agent/agent_state.h"
#include "agent/text_copy.h"

/* Makes <psapi.h> use the entry points in kernel32.dll instead of psapi.dll. */
#define PSAPI_VERSION 2
#include <psapi.h>
#include <winternl.h>

enum {
    MODULES_AT_START = 512,
    WAITING_MOST = 64,
    PATH_SIZE = 1024,
    REASON_LOADED = 1,
    REASON_UNLOADED = 2
};

/* The same for a module that is loaded and one that is unloaded. */
struct notification {
    ULONG flags;
    const UNICODE_STRING *full_name;
    const UNICODE_STRING *base_name;
    void *base;
    ULONG size;
};

typedef VOID CALLBACK notification_callback(ULONG reason, const struct notification *data,
                                            void *context);
typedef NTSTATUS(NTAPI *register_function)(ULONG flags, notification_callback *callback,
                                           void *context, void **cookie);

/* The names of files are the same in either case; those of DLLs have no other letters, usually. */
static wchar_t lower(wchar_t character)
{
    return character >= L'A' && character <= L'Z' ? (wchar_t)(character + 32) : character;
}

static bool is_wanted(const struct board_orders *orders, const wchar_t *name)
{
    for (uint32_t i = 0; i < orders->wanted_module_count && i < BOARD_WANTED_MODULES; i++) {
        const wchar_t *wanted = orders->wanted_modules[i];
        int at = 0;

        while (name[at] && lower(name[at]) == lower(wanted[at]))
            at++;
        if (!name[at] && !wanted[at])
            return true;
    }
    return false;
}

static bool is_same(const char *one, const char *other)
{
    while (*one && *one == *other)
        one++, other++;
    return *one == *other;
}

/* A module that is loaded again at the same place, or was listed a moment ago, is the same. */
static bool is_listed(struct board *board, const void *base, size_t size, const char *name)
{
    for (int i = 0; i < BOARD_MODULES; i++) {
        struct board_module *module = &board->modules[i];

        if (atomic_load_explicit(&module->is_there, memory_order_acquire) &&
            module->base == (uintptr_t)base && module->size == size &&
            is_same(module->name, name)) {
            atomic_store_explicit(&module->is_unloaded, 0, memory_order_relaxed);
            return true;
        }
    }
    return false;
}

static void add(struct board *board, void *base, size_t size, const wchar_t *wide_name)
{
    struct board_module *module;
    char name[BOARD_TEXT];
    uint32_t at;

    text_copy_wide(name, sizeof(name), wide_name);
    if (is_listed(board, base, size, name))
        return;
    at = atomic_fetch_add_explicit(&board->module_count, 1, memory_order_relaxed);
    if (at >= BOARD_MODULES)
        return;
    module = &board->modules[at];
    module->base = (uintptr_t)base;
    module->size = size;
    text_copy(module->name, sizeof(module->name), name);
    atomic_store_explicit(&module->is_there, 1, memory_order_release);
}

/* ------------------------------------------------------------------------------------------------
 * Redirecting
 * --------------------------------------------------------------------------------------------- */

/* Modules that wait for their imports to be linked. Only the loader's notices touch them. */
static struct waiting {
    void *base; /* NULL: none */
    bool is_wanted;
} waiting[WAITING_MOST];

/*
 * The first import of each DLL: before it is linked, both lists name it in the same way. Where
 * there is one list only, it holds an offset or an ordinal until then.
 */
static bool is_import_linked(const char *image, const IMAGE_IMPORT_DESCRIPTOR *descriptor,
                             ULONG_PTR image_size)
{
    const ULONG_PTR *names = (const ULONG_PTR *)(image + descriptor->OriginalFirstThunk);
    const ULONG_PTR *addresses = (const ULONG_PTR *)(image + descriptor->FirstThunk);

    if (descriptor->OriginalFirstThunk && names != addresses)
        return !*names || *names != *addresses;
    return !*addresses || (*addresses >= image_size && !IMAGE_SNAP_BY_ORDINAL(*addresses));
}

static bool is_linked(const char *image)
{
    const IMAGE_NT_HEADERS *headers =
        (const IMAGE_NT_HEADERS *)(image + ((const IMAGE_DOS_HEADER *)image)->e_lfanew);
    const IMAGE_DATA_DIRECTORY *imports =
        &headers->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_IMPORT];
    const IMAGE_IMPORT_DESCRIPTOR *descriptor =
        (const IMAGE_IMPORT_DESCRIPTOR *)(image + imports->VirtualAddress);

    if (!imports->VirtualAddress)
        return true;
    for (; descriptor->Name && descriptor->FirstThunk; descriptor++) {
        if (!is_import_linked(image, descriptor, headers->OptionalHeader.SizeOfImage))
            return false;
    }
    return true;
}

static void redirect(const struct board *board, void *base, bool is_wanted_module)
{
    if (is_wanted_module)
        agent_redirect(base, board->orders.redirect_flags, 0);
    else
        HostMemFollowModule(base);
}

/* Where there is no room to wait, the loader's hooks alone decide. */
static void wait_to_be_linked(void *base, bool is_wanted_module)
{
    for (int i = 0; i < WAITING_MOST; i++) {
        if (!waiting[i].base) {
            waiting[i] = (struct waiting){base, is_wanted_module};
            return;
        }
    }
}

static void redirect_linked(const struct board *board)
{
    for (int i = 0; i < WAITING_MOST; i++) {
        struct waiting ready = waiting[i];

        if (ready.base && is_linked(ready.base)) {
            waiting[i].base = NULL;
            redirect(board, ready.base, ready.is_wanted);
        }
    }
}

static void forget(const void *base)
{
    for (int i = 0; i < WAITING_MOST; i++)
        if (waiting[i].base == base)
            waiting[i].base = NULL;
}

/* False: it is not linked yet, and was not redirected. */
static bool take(struct board *board, void *base, size_t size, const wchar_t *name)
{
    bool linked = is_linked(base);

    add(board, base, size, name);
    if (linked)
        redirect(board, base, is_wanted(&board->orders, name));
    return linked;
}

/* ------------------------------------------------------------------------------------------------
 * What the loader tells
 * --------------------------------------------------------------------------------------------- */

static void remove_at(struct board *board, void *base)
{
    for (int i = 0; i < BOARD_MODULES; i++) {
        struct board_module *module = &board->modules[i];

        if (atomic_load_explicit(&module->is_there, memory_order_acquire) &&
            module->base == (uintptr_t)base)
            atomic_store_explicit(&module->is_unloaded, 1, memory_order_relaxed);
    }
}

static VOID CALLBACK notice(ULONG reason, const struct notification *data, void *context)
{
    wchar_t name[BOARD_TEXT];
    size_t length = data->base_name->Length / sizeof(wchar_t);

    if (reason == REASON_UNLOADED) {
        forget(data->base);
        remove_at(context, data->base);
        return;
    }
    redirect_linked(context);
    if (reason != REASON_LOADED)
        return;
    if (length > BOARD_TEXT - 1)
        length = BOARD_TEXT - 1;
    for (size_t i = 0; i < length; i++)
        name[i] = data->base_name->Buffer[i];
    name[length] = L'\0';
    if (!take(context, data->base, data->size, name))
        wait_to_be_linked(data->base, is_wanted(&((const struct board *)context)->orders, name));
}

/* GetModuleInformation would read all of the loader's list again for each module. */
static size_t size_of(HMODULE module)
{
    const char *image = (const char *)module;

    return ((const IMAGE_NT_HEADERS *)(image + ((const IMAGE_DOS_HEADER *)image)->e_lfanew))
        ->OptionalHeader.SizeOfImage;
}

static void add_loaded(struct board *board)
{
    static HMODULE modules[MODULES_AT_START];
    wchar_t path[PATH_SIZE];
    DWORD size = 0;

    if (!EnumProcessModules(GetCurrentProcess(), modules, sizeof(modules), &size))
        return;
    if (size > sizeof(modules))
        size = sizeof(modules);
    for (size_t i = 0; i < size / sizeof(HMODULE); i++) {
        if (!GetModuleFileNameW(modules[i], path, PATH_SIZE))
            continue;
        path[PATH_SIZE - 1] = L'\0';
        take(board, modules[i], size_of(modules[i]), text_file_name(path));
    }
}

void module_list_begin(struct board *board)
{
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    register_function begin =
        (register_function)(void (*)(void))GetProcAddress(ntdll, "LdrRegisterDllNotification");
    void *cookie;

    /* In this order none is missed; those that come in between are told twice, and listed once. */
    if (begin)
        begin(0, notice, board, &cookie);
    add_loaded(board);
}
