/*
 * binding.c: see binding.h.
 *
 * Protocol. `binding` is the manager in use, with a reference, or NULL. A hook counts itself in
 * `inside` before it reads `binding` and out when it has done with it (both sequentially
 * consistent). Who ends the last redirection clears `binding` first and then looks at `inside`: if
 * nobody is there, no hook can be using the manager any more, nor find it later, and the reference
 * is given up. Otherwise the manager is left in `retired`, to be given up by the next begin or end
 * that finds nobody inside. Nobody waits. A thread that enters a hook after that finds no manager
 * and goes to Win32; the module that holds this code is pinned.
 *
 * `inside` is kept in parts, so that threads do not fight for one cache line: a thread counts
 * itself in and out in the same part. Each part is looked at after `binding` was cleared, and what
 * is said above holds for each hook and the part that it counts in.
 *
 * `binding`, `uses` and `retired` are written only by whose turn it is (spinlock.h); the hooks
 * never ask for that.
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
static struct manager *retired;
static unsigned uses;

static bool is_anybody_inside(void)
{
    for (unsigned i = 0; i < PARTS; i++) {
        if (atomic_load_explicit(&inside[i].count, memory_order_seq_cst))
            return true;
    }
    return false;
}

/* Gives up the manager of former redirections if no hook can be using it. */
static void let_go_of_retired(void)
{
    struct manager *manager = retired;

    if (!manager || is_anybody_inside())
        return;
    retired = NULL;
    /* The same manager may be bound again, and its heaps be in use. */
    if (atomic_load_explicit(&binding, memory_order_relaxed) != manager)
        heap_table_let_go(manager);
    manager_release(manager);
}

/* The manager, which is bound or about to be, serves one redirection more. */
static HRESULT serve(struct manager *manager, bool with_heap)
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
    let_go_of_retired();
    bound = atomic_load_explicit(&binding, memory_order_relaxed);
    if ((!bound || bound == manager) && (!retired || retired == manager))
        hr = serve(manager, with_heap);
    spinlock_release(&changing);
    return hr;
}

void binding_end(void)
{
    spinlock_acquire(&changing);
    if (--uses == 0) {
        struct manager *manager = atomic_exchange_explicit(&binding, NULL, memory_order_seq_cst);

        /* The same manager may be waiting still from an earlier round: one reference is enough. */
        if (retired)
            manager_release(manager);
        else
            retired = manager;
    }
    let_go_of_retired();
    spinlock_release(&changing);
}

/* Threads' keys are some pages apart: scattered by multiplication. */
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
