/*
 * notes.c: see notes.h; the protocol of each place is board.h's.
 */
#include "agent/notes.h"

#include "agent/agent_services.h"
#include "agent/agent_state.h"
#include "agent/closing.h"
#include "agent/heap_limit.h"
#include "agent/text_copy.h"

enum {
    PATH_SIZE = 1024,
    REDIRECTED_MOST =
        sizeof(((struct board *)0)->redirected) / sizeof(((struct board *)0)->redirected[0])
};

void notes_redirected(HMODULE module, DWORD kind, HRESULT result)
{
    struct board *board = agent.board;
    uint32_t at = atomic_fetch_add_explicit(&board->redirected_count, 1, memory_order_relaxed);
    struct board_redirected *noted = &board->redirected[at % REDIRECTED_MOST];
    wchar_t path[PATH_SIZE];

    if (at >= REDIRECTED_MOST)
        return;
    noted->kind = kind;
    noted->result = result;
    if (GetModuleFileNameW(module, path, PATH_SIZE)) {
        path[PATH_SIZE - 1] = L'\0';
        text_copy_wide(noted->path, sizeof(noted->path), path);
        text_copy_wide(noted->name, sizeof(noted->name), text_file_name(path));
    }
    atomic_store_explicit(&noted->is_there, 1, memory_order_release);
}

void CALLBACK notes_module(void *context, const HOSTMEM_MODULE *module)
{
    (void)context;
    if (module->Kind == HostMemModuleJit && agent.board->orders.has_variable)
        SetEnvironmentVariableW(BOARD_VARIABLE, NULL);
    notes_redirected(module->hModule, module->Kind, module->Result);
    if (SUCCEEDED(module->Result))
        heap_limit_tell(module->hModule, agent.board->orders.redirect_flags);
    agent_services_module(module);
}

HRESULT CALLBACK notes_damage(void *context, const HOSTMEM_DAMAGE *damage)
{
    struct board *board = agent.board;
    uint32_t at = atomic_fetch_add_explicit(&board->damage_count, 1, memory_order_relaxed);
    struct board_damage *noted = &board->damages[at % BOARD_DAMAGES];

    (void)context;
    if (at >= BOARD_DAMAGES)
        return S_OK;
    noted->damage = *damage;
    text_copy(noted->file, sizeof(noted->file), damage->Block.FileName);
    atomic_store_explicit(&noted->is_there, 1, memory_order_release);
    return S_OK;
}

static enum ending_kind kind_of(const HOSTMEM_ENDING *ending)
{
    switch (ending->Kind) {
    case HostMemEndingExitProcess:
        return ENDING_EXIT_PROCESS;
    case HostMemEndingTerminateProcess:
        return ENDING_TERMINATE_PROCESS;
    case HostMemEndingFailFast:
        return ENDING_FAIL_FAST;
    default:
        return ENDING_UNHANDLED_EXCEPTION;
    }
}

void CALLBACK notes_ending(void *context, const HOSTMEM_ENDING *ending)
{
    (void)context;
    closing_write(kind_of(ending));
}
