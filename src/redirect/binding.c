/*
 * binding.c: see binding.h.
 *
 * Protocol. `binding` is the manager that is bound, or NULL. A manager that is bound, known or
 * leaving is held by one reference (`redirected.is_held`).
 * - `uses` is a list of the redirections that use a manager. A use is in it before its manager is
 *   bound, and out of it before the manager is unbound. So a thread that is terminated in between
 *   leaves either a manager bound that nothing uses, which the next change unbinds, or a use, which
 *   ends with its redirection (redirection.h).
 * - A hook notes itself among the visitors before it reads `binding`, and leaves them when it is
 *   done with the manager. Its entry and that read are sequentially consistent.
 * - The thread that ends the last redirection makes the manager known, if it is not, and clears
 *   `binding` after that. From then on no hook finds the manager bound, but all find it by its
 *   memory (binding_find), because another module may free that, or a pointer to a hook may have
 *   been given out.
 * - Whenever a redirection begins or ends and no hook is inside, known managers that are not bound
 *   are looked at. One that nobody needs any more becomes leaving: hooks cannot find it. If after
 *   that still no hook is inside, no hook is using it: its heaps and the reference are released.
 *   Otherwise a later begin or end looks again. No thread waits, and none of this keeps another
 *   manager from being bound.
 * - A known manager is needed while it holds memory, and a hook has been given out, a heap has
 *   blocks, or somebody else refers to the manager.
 * - The hook that gives out a pointer sets `given_out` before it reads `binding`; the thread that
 *   ends the last redirection clears `binding` before it reads `given_out`. So either the pointer
 *   is not given out, or that thread knows. All four are sequentially consistent.
 *
 * `known` is a list, linked by `redirected.next_known`. A manager is complete before it becomes the
 * first, by a store with release; a hook takes it with acquire. One that has been taken out still
 * leads on to the rest, and stays readable for the hooks that were inside by then.
 *
 * The spinlock `changing` guards every write of all this but `given_out`. Hooks never acquire it.
 * References are released without it, because that may call the host.
 */
#include "redirect/binding.h"

#include "redirect/heap_table.h"
#include "redirect/spinlock.h"
#include "redirect/visitors.h"

/* How many managers one call releases at most; further ones wait for the next. */
#define MOST_DEPARTING 8

/* What is to be released without the lock. */
struct departing {
    struct manager *managers[MOST_DEPARTING];
    struct host_malloc *heaps[HEAP_TABLE_ENTRIES];
    unsigned manager_count;
    unsigned heap_count;
};

typedef _Atomic(struct manager *) manager_link;
typedef _Atomic(struct binding_use *) use_link;

static manager_link binding;
static manager_link known;
static struct manager *leaving; /* linked by `redirected.next_leaving` */
static struct spinlock changing = SPINLOCK_FREE;
static atomic_bool given_out;
static use_link uses;

static struct manager *bound_now(void)
{
    return atomic_load_explicit(&binding, memory_order_seq_cst);
}

/* ------------------------------------------------------------------------------------------------
 * Managers that were bound
 * --------------------------------------------------------------------------------------------- */

static bool holds_memory(const struct manager *manager)
{
    uint32_t cursor = 0;
    struct region_facts facts;
    size_t committed;

    if (gauge_now(&manager->counters.mapped_ranges) || gauge_now(&manager->counters.sections) ||
        heap_table_is_in_use(manager))
        return true;
    while (pages_next(&manager->pages, &cursor, &facts, &committed)) {
        if (!facts.heap)
            return true;
    }
    return false;
}

/* True if others than this file and the table of heaps refer to the manager. */
static bool is_referenced(const struct manager *manager)
{
    return atomic_load_explicit(&manager->references, memory_order_relaxed) >
           1 + heap_table_count(manager);
}

static bool is_needed(const struct manager *manager)
{
    return holds_memory(manager) && (atomic_load_explicit(&given_out, memory_order_seq_cst) ||
                                     heap_table_is_in_use(manager) || is_referenced(manager));
}

static bool is_known(const struct manager *manager)
{
    const struct manager *at = atomic_load_explicit(&known, memory_order_relaxed);

    while (at && at != manager)
        at = atomic_load_explicit(&at->redirected.next_known, memory_order_relaxed);
    return at != NULL;
}

static void make_known(struct manager *manager)
{
    struct redirected *redirected = &manager->redirected;

    if (is_known(manager))
        return;
    atomic_store_explicit(&redirected->next_known,
                          atomic_load_explicit(&known, memory_order_relaxed), memory_order_relaxed);
    atomic_store_explicit(&known, manager, memory_order_release);
}

/* Managers that are known, and not needed, become leaving. */
static void make_leaving(void)
{
    manager_link *at = &known;
    struct manager *manager;

    while ((manager = atomic_load_explicit(at, memory_order_relaxed)) != NULL) {
        struct redirected *redirected = &manager->redirected;

        if (manager == bound_now() || is_needed(manager)) {
            at = &redirected->next_known;
            continue;
        }
        atomic_store_explicit(at,
                              atomic_load_explicit(&redirected->next_known, memory_order_relaxed),
                              memory_order_seq_cst);
        redirected->next_leaving = leaving;
        leaving = manager;
    }
}

/* A manager that is bound again stays. */
static void stop_leaving(const struct manager *manager)
{
    struct manager **at = &leaving;

    while (*at && *at != manager)
        at = &(*at)->redirected.next_leaving;
    if (*at)
        *at = manager->redirected.next_leaving;
}

static void take_unused_heaps(const struct manager *manager, struct departing *departing)
{
    departing->heap_count +=
        heap_table_take_unused(manager, departing->heaps + departing->heap_count);
}

/* No hook is inside, so none is using these. */
static void take_leaving(struct departing *departing)
{
    struct manager *manager = atomic_load_explicit(&known, memory_order_relaxed);

    for (; manager;
         manager = atomic_load_explicit(&manager->redirected.next_known, memory_order_relaxed)) {
        if (manager != bound_now())
            take_unused_heaps(manager, departing);
    }
    while (leaving && departing->manager_count < MOST_DEPARTING) {
        manager = leaving;
        leaving = manager->redirected.next_leaving;
        take_unused_heaps(manager, departing);
        manager->redirected.is_held = false;
        departing->managers[departing->manager_count++] = manager;
    }
}

/* Finds what can be released. */
static void sweep(struct departing *departing)
{
    departing->manager_count = departing->heap_count = 0;
    if (visitors_any())
        return;
    make_leaving();
    if (!visitors_any())
        take_leaving(departing);
}

static void depart(const struct departing *departing)
{
    for (unsigned i = 0; i < departing->heap_count; i++) {
        IHostMalloc *iface = &departing->heaps[i]->IHostMalloc_iface;

        iface->lpVtbl->Release(iface);
    }
    for (unsigned i = 0; i < departing->manager_count; i++)
        manager_release(departing->managers[i]);
}

/* ------------------------------------------------------------------------------------------------
 * Uses
 * --------------------------------------------------------------------------------------------- */

static struct binding_use *use_at(const use_link *link)
{
    return atomic_load_explicit(link, memory_order_relaxed);
}

/* Each of the two is of use after each of its writes. */
static void add_use(struct binding_use *use, const struct manager *manager)
{
    use->manager = manager;
    atomic_store_explicit(&use->next, use_at(&uses), memory_order_relaxed);
    atomic_store_explicit(&uses, use, memory_order_release);
}

static void take_use(const struct binding_use *use)
{
    use_link *at = &uses;

    while (use_at(at) && use_at(at) != use)
        at = &use_at(at)->next;
    if (use_at(at))
        atomic_store_explicit(at, use_at(&use->next), memory_order_release);
}

static bool is_in_use(const struct manager *manager)
{
    const struct binding_use *use = use_at(&uses);

    while (use && use->manager != manager)
        use = use_at(&use->next);
    return use != NULL;
}

static void unbind_unused(void)
{
    struct manager *bound = bound_now();

    if (!bound || is_in_use(bound))
        return;
    make_known(bound);
    atomic_store_explicit(&binding, NULL, memory_order_seq_cst);
}

/* ------------------------------------------------------------------------------------------------
 * Beginning and ending
 * --------------------------------------------------------------------------------------------- */

static bool take_heaps(struct manager *manager, const struct taken_heaps *heaps)
{
    return (!heaps->of_process || heap_table_ensure(manager, GetProcessHeap(), NULL)) &&
           (!heaps->own || heap_table_ensure(manager, heaps->own, heaps->module));
}

/*
 * Binds the manager, unless it is bound, for one redirection more. If it cannot be, it gets back
 * what heaps were made for it, unless they are taken later, because it is held. No hook has found a
 * manager that is not.
 */
static HRESULT bind_once_more(struct manager *manager, const struct taken_heaps *heaps,
                              struct binding_use *use, struct departing *departing)
{
    if (!take_heaps(manager, heaps)) {
        if (!manager->redirected.is_held)
            take_unused_heaps(manager, departing);
        return E_OUTOFMEMORY;
    }
    if (!manager->redirected.is_held) {
        manager_add_ref(manager);
        manager->redirected.is_held = true;
    }
    stop_leaving(manager);
    add_use(use, manager);
    atomic_store_explicit(&binding, manager, memory_order_seq_cst);
    return S_OK;
}

HRESULT binding_begin(struct manager *manager, const struct taken_heaps *heaps,
                      struct binding_use *use)
{
    HRESULT hr = HRESULT_FROM_WIN32(ERROR_BUSY);
    struct departing departing;

    spinlock_acquire(&changing);
    unbind_unused();
    sweep(&departing);
    if (!bound_now() || binding_is(manager))
        hr = bind_once_more(manager, heaps, use, &departing);
    spinlock_release(&changing);
    depart(&departing);
    return hr;
}

bool binding_take_own(struct manager *manager, HANDLE own, HMODULE module)
{
    bool taken;

    spinlock_acquire(&changing);
    taken = heap_table_ensure(manager, own, module);
    spinlock_release(&changing);
    return taken;
}

void binding_end(struct binding_use *use)
{
    struct departing departing;

    spinlock_acquire(&changing);
    take_use(use);
    unbind_unused();
    sweep(&departing);
    spinlock_release(&changing);
    depart(&departing);
}

/* ------------------------------------------------------------------------------------------------
 * Hooks
 * --------------------------------------------------------------------------------------------- */

struct manager *binding_enter(void)
{
    visitors_enter();
    return bound_now();
}

struct manager *binding_enter_open(void)
{
    struct manager *manager = binding_enter();

    return manager && manager_is_open(manager) ? manager : NULL;
}

bool binding_is(const struct manager *manager)
{
    return bound_now() == manager;
}

void binding_leave(void)
{
    visitors_leave();
}

bool binding_give_out(void)
{
    if (!atomic_load_explicit(&given_out, memory_order_relaxed))
        atomic_store_explicit(&given_out, true, memory_order_seq_cst);
    return !binding_is(NULL);
}

struct manager *binding_find(binding_test *test, const void *address)
{
    struct manager *manager = bound_now();

    if (manager && test(manager, address))
        return manager;
    manager = atomic_load_explicit(&known, memory_order_acquire);
    while (manager && !test(manager, address))
        manager = atomic_load_explicit(&manager->redirected.next_known, memory_order_acquire);
    return manager;
}

struct manager *binding_next(const struct manager *after)
{
    struct manager *bound = bound_now();
    manager_link *at = &known;
    struct manager *next;

    if (!after && bound)
        return bound;
    if (after && after != bound)
        at = (manager_link *)(uintptr_t)&after->redirected.next_known;
    next = atomic_load_explicit(at, memory_order_acquire);
    if (next && next == bound)
        next = atomic_load_explicit(&next->redirected.next_known, memory_order_acquire);
    return next;
}
