/*
 * binding.c: see binding.h.
 *
 * Protocol. `binding` is the manager that is bound, with a reference, or NULL.
 * - A hook counts itself into `inside` before it reads `binding`, and out when it is done with the
 *   manager. Both additions and the read are sequentially consistent.
 * - The thread that ends the last redirection clears `binding` first and reads `inside` after that.
 *   If no hook is inside, none is using the manager, and none can find it any more: the reference
 *   is released. Otherwise the manager is left in `retired`, and the next begin or end that finds
 *   no hook inside releases it. No thread waits.
 * - A thread that enters a hook after that finds no bound manager and calls Win32. The module that
 *   holds this code is pinned.
 * - Pointers to hooks that were given out outlast redirections (`given_out`). For them a manager
 *   that was bound can be found, by its memory, all the time that it holds any: first as the bound
 *   one, then as the retired one, which is stored before `binding` is cleared, then among the
 *   `former` ones. If it holds memory when no hook is inside, it becomes a former one, for ever. If
 *   it holds none, nothing can be found by its memory, and no hook can allocate from it any more:
 *   `retired` is cleared, and if still no hook is inside, the reference is released. A hook that
 *   has entered in between may have found it: then it goes back to `retired`.
 * - The hook that gives out a pointer sets `given_out` before it reads `binding`; the thread that
 *   ends the last redirection clears `binding` before it reads `given_out`. So either the pointer
 *   is not given out, or that thread knows. All four are sequentially consistent.
 *
 * `inside` has several parts, so that threads do not contend for one cache line. A thread counts
 * itself in and out in the same part. Every part is read after `binding` was cleared, so the
 * argument above holds for each part and the hooks that count in it.
 *
 * `former` is a list, linked by `redirected.next_former`: a manager is complete before it becomes
 * the first, by a store with release; a hook takes the first with acquire. Nobody ever leaves it.
 *
 * The spinlock `changing` guards every write of `binding`, `retired` and `former`, and `uses`.
 * Hooks never acquire it.
 */
#include "redirect/binding.h"

#include "os/os.h"
#include "redirect/heap_table.h"
#include "redirect/spinlock.h"

#define PART_BITS 4
#define PARTS (1u << PART_BITS)

struct part {
    _Alignas(64) _Atomic uint32_t count;
};

static _Atomic(struct manager *) binding;
static struct part inside[PARTS];
static atomic_flag changing = SPINLOCK_FREE;
static _Atomic(struct manager *) retired;
static _Atomic(struct manager *) former;
static atomic_bool given_out;
static unsigned uses;

static bool is_any_hook_inside(void)
{
    for (unsigned i = 0; i < PARTS; i++) {
        if (atomic_load_explicit(&inside[i].count, memory_order_seq_cst))
            return true;
    }
    return false;
}

static struct manager *retired_now(void)
{
    return atomic_load_explicit(&retired, memory_order_seq_cst);
}

static void set_retired(struct manager *manager)
{
    atomic_store_explicit(&retired, manager, memory_order_seq_cst);
}

/* True if a hook that was given out may yet be asked to free memory of the manager's. */
static bool may_be_asked(const struct manager *manager)
{
    uint32_t cursor = 0;
    struct region_facts facts;
    size_t committed;

    if (!atomic_load_explicit(&given_out, memory_order_seq_cst))
        return false;
    if (gauge_now(&manager->counters.mapped_ranges) || heap_table_is_in_use(manager))
        return true;
    while (pages_next(&manager->pages, &cursor, &facts, &committed)) {
        if (!facts.heap)
            return true;
    }
    return false;
}

/* Keeps a manager for ever, with the reference that the caller has. */
static void make_former(struct manager *manager)
{
    manager->redirected.is_former = true;
    manager->redirected.next_former = atomic_load_explicit(&former, memory_order_relaxed);
    atomic_store_explicit(&former, manager, memory_order_release);
}

/* Releases a retired manager that no hook is using, nor can find any more. */
static void release_unused(struct manager *manager)
{
    /* If the same manager is bound again, or a former one, its heaps may be in use. */
    if (atomic_load_explicit(&binding, memory_order_relaxed) != manager &&
        !manager->redirected.is_former)
        heap_table_release_unused(manager);
    manager_release(manager);
}

/* Lets the manager of earlier redirections go, if no hook can be using it. */
static void release_retired(void)
{
    struct manager *manager = retired_now();

    if (!manager || is_any_hook_inside())
        return;
    if (!manager->redirected.is_former && may_be_asked(manager)) {
        make_former(manager);
        set_retired(NULL);
        return;
    }
    set_retired(NULL);
    if (is_any_hook_inside())
        set_retired(manager);
    else
        release_unused(manager);
}

/* Binds the manager, unless it is bound, and counts one redirection more. */
static HRESULT bind_once_more(struct manager *manager, bool with_heap)
{
    if (with_heap && !heap_table_ensure_process_heap(manager))
        return E_OUTOFMEMORY;
    if (!atomic_load_explicit(&binding, memory_order_relaxed))
        manager_add_ref(manager);
    atomic_store_explicit(&binding, manager, memory_order_seq_cst);
    uses++;
    return S_OK;
}

HRESULT binding_begin(struct manager *manager, bool with_heap)
{
    HRESULT hr = HRESULT_FROM_WIN32(ERROR_BUSY);
    struct manager *bound;

    spinlock_acquire(&changing);
    release_retired();
    bound = atomic_load_explicit(&binding, memory_order_relaxed);
    if ((!bound || bound == manager) && (!retired_now() || retired_now() == manager))
        hr = bind_once_more(manager, with_heap);
    spinlock_release(&changing);
    return hr;
}

void binding_end(void)
{
    spinlock_acquire(&changing);
    if (--uses == 0) {
        struct manager *manager = atomic_load_explicit(&binding, memory_order_relaxed);
        bool is_retired = retired_now() != NULL;

        set_retired(manager);
        atomic_store_explicit(&binding, NULL, memory_order_seq_cst);
        /* The same manager may still be retired from an earlier round: one reference is enough. */
        if (is_retired)
            manager_release(manager);
    }
    release_retired();
    spinlock_release(&changing);
}

/* Threads' keys are some pages apart: the multiplication scatters them over the parts. */
static _Atomic uint32_t *part_of_thread(void)
{
    uint32_t number = (uint32_t)(os_thread_key() >> 12) * UINT32_C(0x9e3779b9);

    return &inside[number >> (32 - PART_BITS)].count;
}

struct manager *binding_enter(void)
{
    atomic_fetch_add_explicit(part_of_thread(), 1, memory_order_seq_cst);
    return atomic_load_explicit(&binding, memory_order_seq_cst);
}

struct manager *binding_enter_open(void)
{
    struct manager *manager = binding_enter();

    return manager && manager_is_open(manager) ? manager : NULL;
}

bool binding_is(const struct manager *manager)
{
    return atomic_load_explicit(&binding, memory_order_seq_cst) == manager;
}

void binding_leave(void)
{
    atomic_fetch_sub_explicit(part_of_thread(), 1, memory_order_seq_cst);
}

bool binding_give_out(void)
{
    if (!atomic_load_explicit(&given_out, memory_order_relaxed))
        atomic_store_explicit(&given_out, true, memory_order_seq_cst);
    return !binding_is(NULL);
}

struct manager *binding_find(binding_test *test, const void *address)
{
    struct manager *manager = atomic_load_explicit(&binding, memory_order_seq_cst);

    if (manager && test(manager, address))
        return manager;
    manager = retired_now();
    if (manager && test(manager, address))
        return manager;
    manager = atomic_load_explicit(&former, memory_order_acquire);
    while (manager && !test(manager, address))
        manager = manager->redirected.next_former;
    return manager;
}
