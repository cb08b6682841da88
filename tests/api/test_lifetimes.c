/*
 * test_lifetimes.c: objects stay whole while a callback of theirs runs, whatever references the
 * callback takes, gives back or keeps. What the module does meanwhile is in test_module_lifetime.c.
 */
#include "notes.h"

#include <string.h>

#define RESERVE_COMMIT (MEM_RESERVE | MEM_COMMIT)
#define MIB ((SIZE_T)1 << 20)

/* What a callback does when it is called, and what it saw. */
struct actor {
    struct callback callback;
    IHostMemoryManager *manager;
    IHostMemInspection *inspection;
    IHostMalloc *heap;
    void (*act)(struct actor *actor);
    unsigned calls;
    HRESULT result;
};

/* ------------------------------------------------------------------------------------------------
 * The last Release of a callback, while its manager ends
 * --------------------------------------------------------------------------------------------- */

/* An ICLRMemoryNotificationCallback that acts when its last reference is gone. */
struct ending_callback {
    ICLRMemoryNotificationCallback iface;
    ULONG references;
    struct actor *actor;
};

static HRESULT STDMETHODCALLTYPE ending_QueryInterface(ICLRMemoryNotificationCallback *iface,
                                                       REFIID iid, void **object)
{
    (void)iface;
    (void)iid;
    *object = NULL;
    return E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE ending_AddRef(ICLRMemoryNotificationCallback *iface)
{
    return ++CONTAINING_RECORD(iface, struct ending_callback, iface)->references;
}

static ULONG STDMETHODCALLTYPE ending_Release(ICLRMemoryNotificationCallback *iface)
{
    struct ending_callback *callback = CONTAINING_RECORD(iface, struct ending_callback, iface);

    if (--callback->references == 0) {
        callback->actor->calls++;
        callback->actor->act(callback->actor);
    }
    return callback->references;
}

static HRESULT STDMETHODCALLTYPE ending_told(ICLRMemoryNotificationCallback *iface,
                                             EMemoryAvailable available)
{
    (void)iface;
    (void)available;
    return S_OK;
}

static ICLRMemoryNotificationCallbackVtbl ending_vtbl = {ending_QueryInterface, ending_AddRef,
                                                         ending_Release, ending_told};

/* Registers a callback whose last reference is the manager's, and ends the manager. */
static void end_with(struct actor *actor, struct ending_callback *callback)
{
    struct subject subject = subject_make(NULL);

    *callback = (struct ending_callback){{&ending_vtbl}, 0, actor};
    actor->manager = subject.manager;
    actor->inspection = subject.inspection;
    assert_hresult(
        IHostMemoryManager_RegisterMemoryNotificationCallback(subject.manager, &callback->iface),
        S_OK);
    subject_end(&subject);
}

static void query_and_release(struct actor *actor)
{
    IHostMemInspection *inspection = NULL;

    actor->result = IHostMemoryManager_QueryInterface(actor->manager, &IID_IHostMemInspection,
                                                      (void **)&inspection);
    if (inspection)
        IHostMemInspection_Release(inspection);
}

static void a_callbacks_last_Release_may_query_its_manager(void **state)
{
    struct actor actor = {.act = query_and_release};
    struct ending_callback callback;

    (void)state;
    end_with(&actor, &callback);
    assert_figure(actor.calls, 1);
    assert_hresult(actor.result, S_OK);
}

static void release_once_more(struct actor *actor)
{
    IHostMemoryManager_Release(actor->manager);
}

/* One Release too many is a mistake, but the manager is ending already. */
static void a_callbacks_last_Release_may_release_its_manager(void **state)
{
    struct actor actor = {.act = release_once_more};
    struct ending_callback callback;

    (void)state;
    end_with(&actor, &callback);
    assert_figure(actor.calls, 1);
}

static void keep_manager(struct actor *actor)
{
    actor->result = S_OK;
    IHostMemoryManager_AddRef(actor->manager);
}

static void a_callbacks_last_Release_may_keep_its_manager(void **state)
{
    struct actor actor = {.act = keep_manager};
    struct ending_callback callback;
    void *memory = NULL;

    (void)state;
    end_with(&actor, &callback);
    assert_figure(actor.calls, 1);
    assert_hresult(IHostMemoryManager_VirtualAlloc(actor.manager, NULL, PAGE, RESERVE_COMMIT,
                                                   PAGE_READWRITE, eTaskCritical, &memory),
                   S_OK);
    assert_hresult(IHostMemoryManager_VirtualFree(actor.manager, memory, 0, MEM_RELEASE), S_OK);
    assert_figure(IHostMemoryManager_Release(actor.manager), 0);
    assert_figure(actor.calls, 1);
}

static void register_another(struct actor *actor)
{
    struct ending_callback *other = (struct ending_callback *)actor->heap;

    actor->act = query_and_release;
    IHostMemoryManager_RegisterMemoryNotificationCallback(actor->manager, &other->iface);
}

static void a_callback_that_is_registered_while_the_manager_ends_is_released_too(void **state)
{
    struct actor actor = {.act = register_another};
    struct ending_callback callback, other = {{&ending_vtbl}, 0, &actor};

    (void)state;
    actor.heap = (IHostMalloc *)&other; /* merely a place for a pointer */
    end_with(&actor, &callback);
    assert_figure(actor.calls, 2);
    assert_figure(other.references, 0);
    assert_hresult(actor.result, S_OK);
}

/* ------------------------------------------------------------------------------------------------
 * OnMemoryNotification
 * --------------------------------------------------------------------------------------------- */

static void release_all(struct actor *actor)
{
    if (actor->heap)
        IHostMalloc_Release(actor->heap);
    IHostMemInspection_Release(actor->inspection);
    IHostMemoryManager_Release(actor->manager);
    actor->heap = NULL;
    actor->manager = NULL;
}

static void act_on_notification(struct callback *callback, EMemoryAvailable available)
{
    struct actor *actor = CONTAINING_RECORD(callback, struct actor, callback);

    (void)available;
    if (actor->calls++ == 0)
        actor->act(actor);
}

/* A manager with a limit, one callback, and no other reference than the actor's. */
static void make_actor(struct actor *actor, ULONGLONG limit, bool with_heap)
{
    HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits), .Committed.Limit = limit};
    HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .pLimits = &limits};
    struct subject subject = subject_make(&options);

    memset(actor, 0, sizeof(*actor));
    actor->callback = make_callback();
    actor->callback.told = act_on_notification;
    actor->act = release_all;
    actor->manager = subject.manager;
    actor->inspection = subject.inspection;
    if (with_heap)
        actor->heap = subject_heap(&subject);
    assert_succeeds(register_callback(&subject, &actor->callback));
}

static void assert_ended(const struct actor *actor)
{
    assert_at_least(actor->calls, 1); /* a heap that ends makes memory High again */
    assert_null(actor->manager);
    assert_figure(actor->callback.references, 1);
}

static void OnMemoryNotification_may_release_the_last_manager_in_VirtualAlloc(void **state)
{
    struct actor actor;
    void *memory = NULL;

    (void)state;
    make_actor(&actor, MIB, false);
    assert_succeeds(IHostMemoryManager_VirtualAlloc(actor.manager, NULL, MIB, RESERVE_COMMIT,
                                                    PAGE_READWRITE, eTaskCritical, &memory));
    assert_ended(&actor);
    VirtualFree(memory, 0, MEM_RELEASE);
}

static void OnMemoryNotification_may_release_the_heap_and_manager_in_Alloc(void **state)
{
    struct actor actor;
    void *memory = NULL;

    (void)state;
    make_actor(&actor, MIB, true);
    assert_succeeds(IHostMalloc_Alloc(actor.heap, MIB - PAGE, eTaskCritical, &memory));
    assert_ended(&actor);
}

static void OnMemoryNotification_may_release_the_last_manager_in_SetLimits(void **state)
{
    HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits), .Committed.Limit = PAGE};
    struct actor actor;
    void *memory = NULL;

    (void)state;
    make_actor(&actor, 16 * MIB, false);
    assert_succeeds(IHostMemoryManager_VirtualAlloc(actor.manager, NULL, MIB, RESERVE_COMMIT,
                                                    PAGE_READWRITE, eTaskCritical, &memory));
    assert_figure(actor.calls, 0);
    assert_hresult(IHostMemInspection_SetLimits(actor.inspection, &limits), S_OK);
    assert_ended(&actor);
    VirtualFree(memory, 0, MEM_RELEASE);
}

/* The room that is given makes memory High again, while the heaps are trimmed. */
static void OnMemoryNotification_may_release_the_last_manager_in(bool needs_address_space)
{
    HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits), .LowPercent = 60, .HighPercent = 50};
    struct actor actor;
    IHostMalloc *heap;
    void *blocks[4 * 16];

    make_actor(&actor, 64 * MIB, true);
    heap = actor.heap;
    for (size_t i = 0; i < COUNT_OF(blocks); i++)
        blocks[i] = heap_block(heap, 16384);
    for (size_t i = 0; i < COUNT_OF(blocks); i++)
        IHostMalloc_Free(heap, blocks[i]);
    limits.Committed.Limit = 4 * GRANULE;
    actor.calls = 1; /* becoming Low is not what this is about */
    assert_hresult(IHostMemInspection_SetLimits(actor.inspection, &limits), S_OK);
    actor.calls = 0;
    if (needs_address_space)
        IHostMemoryManager_NeedsVirtualAddressSpace(actor.manager, NULL, 0);
    else
        IHostMemInspection_Trim(actor.inspection, NULL);
    if (actor.manager)
        release_all(&actor);
}

static void OnMemoryNotification_may_release_the_last_manager_in_Trim(void **state)
{
    (void)state;
    OnMemoryNotification_may_release_the_last_manager_in(false);
}

static void
OnMemoryNotification_may_release_the_last_manager_in_NeedsVirtualAddressSpace(void **state)
{
    (void)state;
    OnMemoryNotification_may_release_the_last_manager_in(true);
}

/* ------------------------------------------------------------------------------------------------
 * pfnLeak
 * --------------------------------------------------------------------------------------------- */

static HRESULT CALLBACK act_on_leak(void *context, const HOSTMEM_BLOCK *block)
{
    struct actor *actor = context;

    (void)block;
    actor->calls++;
    actor->act(actor);
    return S_OK;
}

static void refer_to_heap(struct actor *actor)
{
    IHostMalloc_AddRef(actor->heap);
    IHostMalloc_Release(actor->heap);
}

static void keep_heap(struct actor *actor)
{
    if (actor->calls == 1)
        IHostMalloc_AddRef(actor->heap);
}

static struct subject make_leaking(struct actor *actor, unsigned blocks)
{
    HOSTMEM_OPTIONS options = {
        .cbSize = sizeof(options), .pfnLeak = act_on_leak, .pLeakContext = actor};
    struct subject subject = subject_make(&options);

    actor->manager = subject.manager;
    actor->inspection = subject.inspection;
    actor->heap = subject_heap(&subject);
    while (blocks--)
        heap_block(actor->heap, blocks % 2 ? 100 : 3 * GRANULE);
    return subject;
}

static void pfnLeak_may_refer_to_the_heap(void **state)
{
    struct actor actor = {.act = refer_to_heap};
    struct subject subject = make_leaking(&actor, 6);

    (void)state;
    assert_figure(IHostMalloc_Release(actor.heap), 0);
    assert_figure(actor.calls, 6);
    assert_figure(statistics_of(&subject).LeakedBlocks, 6);
    assert_empty_books(&subject);
    subject_end(&subject);
}

static void pfnLeak_may_trim_all_heaps(struct actor *actor)
{
    IHostMemInspection_Trim(actor->inspection, NULL);
    refer_to_heap(actor);
}

static void pfnLeak_may_trim(void **state)
{
    struct actor actor = {.act = pfnLeak_may_trim_all_heaps};
    struct subject subject = make_leaking(&actor, 6);

    (void)state;
    assert_figure(IHostMalloc_Release(actor.heap), 0);
    assert_figure(actor.calls, 6);
    assert_empty_books(&subject);
    subject_end(&subject);
}

static void pfnLeak_may_keep_the_heap(void **state)
{
    struct actor actor = {.act = keep_heap};
    struct subject subject = make_leaking(&actor, 2);

    (void)state;
    assert_figure(IHostMalloc_Release(actor.heap), 1);
    assert_figure(actor.calls, 2);
    assert_figure(statistics_of(&subject).LeakedBlocks, 0);
    assert_figure(statistics_of(&subject).Blocks.Now, 2);
    heap_block(actor.heap, 10);
    assert_figure(IHostMalloc_Release(actor.heap), 0);
    assert_figure(actor.calls, 5);
    assert_figure(statistics_of(&subject).LeakedBlocks, 3);
    assert_empty_books(&subject);
    subject_end(&subject);
}

static void pfnLeak_may_release_the_last_manager(void **state)
{
    struct actor actor = {.act = release_all};
    IHostMalloc *heap;

    (void)state;
    make_leaking(&actor, 1);
    heap = actor.heap;
    actor.heap = NULL;
    assert_figure(IHostMalloc_Release(heap), 0);
    assert_figure(actor.calls, 1);
}

/* ------------------------------------------------------------------------------------------------
 * pfnDamage
 * --------------------------------------------------------------------------------------------- */

static HRESULT CALLBACK act_on_damage(void *context, const HOSTMEM_DAMAGE *damage)
{
    struct actor *actor = context;

    (void)damage;
    if (actor->calls++ == 0)
        actor->act(actor);
    return S_OK;
}

/* A heap in which the next block of that size shows the damage of a freed one. */
static void make_damaged(struct actor *actor)
{
    HOSTMEM_OPTIONS options = {.cbSize = sizeof(options),
                               .dwFlags = HOSTMEM_FILL_ON_FREE,
                               .pfnDamage = act_on_damage,
                               .pDamageContext = actor};
    struct subject subject = subject_make(&options);
    unsigned char *block;

    actor->manager = subject.manager;
    actor->inspection = subject.inspection;
    actor->heap = subject_heap(&subject);
    block = heap_block(actor->heap, 16384);
    assert_hresult(IHostMalloc_Free(actor->heap, block), S_OK);
    block[5] = 1;
}

static void pfnDamage_may_release_heap_and_manager_in_Alloc(void **state)
{
    struct actor actor = {.act = release_all};
    IHostMalloc *heap;
    void *memory = NULL;

    (void)state;
    make_damaged(&actor);
    heap = actor.heap;
    for (int i = 0; i < 8 && actor.manager; i++)
        IHostMalloc_Alloc(heap, 16384, eTaskCritical, &memory);
    assert_null(actor.manager);
}

static void pfnDamage_may_release_the_last_manager_in_Audit(void **state)
{
    struct actor actor = {.act = release_all};
    HOSTMEM_AUDIT audit = {.cbSize = sizeof(audit)};

    (void)state;
    make_damaged(&actor);
    assert_hresult(IHostMemInspection_Audit(actor.inspection, &audit, NULL, NULL), S_OK);
    assert_null(actor.manager);
}

static void pfnDamage_may_refer_to_a_heap_that_ends(void **state)
{
    struct actor actor = {.act = refer_to_heap};

    (void)state;
    make_damaged(&actor);
    assert_figure(IHostMalloc_Release(actor.heap), 0);
    assert_figure(actor.calls, 1);
    IHostMemInspection_Release(actor.inspection);
    assert_figure(IHostMemoryManager_Release(actor.manager), 0);
}

/* ------------------------------------------------------------------------------------------------
 * Enumerations
 * --------------------------------------------------------------------------------------------- */

static HRESULT release_in_enumeration(void *context)
{
    struct actor *actor = context;

    actor->calls++;
    if (actor->manager)
        release_all(actor);
    return S_OK;
}

static HRESULT CALLBACK on_region(void *context, const HOSTMEM_REGION *region)
{
    (void)region;
    return release_in_enumeration(context);
}

static HRESULT CALLBACK on_range(void *context, const HOSTMEM_MAPPED_RANGE *range)
{
    (void)range;
    return release_in_enumeration(context);
}

static HRESULT CALLBACK on_block(void *context, const HOSTMEM_BLOCK *block)
{
    (void)block;
    return release_in_enumeration(context);
}

static HRESULT CALLBACK on_heap(void *context, const HOSTMEM_HEAP *heap)
{
    (void)heap;
    return release_in_enumeration(context);
}

static HRESULT CALLBACK on_size_class(void *context, const HOSTMEM_SIZE_CLASS *size_class)
{
    (void)size_class;
    return release_in_enumeration(context);
}

static HRESULT CALLBACK on_difference(void *context, const HOSTMEM_DIFFERENCE *difference)
{
    (void)difference;
    return release_in_enumeration(context);
}

static HRESULT enumerate(IHostMemInspection *inspection, unsigned which, void *context)
{
    HOSTMEM_AUDIT audit = {.cbSize = sizeof(audit)};

    switch (which) {
    case 0:
        return IHostMemInspection_EnumRegions(inspection, on_region, context);
    case 1:
        return IHostMemInspection_EnumMappedRanges(inspection, on_range, context);
    case 2:
        return IHostMemInspection_EnumBlocks(inspection, 0, on_block, context);
    case 3:
        return IHostMemInspection_EnumHeaps(inspection, on_heap, context);
    case 4:
        return IHostMemInspection_EnumSizeClasses(inspection, 0, on_size_class, context);
    default:
        return IHostMemInspection_Audit(inspection, &audit, on_difference, context);
    }
}

/* A manager with some of everything, and, for the audit, a difference. */
static void *make_full(struct actor *actor)
{
    struct subject subject = subject_make(NULL);
    char *memory = subject_alloc(&subject, 2 * PAGE, RESERVE_COMMIT, PAGE_READWRITE);

    actor->manager = subject.manager;
    actor->inspection = subject.inspection;
    actor->heap = subject_heap(&subject);
    heap_block(actor->heap, 100);
    heap_block(actor->heap, 1000);
    IHostMemoryManager_AcquiredVirtualAddressSpace(subject.manager, SOMETHING, PAGE);
    IHostMemoryManager_AcquiredVirtualAddressSpace(subject.manager, SOMETHING, PAGE);
    assert_true(VirtualFree(memory, PAGE, MEM_DECOMMIT));
    return memory;
}

static void every_enumerations_callback_may_release_the_last_references(void **state)
{
    (void)state;
    for (unsigned which = 0; which < 6; which++) {
        struct actor actor = {0};
        void *memory = make_full(&actor);

        enumerate(actor.inspection, which, &actor);
        assert_true(actor.calls >= 1);
        assert_null(actor.manager);
        VirtualFree(memory, 0, MEM_RELEASE);
    }
}

/* ------------------------------------------------------------------------------------------------
 * The host's own control
 * --------------------------------------------------------------------------------------------- */

struct inner {
    IHostControl iface;
    ULONG references;
    IHostControl *outer;
    unsigned calls;
    bool keeps;
};

static HRESULT STDMETHODCALLTYPE inner_QueryInterface(IHostControl *iface, REFIID iid,
                                                      void **object)
{
    (void)iface;
    (void)iid;
    *object = NULL;
    return E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE inner_AddRef(IHostControl *iface)
{
    return ++CONTAINING_RECORD(iface, struct inner, iface)->references;
}

static ULONG STDMETHODCALLTYPE inner_Release(IHostControl *iface)
{
    struct inner *inner = CONTAINING_RECORD(iface, struct inner, iface);

    if (--inner->references == 0) {
        inner->calls++;
        IHostControl_AddRef(inner->outer);
        if (!inner->keeps)
            IHostControl_Release(inner->outer);
    }
    return inner->references;
}

static HRESULT STDMETHODCALLTYPE inner_GetHostManager(IHostControl *iface, REFIID iid,
                                                      void **object)
{
    struct inner *inner = CONTAINING_RECORD(iface, struct inner, iface);

    (void)iid;
    IHostControl_Release(inner->outer); /* the last reference but that of the call itself */
    *object = NULL;
    return inner->references ? E_NOINTERFACE : E_UNEXPECTED;
}

static HRESULT STDMETHODCALLTYPE inner_SetAppDomainManager(IHostControl *iface, DWORD domain,
                                                           IUnknown *manager)
{
    (void)iface;
    (void)domain;
    (void)manager;
    return S_OK;
}

static IHostControlVtbl inner_vtbl = {inner_QueryInterface, inner_AddRef, inner_Release,
                                      inner_GetHostManager, inner_SetAppDomainManager};

static void make_inner(struct inner *inner, bool keeps)
{
    struct subject subject = subject_make(NULL);

    *inner = (struct inner){.iface = {&inner_vtbl}, .keeps = keeps};
    inner->outer = make_control(subject.manager, &inner->iface);
    subject_end(&subject);
}

static void the_inner_controls_last_Release_may_refer_to_the_control(void **state)
{
    struct inner inner;

    (void)state;
    make_inner(&inner, false);
    assert_figure(IHostControl_Release(inner.outer), 0);
    assert_figure(inner.calls, 1);
    assert_figure(inner.references, 0);
}

static void the_inner_controls_last_Release_may_keep_the_control(void **state)
{
    IHostMemoryManager *manager = NULL;
    void *other = SOMETHING;
    struct inner inner;

    (void)state;
    make_inner(&inner, true);
    assert_figure(IHostControl_Release(inner.outer), 1);
    assert_hresult(
        IHostControl_GetHostManager(inner.outer, &IID_IHostMemoryManager, (void **)&manager), S_OK);
    assert_figure(IHostMemoryManager_Release(manager), 1); /* the control's */
    assert_hresult(IHostControl_GetHostManager(inner.outer, &IID_IHostMalloc, &other),
                   E_NOINTERFACE);
    assert_figure(IHostControl_Release(inner.outer), 0);
    assert_figure(inner.calls, 1);
}

static void the_inner_control_may_release_the_control_that_asks_it(void **state)
{
    void *other = SOMETHING;
    struct inner inner;

    (void)state;
    make_inner(&inner, false);
    assert_hresult(IHostControl_GetHostManager(inner.outer, &IID_IHostMalloc, &other),
                   E_NOINTERFACE);
    assert_figure(inner.references, 0);
}

/* The argument names the one test to run: a fault ends the program. */
int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_callbacks_last_Release_may_query_its_manager),
        cmocka_unit_test(a_callbacks_last_Release_may_release_its_manager),
        cmocka_unit_test(a_callbacks_last_Release_may_keep_its_manager),
        cmocka_unit_test(a_callback_that_is_registered_while_the_manager_ends_is_released_too),
        cmocka_unit_test(OnMemoryNotification_may_release_the_last_manager_in_VirtualAlloc),
        cmocka_unit_test(OnMemoryNotification_may_release_the_heap_and_manager_in_Alloc),
        cmocka_unit_test(OnMemoryNotification_may_release_the_last_manager_in_SetLimits),
        cmocka_unit_test(OnMemoryNotification_may_release_the_last_manager_in_Trim),
        cmocka_unit_test(
            OnMemoryNotification_may_release_the_last_manager_in_NeedsVirtualAddressSpace),
        cmocka_unit_test(pfnLeak_may_refer_to_the_heap),
        cmocka_unit_test(pfnLeak_may_trim),
        cmocka_unit_test(pfnLeak_may_keep_the_heap),
        cmocka_unit_test(pfnLeak_may_release_the_last_manager),
        cmocka_unit_test(pfnDamage_may_release_heap_and_manager_in_Alloc),
        cmocka_unit_test(pfnDamage_may_release_the_last_manager_in_Audit),
        cmocka_unit_test(pfnDamage_may_refer_to_a_heap_that_ends),
        cmocka_unit_test(every_enumerations_callback_may_release_the_last_references),
        cmocka_unit_test(the_inner_controls_last_Release_may_refer_to_the_control),
        cmocka_unit_test(the_inner_controls_last_Release_may_keep_the_control),
        cmocka_unit_test(the_inner_control_may_release_the_control_that_asks_it),
    };

    if (count > 1)
        cmocka_set_test_filter(arguments[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
