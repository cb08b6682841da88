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
 * - A thread that enters a hook after that finds no manager and calls Win32. The module that holds
 *   this code is pinned.
 *
 * `inside` has several parts, so that threads do not contend for one cache line. A thread counts
 * itself in and out in the same part. Every part is read after `binding` was cleared, so the
 * argument above holds for each part and the hooks that count in it.
 *
 * The spinlock `changing` guards every write of `binding`, and `uses` and `retired`. Hooks never
 * acquire it.
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

static bool is_any_hook_inside(void)
{
    for (unsigned i = 0; i < PARTS; i++) {
        if (atomic_load_explicit(&inside[i].count, memory_order_seq_cst))
            return true;
    }
    return false;
}

/* Releases the manager of former redirections, if no hook can be using it. */
static void release_retired(void)
{
    struct manager *manager = retired;

    if (!manager || is_any_hook_inside())
        return;
    retired = NULL;
    /* If the same manager is bound again, its heaps may be in use. */
    if (atomic_load_explicit(&binding, memory_order_relaxed) != manager)
        heap_table_release_unused(manager);
    manager_release(manager);
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
    if ((!bound || bound == manager) && (!retired || retired == manager))
        hr = bind_once_more(manager, with_heap);
    spinlock_release(&changing);
    return hr;
}

void binding_end(void)
{
    spinlock_acquire(&changing);
    if (--uses == 0) {
        struct manager *manager = atomic_exchange_explicit(&binding, NULL, memory_order_seq_cst);

        /* The same manager may still be retired from an earlier round: one reference is enough. */
        if (retired)
            manager_release(manager);
        else
            retired = manager;
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
