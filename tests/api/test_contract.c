/*
 * test_contract.c: the binary contract with the CLR: identifiers, vtable order, numbers.
 *
 * The expected values are those of the published hosting interfaces (the .NET Framework hosting
 * reference and its MSCOREE.IDL), written out here once more so that a slip in clrhosting.h shows.
 */
#include "support.h"

#include <string.h>

/* ------------------------------------------------------------------------------------------------
 * Interface identifiers
 * --------------------------------------------------------------------------------------------- */

/* The sixteen bytes as they lie in memory: three little-endian numbers, then eight bytes. */
struct published_iid {
    unsigned char bytes[16];
};

static void assert_iid(REFIID iid, struct published_iid published)
{
    assert_figure(sizeof(*iid), 16);
    assert_memory_equal(iid, published.bytes, 16);
}

static void iid_of_IHostControl_is_the_published_one(void **state)
{
    (void)state;
    assert_iid(&IID_IHostControl,
               (struct published_iid){{0x3c, 0x07, 0xca, 0x02, 0x79, 0x70, 0x60, 0x48, 0x88, 0x0a,
                                       0xc2, 0xf7, 0xa4, 0x49, 0xc9, 0x91}});
}

static void iid_of_IHostMemoryManager_is_the_published_one(void **state)
{
    (void)state;
    assert_iid(&IID_IHostMemoryManager,
               (struct published_iid){{0xd1, 0x98, 0xc6, 0x7b, 0xe3, 0xf9, 0x60, 0x44, 0x9c, 0xde,
                                       0xd0, 0x42, 0x48, 0xe9, 0xfa, 0x25}});
}

static void iid_of_IHostMalloc_is_the_published_one(void **state)
{
    (void)state;
    assert_iid(&IID_IHostMalloc,
               (struct published_iid){{0x1c, 0x99, 0x31, 0x18, 0x53, 0xcc, 0x31, 0x4a, 0xb2, 0x18,
                                       0x04, 0xe9, 0x10, 0x44, 0x64, 0x79}});
}

static void iid_of_ICLRMemoryNotificationCallback_is_the_published_one(void **state)
{
    (void)state;
    assert_iid(&IID_ICLRMemoryNotificationCallback,
               (struct published_iid){{0x57, 0x8e, 0xeb, 0x47, 0x46, 0x08, 0x46, 0x45, 0xaf, 0x76,
                                       0x6f, 0x42, 0xfc, 0xfc, 0x26, 0x49}});
}

static void iid_of_IHostMemInspection_is_the_one_that_was_released(void **state)
{
    (void)state;
    assert_iid(&IID_IHostMemInspection,
               (struct published_iid){{0x0b, 0x2d, 0xc4, 0xf3, 0x0e, 0x6a, 0x55, 0x4a, 0x9d, 0x57,
                                       0x1c, 0x5e, 0x9b, 0x40, 0xe7, 0xa1}});
}

/* The DLL carries its own copies: it must know the identifiers by value. */
static void the_dll_answers_to_the_published_identifier_by_value(void **state)
{
    const struct subject *subject = *state;
    struct published_iid published = {{0xd1, 0x98, 0xc6, 0x7b, 0xe3, 0xf9, 0x60, 0x44, 0x9c, 0xde,
                                       0xd0, 0x42, 0x48, 0xe9, 0xfa, 0x25}};
    IUnknown *same = NULL;
    IID iid;

    memcpy(&iid, published.bytes, sizeof(iid));
    assert_hresult(IHostMemoryManager_QueryInterface(subject->manager, &iid, (void **)&same), S_OK);
    assert_address(same, subject->manager);
    IUnknown_Release(same);
}

/* ------------------------------------------------------------------------------------------------
 * Vtable order: by offset
 * --------------------------------------------------------------------------------------------- */

/* The method is the n-th of its interface, counted from 0, and a vtable has nothing but pointers.
 */
#define assert_slot(interface_name, method, n)                                                     \
    assert_figure(offsetof(interface_name##Vtbl, method), (n) * sizeof(void *))

#define assert_slots(interface_name, n)                                                            \
    assert_figure(sizeof(interface_name##Vtbl), (n) * sizeof(void *))

static void offsets_of_IHostMemoryManager_are_the_published_ones(void **state)
{
    (void)state;
    assert_slot(IHostMemoryManager, QueryInterface, 0);
    assert_slot(IHostMemoryManager, AddRef, 1);
    assert_slot(IHostMemoryManager, Release, 2);
    assert_slot(IHostMemoryManager, CreateMalloc, 3);
    assert_slot(IHostMemoryManager, VirtualAlloc, 4);
    assert_slot(IHostMemoryManager, VirtualFree, 5);
    assert_slot(IHostMemoryManager, VirtualQuery, 6);
    assert_slot(IHostMemoryManager, VirtualProtect, 7);
    assert_slot(IHostMemoryManager, GetMemoryLoad, 8);
    assert_slot(IHostMemoryManager, RegisterMemoryNotificationCallback, 9);
    assert_slot(IHostMemoryManager, NeedsVirtualAddressSpace, 10);
    assert_slot(IHostMemoryManager, AcquiredVirtualAddressSpace, 11);
    assert_slot(IHostMemoryManager, ReleasedVirtualAddressSpace, 12);
    assert_slots(IHostMemoryManager, 13);
}

static void offsets_of_IHostMalloc_are_the_published_ones(void **state)
{
    (void)state;
    assert_slot(IHostMalloc, QueryInterface, 0);
    assert_slot(IHostMalloc, AddRef, 1);
    assert_slot(IHostMalloc, Release, 2);
    assert_slot(IHostMalloc, Alloc, 3);
    assert_slot(IHostMalloc, DebugAlloc, 4);
    assert_slot(IHostMalloc, Free, 5);
    assert_slots(IHostMalloc, 6);
}

static void offsets_of_ICLRMemoryNotificationCallback_are_the_published_ones(void **state)
{
    (void)state;
    assert_slot(ICLRMemoryNotificationCallback, QueryInterface, 0);
    assert_slot(ICLRMemoryNotificationCallback, AddRef, 1);
    assert_slot(ICLRMemoryNotificationCallback, Release, 2);
    assert_slot(ICLRMemoryNotificationCallback, OnMemoryNotification, 3);
    assert_slots(ICLRMemoryNotificationCallback, 4);
}

static void offsets_of_IHostControl_are_the_published_ones(void **state)
{
    (void)state;
    assert_slot(IHostControl, QueryInterface, 0);
    assert_slot(IHostControl, AddRef, 1);
    assert_slot(IHostControl, Release, 2);
    assert_slot(IHostControl, GetHostManager, 3);
    assert_slot(IHostControl, SetAppDomainManager, 4);
    assert_slots(IHostControl, 5);
}

static void the_vtable_pointer_is_an_interface_s_first_member(void **state)
{
    (void)state;
    assert_figure(offsetof(IHostMemoryManager, lpVtbl), 0);
    assert_figure(offsetof(IHostMalloc, lpVtbl), 0);
    assert_figure(offsetof(ICLRMemoryNotificationCallback, lpVtbl), 0);
    assert_figure(offsetof(IHostControl, lpVtbl), 0);
}

/* ------------------------------------------------------------------------------------------------
 * Vtable order: by calling through slot numbers, as compiled C++ does
 * --------------------------------------------------------------------------------------------- */

typedef void (*any_function)(void);

/* The function in the n-th slot of an object's vtable. */
static any_function slot_of(const void *object, unsigned n)
{
    const char *vtable;
    any_function function;

    memcpy(&vtable, object, sizeof(vtable));
    memcpy(&function, vtable + n * sizeof(function), sizeof(function));
    return function;
}

/* A call through the slot counts as one call of this method, a success, and as nothing else. */
static void assert_counted(const struct subject *subject, const HOSTMEM_STATISTICS *before,
                           HOSTMEM_METHOD method)
{
    HOSTMEM_STATISTICS after = statistics_of(subject);

    for (int i = 0; i < HOSTMEM_METHODS; i++) {
        assert_figure(after.Methods[i].Calls - before->Methods[i].Calls, i == (int)method);
        assert_figure(after.Methods[i].Failures - before->Methods[i].Failures, 0);
    }
}

static void slots_0_to_2_of_the_manager_are_those_of_IUnknown(void **state)
{
    typedef HRESULT(STDMETHODCALLTYPE * query)(void *, REFIID, void **);
    typedef ULONG(STDMETHODCALLTYPE * count)(void *);
    const struct subject *subject = *state;
    void *manager = subject->manager, *unknown = NULL;
    ULONG references;

    references = ((count)slot_of(manager, 1))(manager);
    assert_figure(((count)slot_of(manager, 2))(manager), references - 1);
    assert_hresult(((query)slot_of(manager, 0))(manager, &IID_IUnknown, &unknown), S_OK);
    assert_non_null(unknown);
    assert_figure(((count)slot_of(manager, 2))(unknown), references - 1);
}

static void slot_3_of_the_manager_is_CreateMalloc(void **state)
{
    typedef HRESULT(STDMETHODCALLTYPE * create_malloc)(void *, DWORD, void **);
    const struct subject *subject = *state;
    HOSTMEM_STATISTICS before = statistics_of(subject);
    void *heap = NULL;

    assert_hresult(((create_malloc)slot_of(subject->manager, 3))(subject->manager, 1, &heap), S_OK);
    assert_non_null(heap);
    assert_counted(subject, &before, HostMemCreateMalloc);
    IHostMalloc_Release((IHostMalloc *)heap);
}

typedef HRESULT(STDMETHODCALLTYPE *virtual_alloc)(void *, void *, SIZE_T, DWORD, DWORD, int,
                                                  void **);
typedef HRESULT(STDMETHODCALLTYPE *virtual_free)(void *, void *, SIZE_T, DWORD);

static void slots_4_and_5_of_the_manager_are_VirtualAlloc_and_VirtualFree(void **state)
{
    const struct subject *subject = *state;
    void *manager = subject->manager, *memory = NULL;
    HOSTMEM_STATISTICS before = statistics_of(subject);

    assert_hresult(((virtual_alloc)slot_of(manager, 4))(manager, NULL, 2 * PAGE, MEM_RESERVE,
                                                        PAGE_READWRITE, 2, &memory),
                   S_OK);
    assert_counted(subject, &before, HostMemVirtualAlloc);
    assert_figure(memory_state(memory), MEM_RESERVE);

    before = statistics_of(subject);
    assert_hresult(((virtual_free)slot_of(manager, 5))(manager, memory, 0, MEM_RELEASE), S_OK);
    assert_counted(subject, &before, HostMemVirtualFree);
    assert_figure(memory_state(memory), MEM_FREE);
}

static void slot_6_of_the_manager_is_VirtualQuery(void **state)
{
    typedef HRESULT(STDMETHODCALLTYPE * query)(void *, void *, void *, SIZE_T, SIZE_T *);
    const struct subject *subject = *state;
    HOSTMEM_STATISTICS before = statistics_of(subject);
    MEMORY_BASIC_INFORMATION range = {0};
    SIZE_T written = 0;

    assert_hresult(((query)slot_of(subject->manager, 6))(subject->manager, &range, &range,
                                                         sizeof(range), &written),
                   S_OK);
    assert_counted(subject, &before, HostMemVirtualQuery);
    assert_figure(written, sizeof(range));
    assert_figure(range.State, MEM_COMMIT);
}

static void slot_7_of_the_manager_is_VirtualProtect(void **state)
{
    typedef HRESULT(STDMETHODCALLTYPE * protect)(void *, void *, SIZE_T, DWORD, DWORD *);
    const struct subject *subject = *state;
    void *memory = subject_alloc(subject, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    HOSTMEM_STATISTICS before = statistics_of(subject);
    DWORD old = 0;

    assert_hresult(((protect)slot_of(subject->manager, 7))(subject->manager, memory, PAGE,
                                                           PAGE_READONLY, &old),
                   S_OK);
    assert_counted(subject, &before, HostMemVirtualProtect);
    assert_figure(old, PAGE_READWRITE);
    subject_release(subject, memory);
}

static void slot_8_of_the_manager_is_GetMemoryLoad(void **state)
{
    typedef HRESULT(STDMETHODCALLTYPE * load)(void *, DWORD *, SIZE_T *);
    const struct subject *subject = *state;
    HOSTMEM_STATISTICS before = statistics_of(subject);
    DWORD percent = 1000;
    SIZE_T available = 0;

    assert_hresult(((load)slot_of(subject->manager, 8))(subject->manager, &percent, &available),
                   S_OK);
    assert_counted(subject, &before, HostMemGetMemoryLoad);
    assert_between(percent, 0, 100);
}

static void slot_9_of_the_manager_is_RegisterMemoryNotificationCallback(void **state)
{
    typedef HRESULT(STDMETHODCALLTYPE * register_callback)(void *, void *);
    const struct subject *subject = *state;
    HOSTMEM_STATISTICS before = statistics_of(subject);

    assert_hresult(((register_callback)slot_of(subject->manager, 9))(subject->manager, NULL), S_OK);
    assert_counted(subject, &before, HostMemRegisterMemoryNotificationCallback);
}

static void slot_10_of_the_manager_is_NeedsVirtualAddressSpace(void **state)
{
    typedef HRESULT(STDMETHODCALLTYPE * needs)(void *, void *, SIZE_T);
    HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .EmergencyReservation = GRANULE};
    struct subject subject = subject_make(&options);
    HOSTMEM_STATISTICS before = statistics_of(&subject);

    (void)state;
    assert_hresult(((needs)slot_of(subject.manager, 10))(subject.manager, NULL, GRANULE), S_OK);
    assert_counted(&subject, &before, HostMemNeedsVirtualAddressSpace);
    subject_end(&subject);
}

static void
slots_11_and_12_of_the_manager_are_Acquired_and_ReleasedVirtualAddressSpace(void **state)
{
    typedef HRESULT(STDMETHODCALLTYPE * acquired)(void *, void *, SIZE_T);
    typedef HRESULT(STDMETHODCALLTYPE * released)(void *, void *);
    const struct subject *subject = *state;
    void *manager = subject->manager, *base = (void *)(uintptr_t)0x10000000;
    HOSTMEM_STATISTICS before = statistics_of(subject);

    assert_hresult(((acquired)slot_of(manager, 11))(manager, base, GRANULE), S_OK);
    assert_counted(subject, &before, HostMemAcquiredVirtualAddressSpace);
    assert_figure(statistics_of(subject).Mapped.Now, GRANULE);

    before = statistics_of(subject);
    assert_hresult(((released)slot_of(manager, 12))(manager, base), S_OK);
    assert_counted(subject, &before, HostMemReleasedVirtualAddressSpace);
    assert_figure(statistics_of(subject).Mapped.Now, 0);
}

static void slots_3_to_5_of_a_heap_are_Alloc_DebugAlloc_and_Free(void **state)
{
    typedef HRESULT(STDMETHODCALLTYPE * alloc)(void *, SIZE_T, int, void **);
    typedef HRESULT(STDMETHODCALLTYPE * debug_alloc)(void *, SIZE_T, int, char *, int, void **);
    typedef HRESULT(STDMETHODCALLTYPE * free_block)(void *, void *);
    const struct subject *subject = *state;
    HOSTMEM_STATISTICS before;
    IHostMalloc *heap = NULL;
    void *plain = NULL, *named = NULL;
    char file[] = "a.c";

    assert_hresult(IHostMemoryManager_CreateMalloc(subject->manager, MALLOC_THREADSAFE, &heap),
                   S_OK);
    before = statistics_of(subject);
    assert_hresult(((alloc)slot_of(heap, 3))(heap, 24, 0, &plain), S_OK);
    assert_counted(subject, &before, HostMemMallocAlloc);

    before = statistics_of(subject);
    assert_hresult(((debug_alloc)slot_of(heap, 4))(heap, 24, 0, file, 7, &named), S_OK);
    assert_counted(subject, &before, HostMemMallocDebugAlloc);

    before = statistics_of(subject);
    assert_hresult(((free_block)slot_of(heap, 5))(heap, named), S_OK);
    assert_counted(subject, &before, HostMemMallocFree);
    assert_hresult(IHostMalloc_Free(heap, plain), S_OK);
    IHostMalloc_Release(heap);
}

static void slots_3_and_4_of_the_control_are_GetHostManager_and_SetAppDomainManager(void **state)
{
    typedef HRESULT(STDMETHODCALLTYPE * get)(void *, REFIID, void **);
    typedef HRESULT(STDMETHODCALLTYPE * set)(void *, DWORD, void *);
    const struct subject *subject = *state;
    IHostControl *control = NULL;
    void *manager = NULL;

    assert_hresult(HostMemCreateHostControl(subject->manager, NULL, &control), S_OK);
    assert_hresult(((get)slot_of(control, 3))(control, &IID_IHostMemoryManager, &manager), S_OK);
    assert_address(manager, subject->manager);
    IHostMemoryManager_Release(subject->manager);
    assert_hresult(((set)slot_of(control, 4))(control, 1, NULL), S_OK);
    IHostControl_Release(control);
}

/* A callback whose vtable is nothing but four slots, as the CLR's is. */
static unsigned calls_by_slot[4];

static HRESULT STDMETHODCALLTYPE count_slot_0(void *self, REFIID iid, void **object)
{
    (void)self;
    (void)iid;
    *object = NULL;
    calls_by_slot[0]++;
    return E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE count_slot_1(void *self)
{
    (void)self;
    calls_by_slot[1]++;
    return 2;
}

static ULONG STDMETHODCALLTYPE count_slot_2(void *self)
{
    (void)self;
    calls_by_slot[2]++;
    return 1;
}

static HRESULT STDMETHODCALLTYPE count_slot_3(void *self, EMemoryAvailable available)
{
    (void)self;
    calls_by_slot[3] += available == eMemoryAvailableLow;
    return S_OK;
}

/* A callback made of them. */
struct four_slots {
    ICLRMemoryNotificationCallback callback;
    ICLRMemoryNotificationCallbackVtbl vtbl;
};

static void make_four_slots(struct four_slots *object)
{
    const any_function slots[4] = {(any_function)count_slot_0, (any_function)count_slot_1,
                                   (any_function)count_slot_2, (any_function)count_slot_3};

    assert_figure(sizeof(object->vtbl), sizeof(slots));
    memcpy(&object->vtbl, slots, sizeof(slots));
    object->callback.lpVtbl = &object->vtbl;
    memset(calls_by_slot, 0, sizeof(calls_by_slot));
}

static void the_dll_references_a_callback_through_slots_1_and_2(void **state)
{
    struct subject subject = subject_make(NULL);
    struct four_slots object;

    (void)state;
    make_four_slots(&object);
    assert_hresult(
        IHostMemoryManager_RegisterMemoryNotificationCallback(subject.manager, &object.callback),
        S_OK);
    assert_figure(calls_by_slot[1], 1);
    assert_figure(calls_by_slot[2], 0);
    subject_end(&subject);
    assert_figure(calls_by_slot[2], 1);
}

static void slot_3_of_a_callback_is_OnMemoryNotification(void **state)
{
    struct four_slots object;

    (void)state;
    make_four_slots(&object);
    assert_hresult(
        ICLRMemoryNotificationCallback_OnMemoryNotification(&object.callback, eMemoryAvailableLow),
        S_OK);
    assert_figure(calls_by_slot[3], 1);
}

/* ------------------------------------------------------------------------------------------------
 * Numbers
 * --------------------------------------------------------------------------------------------- */

static void values_of_EMemoryAvailable_are_the_published_ones(void **state)
{
    (void)state;
    assert_figure(eMemoryAvailableLow, 1);
    assert_figure(eMemoryAvailableNeutral, 2);
    assert_figure(eMemoryAvailableHigh, 3);
}

static void values_of_EMemoryCriticalLevel_are_the_published_ones(void **state)
{
    (void)state;
    assert_figure(eTaskCritical, 0);
    assert_figure(eAppDomainCritical, 1);
    assert_figure(eProcessCritical, 2);
}

static void values_of_MALLOC_TYPE_are_the_published_ones(void **state)
{
    (void)state;
    assert_figure(MALLOC_THREADSAFE, 1);
    assert_figure(MALLOC_EXECUTABLE, 2);
}

static void an_enumeration_is_passed_as_an_int(void **state)
{
    (void)state;
    assert_figure(sizeof(EMemoryAvailable), sizeof(int));
    assert_figure(sizeof(EMemoryCriticalLevel), sizeof(int));
    assert_figure(sizeof(MALLOC_TYPE), sizeof(int));
}

static void values_of_the_host_error_codes_are_the_published_ones(void **state)
{
    (void)state;
    assert_hresult(HOST_E_DEADLOCK, (HRESULT)0x80131020);
    assert_hresult(HOST_E_INTERRUPTED, (HRESULT)0x80131021);
    assert_hresult(HOST_E_INVALIDOPERATION, (HRESULT)0x80131022);
    assert_hresult(HOST_E_CLRNOTAVAILABLE, (HRESULT)0x80131023);
    assert_hresult(HOST_E_TIMEOUT, (HRESULT)0x80131024);
    assert_hresult(HOST_E_NOT_OWNER, (HRESULT)0x80131025);
    assert_hresult(HOST_E_ABANDONED, (HRESULT)0x80131026);
    assert_hresult(HOST_E_EXITPROCESS_THREADABORT, (HRESULT)0x80131027);
    assert_hresult(HOST_E_EXITPROCESS_ADUNLOAD, (HRESULT)0x80131028);
    assert_hresult(HOST_E_EXITPROCESS_TIMEOUT, (HRESULT)0x80131029);
    assert_hresult(HOST_E_EXITPROCESS_OUTOFMEMORY, (HRESULT)0x8013102a);
}

/* ------------------------------------------------------------------------------------------------
 * The version
 * --------------------------------------------------------------------------------------------- */

static void the_version_is_major_minor_and_patch_in_one_number(void **state)
{
    DWORD version = HostMemGetVersion();

    (void)state;
    assert_figure(version >> 24, HOSTMEM_VERSION_MAJOR);
    assert_figure(version >> 16 & 0xff, HOSTMEM_VERSION_MINOR);
    assert_figure(version & 0xffff, HOSTMEM_VERSION_PATCH);
    assert_figure(version, HOSTMEM_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iid_of_IHostControl_is_the_published_one),
        cmocka_unit_test(iid_of_IHostMemoryManager_is_the_published_one),
        cmocka_unit_test(iid_of_IHostMalloc_is_the_published_one),
        cmocka_unit_test(iid_of_ICLRMemoryNotificationCallback_is_the_published_one),
        cmocka_unit_test(iid_of_IHostMemInspection_is_the_one_that_was_released),
        promise(the_dll_answers_to_the_published_identifier_by_value),
        cmocka_unit_test(offsets_of_IHostMemoryManager_are_the_published_ones),
        cmocka_unit_test(offsets_of_IHostMalloc_are_the_published_ones),
        cmocka_unit_test(offsets_of_ICLRMemoryNotificationCallback_are_the_published_ones),
        cmocka_unit_test(offsets_of_IHostControl_are_the_published_ones),
        cmocka_unit_test(the_vtable_pointer_is_an_interface_s_first_member),
        promise(slots_0_to_2_of_the_manager_are_those_of_IUnknown),
        promise(slot_3_of_the_manager_is_CreateMalloc),
        promise(slots_4_and_5_of_the_manager_are_VirtualAlloc_and_VirtualFree),
        promise(slot_6_of_the_manager_is_VirtualQuery),
        promise(slot_7_of_the_manager_is_VirtualProtect),
        promise(slot_8_of_the_manager_is_GetMemoryLoad),
        promise(slot_9_of_the_manager_is_RegisterMemoryNotificationCallback),
        cmocka_unit_test(slot_10_of_the_manager_is_NeedsVirtualAddressSpace),
        promise(slots_11_and_12_of_the_manager_are_Acquired_and_ReleasedVirtualAddressSpace),
        promise(slots_3_to_5_of_a_heap_are_Alloc_DebugAlloc_and_Free),
        promise(slots_3_and_4_of_the_control_are_GetHostManager_and_SetAppDomainManager),
        cmocka_unit_test(the_dll_references_a_callback_through_slots_1_and_2),
        cmocka_unit_test(slot_3_of_a_callback_is_OnMemoryNotification),
        cmocka_unit_test(values_of_EMemoryAvailable_are_the_published_ones),
        cmocka_unit_test(values_of_EMemoryCriticalLevel_are_the_published_ones),
        cmocka_unit_test(values_of_MALLOC_TYPE_are_the_published_ones),
        cmocka_unit_test(an_enumeration_is_passed_as_an_int),
        cmocka_unit_test(values_of_the_host_error_codes_are_the_published_ones),
        cmocka_unit_test(the_version_is_major_minor_and_patch_in_one_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
