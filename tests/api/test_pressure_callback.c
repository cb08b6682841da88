/*
 * test_pressure_callback.c: what the CLR's ICLRMemoryNotificationCallback is told of memory
 * pressure: when, in which order, and what the callback may do about it.
 */
#include "notes.h"

#include <string.h>

#define RESERVE_COMMIT (MEM_RESERVE | MEM_COMMIT)
#define PAGES 100 /* of the limit: a page is a percent */
#define MIB ((ULONGLONG)1 << 20)

/* ------------------------------------------------------------------------------------------------
 * A callback that writes down what it is told
 * --------------------------------------------------------------------------------------------- */

#define MOST_TOLD 64

struct listener {
    struct callback callback;
    EMemoryAvailable told[MOST_TOLD];
    unsigned count;
    unsigned depth, deepest;
    void (*react)(struct listener *listener, EMemoryAvailable available);
    struct subject *subject;
    void *memory;
    struct listener *successor;
};

static void write_down(struct callback *callback, EMemoryAvailable available)
{
    struct listener *listener = CONTAINING_RECORD(callback, struct listener, callback);

    if (++listener->depth > listener->deepest)
        listener->deepest = listener->depth;
    if (listener->count < MOST_TOLD)
        listener->told[listener->count++] = available;
    if (listener->react)
        listener->react(listener, available);
    listener->depth--;
    SetLastError(ERROR_GEN_FAILURE);
}

static struct listener make_listener(struct subject *subject)
{
    struct listener listener = {.callback = make_callback(), .subject = subject};

    listener.callback.told = write_down;
    return listener;
}

static void register_listener(struct listener *listener)
{
    assert_succeeds(register_callback(listener->subject, &listener->callback));
}

#define LOW eMemoryAvailableLow
#define NEUTRAL eMemoryAvailableNeutral
#define HIGH eMemoryAvailableHigh

/* Checks that the callback was told exactly this, in this order, since the last check. */
#define assert_told(listener, ...)                                                                 \
    check_told((listener), (const EMemoryAvailable[]){__VA_ARGS__},                                \
               sizeof((const EMemoryAvailable[]){__VA_ARGS__}) / sizeof(EMemoryAvailable),         \
               __FILE__, __LINE__)
#define assert_told_nothing(listener) assert_figure((listener)->count, 0)

static void check_told(struct listener *listener, const EMemoryAvailable *expected, size_t count,
                       const char *file, int line)
{
    check_figure(listener->count, count, "how often it was told", "", file, line);
    for (size_t i = 0; i < count; i++)
        check_figure(listener->told[i], expected[i], "what it was told", "", file, line);
    listener->count = 0;
}

/* ------------------------------------------------------------------------------------------------
 * A manager of which a number of pages is in use
 * --------------------------------------------------------------------------------------------- */

struct gauge {
    struct subject subject;
    char *region;
    unsigned pages;
};

static struct gauge make_gauge(DWORD low, DWORD high)
{
    const HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits),
                                   .LowPercent = low,
                                   .HighPercent = high,
                                   .Committed = {.Limit = PAGES * PAGE}};
    const HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .pLimits = &limits};
    struct gauge gauge = {.subject = subject_make(&options)};

    gauge.region = subject_alloc(&gauge.subject, 2 * PAGES * PAGE, MEM_RESERVE, PAGE_NOACCESS);
    return gauge;
}

/* So many pages, in one step. */
static void use(struct gauge *gauge, unsigned pages)
{
    char *at = gauge->region + gauge->pages * PAGE;
    void *memory;

    if (pages > gauge->pages)
        assert_succeeds(IHostMemoryManager_VirtualAlloc(gauge->subject.manager, at,
                                                        (pages - gauge->pages) * PAGE, MEM_COMMIT,
                                                        PAGE_READWRITE, eTaskCritical, &memory));
    else if (pages < gauge->pages)
        assert_succeeds(
            IHostMemoryManager_VirtualFree(gauge->subject.manager, gauge->region + pages * PAGE,
                                           (gauge->pages - pages) * PAGE, MEM_DECOMMIT));
    gauge->pages = pages;
}

static void refuse(struct gauge *gauge)
{
    void *memory;

    assert_result(IHostMemoryManager_VirtualAlloc(gauge->subject.manager, NULL, 2 * PAGES * PAGE,
                                                  RESERVE_COMMIT, PAGE_READWRITE, eTaskCritical,
                                                  &memory),
                  E_OUTOFMEMORY, ERROR_COMMITMENT_LIMIT);
}

static void end(struct gauge *gauge)
{
    subject_release(&gauge->subject, gauge->region);
    assert_clean_audit(&gauge->subject);
    subject_end(&gauge->subject);
}

static ULONGLONG told_count(const struct gauge *gauge, EMemoryAvailable state)
{
    return statistics_of(&gauge->subject).Notifications[state - 1].Count;
}

/* ------------------------------------------------------------------------------------------------
 * When it is told
 * --------------------------------------------------------------------------------------------- */

/* So many pages in use, and what is told then; 0: nothing. */
struct step {
    unsigned pages;
    unsigned told;
};

static void check_steps(struct gauge *gauge, struct listener *listener, const struct step *steps,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        use(gauge, steps[i].pages);
        assert_figure(listener->count, steps[i].told ? 1 : 0);
        if (steps[i].told)
            assert_told(listener, (EMemoryAvailable)steps[i].told);
    }
}

static void each_threshold_is_told_once_and_left_a_quarter_of_the_distance_beyond(void **state)
{
    static const struct step steps[] = {
        {75, 0},       {76, NEUTRAL}, {90, 0}, {91, LOW},  {100, 0}, {85, 0}, {91, 0},
        {84, NEUTRAL}, {90, 0},       {70, 0}, {69, HIGH}, {75, 0},  {0, 0}};
    struct gauge gauge = make_gauge(0, 0); /* 90 and 70: left at 85 and 75 */
    struct listener listener = make_listener(&gauge.subject);

    (void)state;
    register_listener(&listener);
    for (int round = 0; round < 3; round++)
        check_steps(&gauge, &listener, steps, COUNT_OF(steps));
    assert_figure(told_count(&gauge, LOW), 3);
    assert_figure(told_count(&gauge, NEUTRAL), 6);
    assert_figure(told_count(&gauge, HIGH), 3);
    end(&gauge);
}

static void thresholds_are_as_they_are_set(void **state)
{
    static const struct step steps[] = {{30, 0}, {31, NEUTRAL}, {60, 0}, {61, LOW},
                                        {50, 0}, {49, NEUTRAL}, {20, 0}, {19, HIGH}};
    struct gauge gauge = make_gauge(60, 20); /* left at 50 and 30 */
    struct listener listener = make_listener(&gauge.subject);

    (void)state;
    register_listener(&listener);
    check_steps(&gauge, &listener, steps, COUNT_OF(steps));
    end(&gauge);
}

static void a_step_over_both_thresholds_is_told_as_one_change(void **state)
{
    struct gauge gauge = make_gauge(0, 0);
    struct listener listener = make_listener(&gauge.subject);

    (void)state;
    register_listener(&listener);
    use(&gauge, 100);
    assert_told(&listener, LOW);
    use(&gauge, 0);
    assert_told(&listener, HIGH);
    end(&gauge);
}

static void a_use_that_swings_about_a_threshold_is_told_once(void **state)
{
    struct gauge gauge = make_gauge(0, 0);
    struct listener listener = make_listener(&gauge.subject);

    (void)state;
    register_listener(&listener);
    use(&gauge, 80);
    assert_told(&listener, NEUTRAL);
    for (int i = 0; i < 1000; i++) {
        use(&gauge, 91);
        use(&gauge, 88);
    }
    assert_told(&listener, LOW);
    end(&gauge);
}

static void a_changed_limit_is_told_like_a_changed_use(void **state)
{
    struct gauge gauge = make_gauge(0, 0);
    struct listener listener = make_listener(&gauge.subject);
    HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits)};

    (void)state;
    register_listener(&listener);
    use(&gauge, 50);
    assert_told_nothing(&listener);
    limits.Committed.Limit = 50 * PAGE;
    assert_succeeds(IHostMemInspection_SetLimits(gauge.subject.inspection, &limits));
    assert_told(&listener, LOW);
    limits.Committed.Limit = 60 * PAGE;
    assert_succeeds(IHostMemInspection_SetLimits(gauge.subject.inspection, &limits));
    assert_told(&listener, NEUTRAL);
    limits.Committed.Limit = 0;
    assert_succeeds(IHostMemInspection_SetLimits(gauge.subject.inspection, &limits));
    assert_told(&listener, HIGH);
    end(&gauge);
}

static void without_a_limit_nothing_is_told(void **state)
{
    struct subject *subject = *state;
    static struct listener listener; /* the manager outlives the test */

    listener = make_listener(subject);
    register_listener(&listener);
    for (int i = 0; i < 100; i++)
        subject_release(subject, subject_alloc(subject, MIB, RESERVE_COMMIT, PAGE_READWRITE));
    assert_told_nothing(&listener);
}

/*
 * Because of refusals since then Low may be told again, at most once a second, however slow the
 * machine is.
 */
static void assert_reminded_once_a_second_at_most(const struct listener *listener, ULONGLONG since)
{
    assert_between(listener->count, 0, (GetTickCount64() - since) / 1000);
}

static void a_refused_request_is_told_of_once_a_second_at_most(void **state)
{
    struct gauge gauge = make_gauge(0, 0);
    struct listener listener = make_listener(&gauge.subject);
    ULONGLONG told;

    (void)state;
    register_listener(&listener);
    told = GetTickCount64();
    use(&gauge, 95);
    assert_told(&listener, LOW);
    for (int i = 0; i < 100; i++)
        refuse(&gauge);
    assert_reminded_once_a_second_at_most(&listener, told);
    listener.count = 0;
    Sleep(1100);
    use(&gauge, 96);
    assert_told_nothing(&listener); /* no request was refused */
    told = GetTickCount64();
    refuse(&gauge);
    assert_told(&listener, LOW);
    refuse(&gauge);
    assert_reminded_once_a_second_at_most(&listener, told);
    end(&gauge);
}

static void the_last_error_of_the_call_that_tells_is_its_own(void **state)
{
    struct gauge gauge = make_gauge(0, 0);
    struct listener listener = make_listener(&gauge.subject);

    (void)state;
    register_listener(&listener);
    use(&gauge, 100); /* asserts that it is untouched; the callback sets it */
    assert_told(&listener, LOW);
    Sleep(1100);
    refuse(&gauge);
    assert_told(&listener, LOW);
    end(&gauge);
}

static void heaps_count_too(void **state)
{
    const HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits), .Committed = {.Limit = 4 * MIB}};
    const HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .pLimits = &limits};
    struct subject subject = subject_make(&options);
    struct listener listener = make_listener(&subject);
    IHostMalloc *heap = subject_heap(&subject);
    void *block;

    (void)state;
    register_listener(&listener);
    block = heap_block(heap, 3800 * 1024);
    assert_told(&listener, LOW);
    assert_succeeds(IHostMalloc_Free(heap, block));
    assert_told(&listener, HIGH);
    IHostMalloc_Release(heap);
    assert_clean_audit(&subject);
    subject_end(&subject);
}

/* ------------------------------------------------------------------------------------------------
 * Which callbacks are told
 * --------------------------------------------------------------------------------------------- */

static void a_replaced_callback_is_told_nothing_any_more(void **state)
{
    struct gauge gauge = make_gauge(0, 0);
    struct listener first = make_listener(&gauge.subject), second = make_listener(&gauge.subject);

    (void)state;
    register_listener(&first);
    use(&gauge, 80);
    assert_told(&first, NEUTRAL);
    register_listener(&second);
    use(&gauge, 95);
    assert_told_nothing(&first);
    assert_told(&second, LOW);
    assert_succeeds(register_callback(&gauge.subject, NULL));
    use(&gauge, 0);
    assert_told_nothing(&first);
    assert_told_nothing(&second);
    assert_figure(told_count(&gauge, HIGH), 0);
    end(&gauge);
    assert_figure(first.callback.references, 1);
    assert_figure(second.callback.references, 1);
}

static void after_close_nothing_is_told(void **state)
{
    struct gauge gauge = make_gauge(0, 0);
    struct listener listener = make_listener(&gauge.subject);

    (void)state;
    register_listener(&listener);
    use(&gauge, 80);
    assert_told(&listener, NEUTRAL);
    assert_succeeds(IHostMemInspection_Close(gauge.subject.inspection));
    IHostMemoryManager_VirtualFree(gauge.subject.manager, gauge.region, 80 * PAGE, MEM_DECOMMIT);
    assert_told_nothing(&listener);
    subject_end(&gauge.subject);
    VirtualFree(gauge.region, 0, MEM_RELEASE);
    assert_figure(listener.callback.references, 1);
}

/* ------------------------------------------------------------------------------------------------
 * What it may do
 * --------------------------------------------------------------------------------------------- */

/* Calls every method, and remembers only what has to be undone. */
static void use_every_method(struct listener *listener, EMemoryAvailable available)
{
    IHostMemoryManager *manager = listener->subject->manager;
    IHostMemInspection *inspection = listener->subject->inspection;
    HOSTMEM_STATISTICS statistics = {.cbSize = sizeof(statistics)};
    HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits)};
    HOSTMEM_AUDIT audit = {.cbSize = sizeof(audit)};
    MEMORY_BASIC_INFORMATION information;
    IHostMalloc *heap;
    SIZE_T written, available_bytes;
    DWORD old, load;
    void *memory;

    (void)available;
    if (IHostMemoryManager_VirtualAlloc(manager, NULL, PAGE, RESERVE_COMMIT, PAGE_READWRITE,
                                        eProcessCritical, &memory) == S_OK) {
        IHostMemoryManager_VirtualQuery(manager, memory, &information, sizeof(information),
                                        &written);
        IHostMemoryManager_VirtualProtect(manager, memory, PAGE, PAGE_READONLY, &old);
        IHostMemoryManager_VirtualFree(manager, memory, 0, MEM_RELEASE);
    }
    if (IHostMemoryManager_CreateMalloc(manager, MALLOC_THREADSAFE, &heap) == S_OK) {
        if (IHostMalloc_Alloc(heap, 100, eProcessCritical, &memory) == S_OK)
            IHostMalloc_Free(heap, memory);
        IHostMalloc_Release(heap);
    }
    IHostMemoryManager_GetMemoryLoad(manager, &load, &available_bytes);
    IHostMemoryManager_NeedsVirtualAddressSpace(manager, NULL, PAGE);
    IHostMemoryManager_AcquiredVirtualAddressSpace(manager, (void *)(uintptr_t)0x10000, PAGE);
    IHostMemoryManager_ReleasedVirtualAddressSpace(manager, (void *)(uintptr_t)0x10000);
    register_callback(listener->subject, &listener->callback);
    IHostMemInspection_GetStatistics(inspection, &statistics);
    IHostMemInspection_GetLimits(inspection, &limits);
    IHostMemInspection_SetLimits(inspection, &limits);
    IHostMemInspection_Audit(inspection, &audit, NULL, NULL);
}

static void a_callback_may_call_every_method(void **state)
{
    struct gauge gauge = make_gauge(0, 0);
    struct listener listener = make_listener(&gauge.subject);

    (void)state;
    listener.react = use_every_method;
    register_listener(&listener);
    use(&gauge, 95);
    assert_told(&listener, LOW);
    use(&gauge, 10);
    assert_told(&listener, HIGH);
    assert_figure(listener.deepest, 1);
    end(&gauge);
    assert_figure(listener.callback.references, 1);
}

static HANDLE inside;

static void never_return(struct listener *listener, EMemoryAvailable available)
{
    (void)listener;
    (void)available;
    SetEvent(inside);
    Sleep(INFINITE);
}

static DWORD WINAPI use_95(void *gauge)
{
    use(gauge, 95);
    return 0;
}

/* The manager lives on: the thread had a reference of it. */
static void after_a_thread_was_terminated_in_the_callback_others_go_on_telling(void **state)
{
    struct gauge gauge = make_gauge(0, 0);
    struct listener first = make_listener(&gauge.subject), second = make_listener(&gauge.subject);
    struct threads threads;

    (void)state;
    inside = CreateEventW(NULL, FALSE, FALSE, NULL);
    first.react = never_return;
    register_listener(&first);
    threads_start(&threads, 1, use_95, &gauge, sizeof(gauge));
    assert_figure(WaitForSingleObject(inside, INFINITE), WAIT_OBJECT_0);
    gauge.pages = 95;
    register_listener(&second);
    assert_true(TerminateThread(threads.handles[0], 0));
    threads_join(&threads);
    use(&gauge, 10);
    assert_told(&second, HIGH);
    use(&gauge, 95);
    assert_told(&second, LOW);
    subject_release(&gauge.subject, gauge.region);
    assert_told(&second, HIGH);
    assert_figure(IHostMemoryManager_Release(gauge.subject.manager) > 0, true);
    assert_figure(IHostMemInspection_Release(gauge.subject.inspection), 1);
    CloseHandle(inside);
}

/* As a collector does. */
static void give_back(struct listener *listener, EMemoryAvailable available)
{
    if (available == LOW && listener->memory) {
        IHostMemoryManager_VirtualFree(listener->subject->manager, listener->memory, 0,
                                       MEM_RELEASE);
        listener->memory = NULL;
    }
}

static void a_change_made_inside_the_callback_is_told_after_it_by_the_same_thread(void **state)
{
    struct gauge gauge = make_gauge(0, 0);
    struct listener listener = make_listener(&gauge.subject);

    (void)state;
    listener.memory = subject_alloc(&gauge.subject, 60 * PAGE, RESERVE_COMMIT, PAGE_READWRITE);
    listener.react = give_back;
    register_listener(&listener);
    use(&gauge, 35);
    assert_told(&listener, LOW, HIGH);
    assert_figure(listener.deepest, 1);
    assert_figure(statistics_of(&gauge.subject).Pressure, HIGH);
    end(&gauge);
}

static void hand_over(struct listener *listener, EMemoryAvailable available)
{
    (void)available;
    register_callback(listener->subject, &listener->successor->callback);
}

static void a_callback_may_replace_itself(void **state)
{
    struct gauge gauge = make_gauge(0, 0);
    struct listener first = make_listener(&gauge.subject), second = make_listener(&gauge.subject);

    (void)state;
    first.react = hand_over;
    first.successor = &second;
    register_listener(&first);
    use(&gauge, 80);
    assert_told(&first, NEUTRAL);
    assert_told_nothing(&second);
    use(&gauge, 95);
    assert_told_nothing(&first);
    assert_told(&second, LOW);
    end(&gauge);
}

static void close_manager(struct listener *listener, EMemoryAvailable available)
{
    (void)available;
    IHostMemInspection_Close(listener->subject->inspection);
}

static void a_callback_may_close_the_manager(void **state)
{
    struct gauge gauge = make_gauge(0, 0);
    struct listener listener = make_listener(&gauge.subject);

    (void)state;
    listener.react = close_manager;
    register_listener(&listener);
    use(&gauge, 95);
    assert_told(&listener, LOW);
    assert_figure(statistics_of(&gauge.subject).Status, HostMemStatusClosed);
    subject_end(&gauge.subject);
    VirtualFree(gauge.region, 0, MEM_RELEASE);
}

/* ------------------------------------------------------------------------------------------------
 * The system's own shortage
 * --------------------------------------------------------------------------------------------- */

static void watching_the_system_tells_nothing_while_it_has_memory(void **state)
{
    const HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .dwFlags = HOSTMEM_WATCH_SYSTEM};
    struct subject subject = subject_make(&options);
    struct listener listener = make_listener(&subject);
    HANDLE notification = CreateMemoryResourceNotification(LowMemoryResourceNotification);
    BOOL is_low = TRUE;

    (void)state;
    assert_non_null(notification);
    assert_true(QueryMemoryResourceNotification(notification, &is_low));
    CloseHandle(notification);
    if (is_low)
        print_message("The system is short of memory: it is told so.\n");
    register_listener(&listener);
    for (int i = 0; i < 10; i++)
        subject_release(&subject, subject_alloc(&subject, MIB, RESERVE_COMMIT, PAGE_READWRITE));
    assert_figure(listener.count, is_low ? 1 : 0);
    assert_figure(statistics_of(&subject).Pressure, is_low ? LOW : HIGH);
    subject_end(&subject);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_threshold_is_told_once_and_left_a_quarter_of_the_distance_beyond),
        cmocka_unit_test(thresholds_are_as_they_are_set),
        cmocka_unit_test(a_step_over_both_thresholds_is_told_as_one_change),
        cmocka_unit_test(a_use_that_swings_about_a_threshold_is_told_once),
        cmocka_unit_test(a_changed_limit_is_told_like_a_changed_use),
        promise(without_a_limit_nothing_is_told),
        cmocka_unit_test(a_refused_request_is_told_of_once_a_second_at_most),
        cmocka_unit_test(the_last_error_of_the_call_that_tells_is_its_own),
        cmocka_unit_test(heaps_count_too),
        cmocka_unit_test(a_replaced_callback_is_told_nothing_any_more),
        cmocka_unit_test(after_close_nothing_is_told),
        cmocka_unit_test(a_callback_may_call_every_method),
        cmocka_unit_test(after_a_thread_was_terminated_in_the_callback_others_go_on_telling),
        cmocka_unit_test(a_change_made_inside_the_callback_is_told_after_it_by_the_same_thread),
        cmocka_unit_test(a_callback_may_replace_itself),
        cmocka_unit_test(a_callback_may_close_the_manager),
        cmocka_unit_test(watching_the_system_tells_nothing_while_it_has_memory),
    };

    return cmocka_run_group_tests_name("pressure", tests, NULL, NULL);
}
