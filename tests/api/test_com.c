/*
 * test_com.c: COM's rules for all objects: identity, references, lifetimes, and the manager's
 * factory. What the host control does is in test_host_control.c.
 */
#include "support.h"

#include <string.h>

/* An interface that nothing here has. */
static const IID iid_of_nothing = {
    0x6a3bb0f1, 0x6f0d, 0x4d5b, {0x8b, 0x0e, 0x2f, 0x5d, 0x1c, 0x77, 0x90, 0x3e}};

static IUnknown *face_of(void *object, REFIID iid)
{
    void *face = NULL;

    assert_hresult(IUnknown_QueryInterface((IUnknown *)object, iid, &face), S_OK);
    assert_non_null(face);
    return face;
}

static IHostMalloc *make_heap(IHostMemoryManager *manager)
{
    IHostMalloc *heap = NULL;

    assert_hresult(IHostMemoryManager_CreateMalloc(manager, MALLOC_THREADSAFE, &heap), S_OK);
    assert_non_null(heap);
    return heap;
}

/* ------------------------------------------------------------------------------------------------
 * QueryInterface, the same rules for every object
 * --------------------------------------------------------------------------------------------- */

/* An object under test and the interfaces that it has, IUnknown among them. */
struct object {
    const char *name;
    IUnknown *face;
    const IID *iids[3];
    unsigned count;
};

#define OBJECTS 3

/* The manager, a heap and a control of its own. */
static void make_objects(const struct subject *subject, struct object objects[OBJECTS])
{
    const struct object made[OBJECTS] = {
        {"manager",
         (IUnknown *)subject->manager,
         {&IID_IUnknown, &IID_IHostMemoryManager, &IID_IHostMemInspection},
         3},
        {"heap",
         (IUnknown *)make_heap(subject->manager),
         {&IID_IUnknown, &IID_IHostMalloc, NULL},
         2},
        {"control",
         (IUnknown *)make_control(subject->manager, NULL),
         {&IID_IUnknown, &IID_IHostControl, NULL},
         2},
    };

    memcpy(objects, made, sizeof(made));
    IUnknown_AddRef(objects[0].face);
}

static void release_objects(struct object objects[OBJECTS])
{
    for (unsigned i = OBJECTS; i-- > 0;)
        IUnknown_Release(objects[i].face);
}

static void every_face_of_an_object_gives_the_same_IUnknown(void **state)
{
    struct object objects[OBJECTS];

    make_objects(*state, objects);
    for (unsigned i = 0; i < OBJECTS; i++) {
        IUnknown *identity = face_of(objects[i].face, &IID_IUnknown);

        for (unsigned n = 0; n < objects[i].count; n++) {
            IUnknown *face = face_of(objects[i].face, objects[i].iids[n]);
            IUnknown *again = face_of(face, &IID_IUnknown);

            assert_address_of(objects[i].name, again, identity);
            IUnknown_Release(again);
            IUnknown_Release(face);
        }
        IUnknown_Release(identity);
    }
    release_objects(objects);
}

static void different_objects_have_different_identities(void **state)
{
    struct object objects[OBJECTS];
    IUnknown *identities[OBJECTS];

    make_objects(*state, objects);
    for (unsigned i = 0; i < OBJECTS; i++)
        identities[i] = face_of(objects[i].face, &IID_IUnknown);
    assert_ptr_not_equal(identities[0], identities[1]);
    assert_ptr_not_equal(identities[0], identities[2]);
    assert_ptr_not_equal(identities[1], identities[2]);
    for (unsigned i = 0; i < OBJECTS; i++)
        IUnknown_Release(identities[i]);
    release_objects(objects);
}

/*
 * Reflexive, symmetric and transitive at once: from each of the object's interfaces all its
 * interfaces can be had.
 */
static void every_face_of_an_object_reaches_every_other(void **state)
{
    struct object objects[OBJECTS];

    make_objects(*state, objects);
    for (unsigned i = 0; i < OBJECTS; i++) {
        for (unsigned from = 0; from < objects[i].count; from++) {
            IUnknown *face = face_of(objects[i].face, objects[i].iids[from]);

            for (unsigned to = 0; to < objects[i].count; to++)
                IUnknown_Release(face_of(face, objects[i].iids[to]));
            IUnknown_Release(face);
        }
    }
    release_objects(objects);
}

static void an_interface_asked_for_twice_is_the_same_pointer(void **state)
{
    struct object objects[OBJECTS];

    make_objects(*state, objects);
    for (unsigned i = 0; i < OBJECTS; i++) {
        for (unsigned n = 0; n < objects[i].count; n++) {
            IUnknown *first = face_of(objects[i].face, objects[i].iids[n]);
            IUnknown *second = face_of(objects[i].face, objects[i].iids[n]);

            assert_address_of(objects[i].name, second, first);
            IUnknown_Release(second);
            IUnknown_Release(first);
        }
    }
    release_objects(objects);
}

/*
 * The IID is not one of the object's: QueryInterface on each of its interfaces returns
 * E_NOINTERFACE and NULL, and takes no reference.
 */
static void assert_refuses(const struct object *object, REFIID iid)
{
    ULONG references = references_of(object->face);

    for (unsigned n = 0; n < object->count; n++) {
        IUnknown *face = face_of(object->face, object->iids[n]);
        void *out = object->face;

        assert_hresult_of(object->name, IUnknown_QueryInterface(face, iid, &out), E_NOINTERFACE);
        assert_address_of(object->name, out, NULL);
        IUnknown_Release(face);
    }
    assert_figure_of(object->name, references_of(object->face), references);
}

static void an_unknown_interface_is_refused_and_the_pointer_nulled(void **state)
{
    struct object objects[OBJECTS];

    make_objects(*state, objects);
    for (unsigned i = 0; i < OBJECTS; i++)
        assert_refuses(&objects[i], &iid_of_nothing);
    release_objects(objects);
}

static void an_object_has_no_other_object_s_interface(void **state)
{
    struct object objects[OBJECTS];

    make_objects(*state, objects);
    for (unsigned i = 0; i < OBJECTS; i++) {
        for (unsigned other = 0; other < OBJECTS; other++) {
            for (unsigned n = 1; other != i && n < objects[other].count; n++)
                assert_refuses(&objects[i], objects[other].iids[n]);
        }
    }
    release_objects(objects);
}

static void an_interface_that_differs_in_one_byte_is_refused(void **state)
{
    struct object objects[OBJECTS];

    make_objects(*state, objects);
    for (unsigned i = 0; i < OBJECTS; i++) {
        for (unsigned byte = 0; byte < sizeof(IID); byte++) {
            IID iid = *objects[i].iids[1];

            ((unsigned char *)&iid)[byte] ^= 0x10;
            assert_refuses(&objects[i], &iid);
        }
    }
    release_objects(objects);
}

static void asking_for_an_interface_into_nowhere_is_E_POINTER(void **state)
{
    struct object objects[OBJECTS];

    make_objects(*state, objects);
    for (unsigned i = 0; i < OBJECTS; i++) {
        ULONG references = references_of(objects[i].face);

        for (unsigned n = 0; n < objects[i].count; n++)
            assert_hresult_of(objects[i].name,
                              IUnknown_QueryInterface(objects[i].face, objects[i].iids[n], NULL),
                              E_POINTER);
        assert_figure_of(objects[i].name, references_of(objects[i].face), references);
    }
    release_objects(objects);
}

/* ------------------------------------------------------------------------------------------------
 * Reference counts
 * --------------------------------------------------------------------------------------------- */

static void QueryInterface_takes_one_reference_of_the_object(void **state)
{
    struct object objects[OBJECTS];

    make_objects(*state, objects);
    for (unsigned i = 0; i < OBJECTS; i++) {
        ULONG references = references_of(objects[i].face);

        for (unsigned n = 0; n < objects[i].count; n++) {
            IUnknown *face = face_of(objects[i].face, objects[i].iids[n]);

            assert_figure_of(objects[i].name, references_of(objects[i].face), references + 1);
            IUnknown_Release(face);
            assert_figure_of(objects[i].name, references_of(objects[i].face), references);
        }
    }
    release_objects(objects);
}

static void AddRef_and_Release_return_the_count(void **state)
{
    struct object objects[OBJECTS];

    make_objects(*state, objects);
    for (unsigned i = 0; i < OBJECTS; i++) {
        ULONG references = references_of(objects[i].face);

        assert_figure_of(objects[i].name, IUnknown_AddRef(objects[i].face), references + 1);
        assert_figure_of(objects[i].name, IUnknown_AddRef(objects[i].face), references + 2);
        assert_figure_of(objects[i].name, IUnknown_Release(objects[i].face), references + 1);
        assert_figure_of(objects[i].name, IUnknown_Release(objects[i].face), references);
    }
    release_objects(objects);
}

static void a_new_object_has_one_reference(void **state)
{
    const struct subject *subject = *state;
    IHostMemoryManager *manager = NULL;
    IHostMalloc *heap = make_heap(subject->manager);
    IHostControl *control = make_control(subject->manager, NULL);

    assert_hresult(HostMemCreateManager(NULL, &manager), S_OK);
    assert_figure(references_of(manager), 1);
    assert_figure(references_of(heap), 1);
    assert_figure(references_of(control), 1);
    assert_figure(IHostControl_Release(control), 0);
    assert_figure(IHostMalloc_Release(heap), 0);
    assert_figure(IHostMemoryManager_Release(manager), 0);
}

static void the_manager_s_faces_share_one_count(void **state)
{
    const struct subject *subject = *state;
    ULONG references = references_of(subject->manager);

    assert_figure(references_of(subject->inspection), references);
    assert_figure(IHostMemInspection_AddRef(subject->inspection), references + 1);
    assert_figure(references_of(subject->manager), references + 1);
    assert_figure(IHostMemoryManager_Release(subject->manager), references);
    assert_figure(references_of(subject->inspection), references);
}

static void heaps_and_controls_hold_one_reference_of_the_manager_each(void **state)
{
    const struct subject *subject = *state;
    ULONG references = references_of(subject->manager);
    IHostMalloc *heap = make_heap(subject->manager);
    IHostControl *control;

    assert_figure(references_of(subject->manager), references + 1);
    control = make_control(subject->manager, NULL);
    assert_figure(references_of(subject->manager), references + 2);
    IHostMalloc_AddRef(heap);
    IHostControl_AddRef(control);
    assert_figure(references_of(subject->manager), references + 2);
    IHostMalloc_Release(heap);
    IHostControl_Release(control);
    assert_figure(references_of(subject->manager), references + 2);
    IHostControl_Release(control);
    assert_figure(references_of(subject->manager), references + 1);
    IHostMalloc_Release(heap);
    assert_figure(references_of(subject->manager), references);
}

static void the_ordinary_methods_take_no_reference(void **state)
{
    const struct subject *subject = *state;
    ULONG references = references_of(subject->manager);
    void *memory = subject_alloc(subject, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

    assert_clean_audit(subject);
    subject_release(subject, memory);
    assert_figure(references_of(subject->manager), references);
}

#define COUNTING_THREADS 4
#define COUNTING_ROUNDS 20000

static DWORD WINAPI reference_and_release(void *context)
{
    const struct object *objects = *(const struct object **)context;

    for (int round = 0; round < COUNTING_ROUNDS; round++) {
        for (unsigned i = 0; i < OBJECTS; i++) {
            void *face = NULL;

            IUnknown_AddRef(objects[i].face);
            IUnknown_QueryInterface(objects[i].face, objects[i].iids[1], &face);
            IUnknown_Release(objects[i].face);
            IUnknown_Release((IUnknown *)face);
        }
    }
    return 0;
}

static void reference_counts_are_exact_after_many_threads(void **state)
{
    struct object objects[OBJECTS], *contexts[COUNTING_THREADS];
    ULONG references[OBJECTS];
    struct threads threads;

    make_objects(*state, objects);
    for (unsigned i = 0; i < OBJECTS; i++)
        references[i] = references_of(objects[i].face);
    for (unsigned i = 0; i < COUNTING_THREADS; i++)
        contexts[i] = objects;
    threads_start(&threads, COUNTING_THREADS, reference_and_release, contexts, sizeof(contexts[0]));
    threads_join(&threads);
    for (unsigned i = 0; i < OBJECTS; i++)
        assert_figure_of(objects[i].name, references_of(objects[i].face), references[i]);
    release_objects(objects);
}

/* ------------------------------------------------------------------------------------------------
 * Lifetimes
 * --------------------------------------------------------------------------------------------- */

static void a_heap_keeps_its_manager_alive(void **state)
{
    IHostMemoryManager *manager = NULL;
    IHostMalloc *heap;
    void *block = NULL;

    (void)state;
    assert_hresult(HostMemCreateManager(NULL, &manager), S_OK);
    heap = make_heap(manager);
    assert_figure(IHostMemoryManager_Release(manager), 1);
    assert_hresult(IHostMalloc_Alloc(heap, 100, eTaskCritical, &block), S_OK);
    memset(block, 0x5a, 100);
    assert_hresult(IHostMalloc_Free(heap, block), S_OK);
    assert_figure(IHostMalloc_Release(heap), 0);
}

static void a_control_keeps_its_manager_alive(void **state)
{
    IHostMemoryManager *manager = NULL, *same = NULL;
    struct subject subject = {NULL, NULL};
    IHostControl *control;

    (void)state;
    assert_hresult(HostMemCreateManager(NULL, &manager), S_OK);
    control = make_control(manager, NULL);
    assert_figure(IHostMemoryManager_Release(manager), 1);
    assert_hresult(IHostControl_GetHostManager(control, &IID_IHostMemoryManager, (void **)&same),
                   S_OK);
    assert_address(same, manager);
    subject.manager = same;
    subject_release(&subject, subject_alloc(&subject, PAGE, MEM_RESERVE, PAGE_READWRITE));
    assert_figure(IHostMemoryManager_Release(same), 1);
    assert_figure(IHostControl_Release(control), 0);
}

static void the_inspection_keeps_its_manager_alive(void **state)
{
    struct subject subject = subject_make(NULL);
    void *memory = subject_alloc(&subject, PAGE, MEM_RESERVE, PAGE_READWRITE);

    (void)state;
    assert_figure(IHostMemoryManager_Release(subject.manager), 1);
    assert_figure(statistics_of(&subject).Reserved.Now, PAGE);
    subject_release(&subject, memory);
    assert_clean_audit(&subject);
    assert_figure(IHostMemInspection_Release(subject.inspection), 0);
}

static void the_last_Release_leaves_live_regions_as_they_are(void **state)
{
    struct subject subject = subject_make(NULL);
    char *memory = subject_alloc(&subject, 4 * GRANULE, MEM_RESERVE, PAGE_READWRITE);
    struct memory_image committed, reserved;

    (void)state;
    subject_alloc_at(&subject, memory + GRANULE, GRANULE, MEM_COMMIT, PAGE_READWRITE);
    memset(memory + GRANULE, 0xa7, GRANULE);
    committed = memory_image_of(memory + GRANULE, GRANULE);
    reserved = memory_image_of(memory, 0);
    subject_end(&subject);
    assert_unchanged("the committed part", &committed);
    assert_unchanged("the reserved part", &reserved);
    memory[GRANULE] = 1; /* and it can be written */
    assert_true(VirtualFree(memory, 0, MEM_RELEASE));
}

/* A manager's whole life: some use of everything that makes it take bookkeeping memory. */
static void live_once(void)
{
    HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .EmergencyReservation = GRANULE};
    struct subject subject = subject_make(&options);
    IHostMalloc *heap = make_heap(subject.manager);
    IHostControl *control = make_control(subject.manager, NULL);
    char file[] = "life.c";
    void *regions[64], *block = NULL;

    for (unsigned i = 0; i < COUNT_OF(regions); i++)
        regions[i] = subject_alloc(&subject, GRANULE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    assert_hresult(IHostMalloc_DebugAlloc(heap, 10, eTaskCritical, file, 1, &block), S_OK);
    assert_hresult(
        IHostMemoryManager_AcquiredVirtualAddressSpace(subject.manager, regions, GRANULE), S_OK);
    for (unsigned i = 0; i < COUNT_OF(regions); i++)
        subject_release(&subject, regions[i]);
    IHostControl_Release(control);
    IHostMalloc_Release(heap);
    subject_end(&subject);
}

static void the_last_Release_gives_all_bookkeeping_back(void **state)
{
    struct memory_sum before, after;

    (void)state;
    live_once(); /* what the process itself takes once, it has taken then */
    before = memory_sum_of_process();
    for (int life = 0; life < 50; life++)
        live_once();
    after = memory_sum_of_process();
    assert_figure(after.reservations, before.reservations);
    assert_figure(after.reserved, before.reserved);
    assert_figure(after.committed, before.committed);
}

static void many_managers_at_once_give_all_bookkeeping_back(void **state)
{
    IHostMemoryManager *managers[16];
    struct memory_sum before, after;

    (void)state;
    live_once();
    before = memory_sum_of_process();
    for (unsigned i = 0; i < COUNT_OF(managers); i++)
        assert_hresult(HostMemCreateManager(NULL, &managers[i]), S_OK);
    for (unsigned i = 0; i < COUNT_OF(managers); i++)
        assert_figure(IHostMemoryManager_Release(managers[i]), 0);
    after = memory_sum_of_process();
    assert_figure(after.reservations, before.reservations);
    assert_figure(after.reserved, before.reserved);
    assert_figure(after.committed, before.committed);
}

static void the_last_Release_gives_back_nothing_but_bookkeeping(void **state)
{
    struct memory_sum before, after;
    struct subject subject;
    void *memory;

    (void)state;
    live_once();
    before = memory_sum_of_process();
    subject = subject_make(NULL);
    memory = subject_alloc(&subject, 3 * GRANULE, MEM_RESERVE, PAGE_READWRITE);
    subject_alloc_at(&subject, memory, GRANULE, MEM_COMMIT, PAGE_READWRITE);
    subject_end(&subject);
    after = memory_sum_of_process();
    assert_figure(after.reservations, before.reservations + 1);
    assert_figure(after.reserved, before.reserved + 3 * GRANULE);
    assert_figure(after.committed, before.committed + GRANULE);
    assert_true(VirtualFree(memory, 0, MEM_RELEASE));
}

static void asking_for_no_interface_is_E_POINTER(void **state)
{
    const struct subject *subject = *state;
    IHostControl *control = make_control(subject->manager, NULL);
    IHostMalloc *heap = subject_heap(subject);
    IUnknown *const objects[] = {(IUnknown *)subject->manager, (IUnknown *)subject->inspection,
                                 (IUnknown *)control, (IUnknown *)heap};

    for (unsigned i = 0; i < COUNT_OF(objects); i++) {
        ULONG references = references_of(objects[i]);
        void *face = SOMETHING;

        assert_hresult(IUnknown_QueryInterface(objects[i], NULL, &face), E_POINTER);
        assert_address(face, NULL);
        assert_figure(references_of(objects[i]), references);
    }
    IHostMalloc_Release(heap);
    IHostControl_Release(control);
}

/* ------------------------------------------------------------------------------------------------
 * After the last Release
 * --------------------------------------------------------------------------------------------- */

/* COM promises nothing there. Without a vtable a call faults before it can reach the books. */
static void a_released_heap_or_control_has_no_methods(void **state)
{
    const struct subject *subject = *state;
    IHostControl *control = make_control(subject->manager, NULL);
    IHostMalloc *heap = subject_heap(subject);

    assert_figure(IHostMalloc_Release(heap), 0);
    assert_figure(IHostControl_Release(control), 0);
    assert_address(heap->lpVtbl, NULL);
    assert_address(control->lpVtbl, NULL);
    assert_clean_audit(subject);
}

/* ------------------------------------------------------------------------------------------------
 * HostMemCreateManager's arguments
 * --------------------------------------------------------------------------------------------- */

static void creating_a_manager_into_nowhere_is_E_POINTER(void **state)
{
    (void)state;
    assert_hresult(HostMemCreateManager(NULL, NULL), E_POINTER);
}

static void options_of_an_unknown_size_are_E_INVALIDARG(void **state)
{
    static const DWORD sizes[] = {0,
                                  1,
                                  sizeof(DWORD),
                                  FIELD_OFFSET(HOSTMEM_OPTIONS, GuardAbove),
                                  FIELD_OFFSET(HOSTMEM_OPTIONS, pLimits),
                                  FIELD_OFFSET(HOSTMEM_OPTIONS, pfnModule),
                                  sizeof(HOSTMEM_OPTIONS) - 1,
                                  sizeof(HOSTMEM_OPTIONS) + 1,
                                  2 * sizeof(HOSTMEM_OPTIONS),
                                  0xffffffff};

    (void)state;
    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        HOSTMEM_OPTIONS options = {.cbSize = sizes[i]};
        IHostMemoryManager *manager = SOMETHING;

        assert_hresult(HostMemCreateManager(&options, &manager), E_INVALIDARG);
        assert_address(manager, NULL);
    }
}

static void options_with_an_unknown_flag_are_E_INVALIDARG(void **state)
{
    const DWORD known = HOSTMEM_TRACK_BLOCKS | HOSTMEM_FILL_ON_ALLOC | HOSTMEM_FILL_ON_FREE |
                        HOSTMEM_DELAY_REUSE | HOSTMEM_WATCH_SYSTEM | HOSTMEM_HARDEN;

    (void)state;
    for (unsigned bit = 0; bit < 32; bit++) {
        HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .dwFlags = known | 1u << bit};
        IHostMemoryManager *manager = SOMETHING;

        if (known & 1u << bit)
            continue;

        assert_hresult(HostMemCreateManager(&options, &manager), E_INVALIDARG);
        assert_address(manager, NULL);
    }
}

static void an_emergency_reservation_that_cannot_be_had_is_E_OUTOFMEMORY(void **state)
{
    HOSTMEM_OPTIONS options = {.cbSize = sizeof(options),
                               .EmergencyReservation = SIZE_MAX - GRANULE + 1};
    IHostMemoryManager *manager = SOMETHING;
    struct memory_sum before, after;

    (void)state;
    live_once();
    before = memory_sum_of_process();
    assert_hresult(HostMemCreateManager(&options, &manager), E_OUTOFMEMORY);
    assert_address(manager, NULL);
    after = memory_sum_of_process();
    assert_figure(after.reserved, before.reserved);
    assert_figure(after.committed, before.committed);
}

static void all_zero_options_are_the_defaults(void **state)
{
    HOSTMEM_OPTIONS options = {.cbSize = sizeof(options)};
    struct subject chosen = subject_make(&options), by_default = subject_make(NULL);

    (void)state;
    assert_hresult(IHostMemoryManager_NeedsVirtualAddressSpace(chosen.manager, NULL, PAGE),
                   E_OUTOFMEMORY);
    assert_hresult(IHostMemoryManager_NeedsVirtualAddressSpace(by_default.manager, NULL, PAGE),
                   E_OUTOFMEMORY);
    assert_figure(statistics_of(&chosen).Metadata.Now, statistics_of(&by_default).Metadata.Now);
    subject_end(&by_default);
    subject_end(&chosen);
}

static void making_a_manager_and_a_control_leaves_the_last_error_alone(void **state)
{
    IHostMemoryManager *manager = NULL;
    IHostControl *control = NULL;

    (void)state;
    SetLastError(UNTOUCHED);
    assert_hresult(HostMemCreateManager(NULL, &manager), S_OK);
    assert_last_error(UNTOUCHED);
    assert_hresult(HostMemCreateHostControl(manager, NULL, &control), S_OK);
    assert_last_error(UNTOUCHED);
    IHostControl_Release(control);
    IHostMemoryManager_Release(manager);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        promise(every_face_of_an_object_gives_the_same_IUnknown),
        promise(different_objects_have_different_identities),
        promise(every_face_of_an_object_reaches_every_other),
        promise(an_interface_asked_for_twice_is_the_same_pointer),
        promise(an_unknown_interface_is_refused_and_the_pointer_nulled),
        promise(an_object_has_no_other_object_s_interface),
        promise(an_interface_that_differs_in_one_byte_is_refused),
        promise(asking_for_an_interface_into_nowhere_is_E_POINTER),
        promise(asking_for_no_interface_is_E_POINTER),
        promise(QueryInterface_takes_one_reference_of_the_object),
        promise(AddRef_and_Release_return_the_count),
        promise(a_new_object_has_one_reference),
        promise(the_manager_s_faces_share_one_count),
        promise(heaps_and_controls_hold_one_reference_of_the_manager_each),
        promise(the_ordinary_methods_take_no_reference),
        promise(reference_counts_are_exact_after_many_threads),
        cmocka_unit_test(a_heap_keeps_its_manager_alive),
        cmocka_unit_test(a_control_keeps_its_manager_alive),
        cmocka_unit_test(the_inspection_keeps_its_manager_alive),
        cmocka_unit_test(the_last_Release_leaves_live_regions_as_they_are),
        cmocka_unit_test(the_last_Release_gives_all_bookkeeping_back),
        cmocka_unit_test(many_managers_at_once_give_all_bookkeeping_back),
        cmocka_unit_test(the_last_Release_gives_back_nothing_but_bookkeeping),
        promise(a_released_heap_or_control_has_no_methods),
        cmocka_unit_test(creating_a_manager_into_nowhere_is_E_POINTER),
        cmocka_unit_test(options_of_an_unknown_size_are_E_INVALIDARG),
        cmocka_unit_test(options_with_an_unknown_flag_are_E_INVALIDARG),
        cmocka_unit_test(an_emergency_reservation_that_cannot_be_had_is_E_OUTOFMEMORY),
        cmocka_unit_test(all_zero_options_are_the_defaults),
        cmocka_unit_test(making_a_manager_and_a_control_leaves_the_last_error_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
