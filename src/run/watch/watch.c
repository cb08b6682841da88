/*
 * watch.c: see watch.h.
 */
#include "run/watch/watch.h"

#include "base/environment.h"
#include "base/exit_code.h"
#include "base/standard_error.h"
#include "base/wide.h"
#include "report/report_text.h"
#include "run/launch/limits_choose.h"
#include "run/snapshot/books_read.h"
#include "run/snapshot/snapshot_take.h"
#include "run/watch/child.h"
#include "run/watch/command_line.h"
#include "run/watch/console.h"
#include "run/watch/heap_limit_set.h"
#include "run/watch/live_line.h"
#include "run/watch/report_file.h"

static struct child child;
static struct board board; /* copy of the child's */
static struct snapshot snapshot;
static struct arena arena;
static struct process_look last_look;

/*
 * A look at the child's pages, from outside, in a thread of its own: if the child ends meanwhile,
 * the system may never answer. Until the thread has ended, the rest is its own.
 */
static struct looker {
    HANDLE thread; /* NULL: there is no look under way */
    struct process_look look;
    struct board board;
    IHostMemInspection *inspection;
} looker;

/* How long a look that is under way at the child's end is waited for. */
#define LAST_LOOK_MILLISECONDS 1000u

/* ------------------------------------------------------------------------------------------------
 * Starting
 * --------------------------------------------------------------------------------------------- */

static void set_orders(struct board_orders *orders, const struct arguments *arguments)
{
    if (arguments->heap)
        orders->redirect_flags |= HOSTMEM_REDIRECT_HEAP | HOSTMEM_REDIRECT_LIBRARIES;
    if (arguments->callers)
        orders->manager_flags |= HOSTMEM_TRACK_BLOCKS;
    if (arguments->check)
        orders->manager_flags |= HOSTMEM_FILL_ON_ALLOC | HOSTMEM_FILL_ON_FREE | HOSTMEM_DELAY_REUSE;
    if (arguments->harden)
        orders->manager_flags |= HOSTMEM_HARDEN;
    if (arguments->no_pressure)
        orders->redirect_flags |= HOSTMEM_REDIRECT_NO_STATUS;
    orders->guard_above = arguments->guard_above;
    for (int i = 0; i < arguments->wanted_module_count; i++)
        wcsncpy(orders->wanted_modules[orders->wanted_module_count++], arguments->wanted_modules[i],
                BOARD_TEXT - 1);
    limits_choose(&orders->limits, arguments);
}

/* hostmem-host gets all of hostmem-run's arguments, the program its own. */
static wchar_t *command_line(const struct plan *plan, const struct arguments *arguments)
{
    const wchar_t *own = GetCommandLineW();

    if (plan->start == PLAN_HOST)
        return command_line_with(plan->started, command_line_from(own, 1));
    return command_line_with(arguments->program,
                             command_line_from(own, arguments->program_number + 1));
}

static int start(const struct plan *plan, const struct arguments *arguments)
{
    struct child_order order = {.program = plan->started,
                                .command_line = command_line(plan, arguments),
                                .shown_program = utf8_from_wide(plan->program),
                                .orders.is_host = plan->start == PLAN_HOST,
                                .orders.is_runtime = plan->shape == SHAPE_SINGLE_FILE,
                                .orders.is_native_aot = plan->shape == SHAPE_NATIVE_AOT,
                                .ends_with_parent = arguments->ends_with_parent};

    /* What the user has set himself stays. */
    order.orders.has_variable =
        arguments->no_write_xor_execute && !environment_value(BOARD_VARIABLE);
    if (arguments->limit)
        heap_limit_set_by_program(&order.orders, plan, arguments);
    set_orders(&order.orders, arguments);
    return child_start(&child, &order);
}

/* ------------------------------------------------------------------------------------------------
 * Watching
 * --------------------------------------------------------------------------------------------- */

/* ------------------------------------------------------------------------------------------------
 * Looks
 * --------------------------------------------------------------------------------------------- */

static DWORD WINAPI look(LPVOID unused)
{
    (void)unused;
    process_look_take(&looker.look, child.process, &looker.board, looker.inspection);
    looker.inspection->lpVtbl->Release(looker.inspection);
    return 0;
}

/* False: a look is still under way. */
static bool end_look(DWORD milliseconds)
{
    if (!looker.thread)
        return true;
    if (WaitForSingleObject(looker.thread, milliseconds) != WAIT_OBJECT_0)
        return false;
    CloseHandle(looker.thread);
    looker.thread = NULL;
    last_look = looker.look;
    return true;
}

static void begin_look(IHostMemInspection *inspection)
{
    if (!end_look(0) || !child_copy_board(&child, &looker.board))
        return;
    looker.inspection = inspection;
    inspection->lpVtbl->AddRef(inspection);
    looker.thread = CreateThread(NULL, 0, look, NULL, 0, NULL);
    if (!looker.thread)
        inspection->lpVtbl->Release(inspection);
}

static void wait_for_end(const struct arguments *arguments)
{
    DWORD milliseconds = arguments->interval ? arguments->interval * 1000 : INFINITE;

    while (!child_wait(&child, milliseconds)) {
        IHostMemInspection *inspection = books_read(child.section);

        if (!inspection)
            continue;
        live_line_write(inspection);
        begin_look(inspection);
        inspection->lpVtbl->Release(inspection);
    }
    end_look(LAST_LOOK_MILLISECONDS);
}

static struct ending find_ending(void)
{
    struct ending ending = {
        .kind = ENDING_UNSEEN, .has_exit_code = true, .exit_code = child_exit_code(&child)};

    if (atomic_load_explicit(&board.ending.is_there, memory_order_relaxed) &&
        board.ending.kind < ENDING_UNSEEN)
        ending.kind = (enum ending_kind)board.ending.kind;
    return ending;
}

static int report(const struct arguments *arguments, struct report_file *file)
{
    const struct ending ending = find_ending();
    IHostMemInspection *inspection = books_read(child.section);
    struct text text = {.arena = &arena};

    if (!inspection)
        return fail(EXIT_CODE_HOSTMEM_FAILED, "the books that the program left make no sense.");
    snapshot_take(&snapshot, &board, inspection, &ending, &last_look);
    inspection->lpVtbl->Release(inspection);
    if (!arguments->quiet) {
        report_text_write(&text, &snapshot);
        if (text.characters)
            standard_error_write(text.characters);
    }
    return report_file_write(file, &snapshot, &arena);
}

/* hostmem-host has said why it could not run the program. */
static bool has_not_run(int *code)
{
    if (atomic_load_explicit(&board.stage, memory_order_relaxed) != BOARD_NOT_RUN)
        return false;
    *code = (int)board.not_run_code;
    return true;
}

static int finish(const struct arguments *arguments, struct report_file *file, DWORD *exit_code)
{
    int code;

    *exit_code = child_exit_code(&child);
    if (!child_copy_board(&child, &board))
        return fail(EXIT_CODE_HOSTMEM_FAILED, "what the program left makes no sense.");
    if (child_limit_is_too_small(&board, &code) || has_not_run(&code))
        return code;
    return report(arguments, file);
}

int watch(const struct plan *plan, const struct arguments *arguments, DWORD *exit_code)
{
    struct report_file file;
    int code = books_check_version();

    if (code == GO_ON)
        code = report_file_open(&file, arguments->json_file);
    if (code != GO_ON)
        return code;
    console_begin();
    code = start(plan, arguments);
    if (code == GO_ON) {
        wait_for_end(arguments);
        child_let_go(&child);
        code = finish(arguments, &file, exit_code);
    }
    if (code != GO_ON)
        report_file_discard(&file);
    console_end();
    return code;
}
