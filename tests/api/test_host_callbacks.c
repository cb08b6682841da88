/*
 * test_host_callbacks.c: what a host is told and asked by callbacks of its own (notify.h): the
 * pressure, what is refused, and whether requests are granted.
 */
#include "looked_up.h"
#include "notes.h"

#include <string.h>

#define LIMIT (100 * PAGE)
#define MOST_TOLD 64

/* ------------------------------------------------------------------------------------------------
 * A host that writes down what it hears
 * --------------------------------------------------------------------------------------------- */

enum told {
    REQUEST,
    REFUSED,
    PRESSURE
};

struct host {
    struct subject subject;
    EMemoryAvailable pressure[MOST_TOLD];
    HOSTMEM_REFUSED refused[MOST_TOLD];
    HOSTMEM_REQUEST request[MOST_TOLD];
    unsigned pressures, refusals, requests;
    BOOL denies;
    void (*react)(struct host *host);
    enum told reacts_to; /* where `react` is called */
    IHostMalloc *heap;
    void *memory;
};

static void react(struct host *host, enum told told)
{
    if (host->react && host->reacts_to == told)
        host->react(host);
}

static void CALLBACK note_pressure(void *context, EMemoryAvailable available)
{
    struct host *host = context;

    if (host->pressures < MOST_TOLD)
        host->pressure[host->pressures++] = available;
    react(host, PRESSURE);
    SetLastError(ERROR_GEN_FAILURE);
}

static void CALLBACK note_refused(void *context, const HOSTMEM_REFUSED *refused)
{
    struct host *host = context;

    if (host->refusals < MOST_TOLD)
        host->refused[host->refusals++] = *refused;
    react(host, REFUSED);
    SetLastError(ERROR_GEN_FAILURE);
}

static BOOL CALLBACK note_request(void *context, const HOSTMEM_REQUEST *request)
{
    struct host *host = context;

    if (host->requests < MOST_TOLD)
        host->request[host->requests++] = *request;
    react(host, REQUEST);
    SetLastError(ERROR_GEN_FAILURE);
    return !host->denies;
}

static HOSTMEM_OPTIONS options_of(struct host *host, const HOSTMEM_LIMITS *limits)
{
    return (HOSTMEM_OPTIONS){.cbSize = sizeof(HOSTMEM_OPTIONS),
                             .pLimits = limits,
                             .pfnPressure = note_pressure,
                             .pPressureContext = host,
                             .pfnRefused = note_refused,
                             .pRefusedContext = host,
                             .pfnRequest = note_request,
                             .pRequestContext = host};
}

static const HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits), .Committed = {.Limit = LIMIT}};

static struct host *begin(const HOSTMEM_LIMITS *with)
{
    struct host *host = calloc(1, sizeof(*host));
    HOSTMEM_OPTIONS options = options_of(host, with);

    assert_non_null(host);
    host->subject = subject_make(&options);
    return host;
}

static void end(struct host *host)
{
    assert_clean_audit(&host->subject);
    subject_end(&host->subject);
    free(host);
}

static HRESULT try_alloc(const struct host *host, void *address, SIZE_T size, DWORD type,
                         EMemoryCriticalLevel level, void **memory)
{
    return IHostMemoryManager_VirtualAlloc(host->subject.manager, address, size, type,
                                           PAGE_READWRITE, level, memory);
}

#define assert_request(host, kind, at, reserve, commit)                                            \
    check_request((host), (kind), (at), (reserve), (commit), __FILE__, __LINE__)

/* The host was asked once since the last check, about this. */
static void check_request(struct host *host, HOSTMEM_REQUEST_KIND kind, const void *address,
                          ULONGLONG reserve, ULONGLONG commit, const char *file, int line)
{
    check_figure(host->requests, 1, "requests asked about", "", file, line);
    host->requests = 0;
    check_figure(host->request[0].Kind, kind, "Kind", "", file, line);
    check_figure((uintptr_t)host->request[0].Address, (uintptr_t)address, "Address", "", file,
                 line);
    check_figure(host->request[0].ReserveBytes, reserve, "ReserveBytes", "", file, line);
    check_figure(host->request[0].CommitBytes, commit, "CommitBytes", "", file, line);
}

/* ------------------------------------------------------------------------------------------------
 * Requests
 * --------------------------------------------------------------------------------------------- */

static void the_host_is_asked_what_a_request_would_take(void **state)
{
    struct host *host = begin(NULL);
    void *memory;
    char *base;

    (void)state;
    assert_succeeds(try_alloc(host, NULL, 3 * GRANULE, MEM_RESERVE, eTaskCritical, (void **)&base));
    assert_request(host, HostMemRequestPages, NULL, 3 * GRANULE, 0);
    assert_figure(host->request[0].Heap, 0);
    assert_succeeds(try_alloc(host, base + PAGE, 3 * PAGE, MEM_COMMIT, eProcessCritical, &memory));
    assert_request(host, HostMemRequestPages, base + PAGE, 0, 3 * PAGE);
    assert_figure(host->request[0].Level, eProcessCritical);
    assert_succeeds(try_alloc(host, base, 5 * PAGE, MEM_COMMIT, eTaskCritical, &memory));
    assert_request(host, HostMemRequestPages, base, 0, 2 * PAGE);
    assert_succeeds(try_alloc(host, base, 5 * PAGE, MEM_COMMIT, eTaskCritical, &memory));
    assert_figure(host->requests, 0); /* nothing is charged */
    assert_succeeds(
        try_alloc(host, NULL, 2 * PAGE, MEM_RESERVE | MEM_COMMIT, eAppDomainCritical, &memory));
    assert_request(host, HostMemRequestPages, NULL, 2 * PAGE, 2 * PAGE);
    assert_figure(host->request[0].Level, eAppDomainCritical);
    subject_release(&host->subject, memory);
    subject_release(&host->subject, base);
    assert_figure(host->requests, 0);
    end(host);
}

static void the_host_is_asked_for_pages_of_heaps(void **state)
{
    struct host *host = begin(NULL);
    IHostMalloc *first = subject_heap(&host->subject), *second = subject_heap(&host->subject);
    void *small, *other, *large;

    (void)state;
    small = heap_block(second, 100);
    assert_request(host, HostMemRequestHeap, NULL, GRANULE, GRANULE);
    assert_figure(host->request[0].Heap, 2);
    other = heap_block(second, 100);
    assert_figure(host->requests, 0); /* the heap has it */
    large = heap_block(first, 10 * GRANULE);
    assert_request(host, HostMemRequestHeap, NULL, 10 * GRANULE, 10 * GRANULE);
    assert_figure(host->request[0].Heap, 1);
    assert_succeeds(IHostMalloc_Free(first, large));
    assert_succeeds(IHostMalloc_Free(second, small));
    assert_succeeds(IHostMalloc_Free(second, other));
    IHostMalloc_Release(first);
    IHostMalloc_Release(second);
    end(host);
}

static void a_denied_request_looks_like_a_refused_one(void **state)
{
    struct host *host = begin(NULL);
    IHostMalloc *heap = subject_heap(&host->subject);
    HOSTMEM_STATISTICS before = statistics_of(&host->subject), after;
    void *memory = SOMETHING;

    (void)state;
    host->denies = TRUE;
    assert_result(try_alloc(host, NULL, GRANULE + 1, MEM_RESERVE, eAppDomainCritical, &memory),
                  E_OUTOFMEMORY, ERROR_COMMITMENT_LIMIT);
    assert_null(memory);
    assert_result(IHostMalloc_Alloc(heap, 24, eTaskCritical, &memory), E_OUTOFMEMORY,
                  ERROR_COMMITMENT_LIMIT);
    assert_null(memory);
    assert_figure(host->requests, 2);
    assert_figure(host->refusals, 2);
    assert_figure(host->refused[0].Kind, HostMemRequestPages);
    assert_figure(host->refused[0].Level, eAppDomainCritical);
    assert_figure(host->refused[0].Bytes, GRANULE + 1);
    assert_figure(host->refused[0].Heap, 0);
    assert_figure(host->refused[0].Denied, TRUE);
    assert_figure(host->refused[1].Kind, HostMemRequestHeap);
    assert_figure(host->refused[1].Level, eTaskCritical);
    assert_figure(host->refused[1].Bytes, 24);
    assert_figure(host->refused[1].Heap, 1);
    assert_figure(host->refused[1].Denied, TRUE);
    after = statistics_of(&host->subject);
    assert_figure(after.RefusedRequests[eAppDomainCritical].Count, 1);
    assert_figure(after.RefusedRequests[eTaskCritical].Count, 1);
    assert_figure(after.Reserved.Peak, before.Reserved.Peak);
    assert_figure(after.Committed.Peak, before.Committed.Peak);
    assert_figure(host->pressures, 0);
    IHostMalloc_Release(heap);
    end(host);
}

/* Makes room for what is asked about. */
static void raise_limit(struct host *host)
{
    HOSTMEM_LIMITS more = limits;

    more.Committed.Limit = 2 * LIMIT;
    IHostMemInspection_SetLimits(host->subject.inspection, &more);
}

static void the_host_may_raise_a_limit_when_it_is_asked(void **state)
{
    struct host *host = begin(&limits);
    void *memory;

    (void)state;
    host->react = raise_limit;
    assert_succeeds(
        try_alloc(host, NULL, LIMIT + PAGE, MEM_RESERVE | MEM_COMMIT, eTaskCritical, &memory));
    assert_figure(host->refusals, 0);
    subject_release(&host->subject, memory);
    end(host);
}

/* ------------------------------------------------------------------------------------------------
 * Refusals and pressure
 * --------------------------------------------------------------------------------------------- */

static void what_a_limit_refuses_is_told_once(void **state)
{
    struct host *host = begin(&limits);
    IHostMalloc *heap = subject_heap(&host->subject);
    void *memory;

    (void)state;
    assert_result(
        try_alloc(host, NULL, LIMIT + PAGE, MEM_RESERVE | MEM_COMMIT, eTaskCritical, &memory),
        E_OUTOFMEMORY, ERROR_COMMITMENT_LIMIT);
    assert_figure(host->refusals, 1);
    assert_figure(host->refused[0].Kind, HostMemRequestPages);
    assert_figure(host->refused[0].Level, eTaskCritical);
    assert_figure(host->refused[0].Bytes, LIMIT + PAGE);
    assert_figure(host->refused[0].Denied, FALSE);
    assert_result(IHostMalloc_Alloc(heap, LIMIT + 1, eTaskCritical, &memory), E_OUTOFMEMORY,
                  ERROR_COMMITMENT_LIMIT);
    assert_figure(host->refusals, 2);
    assert_figure(host->refused[1].Kind, HostMemRequestHeap);
    assert_figure(host->refused[1].Bytes, LIMIT + 1);
    assert_figure(host->refused[1].Heap, 1);
    assert_figure(host->refused[1].Denied, FALSE);
    assert_figure(statistics_of(&host->subject).RefusedRequests[eTaskCritical].Count, 2);
    /* What the system refuses is no refusal of a limit's. */
    assert_hresult(try_alloc(host, NULL, MORE_THAN_THERE_IS, MEM_RESERVE, eTaskCritical, &memory),
                   E_OUTOFMEMORY);
    assert_figure(host->refusals, 2);
    IHostMalloc_Release(heap);
    end(host);
}

static void the_host_is_told_the_pressure_beside_the_runtime(void **state)
{
    static const EMemoryAvailable expected[] = {eMemoryAvailableLow, eMemoryAvailableHigh};
    struct host *host = begin(&limits);
    struct callback runtime = make_callback();
    void *memory;

    (void)state;
    for (unsigned round = 0; round < 2; round++) {
        if (round)
            assert_succeeds(register_callback(&host->subject, &runtime));
        memory = subject_alloc(&host->subject, 95 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        subject_release(&host->subject, memory);
        assert_figure(host->pressures, COUNT_OF(expected));
        for (unsigned i = 0; i < COUNT_OF(expected); i++)
            assert_figure(host->pressure[i], expected[i]);
        host->pressures = 0;
    }
    /* Those that a runtime was sent. */
    assert_figure(statistics_of(&host->subject).Notifications[eMemoryAvailableLow - 1].Count, 1);
    end(host);
}

/* ------------------------------------------------------------------------------------------------
 * Sections of redirected modules
 * --------------------------------------------------------------------------------------------- */

static HANDLE make_section(const struct looker *looker, DWORD kind, SIZE_T size)
{
    return LOOKED_UP(looker, CreateFileMappingW)(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE | kind,
                                                 0, (DWORD)size, NULL);
}

static void the_host_is_asked_for_sections(void **state)
{
    static struct host sections_host; /* it outlives the test, as the manager does */
    struct looker *looker = *state;
    struct host *host = &sections_host;
    HOSTMEM_OPTIONS options = options_of(host, &limits);
    HANDLE handle;
    char *view;

    looker_restart(looker, &options);
    handle = make_section(looker, SEC_RESERVE, 3 * GRANULE);
    assert_non_null(handle);
    assert_figure(host->requests, 0);
    view = LOOKED_UP(looker, MapViewOfFile)(handle, FILE_MAP_WRITE, 0, 0, 0);
    assert_non_null(view);
    assert_address(
        LOOKED_UP(looker, VirtualAlloc)(view + PAGE, 2 * PAGE, MEM_COMMIT, PAGE_READWRITE),
        view + PAGE);
    assert_request(host, HostMemRequestSection, view + PAGE, 0, 2 * PAGE);
    host->denies = TRUE;
    assert_null(LOOKED_UP(looker, VirtualAlloc)(view, PAGE, MEM_COMMIT, PAGE_READWRITE));
    assert_last_error(ERROR_COMMITMENT_LIMIT);
    assert_request(host, HostMemRequestSection, view, 0, PAGE);
    assert_figure(host->refusals, 1);
    assert_figure(host->refused[0].Kind, HostMemRequestSection);
    assert_figure(host->refused[0].Denied, TRUE);
    assert_null(make_section(looker, SEC_COMMIT, 3 * PAGE - 1));
    assert_last_error(ERROR_COMMITMENT_LIMIT);
    assert_request(host, HostMemRequestSection, NULL, 0, 3 * PAGE);
    assert_figure(host->refusals, 2);
    assert_figure(host->refused[1].Kind, HostMemRequestSection);
    assert_figure(host->refused[1].Bytes, 3 * PAGE - 1);
    assert_true(LOOKED_UP(looker, UnmapViewOfFile)(view));
    assert_true(LOOKED_UP(looker, CloseHandle)(handle));
}

/* ------------------------------------------------------------------------------------------------
 * Lifetimes
 * --------------------------------------------------------------------------------------------- */

/* Gives the references of the manager and the heap back, once. */
static void let_go(struct host *host)
{
    if (host->heap)
        IHostMalloc_Release(host->heap);
    host->heap = NULL;
    if (host->subject.manager)
        subject_end(&host->subject);
    host->subject = (struct subject){0};
}

static void a_callback_may_release_the_manager(void **state)
{
    void *memory;

    (void)state;
    for (enum told told = REQUEST; told <= PRESSURE; told++) {
        struct host *host = begin(&limits);
        IHostMemoryManager *manager = host->subject.manager;
        SIZE_T size = told == REFUSED ? LIMIT + PAGE : LIMIT;

        host->reacts_to = told;
        host->react = let_go;
        assert_hresult(IHostMemoryManager_VirtualAlloc(manager, NULL, size,
                                                       MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE,
                                                       eTaskCritical, &memory),
                       told == REFUSED ? E_OUTOFMEMORY : S_OK);
        assert_null(host->subject.manager);
        if (told != REFUSED)
            assert_true(VirtualFree(memory, 0, MEM_RELEASE));
        free(host);
    }
}

static void a_callback_may_release_the_heap(void **state)
{
    void *memory;

    (void)state;
    for (enum told told = REQUEST; told <= PRESSURE; told++) {
        struct host *host = begin(&limits);
        IHostMalloc *heap = subject_heap(&host->subject);

        host->heap = heap;
        host->reacts_to = told;
        host->react = let_go;
        assert_hresult(
            IHostMalloc_Alloc(heap, told == REFUSED ? LIMIT + 1 : LIMIT, eTaskCritical, &memory),
            told == REFUSED ? E_OUTOFMEMORY : S_OK);
        assert_null(host->subject.manager);
        free(host);
    }
}

/* Asks for memory itself, while it is asked. */
static void alloc_too(struct host *host)
{
    host->react = NULL;
    try_alloc(host, NULL, PAGE, MEM_RESERVE | MEM_COMMIT, eTaskCritical, &host->memory);
}

/* Leaves something behind that the manager can give back. */
static void alloc_and_free(struct host *host)
{
    void *block;

    host->react = NULL;
    if (IHostMalloc_Alloc(host->heap, 2 * GRANULE, eTaskCritical, &block) == S_OK)
        IHostMalloc_Free(host->heap, block);
    host->react = alloc_and_free;
}

static void a_callback_that_leaves_memory_each_time_does_not_keep_a_call_going(void **state)
{
    struct host *host = begin(&limits);
    void *memory;

    (void)state;
    host->heap = subject_heap(&host->subject);
    host->react = alloc_and_free;
    assert_hresult(
        try_alloc(host, NULL, LIMIT + PAGE, MEM_RESERVE | MEM_COMMIT, eTaskCritical, &memory),
        E_OUTOFMEMORY);
    assert_between(host->requests, 2, 2 * 9); /* the callback's own among them */
    host->react = NULL;
    IHostMalloc_Release(host->heap);
    end(host);
}

static void what_a_callback_asks_for_is_asked_about(void **state)
{
    struct host *host = begin(NULL);
    void *memory;

    (void)state;
    host->react = alloc_too;
    assert_succeeds(
        try_alloc(host, NULL, 2 * PAGE, MEM_RESERVE | MEM_COMMIT, eTaskCritical, &memory));
    assert_figure(host->requests, 2);
    assert_figure(host->request[1].CommitBytes, PAGE);
    assert_figure(statistics_of(&host->subject).Committed.Now, 3 * PAGE);
    subject_release(&host->subject, host->memory);
    subject_release(&host->subject, memory);
    end(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_host_is_asked_what_a_request_would_take),
        cmocka_unit_test(the_host_is_asked_for_pages_of_heaps),
        cmocka_unit_test(a_denied_request_looks_like_a_refused_one),
        cmocka_unit_test(the_host_may_raise_a_limit_when_it_is_asked),
        cmocka_unit_test(what_a_limit_refuses_is_told_once),
        cmocka_unit_test(the_host_is_told_the_pressure_beside_the_runtime),
        looker_promise(the_host_is_asked_for_sections),
        cmocka_unit_test(a_callback_may_release_the_manager),
        cmocka_unit_test(a_callback_may_release_the_heap),
        cmocka_unit_test(what_a_callback_asks_for_is_asked_about),
        cmocka_unit_test(a_callback_that_leaves_memory_each_time_does_not_keep_a_call_going),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
