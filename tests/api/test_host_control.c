/*
 * test_host_control.c: the host control: its factory, which managers it hands out, and how it
 * passes other requests on to the host's own control.
 */
#include "host_managers.h"
#include "support.h"

#include <string.h>

/* An interface that nothing here has. */
static const IID iid_of_nothing = {
    0x6a3bb0f1, 0x6f0d, 0x4d5b, {0x8b, 0x0e, 0x2f, 0x5d, 0x1c, 0x77, 0x90, 0x3e}};

/* ------------------------------------------------------------------------------------------------
 * A host's own control, to compose with
 * --------------------------------------------------------------------------------------------- */

struct inner_control {
    IHostControl IHostControl_iface;
    LONG references;
    ULONG queries; /* calls of QueryInterface */

    unsigned asked; /* calls of GetHostManager */
    IID iid;        /* the last */
    void **object;
    HRESULT result;
    void *manager; /* what it gives */

    unsigned told; /* calls of SetAppDomainManager */
    DWORD domain;
    IUnknown *domain_manager;
};

static struct inner_control *impl_from_IHostControl(IHostControl *iface)
{
    return CONTAINING_RECORD(iface, struct inner_control, IHostControl_iface);
}

static HRESULT STDMETHODCALLTYPE inner_QueryInterface(IHostControl *iface, REFIID iid,
                                                      void **object)
{
    (void)iid;
    impl_from_IHostControl(iface)->queries++;
    *object = NULL;
    return E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE inner_AddRef(IHostControl *iface)
{
    return (ULONG)InterlockedIncrement(&impl_from_IHostControl(iface)->references);
}

static ULONG STDMETHODCALLTYPE inner_Release(IHostControl *iface)
{
    return (ULONG)InterlockedDecrement(&impl_from_IHostControl(iface)->references);
}

static HRESULT STDMETHODCALLTYPE inner_GetHostManager(IHostControl *iface, REFIID iid,
                                                      void **object)
{
    struct inner_control *inner = impl_from_IHostControl(iface);

    inner->asked++;
    inner->iid = *iid;
    inner->object = object;
    *object = inner->manager;
    return inner->result;
}

static HRESULT STDMETHODCALLTYPE inner_SetAppDomainManager(IHostControl *iface, DWORD domain,
                                                           IUnknown *manager)
{
    struct inner_control *inner = impl_from_IHostControl(iface);

    inner->told++;
    inner->domain = domain;
    inner->domain_manager = manager;
    return inner->result;
}

static const IHostControlVtbl inner_vtbl = {
    inner_QueryInterface,      inner_AddRef, inner_Release, inner_GetHostManager,
    inner_SetAppDomainManager,
};

static struct inner_control make_inner(HRESULT result, void *manager)
{
    struct inner_control inner = {
        .IHostControl_iface = {&inner_vtbl},
        .references = 1,
        .result = result,
        .manager = manager,
    };

    return inner;
}

/* ------------------------------------------------------------------------------------------------
 * HostMemCreateHostControl's arguments
 * --------------------------------------------------------------------------------------------- */

static void creating_a_control_without_a_manager_is_E_POINTER(void **state)
{
    struct inner_control inner = make_inner(S_OK, NULL);
    IHostControl *control = SOMETHING;

    (void)state;
    assert_hresult(HostMemCreateHostControl(NULL, &inner.IHostControl_iface, &control), E_POINTER);
    assert_address(control, NULL);
    assert_figure(inner.references, 1);
}

static void creating_a_control_into_nowhere_is_E_POINTER(void **state)
{
    const struct subject *subject = *state;
    struct inner_control inner = make_inner(S_OK, NULL);
    ULONG references = references_of(subject->manager);

    assert_hresult(HostMemCreateHostControl(subject->manager, &inner.IHostControl_iface, NULL),
                   E_POINTER);
    assert_figure(inner.references, 1);
    assert_figure(references_of(subject->manager), references);
}

/* A memory manager of somebody else: one vtable, which counts. */
struct foreign_manager {
    IHostMemoryManager IHostMemoryManager_iface;
    ULONG calls;
};

static HRESULT STDMETHODCALLTYPE foreign_QueryInterface(IHostMemoryManager *iface, REFIID iid,
                                                        void **object)
{
    (void)iid;
    CONTAINING_RECORD(iface, struct foreign_manager, IHostMemoryManager_iface)->calls++;
    *object = NULL;
    return E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE foreign_count(IHostMemoryManager *iface)
{
    CONTAINING_RECORD(iface, struct foreign_manager, IHostMemoryManager_iface)->calls++;
    return 1;
}

static const IHostMemoryManagerVtbl foreign_vtbl = {
    .QueryInterface = foreign_QueryInterface,
    .AddRef = foreign_count,
    .Release = foreign_count,
};

static void a_manager_that_is_not_hostmem_s_is_E_INVALIDARG(void **state)
{
    struct foreign_manager foreign = {{&foreign_vtbl}, 0};
    struct inner_control inner = make_inner(S_OK, NULL);
    IHostControl *control = SOMETHING;

    (void)state;
    assert_hresult(HostMemCreateHostControl(&foreign.IHostMemoryManager_iface,
                                            &inner.IHostControl_iface, &control),
                   E_INVALIDARG);
    assert_address(control, NULL);
    assert_figure(inner.references, 1);
    assert_figure(foreign.calls, 0);
}

/* ------------------------------------------------------------------------------------------------
 * IHostControl
 * --------------------------------------------------------------------------------------------- */

static void the_control_hands_out_the_manager_with_a_reference(void **state)
{
    const struct subject *subject = *state;
    IHostControl *control = make_control(subject->manager, NULL);
    ULONG references = references_of(subject->manager);

    for (unsigned time = 1; time <= 3; time++) {
        void *manager = NULL;

        assert_hresult(IHostControl_GetHostManager(control, &host_managers[0].iid, &manager), S_OK);
        assert_address(manager, subject->manager);
        assert_figure(references_of(subject->manager), references + time);
    }
    for (unsigned time = 0; time < 3; time++)
        IHostMemoryManager_Release(subject->manager);
    IHostControl_Release(control);
}

static void the_control_alone_has_none_of_the_other_managers(void **state)
{
    const struct subject *subject = *state;
    IHostControl *control = make_control(subject->manager, NULL);

    for (unsigned i = 1; i < COUNT_OF(host_managers); i++) {
        void *manager = SOMETHING;

        assert_hresult_of(host_managers[i].name,
                          IHostControl_GetHostManager(control, &host_managers[i].iid, &manager),
                          E_NOINTERFACE);
        assert_address_of(host_managers[i].name, manager, NULL);
    }
    IHostControl_Release(control);
}

static void the_control_alone_knows_no_manager_of_an_unknown_kind(void **state)
{
    static const IID *const others[] = {&IID_IUnknown, &IID_IHostControl, &IID_IHostMalloc,
                                        &iid_of_nothing};
    const struct subject *subject = *state;
    IHostControl *control = make_control(subject->manager, NULL);

    for (unsigned i = 0; i < COUNT_OF(others); i++) {
        void *manager = SOMETHING;

        assert_hresult(IHostControl_GetHostManager(control, others[i], &manager), E_NOINTERFACE);
        assert_address(manager, NULL);
    }
    IHostControl_Release(control);
}

static void GetHostManager_into_nowhere_is_E_POINTER(void **state)
{
    const struct subject *subject = *state;
    struct inner_control inner = make_inner(S_OK, NULL);
    IHostControl *control = make_control(subject->manager, &inner.IHostControl_iface);
    ULONG references = references_of(subject->manager);

    for (unsigned i = 0; i < COUNT_OF(host_managers); i++)
        assert_hresult_of(host_managers[i].name,
                          IHostControl_GetHostManager(control, &host_managers[i].iid, NULL),
                          E_POINTER);
    assert_figure(inner.asked, 0);
    assert_figure(references_of(subject->manager), references);
    IHostControl_Release(control);
}

static void SetAppDomainManager_alone_is_S_OK(void **state)
{
    const struct subject *subject = *state;
    IHostControl *control = make_control(subject->manager, NULL);
    ULONG references = references_of(subject->manager);

    assert_hresult(IHostControl_SetAppDomainManager(control, 1, (IUnknown *)subject->manager),
                   S_OK);
    assert_hresult(IHostControl_SetAppDomainManager(control, 0, NULL), S_OK);
    assert_figure(references_of(subject->manager), references);
    IHostControl_Release(control);
}

static void the_control_holds_one_reference_of_the_inner_one(void **state)
{
    const struct subject *subject = *state;
    struct inner_control inner = make_inner(E_NOINTERFACE, NULL);
    IHostControl *control = make_control(subject->manager, &inner.IHostControl_iface);
    void *manager = NULL;

    assert_figure(inner.references, 2);
    IHostControl_AddRef(control);
    IHostControl_GetHostManager(control, &host_managers[1].iid, &manager);
    IHostControl_SetAppDomainManager(control, 1, NULL);
    assert_figure(IHostControl_Release(control), 1);
    assert_figure(inner.references, 2);
    assert_figure(IHostControl_Release(control), 0);
    assert_figure(inner.references, 1);
}

static void the_inner_control_is_asked_for_every_other_manager(void **state)
{
    const struct subject *subject = *state;
    struct inner_control inner = make_inner(S_OK, SOMETHING);
    IHostControl *control = make_control(subject->manager, &inner.IHostControl_iface);

    for (unsigned i = 1; i < COUNT_OF(host_managers); i++) {
        void *manager = NULL;

        assert_hresult_of(host_managers[i].name,
                          IHostControl_GetHostManager(control, &host_managers[i].iid, &manager),
                          S_OK);
        assert_address_of(host_managers[i].name, manager, SOMETHING);
        assert_figure_of(host_managers[i].name, inner.asked, i);
        assert_memory_equal(&inner.iid, &host_managers[i].iid, sizeof(IID));
    }
    IHostControl_Release(control);
}

static void the_inner_control_is_never_asked_for_the_memory_manager(void **state)
{
    const struct subject *subject = *state;
    struct inner_control inner = make_inner(S_OK, SOMETHING);
    IHostControl *control = make_control(subject->manager, &inner.IHostControl_iface);
    void *manager = NULL;

    assert_hresult(IHostControl_GetHostManager(control, &host_managers[0].iid, &manager), S_OK);
    assert_address(manager, subject->manager);
    assert_figure(inner.asked, 0);
    IHostMemoryManager_Release(subject->manager);
    IHostControl_Release(control);
}

static void the_inner_control_s_answer_is_passed_on(void **state)
{
    static const HRESULT answers[] = {S_FALSE,       E_NOINTERFACE, E_FAIL,
                                      E_OUTOFMEMORY, E_NOTIMPL,     HOST_E_CLRNOTAVAILABLE};
    const struct subject *subject = *state;

    for (unsigned i = 0; i < COUNT_OF(answers); i++) {
        struct inner_control inner = make_inner(answers[i], NULL);
        IHostControl *control = make_control(subject->manager, &inner.IHostControl_iface);
        void *manager = SOMETHING;

        assert_hresult(IHostControl_GetHostManager(control, &host_managers[1].iid, &manager),
                       answers[i]);
        assert_address(manager, NULL);
        IHostControl_Release(control);
    }
}

static void SetAppDomainManager_goes_to_the_inner_control(void **state)
{
    static const HRESULT answers[] = {S_OK, S_FALSE, E_FAIL};
    const struct subject *subject = *state;

    for (unsigned i = 0; i < COUNT_OF(answers); i++) {
        struct inner_control inner = make_inner(answers[i], NULL);
        IHostControl *control = make_control(subject->manager, &inner.IHostControl_iface);

        assert_hresult(
            IHostControl_SetAppDomainManager(control, 77 + i, (IUnknown *)subject->manager),
            answers[i]);
        assert_figure(inner.told, 1);
        assert_figure(inner.domain, 77 + i);
        assert_address(inner.domain_manager, subject->manager);
        IHostControl_Release(control);
    }
}

static void the_inner_control_s_interfaces_are_not_the_control_s(void **state)
{
    const struct subject *subject = *state;
    struct inner_control inner = make_inner(S_OK, NULL);
    IHostControl *control = make_control(subject->manager, &inner.IHostControl_iface);
    void *face = SOMETHING;

    assert_hresult(IHostControl_QueryInterface(control, &iid_of_nothing, &face), E_NOINTERFACE);
    assert_address(face, NULL);
    assert_figure(inner.queries, 0);
    IHostControl_Release(control);
}

static void two_controls_of_one_manager_hand_out_the_same(void **state)
{
    const struct subject *subject = *state;
    struct inner_control inner = make_inner(S_OK, SOMETHING);
    IHostControl *alone = make_control(subject->manager, NULL);
    IHostControl *composed = make_control(subject->manager, &inner.IHostControl_iface);
    void *first = NULL, *second = NULL;

    assert_ptr_not_equal(alone, composed);
    assert_hresult(IHostControl_GetHostManager(alone, &host_managers[0].iid, &first), S_OK);
    assert_hresult(IHostControl_GetHostManager(composed, &host_managers[0].iid, &second), S_OK);
    assert_address(first, second);
    IHostMemoryManager_Release(subject->manager);
    IHostMemoryManager_Release(subject->manager);
    IHostControl_Release(composed);
    IHostControl_Release(alone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(creating_a_control_without_a_manager_is_E_POINTER),
        promise(creating_a_control_into_nowhere_is_E_POINTER),
        cmocka_unit_test(a_manager_that_is_not_hostmem_s_is_E_INVALIDARG),
        promise(the_control_hands_out_the_manager_with_a_reference),
        promise(the_control_alone_has_none_of_the_other_managers),
        promise(the_control_alone_knows_no_manager_of_an_unknown_kind),
        promise(GetHostManager_into_nowhere_is_E_POINTER),
        promise(SetAppDomainManager_alone_is_S_OK),
        promise(the_control_holds_one_reference_of_the_inner_one),
        promise(the_inner_control_is_asked_for_every_other_manager),
        promise(the_inner_control_is_never_asked_for_the_memory_manager),
        promise(the_inner_control_s_answer_is_passed_on),
        promise(SetAppDomainManager_goes_to_the_inner_control),
        promise(the_inner_control_s_interfaces_are_not_the_control_s),
        promise(two_controls_of_one_manager_hand_out_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
