/*
 * test_pe_metadata.c: reading a program's metadata, whole and damaged (src/pe/pe_metadata.h).
 */
#include "pe/pe_metadata.h"

#include "support.h"

#include <stdlib.h>
#include <string.h>

/* Metadata of one referenced assembly, put together by ECMA-335 II.24. */
struct image {
    unsigned char bytes[512];
    size_t size;
};

static void put(struct image *image, unsigned long long number, size_t size)
{
    for (size_t i = 0; i < size; i++)
        image->bytes[image->size++] = (unsigned char)(number >> 8 * i);
}

static void put_text(struct image *image, const char *text, size_t size)
{
    strncpy((char *)image->bytes + image->size, text, size);
    image->size += size;
}

/* A module, and a reference to the assembly of that name; heap_sizes as in the tables' header. */
static struct image make_image(const char *assembly, unsigned heap_sizes)
{
    const size_t index = heap_sizes & 1 ? 4 : 2;
    struct image image = {.size = 0};
    size_t strings, tables;

    put(&image, 0x424A5342, 4);
    put(&image, 0x00010001, 4);
    put(&image, 0, 4);
    put(&image, 12, 4);
    put_text(&image, "v4.0.30319", 12);
    put(&image, 0, 2);
    put(&image, 2, 2);
    strings = image.size;
    put(&image, 0, 8);
    put_text(&image, "#Strings", 12);
    tables = image.size;
    put(&image, 0, 8);
    put_text(&image, "#~", 4);

    image.bytes[strings] = (unsigned char)image.size;
    image.bytes[strings + 4] = 64;
    put(&image, 0, 1);
    put_text(&image, assembly, 63);

    image.bytes[tables] = (unsigned char)image.size;
    image.bytes[tables + 4] = 128;
    put(&image, 0, 4);
    put(&image, 2, 2);
    put(&image, heap_sizes, 1);
    put(&image, 1, 1);
    put(&image, 1ull << 0x00 | 1ull << 0x23, 8);
    put(&image, 0, 8);
    put(&image, 1, 4);
    put(&image, 1, 4);
    put(&image, 0, 2 + index + 3 * (size_t)(heap_sizes & 2 ? 4 : 2)); /* the module */
    put(&image, 0, 12);                                               /* version and flags */
    put(&image, 0, heap_sizes & 4 ? 4 : 2);
    put(&image, 1, index);
    image.size = 384;
    return image;
}

/* Reads from a copy that ends where its memory ends, so that a read beyond it faults. */
static bool parse(const struct image *image, size_t size, struct pe_metadata *metadata)
{
    unsigned char *pages = VirtualAlloc(NULL, 2 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    DWORD protect;
    bool parsed;

    assert_non_null(pages);
    memcpy(pages + PAGE - size, image->bytes, size);
    assert_true(VirtualProtect(pages + PAGE, PAGE, PAGE_NOACCESS, &protect));
    parsed = pe_metadata_parse(pages + PAGE - size, size, metadata);
    assert_true(VirtualFree(pages, 0, MEM_RELEASE));
    return parsed;
}

static void a_reference_is_told_by_its_name(void **state)
{
    static const struct {
        const char *assembly;
        bool mscorlib, system_runtime;
    } cases[] = {{"mscorlib", true, false},
                 {"System.Runtime", false, true},
                 {"System.Private.CoreLib", false, true},
                 {"netstandard", false, false},
                 {"mscorlib2", false, false}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (unsigned heap_sizes = 0; heap_sizes < 8; heap_sizes++) {
            struct image image = make_image(cases[i].assembly, heap_sizes);
            struct pe_metadata metadata;

            assert_true(parse(&image, image.size, &metadata));
            assert_string_equal(metadata.version, "v4.0.30319");
            assert_figure_of(cases[i].assembly, metadata.refers_to_mscorlib, cases[i].mscorlib);
            assert_figure_of(cases[i].assembly, metadata.refers_to_system_runtime,
                             cases[i].system_runtime);
        }
    }
}

/* The memory behind them cannot be read: a step too far would end the test. */
static void metadata_cut_anywhere_are_read_without_harm(void **state)
{
    struct image image = make_image("mscorlib", 0);
    struct pe_metadata metadata;

    (void)state;
    for (size_t size = 1; size <= image.size; size++)
        parse(&image, size, &metadata);
    assert_false(parse(&image, 3, &metadata));
    assert_false(parse(&image, 40, &metadata));
}

static void metadata_with_any_byte_changed_are_read_without_harm(void **state)
{
    static const unsigned char values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    struct image image = make_image("mscorlib", 0);
    struct pe_metadata metadata;

    (void)state;
    for (size_t at = 0; at < image.size; at++) {
        for (size_t i = 0; i < COUNT_OF(values); i++) {
            unsigned char before = image.bytes[at];

            image.bytes[at] = values[i];
            parse(&image, image.size, &metadata);
            assert_true(memchr(metadata.version, 0, sizeof(metadata.version)) != NULL);
            image.bytes[at] = before;
        }
    }
    assert_true(parse(&image, image.size, &metadata));
    assert_true(metadata.refers_to_mscorlib);
}

static void what_begins_otherwise_is_no_metadata(void **state)
{
    struct image image = make_image("mscorlib", 0);
    struct pe_metadata metadata;

    (void)state;
    image.bytes[0] = 'X';
    assert_false(parse(&image, image.size, &metadata));
    assert_string_equal(metadata.version, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reference_is_told_by_its_name),
        cmocka_unit_test(metadata_cut_anywhere_are_read_without_harm),
        cmocka_unit_test(metadata_with_any_byte_changed_are_read_without_harm),
        cmocka_unit_test(what_begins_otherwise_is_no_metadata),
    };

    return cmocka_run_group_tests_name("pe_metadata", tests, NULL, NULL);
}
