/*
 * closing.c: see closing.h.
 *
 * Nothing here takes a lock or allocates: the process may be coming down, and a thread may have
 * been stopped while it held any lock. What is found goes straight into the board.
 */
#define COBJMACROS
#include "agent/closing.h"

#include "agent/agent_state.h"
#include "census/census.h"

enum {
    AUDIT_ATTEMPTS = 20, /* to meet a moment in which no other thread asks for memory */
    AUDIT_PAUSE_MILLISECONDS = 5,
    PATIENCE = 2000 /* times a pause that another thread's closing may take */
};

/* ------------------------------------------------------------------------------------------------
 * The audit
 * --------------------------------------------------------------------------------------------- */

static HRESULT CALLBACK keep_difference(void *context, const HOSTMEM_DIFFERENCE *difference)
{
    struct board_closing *closing = context;

    if (closing->difference_count < BOARD_DIFFERENCES)
        closing->differences[closing->difference_count++] = *difference;
    return S_OK;
}

/* Repeats the audit while other threads keep it from comparing everything. */
static void take_audit(struct board_closing *closing, int attempts)
{
    for (int attempt = 0; attempt < attempts; attempt++) {
        if (attempt)
            Sleep(AUDIT_PAUSE_MILLISECONDS);
        ZeroMemory(&closing->audit, sizeof(closing->audit));
        closing->audit.cbSize = sizeof(closing->audit);
        closing->difference_count = 0;
        closing->audit_result =
            IHostMemInspection_Audit(agent.inspection, &closing->audit, keep_difference, closing);
        if (closing->audit_result != S_OK ||
            (closing->audit.TotalsCompared && !closing->audit.Busy))
            break;
    }
}

/* ------------------------------------------------------------------------------------------------
 * Whose the pages are
 * --------------------------------------------------------------------------------------------- */

static void take_pages(struct board *board)
{
    const struct census_subject own = {GetCurrentProcess(), agent.inspection, &board->memory};

    census_take(&board->closing.pages, &own);
}

/* ------------------------------------------------------------------------------------------------
 * The end
 * --------------------------------------------------------------------------------------------- */

/* The system tells DLLs of these ends: then no other thread is there, and the books are at rest. */
static bool detaches(enum ending_kind kind)
{
    return kind == ENDING_RETURN || kind == ENDING_EXIT_PROCESS || kind == ENDING_CONSOLE_CONTROL;
}

/* True for the first caller only. */
static bool claim(_Atomic uint32_t *claimed)
{
    uint32_t nobody = 0;

    return atomic_compare_exchange_strong_explicit(claimed, &nobody, GetCurrentThreadId(),
                                                   memory_order_acq_rel, memory_order_acquire);
}

/*
 * The first ending counts. Only of a console event the agent does not know whether it ends the
 * process: a handler that was there before the agent may take it.
 */
static void tell_ending(struct board_ending *ending, enum ending_kind kind)
{
    uint32_t guessed = ENDING_CONSOLE_CONTROL;

    if (claim(&ending->claimed)) {
        atomic_store_explicit(&ending->kind, (uint32_t)kind, memory_order_relaxed);
        atomic_store_explicit(&ending->is_there, 1, memory_order_release);
    } else if (kind != ENDING_PROCESS_DETACH) {
        atomic_compare_exchange_strong_explicit(&ending->kind, &guessed, (uint32_t)kind,
                                                memory_order_relaxed, memory_order_relaxed);
    }
}

static void close_books(struct board *board, int attempts)
{
    take_audit(&board->closing, attempts);
    take_pages(board);
    atomic_store_explicit(&board->closing.is_there, 1, memory_order_release);
}

/* A fault in the closing thread must not make it wait for itself. */
static void wait_for_other(struct board *board)
{
    if (atomic_load_explicit(&board->closing.claimed, memory_order_acquire) == GetCurrentThreadId())
        return;
    for (int pause = 0; pause < PATIENCE; pause++) {
        if (atomic_load_explicit(&board->closing.is_there, memory_order_acquire))
            return;
        Sleep(AUDIT_PAUSE_MILLISECONDS);
    }
}

void closing_write(enum ending_kind kind)
{
    struct board *board = agent.board;

    if (!board)
        return;
    tell_ending(&board->ending, kind);
    if (detaches(kind))
        return;
    if (claim(&board->closing.claimed))
        close_books(board, AUDIT_ATTEMPTS);
    else
        wait_for_other(board);
}

void closing_write_alone(enum ending_kind kind)
{
    struct board *board = agent.board;

    if (!board)
        return;
    tell_ending(&board->ending, kind);
    if (!atomic_load_explicit(&board->closing.is_there, memory_order_acquire))
        close_books(board, 1);
}
