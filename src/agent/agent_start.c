/*
 * agent_start.c: the agent's start, wherever it comes from; and HostMemAgentStart.
 */
#define COBJMACROS
#include "agent/agent_error.h"
#include "agent/agent_state.h"
#include "agent/closing.h"
#include "agent/heap_limit.h"
#include "agent/module_list.h"
#include "agent/notes.h"
#include "agent/text_copy.h"
#include "agent/thread_list.h"
#include "board/board_section.h"

#include <hostmem/agent.h>

struct agent agent;

/* ------------------------------------------------------------------------------------------------
 * Both ways
 * --------------------------------------------------------------------------------------------- */

/*
 * The system calls handlers in reverse order of their registration. This one is registered before
 * the program's, so it is called when none of the program's took the event; then the process ends.
 */
static BOOL WINAPI console_control(DWORD event)
{
    (void)event;
    closing_write(ENDING_CONSOLE_CONTROL);
    return FALSE;
}

static LPTOP_LEVEL_EXCEPTION_FILTER earlier_filter; /* the process's, from before the agent */

/* For a program that sets no filter later. */
static LONG WINAPI unhandled_exception(EXCEPTION_POINTERS *exception)
{
    LONG verdict = earlier_filter ? earlier_filter(exception) : EXCEPTION_CONTINUE_SEARCH;

    if (verdict != EXCEPTION_CONTINUE_EXECUTION)
        closing_write(ENDING_UNHANDLED_EXCEPTION);
    return verdict;
}

/* The system calls the agent from now on: it stays loaded for ever. */
static HRESULT stay(void)
{
    HMODULE pinned;

    return GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
                                  GET_MODULE_HANDLE_EX_FLAG_PIN,
                              (LPCWSTR)&agent, &pinned)
               ? S_OK
               : HRESULT_FROM_WIN32(GetLastError());
}

static HRESULT make_manager(const HOSTMEM_OPTIONS *options, const char **step)
{
    HRESULT result;

    *step = "HostMemCreateManager";
    result = HostMemCreateManager(options, &agent.manager);
    if (result != S_OK)
        return result;
    *step = "QueryInterface";
    return IHostMemoryManager_QueryInterface(agent.manager, &IID_IHostMemInspection,
                                             (void **)&agent.inspection);
}

/* What is there of a manager is given back, and nothing is left to be called. */
static void give_up(void)
{
    const struct agent none = {0};

    if (agent.inspection)
        IHostMemInspection_Release(agent.inspection);
    if (agent.manager)
        IHostMemoryManager_Release(agent.manager);
    UnmapViewOfFile(agent.books);
    agent = none;
}

HRESULT agent_begin(HANDLE section, struct board *board, const HOSTMEM_OPTIONS *options,
                    const char **step)
{
    HOSTMEM_OPTIONS own = *options;
    HRESULT result;

    *step = "MapViewOfFile";
    own.pBooks = board_section_map_books(section, true);
    own.cbBooks = HostMemGetBooksSize();
    if (!own.pBooks)
        return HRESULT_FROM_WIN32(GetLastError());
    own.pfnModule = notes_module;
    own.pfnDamage = notes_damage;
    own.pfnEnding = notes_ending;
    own.pfnStarted = heap_limit_take_back;
    agent.board = board;
    agent.books = own.pBooks;
    result = make_manager(&own, step);
    if (result == S_OK) {
        *step = "GetModuleHandleEx";
        result = stay();
    }
    if (result != S_OK) {
        give_up();
        return result;
    }
    board->memory.board_view = (uintptr_t)board;
    board->memory.books_view = (uintptr_t)agent.books;
    board->memory.books_size = HostMemGetBooksSize();
    thread_list_begin(board);
    earlier_filter = SetUnhandledExceptionFilter(unhandled_exception);
    SetConsoleCtrlHandler(console_control, TRUE);
    return S_OK;
}

/* After agent_begin. */
static void take_back(void)
{
    SetConsoleCtrlHandler(console_control, FALSE);
    SetUnhandledExceptionFilter(earlier_filter);
    give_up();
}

HRESULT agent_redirect(HMODULE module, DWORD flags, DWORD kind)
{
    HOSTMEM_REDIRECTION *redirection;
    HRESULT result = HostMemRedirectModule(
        agent.manager, module, flags | HOSTMEM_REDIRECT_FOLLOW | HOSTMEM_REDIRECT_ENDINGS,
        &redirection);

    if (result != S_FALSE && !(flags & HOSTMEM_REDIRECT_NO_PAGES))
        notes_redirected(module, kind, result);
    if (SUCCEEDED(result))
        heap_limit_tell(module, flags);
    return result;
}

/* ------------------------------------------------------------------------------------------------
 * In a process's own name
 * --------------------------------------------------------------------------------------------- */

/* What hostmem-run would have written: a report says by it what the manager was asked to do. */
static void describe(struct board *board, DWORD redirect_flags, const HOSTMEM_OPTIONS *manager)
{
    wchar_t path[4 * BOARD_TEXT];

    board->orders.redirect_flags = redirect_flags;
    board->orders.manager_flags = manager->dwFlags;
    board->orders.guard_above = manager->GuardAbove;
    if (manager->pLimits && manager->pLimits->cbSize == sizeof(*manager->pLimits))
        board->orders.limits = *manager->pLimits;
    if (GetModuleFileNameW(NULL, path, 4 * BOARD_TEXT)) {
        path[4 * BOARD_TEXT - 1] = L'\0';
        text_copy_wide(board->program, sizeof(board->program), path);
    }
}

static HRESULT start_on(HANDLE section, struct board *board, const HOSTMEM_AGENT_OPTIONS *options,
                        const HOSTMEM_OPTIONS *manager)
{
    HMODULE module = options->hModule ? options->hModule : GetModuleHandleW(NULL);
    const char *step;
    HRESULT result;

    describe(board, options->dwRedirectFlags, manager);
    result = agent_begin(section, board, manager, &step);
    if (result != S_OK)
        return result;
    result = agent_redirect(module, options->dwRedirectFlags, 0);
    if (FAILED(result)) {
        take_back();
        return result;
    }
    module_list_begin(board);
    atomic_store_explicit(&board->stage, BOARD_STARTED, memory_order_release);
    return S_OK;
}

static HRESULT start(const HOSTMEM_AGENT_OPTIONS *options)
{
    static const HOSTMEM_OPTIONS defaults = {.cbSize = sizeof(defaults)};
    const HOSTMEM_OPTIONS *manager = options->pManager ? options->pManager : &defaults;
    struct board *board;
    HANDLE section;
    HRESULT result;

    if (agent.board)
        return HRESULT_FROM_WIN32(ERROR_ALREADY_INITIALIZED);
    result = agent_error_check(options, manager);
    if (result != S_OK)
        return result;
    section = board_section_create(GetCurrentProcessId(), &board);
    if (!section)
        return HRESULT_FROM_WIN32(GetLastError());
    result = start_on(section, board, options, manager);
    if (result != S_OK) {
        UnmapViewOfFile(board);
        CloseHandle(section);
    }
    return result;
}

/*
 * Only one call at a time starts the agent; others wait, and find it started, or may try.
 * Acquire and release: who finds it started sees all of it.
 */
static atomic_flag starting = ATOMIC_FLAG_INIT;

HRESULT STDMETHODCALLTYPE HostMemAgentStart(const HOSTMEM_AGENT_OPTIONS *pOptions,
                                            IHostMemoryManager **ppManager)
{
    static const HOSTMEM_AGENT_OPTIONS defaults = {.cbSize = sizeof(defaults)};
    HRESULT result;

    if (!ppManager)
        return E_POINTER;
    while (atomic_flag_test_and_set_explicit(&starting, memory_order_acquire))
        Sleep(1);
    result = start(pOptions ? pOptions : &defaults);
    *ppManager = agent.manager;
    if (agent.manager)
        IHostMemoryManager_AddRef(agent.manager);
    atomic_flag_clear_explicit(&starting, memory_order_release);
    return result;
}
