/*
 * test_chunk_table_frozen.c: the table of chunks with one thread frozen before any of its atomic
 * accesses while another makes the same chunk, the same array, or fills the directory.
 */
#include "freezer.h"

#include "pages/chunk_table.h"

/* ------------------------------------------------------------------------------------------------
 * Chunks and their arrays
 * --------------------------------------------------------------------------------------------- */

#define NUMBER ((uintptr_t)12345)

struct chunk_scene {
    struct gauge gauge;
    struct book_space books;
    struct metadata metadata;
    struct chunk_table table;
    struct chunk *frozen;
    struct chunk *other;
    chunk_owner *others_owners;
    chunk_word *others_words;
    uintptr_t full; /* numbers from 0 to here are in */
};

static void set_chunks(void *scene)
{
    struct chunk_scene *s = scene;

    s->books.gauge = &s->gauge;
    assert_true(metadata_init(&s->metadata, (size_t)64 << 20, &s->books));
    assert_true(chunk_table_init(&s->table, &s->metadata, &s->books));
}

static void clear_chunks(void *scene)
{
    struct chunk_scene *s = scene;

    chunk_table_destroy(&s->table);
    metadata_destroy(&s->metadata);
}

static void ensure_chunk(void *scene)
{
    struct chunk_scene *s = scene;

    s->frozen = chunk_table_ensure(&s->table, NUMBER);
}

static void ensure_the_same_chunk(void *scene)
{
    struct chunk_scene *s = scene;

    s->other = chunk_table_ensure(&s->table, NUMBER);
}

/* Other chunks are added first, so many that the window is full. */
static void ensure_neighbours_and_the_same_chunk(void *scene)
{
    struct chunk_scene *s = scene;

    for (s->full = 0; s->full < 10000; s->full++)
        assert_non_null(chunk_table_ensure(&s->table, s->full));
    ensure_the_same_chunk(scene);
}

static void check_one_chunk(void *scene)
{
    struct chunk_scene *s = scene;

    assert_non_null(s->frozen);
    assert_ptr_equal(s->frozen, s->other);
    assert_ptr_equal(chunk_table_find(&s->table, NUMBER), s->frozen);
    for (uintptr_t number = 0; number < s->full; number++) {
        assert_non_null(chunk_table_find(&s->table, number));
        assert_ptr_not_equal(chunk_table_find(&s->table, number), s->frozen);
    }
}

static void a_chunk_ensured_beside_a_frozen_thread_has_one_node(void **state)
{
    struct play play = {sizeof(struct chunk_scene), set_chunks,      ensure_chunk,
                        ensure_the_same_chunk,      check_one_chunk, clear_chunks};

    (void)state;
    perform(&play);
    play.other = ensure_neighbours_and_the_same_chunk;
    perform(&play);
}

static void set_a_chunk(void *scene)
{
    set_chunks(scene);
    ensure_chunk(scene);
}

static void ensure_arrays(void *scene)
{
    struct chunk_scene *s = scene;

    assert_true(chunk_ensure_owners(&s->table, s->frozen));
    assert_true(chunk_ensure_pages(&s->table, s->frozen));
}

static void ensure_the_same_arrays(void *scene)
{
    struct chunk_scene *s = scene;

    ensure_arrays(scene);
    s->others_owners = s->frozen->owners;
    s->others_words = s->frozen->pages->committed;
}

static void check_arrays(void *scene)
{
    struct chunk_scene *s = scene;

    assert_non_null(s->others_owners);
    assert_ptr_equal(s->frozen->owners, s->others_owners);
    assert_non_null(s->others_words);
    assert_ptr_equal(s->frozen->pages->committed, s->others_words);
}

static void an_array_made_beside_a_frozen_thread_stays(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct chunk_scene), set_a_chunk, ensure_arrays,
                           ensure_the_same_arrays, check_arrays, clear_chunks});
}

/* ------------------------------------------------------------------------------------------------
 * The directory behind a full window
 * --------------------------------------------------------------------------------------------- */

#define FULL_WINDOW 16u

/* The numbers whose window is the first one of the first directory, as chunk_table.c hashes. */
static uintptr_t in_one_window(size_t which)
{
    static uintptr_t numbers[FULL_WINDOW + 2];
    size_t found = 0;

    for (uintptr_t number = 0; !numbers[FULL_WINDOW + 1]; number++) {
        uint64_t hash = ((uint64_t)number + 1) * UINT64_C(0x9e3779b97f4a7c15);

        if (((hash >> 32) & 4095) == 0)
            numbers[found++] = number;
    }
    return numbers[which];
}

static void set_full_window(void *scene)
{
    struct chunk_scene *s = scene;

    set_chunks(scene);
    for (size_t i = 0; i < FULL_WINDOW; i++)
        assert_non_null(chunk_table_ensure(&s->table, in_one_window(i)));
}

static void ensure_first(void *scene)
{
    assert_non_null(
        chunk_table_ensure(&((struct chunk_scene *)scene)->table, in_one_window(FULL_WINDOW)));
}

static void ensure_second(void *scene)
{
    assert_non_null(
        chunk_table_ensure(&((struct chunk_scene *)scene)->table, in_one_window(FULL_WINDOW + 1)));
}

/* Each chunk has a node of its own, and the same node is found every time. */
static void check_all_found(void *scene)
{
    struct chunk_scene *s = scene;

    for (size_t i = 0; i < FULL_WINDOW + 2; i++) {
        struct chunk *chunk = chunk_table_find(&s->table, in_one_window(i));

        assert_non_null(chunk);
        assert_ptr_equal(chunk, chunk_table_ensure(&s->table, in_one_window(i)));
        for (size_t other = 0; other < i; other++)
            assert_ptr_not_equal(chunk, chunk_table_find(&s->table, in_one_window(other)));
    }
}

static void of_two_directories_made_at_once_one_is_used_by_both(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct chunk_scene), set_full_window, ensure_first, ensure_second,
                           check_all_found, clear_chunks});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chunk_ensured_beside_a_frozen_thread_has_one_node),
        cmocka_unit_test(an_array_made_beside_a_frozen_thread_stays),
        cmocka_unit_test(of_two_directories_made_at_once_one_is_used_by_both),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
