/*
 * board_copy.c: see board_copy.h. The words that say whether a part is there are loaded before the
 * part is copied (board.h).
 */
#include "board/board_copy.h"

#include "board/board_section.h"

#define IS_THERE(part) atomic_load_explicit(&(part).is_there, memory_order_acquire)
#define STORE(field, value) atomic_store_explicit(&(field), value, memory_order_relaxed)
#define END(text) ((text)[sizeof(text) - 1] = '\0')
#define COPY(part)                                                                                 \
    do {                                                                                           \
        if (IS_THERE(view->part)) {                                                                \
            CopyMemory(&copy->part, &view->part, sizeof(copy->part));                              \
            STORE(copy->part.is_there, 1);                                                         \
        }                                                                                          \
    } while (0)

static void copy_subject(struct board *copy, const struct board *view)
{
    copy->process = view->process;
    copy->orders = view->orders;
    CopyMemory(copy->program, view->program, sizeof(copy->program));
    END(copy->program);
    STORE(copy->stage, atomic_load_explicit(&view->stage, memory_order_acquire));
    copy->failed_result = view->failed_result;
    CopyMemory(copy->failed_step, view->failed_step, sizeof(copy->failed_step));
    END(copy->failed_step);
    copy->not_run_code = view->not_run_code;
    copy->heap_limit = view->heap_limit;
    STORE(copy->least_limit, atomic_load_explicit(&view->least_limit, memory_order_acquire));
    COPY(runtime);
    END(copy->runtime.family);
    END(copy->runtime.version);
    END(copy->runtime.directory);
}

static void copy_memory(struct memory_notes *copy, const struct memory_notes *view)
{
    copy->board_view = view->board_view;
    copy->books_view = view->books_view;
    copy->books_size = view->books_size;
    copy->injected = view->injected;
    CopyMemory(copy->early, view->early, sizeof(copy->early));
    copy->early_count = view->early_count;
    for (int i = 0; i < MEMORY_NOTES_THREADS; i++)
        STORE(copy->threads[i], atomic_load_explicit(&view->threads[i], memory_order_relaxed));
}

static void copy_end(struct board *copy, const struct board *view)
{
    COPY(ending);
    COPY(closing);
    if (copy->closing.difference_count > BOARD_DIFFERENCES)
        copy->closing.difference_count = BOARD_DIFFERENCES;
}

static void copy_lists(struct board *copy, const struct board *view)
{
    for (size_t i = 0; i < sizeof(view->redirected) / sizeof(view->redirected[0]); i++) {
        COPY(redirected[i]);
        END(copy->redirected[i].name);
        END(copy->redirected[i].path);
    }
    for (size_t i = 0; i < BOARD_DAMAGES; i++) {
        COPY(damages[i]);
        END(copy->damages[i].file);
    }
    for (size_t i = 0; i < BOARD_MODULES; i++) {
        COPY(modules[i]);
        END(copy->modules[i].name);
    }
}

bool board_copy(struct board *copy, const struct board *view)
{
    ZeroMemory(copy, sizeof(*copy));
    if (!board_is_of_this_version(view))
        return false;
    copy_subject(copy, view);
    copy_memory(&copy->memory, &view->memory);
    copy_end(copy, view);
    copy_lists(copy, view);
    return true;
}

bool board_is_of_other_bitness(const struct board *view)
{
    return view->magic == BOARD_MAGIC && view->pointer_size == 12 - sizeof(void *);
}
