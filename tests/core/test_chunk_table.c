/*
 * test_chunk_table.c: the hash table from chunk numbers to chunk nodes.
 */
#include "native.h"

#include "pages/chunk_table.h"

#define METADATA_LIMIT ((size_t)256 << 20)
#define MANY 100000u
#define GROWN 25000u /* enough for a second directory */

/* The numbers of the chunks of a 47-bit address space: 0 to 2^21 - 1. */
#define NUMBERS ((uintptr_t)1 << 21)

struct fixture {
    struct gauge gauge;
    struct book_space books;
    struct metadata metadata;
    struct chunk_table table;
};

static int begin(void **state)
{
    struct fixture *fixture = zeroed(sizeof(struct fixture));

    fixture->books.gauge = &fixture->gauge;
    assert_true(metadata_init(&fixture->metadata, METADATA_LIMIT, &fixture->books));
    assert_true(chunk_table_init(&fixture->table, &fixture->metadata, &fixture->books));
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    os_fault_at(OS_FAULT_METADATA, 0);
    chunk_table_destroy(&fixture->table);
    metadata_destroy(&fixture->metadata);
    free(fixture);
    return 0;
}

/* Numbers all over the address space, each once: an odd factor permutes them. */
static uintptr_t scattered(uint32_t i)
{
    return (uintptr_t)i * 0x9e375u % NUMBERS;
}

static struct chunk *ensure(struct chunk_table *table, uintptr_t number)
{
    struct chunk *chunk = chunk_table_ensure(table, number);

    assert_non_null(chunk);
    return chunk;
}

static void a_chunk_in_which_nothing_ever_was_has_no_node(void **state)
{
    struct fixture *fixture = *state;

    assert_null(chunk_table_find(&fixture->table, 0));
    assert_null(chunk_table_find(&fixture->table, chunk_number(UINTPTR_MAX)));
    ensure(&fixture->table, 5);
    assert_null(chunk_table_find(&fixture->table, 4));
    assert_null(chunk_table_find(&fixture->table, 6));
}

static void a_chunk_keeps_the_node_that_it_was_given(void **state)
{
    struct fixture *fixture = *state;
    struct chunk *chunk = ensure(&fixture->table, 5);

    assert_ptr_equal(chunk_table_ensure(&fixture->table, 5), chunk);
    assert_ptr_equal(chunk_table_find(&fixture->table, 5), chunk);
    assert_ptr_not_equal(chunk_table_ensure(&fixture->table, 6), chunk);
}

static void the_first_and_the_last_chunk_of_the_address_space_have_nodes(void **state)
{
    struct fixture *fixture = *state;
    const uintptr_t last = chunk_number(((uintptr_t)1 << 57) - 1);
    struct chunk *lowest = ensure(&fixture->table, 0);
    struct chunk *highest = ensure(&fixture->table, last);

    assert_ptr_equal(chunk_table_find(&fixture->table, 0), lowest);
    assert_ptr_equal(chunk_table_find(&fixture->table, last), highest);
    assert_ptr_not_equal(lowest, highest);
}

static void a_new_node_owns_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct chunk *chunk = ensure(&fixture->table, 9);

    assert_int_equal(chunk->whole, 0);
    assert_null(chunk->owners);
    assert_null(chunk->pages);
}

static void arrays_are_zero_and_made_once(void **state)
{
    struct fixture *fixture = *state;
    struct chunk *chunk = ensure(&fixture->table, 9);
    chunk_owner *owners;
    struct chunk_pages *pages;

    assert_true(chunk_ensure_owners(&fixture->table, chunk));
    assert_true(chunk_ensure_pages(&fixture->table, chunk));
    owners = chunk->owners;
    pages = chunk->pages;
    for (size_t i = 0; i < CHUNK_GRANULES; i++)
        assert_int_equal(owners[i], 0);
    for (size_t i = 0; i < CHUNK_WORDS; i++)
        assert_int_equal(pages->committed[i], 0);
    for (size_t i = 0; i < CHUNK_GRANULES; i++)
        assert_int_equal(pages->activity[i], 0);
    assert_true(chunk_ensure_owners(&fixture->table, chunk));
    assert_true(chunk_ensure_pages(&fixture->table, chunk));
    assert_ptr_equal(chunk->owners, owners);
    assert_ptr_equal(chunk->pages, pages);
}

/* Adds chunks with these numbers, then finds each node again and no other. */
static void put(struct fixture *fixture, uint32_t count, uintptr_t (*number_of)(uint32_t))
{
    struct chunk **chunks = calloc(count, sizeof(struct chunk *));

    for (uint32_t i = 0; i < count; i++) {
        chunks[i] = ensure(&fixture->table, number_of(i));
        assert_int_equal(chunks[i]->whole, 0); /* else it was another's already */
        chunks[i]->whole = i + 1;
    }
    for (uint32_t i = 0; i < count; i++) {
        assert_ptr_equal(chunk_table_find(&fixture->table, number_of(i)), chunks[i]);
        assert_int_equal(chunks[i]->whole, i + 1);
    }
    assert_int_equal(pool_limit(&fixture->table.chunks), count);
    free(chunks);
}

static uintptr_t consecutive(uint32_t i)
{
    return 1000000 + i;
}

static void neighbours_are_all_found(void **state)
{
    put(*state, 3000, consecutive);
}

/* Many times more chunks than the first directory holds. */
static void a_hundred_thousand_chunks_are_found_over_several_directories(void **state)
{
    struct fixture *fixture = *state;
    size_t first = fixture->metadata.used;

    put(fixture, MANY, scattered);
    assert_true(fixture->metadata.used > 10 * first); /* nothing but directories comes from there */
    for (uint32_t i = MANY; i < MANY + 1000; i++)
        assert_null(chunk_table_find(&fixture->table, scattered(i)));
}

static void without_memory_there_is_no_node_and_no_trace(void **state)
{
    struct fixture *fixture = *state;

    os_fault_at(OS_FAULT_METADATA, 1);
    assert_null(chunk_table_ensure(&fixture->table, 5));
    assert_null(chunk_table_find(&fixture->table, 5));
    ensure(&fixture->table, 5);
}

/*
 * Makes each request fail in turn until the call succeeds. Every failure must leave nothing behind.
 */
static void a_fault_anywhere_in_growing_loses_no_chunk(void **state)
{
    struct fixture *fixture = *state;
    uint32_t known = 0;
    unsigned failures = 0;

    while (known < GROWN) {
        os_fault_at(OS_FAULT_METADATA, 1);
        while (known < GROWN && chunk_table_ensure(&fixture->table, scattered(known)))
            known++;
        os_fault_at(OS_FAULT_METADATA, 0);
        if (known == GROWN)
            break;
        failures++;
        assert_null(chunk_table_find(&fixture->table, scattered(known)));
        for (uint32_t i = 0; i < known; i += 97)
            assert_non_null(chunk_table_find(&fixture->table, scattered(i)));
        ensure(&fixture->table, scattered(known++));
    }
    assert_true(failures > 2);
    assert_int_equal(pool_limit(&fixture->table.chunks), known);
}

static void without_memory_an_array_is_not_made(void **state)
{
    struct fixture *fixture = *state;
    struct chunk *chunk = ensure(&fixture->table, 5);

    /* A request served from memory that is committed already cannot fail: use that up. */
    while (fixture->metadata.used + 64 <= fixture->metadata.span.committed)
        metadata_take(&fixture->metadata, 64);
    os_fault_at(OS_FAULT_METADATA, 1);
    assert_false(chunk_ensure_owners(&fixture->table, chunk));
    assert_null(chunk->owners);
    os_fault_at(OS_FAULT_METADATA, 1);
    assert_false(chunk_ensure_pages(&fixture->table, chunk));
    assert_null(chunk->pages);
    assert_true(chunk_ensure_owners(&fixture->table, chunk));
    assert_true(chunk_ensure_pages(&fixture->table, chunk));
}

/* ------------------------------------------------------------------------------------------------
 * Threads
 * --------------------------------------------------------------------------------------------- */

#define SAME 20000u

struct insertion {
    struct chunk_table *table;
    struct chunk *chunks[THREADS][SAME];
    chunk_owner *owners[THREADS];
    chunk_word *words[THREADS];
};

static void insert_the_same(void *context, unsigned number)
{
    struct insertion *insertion = context;
    struct chunk *shared;

    for (uint32_t i = 0; i < SAME; i++)
        insertion->chunks[number][i] = chunk_table_ensure(insertion->table, scattered(i));
    shared = insertion->chunks[number][0];
    if (chunk_ensure_owners(insertion->table, shared))
        insertion->owners[number] = shared->owners;
    if (chunk_ensure_pages(insertion->table, shared))
        insertion->words[number] = shared->pages->committed;
}

static void threads_that_insert_the_same_chunks_make_one_node_a_chunk(void **state)
{
    struct fixture *fixture = *state;
    struct insertion *insertion = zeroed(sizeof(struct insertion));

    insertion->table = &fixture->table;
    crew_run(insert_the_same, insertion, THREADS);
    for (uint32_t i = 0; i < SAME; i++) {
        struct chunk *chunk = chunk_table_find(&fixture->table, scattered(i));

        assert_non_null(chunk);
        for (unsigned number = 0; number < THREADS; number++)
            assert_ptr_equal(insertion->chunks[number][i], chunk);
        assert_int_equal(chunk->whole, 0); /* two chunks share a node otherwise */
        chunk->whole = i + 1;
    }
    free(insertion);
}

static void threads_that_need_the_same_array_make_one(void **state)
{
    struct fixture *fixture = *state;
    struct insertion *insertion = zeroed(sizeof(struct insertion));

    insertion->table = &fixture->table;
    crew_run(insert_the_same, insertion, THREADS);
    for (unsigned number = 0; number < THREADS; number++) {
        assert_non_null(insertion->owners[number]);
        assert_ptr_equal(insertion->owners[number], insertion->owners[0]);
        assert_non_null(insertion->words[number]);
        assert_ptr_equal(insertion->words[number], insertion->words[0]);
    }
    free(insertion);
}

struct search {
    struct chunk_table *table;
    _Atomic uint32_t inserted; /* chunks 0 to inserted - 1 are known */
    _Atomic unsigned lost;
};

static void insert_or_search(void *context, unsigned number)
{
    struct search *search = context;
    struct chance chance = {number + 1};
    uint32_t known;

    if (number == 0) {
        for (uint32_t i = 0; i < GROWN; i++) {
            chunk_table_ensure(search->table, scattered(i));
            atomic_store_explicit(&search->inserted, i + 1, memory_order_release);
        }
        return;
    }
    do {
        known = atomic_load_explicit(&search->inserted, memory_order_acquire);
        for (int i = 0; known && i < 100; i++) {
            uint32_t wanted = (uint32_t)chance_below(&chance, known);

            if (!chunk_table_find(search->table, scattered(wanted)))
                atomic_fetch_add(&search->lost, 1);
        }
    } while (known < GROWN);
}

static void what_is_known_is_found_while_the_table_grows(void **state)
{
    struct fixture *fixture = *state;
    struct search search = {.table = &fixture->table};

    crew_run(insert_or_search, &search, 3);
    assert_int_equal(search.lost, 0);
}

#define fixture_test(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_chunk_in_which_nothing_ever_was_has_no_node),
        fixture_test(a_chunk_keeps_the_node_that_it_was_given),
        fixture_test(the_first_and_the_last_chunk_of_the_address_space_have_nodes),
        fixture_test(a_new_node_owns_nothing),
        fixture_test(arrays_are_zero_and_made_once),
        fixture_test(neighbours_are_all_found),
        fixture_test(a_hundred_thousand_chunks_are_found_over_several_directories),
        fixture_test(without_memory_there_is_no_node_and_no_trace),
        fixture_test(a_fault_anywhere_in_growing_loses_no_chunk),
        fixture_test(without_memory_an_array_is_not_made),
        fixture_test(threads_that_insert_the_same_chunks_make_one_node_a_chunk),
        fixture_test(threads_that_need_the_same_array_make_one),
        fixture_test(what_is_known_is_found_while_the_table_grows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
