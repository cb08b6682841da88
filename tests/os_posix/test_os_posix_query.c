/*
 * test_os_posix_query.c: what os.h on Linux says of memory agrees with Win32's rules and with a
 * model of every page.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "os_posix/os_posix_requests.h"

/* ------------------------------------------------------------------------------------------------
 * Querying
 * --------------------------------------------------------------------------------------------- */

static void a_query_tells_of_the_reservation(void **state)
{
    char *memory;
    struct os_information information;

    (void)state;
    assert_int_equal(alloc_as(NULL, GRANULE, OS_MEM_RESERVE, OS_PAGE_EXECUTE_READWRITE, &memory),
                     OK);
    alloc(memory + PAGE, 2 * PAGE, OS_MEM_COMMIT);
    information = query(memory + 2 * PAGE + 17);
    assert_ptr_equal(information.base_address, memory + 2 * PAGE);
    assert_ptr_equal(information.allocation_base, memory);
    assert_int_equal(information.allocation_protect, OS_PAGE_EXECUTE_READWRITE);
    assert_int_equal(information.region_size, PAGE);
    assert_int_equal(information.state, OS_MEM_COMMIT);
    assert_int_equal(information.protect, OS_PAGE_READWRITE);
    assert_int_equal(information.type, OS_MEM_PRIVATE);
    release(memory);
}

static void a_query_of_free_addresses_reaches_to_the_next_reservation(void **state)
{
    char *granules = reserve(8 * GRANULE);
    char *next;
    struct os_information information;

    (void)state;
    release(granules);
    next = alloc(granules + 7 * GRANULE, GRANULE, OS_MEM_RESERVE);
    information = query(granules + GRANULE + 1);
    assert_ptr_equal(information.base_address, granules + GRANULE);
    assert_null(information.allocation_base);
    assert_int_equal(information.allocation_protect, 0);
    assert_int_equal(information.region_size, 6 * GRANULE);
    assert_int_equal(information.state, OS_MEM_FREE);
    assert_int_equal(information.protect, OS_PAGE_NOACCESS);
    assert_int_equal(information.type, 0);
    release(next);
}

static void pages_in_equal_state_are_one_run_however_they_came_to_it(void **state)
{
    char *memory = reserve(GRANULE);
    uint32_t old;

    (void)state;
    for (size_t i = 0; i < GRANULE / PAGE; i += 2)
        alloc(memory + i * PAGE, PAGE, OS_MEM_COMMIT);
    for (size_t i = 1; i < GRANULE / PAGE; i += 2)
        alloc(memory + i * PAGE, PAGE, OS_MEM_COMMIT);
    assert_run(memory, GRANULE, OS_MEM_COMMIT, OS_PAGE_READWRITE);
    assert_int_equal(os_protect(memory + PAGE, PAGE, OS_PAGE_READONLY, &old), OK);
    assert_int_equal(os_protect(memory + PAGE, PAGE, OS_PAGE_READWRITE, &old), OK);
    assert_run(memory, GRANULE, OS_MEM_COMMIT, OS_PAGE_READWRITE);
    for (size_t i = 0; i < GRANULE / PAGE; i++)
        assert_int_equal(os_free(memory + i * PAGE, PAGE, OS_MEM_DECOMMIT), OK);
    assert_run(memory, GRANULE, OS_MEM_RESERVE, 0);
    release(memory);
}

static void runs_end_with_their_reservation(void **state)
{
    char *both = reserve(2 * GRANULE);
    char *first;
    char *second;

    (void)state;
    release(both);
    first = alloc(both, GRANULE, RESERVE_COMMIT);
    second = alloc(both + GRANULE, GRANULE, RESERVE_COMMIT);
    assert_run(first, GRANULE, OS_MEM_COMMIT, OS_PAGE_READWRITE);
    assert_ptr_equal(query(second).allocation_base, second);
    release(first);
    release(second);
}

static void a_query_into_too_small_a_buffer_is_refused(void **state)
{
    struct os_information information;
    size_t written = 1;

    (void)state;
    assert_int_equal(os_query(&written, &information, sizeof(information) - 1, &written),
                     OS_ERROR_BAD_LENGTH);
    assert_int_equal(written, 0);
}

static void a_query_beyond_the_address_space_is_refused(void **state)
{
    struct os_information information;
    struct os_range range;
    size_t written = 1;

    (void)state;
    assert_int_equal(
        os_query((void *)OS_ADDRESS_LIMIT, &information, sizeof(information), &written),
        BAD_PARAMETER);
    assert_int_equal(written, 0);
    assert_false(os_query_range(OS_ADDRESS_LIMIT, &range));
    assert_false(os_query_range(UINTPTR_MAX, &range));
}

static void a_walk_meets_every_run_of_the_address_space_once(void **state)
{
    char *memory = reserve(4 * GRANULE);
    char *elsewhere = alloc(address_outside_the_arena(GRANULE), GRANULE, RESERVE_COMMIT);
    size_t committed = 0;
    size_t reserved = 0;
    uintptr_t address = 0;
    struct os_range range;

    (void)state;
    alloc(memory + PAGE, PAGE, OS_MEM_COMMIT);
    alloc(memory + GRANULE, GRANULE, OS_MEM_COMMIT);
    while (os_query_range(address, &range)) {
        assert_int_equal(range.base, address);
        assert_true(range.size > 0);
        assert_int_equal(range.allocation_base == 0, range.state == OS_MEM_FREE);
        committed += range.state == OS_MEM_COMMIT ? range.size : 0;
        reserved += range.state == OS_MEM_RESERVE ? range.size : 0;
        address += range.size;
    }
    assert_int_equal(address, OS_ADDRESS_LIMIT);
    assert_int_equal(committed, PAGE + GRANULE + GRANULE);
    assert_int_equal(reserved, 3 * GRANULE - PAGE);
    release(memory);
    release(elsewhere);
}

/* ------------------------------------------------------------------------------------------------
 * A model: every page of some granules, after many random requests
 * --------------------------------------------------------------------------------------------- */

#define MODEL_GRANULES 24
#define MODEL_PAGES (MODEL_GRANULES * GRANULE / PAGE)
#define PAGES_PER_GRANULE (GRANULE / PAGE)

struct model {
    char *base;
    uint64_t random;
    size_t owner[MODEL_PAGES];     /* the first page of the reservation plus one; 0: free */
    uint32_t protect[MODEL_PAGES]; /* 0: not committed */
    unsigned char first_byte[MODEL_PAGES];
};

static size_t pick(struct model *model, size_t count)
{
    model->random = model->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (size_t)(model->random >> 33) % count;
}

/* One past the last page of the reservation that has the page. */
static size_t reservation_end(const struct model *model, size_t page)
{
    size_t end = page;

    while (end < MODEL_PAGES && model->owner[end] == model->owner[page])
        end++;
    return end;
}

static void model_reserve(struct model *model, size_t page, size_t count)
{
    size_t first = page - page % PAGES_PER_GRANULE;
    size_t end = page + count;
    bool taken = false;
    uint32_t error =
        alloc_error(model->base + page * PAGE, count * PAGE, OS_MEM_RESERVE, OS_PAGE_READWRITE);

    for (size_t i = first; i < end; i++)
        taken = taken || model->owner[i];
    assert_int_equal(error, taken ? BAD_ADDRESS : OK);
    for (size_t i = first; !taken && i < end; i++)
        model->owner[i] = first + 1;
}

static void model_commit(struct model *model, size_t page, size_t count, uint32_t protect)
{
    bool fits = model->owner[page] && page + count <= reservation_end(model, page);

    assert_int_equal(alloc_error(model->base + page * PAGE, count * PAGE, OS_MEM_COMMIT, protect),
                     fits ? OK : BAD_ADDRESS);
    for (size_t i = page; fits && i < page + count; i++)
        model->protect[i] = protect;
}

static void model_decommit(struct model *model, size_t page, size_t count)
{
    bool fits = model->owner[page] && page + count <= reservation_end(model, page);
    uint32_t expected = fits ? OK : model->owner[page] ? BAD_PARAMETER : BAD_ADDRESS;

    assert_int_equal(os_free(model->base + page * PAGE, count * PAGE, OS_MEM_DECOMMIT), expected);
    for (size_t i = page; fits && i < page + count; i++) {
        model->protect[i] = 0;
        model->first_byte[i] = 0;
    }
}

static void model_release(struct model *model, size_t page)
{
    bool is_base = model->owner[page] == page + 1;
    size_t end = reservation_end(model, page);

    assert_int_equal(os_free(model->base + page * PAGE, 0, OS_MEM_RELEASE),
                     is_base ? OK : BAD_ADDRESS);
    for (size_t i = page; is_base && i < end; i++) {
        model->owner[i] = 0;
        model->protect[i] = 0;
        model->first_byte[i] = 0;
    }
}

static void model_write(struct model *model, size_t page)
{
    if (model->protect[page] != OS_PAGE_READWRITE)
        return;
    model->first_byte[page]++;
    model->base[page * PAGE] = (char)model->first_byte[page];
}

static void model_step(struct model *model)
{
    size_t page = pick(model, MODEL_PAGES);
    size_t most = MODEL_PAGES - page;
    size_t count = 1 + pick(model, most < 40 ? most : 40);

    switch (pick(model, 8)) {
    case 0:
    case 1:
        model_reserve(model, page, count);
        break;
    case 2:
    case 3:
        model_commit(model, page, count, OS_PAGE_READWRITE);
        break;
    case 4:
        model_commit(model, page, count, OS_PAGE_READONLY);
        break;
    case 5:
        model_decommit(model, page, count);
        break;
    case 6:
        model_release(model, page - page % PAGES_PER_GRANULE);
        break;
    default:
        model_write(model, page);
        break;
    }
}

static bool are_alike(const struct model *model, size_t a, size_t b)
{
    return model->owner[a] == model->owner[b] && model->protect[a] == model->protect[b];
}

static void model_check(struct model *model)
{
    for (size_t page = 0; page < MODEL_PAGES;) {
        const char *address = model->base + page * PAGE;
        size_t end = page + 1;
        struct os_information information = query(address);

        while (end < MODEL_PAGES && are_alike(model, page, end))
            end++;
        if (end < MODEL_PAGES || model->owner[page])
            assert_int_equal(information.region_size, (end - page) * PAGE);
        assert_int_equal(information.state, !model->owner[page]    ? OS_MEM_FREE
                                            : model->protect[page] ? OS_MEM_COMMIT
                                                                   : OS_MEM_RESERVE);
        for (; page < end; page++)
            if (model->protect[page])
                assert_int_equal((unsigned char)model->base[page * PAGE], model->first_byte[page]);
    }
}

static void any_sequence_of_requests_leaves_what_a_page_by_page_model_has(void **state)
{
    static struct model model;
    char *granules = reserve(MODEL_GRANULES * GRANULE);

    (void)state;
    release(granules);
    model.base = granules;
    model.random = 1;
    for (int i = 0; i < 20000; i++) {
        model_step(&model);
        if (i % 16 == 0)
            model_check(&model);
    }
    for (size_t page = 0; page < MODEL_PAGES; page += PAGES_PER_GRANULE)
        model_release(&model, page);
    model_check(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_tells_of_the_reservation),
        cmocka_unit_test(a_query_of_free_addresses_reaches_to_the_next_reservation),
        cmocka_unit_test(pages_in_equal_state_are_one_run_however_they_came_to_it),
        cmocka_unit_test(runs_end_with_their_reservation),
        cmocka_unit_test(a_query_into_too_small_a_buffer_is_refused),
        cmocka_unit_test(a_query_beyond_the_address_space_is_refused),
        cmocka_unit_test(a_walk_meets_every_run_of_the_address_space_once),
        cmocka_unit_test(any_sequence_of_requests_leaves_what_a_page_by_page_model_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
