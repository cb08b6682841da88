/*
 * agent_main.c: hostmem-agent.dll's entry point. Where hostmem-run has put the agent into a
 * program, the agent starts here, before anything of the program runs.
 */
#define COBJMACROS
#include "agent/agent_state.h"
#include "agent/closing.h"
#include "agent/module_list.h"
#include "agent/text_copy.h"
#include "agent/thread_list.h"
#include "board/board_section.h"
#include "board/injected.h"
#include "census/census.h"

#include <hostmem/version.h>

enum {
    EXIT_CODE_AGENT = 246 /* EXIT_CODE_HOSTMEM_FAILED: nothing runs half watched */
};

/* ------------------------------------------------------------------------------------------------
 * The block that hostmem-run has written
 * --------------------------------------------------------------------------------------------- */

static IMAGE_NT_HEADERS *headers_of(char *image)
{
    return (IMAGE_NT_HEADERS *)(image + ((IMAGE_DOS_HEADER *)image)->e_lfanew);
}

/* NULL: the agent was loaded in another way. In an image that is as it was, imports lie inside. */
static struct injected *find_injected(char *image)
{
    DWORD imports = headers_of(image)
                        ->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_IMPORT]
                        .VirtualAddress;
    struct injected *injected = (struct injected *)(image + imports) - 1;

    if (imports < headers_of(image)->OptionalHeader.SizeOfImage)
        return NULL;
    return injected->magic == INJECTED_MAGIC ? injected : NULL;
}

static bool restore_directories(char *image, const struct injected *injected)
{
    IMAGE_DATA_DIRECTORY *directories = headers_of(image)->OptionalHeader.DataDirectory;
    DWORD before;

    if (!VirtualProtect(directories, IMAGE_NUMBEROF_DIRECTORY_ENTRIES * sizeof(*directories),
                        PAGE_READWRITE, &before))
        return false;
    directories[IMAGE_DIRECTORY_ENTRY_IMPORT] = injected->imports;
    directories[IMAGE_DIRECTORY_ENTRY_BOUND_IMPORT] = injected->bound_imports;
    directories[IMAGE_DIRECTORY_ENTRY_IAT] = injected->addresses;
    VirtualProtect(directories, IMAGE_NUMBEROF_DIRECTORY_ENTRIES * sizeof(*directories), before,
                   &before);
    return true;
}

/* ------------------------------------------------------------------------------------------------
 * Starting
 * --------------------------------------------------------------------------------------------- */

static HRESULT start(HANDLE section, struct board *board, HMODULE program, const char **step)
{
    const struct board_orders *orders = &board->orders;
    const HOSTMEM_OPTIONS options = {.cbSize = sizeof(options),
                                     .dwFlags = orders->manager_flags,
                                     .GuardAbove = orders->guard_above,
                                     .pLimits = &orders->limits};
    HRESULT result = agent_begin(section, board, &options, step);

    if (result != S_OK)
        return result;
    if (!orders->is_host) {
        *step = "HostMemRedirectModule";
        result = agent_redirect(program, orders->redirect_flags, 0);
    }
    if (FAILED(result))
        return result;
    module_list_begin(board);
    return S_OK;
}

static void tell_started(const struct board *board)
{
    HANDLE started = (HANDLE)(uintptr_t)board->orders.started;

    SetEvent(started);
    CloseHandle(started);
}

static HRESULT begin_injected(char *image, const struct injected *injected)
{
    HANDLE section = (HANDLE)(uintptr_t)injected->board;
    struct board *board = board_section_map(section, true);
    const char *step = "its version";
    HRESULT result = HRESULT_FROM_WIN32(ERROR_REVISION_MISMATCH);

    if (!board)
        return HRESULT_FROM_WIN32(GetLastError());
    if (board_is_of_this_version(board)) {
        board->memory.injected = (uintptr_t)injected;
        census_note_early(&board->memory);
        step = "VirtualProtect";
        result = restore_directories(image, injected) ? start(section, board, (HMODULE)image, &step)
                                                      : HRESULT_FROM_WIN32(GetLastError());
    }
    if (result != S_OK) {
        board->failed_result = result;
        text_copy(board->failed_step, sizeof(board->failed_step), step);
        text_copy(board->agent_version, sizeof(board->agent_version), HOSTMEM_VERSION_TEXT);
    }
    atomic_store_explicit(&board->stage, result == S_OK ? BOARD_STARTED : BOARD_FAILED,
                          memory_order_release);
    if (result == S_OK)
        tell_started(board);
    return result;
}

BOOL WINAPI DllMainCRTStartup(HINSTANCE module, DWORD reason, LPVOID process_ends)
{
    char *image = (char *)GetModuleHandleW(NULL);
    struct board *board = agent.board;
    struct injected *injected;

    (void)module;
    if (reason == DLL_PROCESS_ATTACH) {
        injected = find_injected(image);
        if (injected && begin_injected(image, injected) != S_OK)
            TerminateProcess(GetCurrentProcess(), EXIT_CODE_AGENT);
    } else if (reason == DLL_THREAD_ATTACH && board) {
        thread_list_add_own(board);
    } else if (reason == DLL_PROCESS_DETACH && process_ends) {
        closing_write_alone(ENDING_PROCESS_DETACH);
    }
    return TRUE;
}
