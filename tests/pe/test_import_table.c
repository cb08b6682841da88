/*
 * test_import_table.c: the walk over a module's import tables (src/pe/import_table.h), on images
 * made here: it finds the imports that are there. For an image that makes no sense it returns
 * IMPORT_WALK_NOT_PE, without reading a byte outside the image.
 *
 * Images lie between two pages that cannot be read; a read outside is an access violation, which
 * fails the test.
 */
#include "running_code.h"

#include "pe/import_table.h"
#include "pe/import_write.h"

#include <inttypes.h>
#include <string.h>

#define SEED UINT64_C(0x1a6e1a6e1a6e1a6e)

/* Where things are in the images that are made here. */
#define IMAGE_SIZE (4 * PAGE)
#define HEADERS_AT 0x80
#define IMPORTS_AT 0x400
#define DELAYED_AT 0x500
#define NAMES_AT 0x600   /* two modules' */
#define ENTRIES_AT 0x800 /* two modules' */
#define TEXTS_AT 0xa00
#define TABLES_END 0xc00
#define SECOND 0x40 /* from the first module's names or entries to the second one's */

struct image {
    char *pages; /* the page before it */
    unsigned char *base;
};

/* ------------------------------------------------------------------------------------------------
 * Images
 * --------------------------------------------------------------------------------------------- */

static IMAGE_NT_HEADERS *headers_of(const struct image *image)
{
    return (IMAGE_NT_HEADERS *)(image->base + HEADERS_AT);
}

static IMAGE_DATA_DIRECTORY *directory_of(const struct image *image, unsigned index)
{
    return &headers_of(image)->OptionalHeader.DataDirectory[index];
}

static IMAGE_IMPORT_DESCRIPTOR *imports_of(const struct image *image)
{
    return (IMAGE_IMPORT_DESCRIPTOR *)(image->base + IMPORTS_AT);
}

static IMAGE_DELAYLOAD_DESCRIPTOR *delayed_of(const struct image *image)
{
    return (IMAGE_DELAYLOAD_DESCRIPTOR *)(image->base + DELAYED_AT);
}

static IMAGE_THUNK_DATA *names_of(const struct image *image, size_t at)
{
    return (IMAGE_THUNK_DATA *)(image->base + at);
}

static void put_text(const struct image *image, size_t at, const char *text)
{
    memcpy(image->base + at, text, strlen(text) + 1);
}

/* Names "first", an ordinal, "second"; a hint of two bytes goes before each name. */
static void put_names(const struct image *image, size_t at, size_t texts)
{
    IMAGE_THUNK_DATA *names = names_of(image, at);

    names[0].u1.AddressOfData = texts;
    names[1].u1.Ordinal = IMAGE_ORDINAL_FLAG | 7;
    names[2].u1.AddressOfData = texts + 0x20;
    names[3].u1.AddressOfData = 0;
    put_text(image, texts + 2, "first");
    put_text(image, texts + 0x22, "second");
}

static void put_headers(const struct image *image)
{
    IMAGE_DOS_HEADER *dos = (IMAGE_DOS_HEADER *)image->base;
    IMAGE_NT_HEADERS *nt = headers_of(image);

    dos->e_magic = IMAGE_DOS_SIGNATURE;
    dos->e_lfanew = HEADERS_AT;
    nt->Signature = IMAGE_NT_SIGNATURE;
    nt->OptionalHeader.Magic = IMAGE_NT_OPTIONAL_HDR_MAGIC;
    nt->OptionalHeader.SizeOfImage = IMAGE_SIZE;
    nt->OptionalHeader.NumberOfRvaAndSizes = IMAGE_NUMBEROF_DIRECTORY_ENTRIES;
    directory_of(image, IMAGE_DIRECTORY_ENTRY_IMPORT)->VirtualAddress = IMPORTS_AT;
    directory_of(image, IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT)->VirtualAddress = DELAYED_AT;
}

static void put_tables(const struct image *image)
{
    IMAGE_IMPORT_DESCRIPTOR *ordinary = imports_of(image);
    IMAGE_DELAYLOAD_DESCRIPTOR *delayed = delayed_of(image);

    ordinary->OriginalFirstThunk = NAMES_AT;
    ordinary->Name = TEXTS_AT;
    ordinary->FirstThunk = ENTRIES_AT;
    put_text(image, TEXTS_AT, "ordinary.dll");
    put_names(image, NAMES_AT, TEXTS_AT + 0x20);

    delayed->Attributes.AllAttributes = 1;
    delayed->DllNameRVA = TEXTS_AT + 0x100;
    delayed->ImportAddressTableRVA = ENTRIES_AT + SECOND;
    delayed->ImportNameTableRVA = NAMES_AT + SECOND;
    put_text(image, TEXTS_AT + 0x100, "delayed.dll");
    put_names(image, NAMES_AT + SECOND, TEXTS_AT + 0x120);
}

/* A whole image: two imports by name and one by ordinal, ordinary and delay-loaded. */
static void make_image(const struct image *image)
{
    memset(image->base, 0, IMAGE_SIZE);
    put_headers(image);
    put_tables(image);
}

static int set_up(void **state)
{
    static struct image image;
    DWORD old;

    image.pages =
        VirtualAlloc(NULL, IMAGE_SIZE + 2 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_NOACCESS);
    if (!image.pages || !VirtualProtect(image.pages + PAGE, IMAGE_SIZE, PAGE_READWRITE, &old))
        return -1;
    image.base = (unsigned char *)image.pages + PAGE;
    make_image(&image);
    *state = &image;
    return 0;
}

static int tear_down(void **state)
{
    const struct image *image = *state;

    return VirtualFree(image->pages, 0, MEM_RELEASE) ? 0 : -1;
}

/* ------------------------------------------------------------------------------------------------
 * Walks
 * --------------------------------------------------------------------------------------------- */

#define MOST_SEEN 8

struct seen {
    const struct image *image;
    unsigned stop_at;  /* 0: never */
    unsigned count;    /* by name */
    unsigned others;   /* by ordinal, or of lost names */
    bool astray;       /* something lay outside the image */
    unsigned ordinals; /* a bit for each that was seen; 0: of lost names */
    struct import imports[MOST_SEEN];
};

static bool lies_inside(const struct image *image, const void *address, size_t size)
{
    uintptr_t offset = (uintptr_t)address - (uintptr_t)image->base;

    return offset < IMAGE_SIZE && size <= IMAGE_SIZE - offset;
}

static bool see(void *context, const struct import *import)
{
    struct seen *seen = context;

    if (!import->function) {
        seen->astray |=
            !lies_inside(seen->image, (const void *)(uintptr_t)import->entry, sizeof(void *));
        seen->others++;
        seen->ordinals |= 1u << import->ordinal % 32;
        return true;
    }
    if (!lies_inside(seen->image, (const void *)(uintptr_t)import->entry, sizeof(void *)) ||
        !lies_inside(seen->image, import->module, strlen(import->module) + 1) ||
        !lies_inside(seen->image, import->function, strlen(import->function) + 1))
        seen->astray = true;
    if (seen->count < MOST_SEEN)
        seen->imports[seen->count] = *import;
    return ++seen->count != seen->stop_at;
}

static enum import_walk_result walk(const struct image *image, struct seen *seen)
{
    return import_walk((HMODULE)(uintptr_t)image->base, see, seen);
}

static void assert_walk(const struct image *image, enum import_walk_result expected,
                        unsigned expected_count)
{
    struct seen seen = {.image = image};

    assert_figure(walk(image, &seen), expected);
    assert_figure(seen.count, expected_count);
    assert_false(seen.astray);
}

static void assert_seen(const struct seen *seen, unsigned index, const char *module,
                        const char *function, size_t entry)
{
    const struct import *import = &seen->imports[index];

    assert_string_equal(import->module, module);
    assert_string_equal(import->function, function);
    assert_address((uintptr_t)import->entry, (uintptr_t)(seen->image->base + entry));
}

/* ------------------------------------------------------------------------------------------------
 * What makes sense
 * --------------------------------------------------------------------------------------------- */

static void imports_by_name_are_found_with_their_entries(void **state)
{
    struct seen seen = {.image = *state};
    size_t third = 2 * sizeof(void *);

    assert_figure(walk(*state, &seen), IMPORT_WALK_DONE);
    assert_figure(seen.count, 4);
    assert_seen(&seen, 0, "ordinary.dll", "first", ENTRIES_AT);
    assert_seen(&seen, 1, "ordinary.dll", "second", ENTRIES_AT + third);
    assert_seen(&seen, 2, "delayed.dll", "first", ENTRIES_AT + SECOND);
    assert_seen(&seen, 3, "delayed.dll", "second", ENTRIES_AT + SECOND + third);
}

static void the_callback_can_end_the_walk(void **state)
{
    for (unsigned stop_at = 1; stop_at <= 4; stop_at++) {
        struct seen seen = {.image = *state, .stop_at = stop_at};

        assert_figure(walk(*state, &seen), IMPORT_WALK_ENDED);
        assert_figure(seen.count, stop_at);
    }
}

static void an_image_without_tables_has_no_imports(void **state)
{
    const struct image *image = *state;

    directory_of(image, IMAGE_DIRECTORY_ENTRY_IMPORT)->VirtualAddress = 0;
    assert_walk(image, IMPORT_WALK_DONE, 2);
    directory_of(image, IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT)->VirtualAddress = 0;
    assert_walk(image, IMPORT_WALK_DONE, 0);
}

static void directories_beyond_their_number_are_not_read(void **state)
{
    const struct image *image = *state;

    directory_of(image, IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT)->VirtualAddress = 0x7fffffff;
    headers_of(image)->OptionalHeader.NumberOfRvaAndSizes = IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT;
    assert_walk(image, IMPORT_WALK_DONE, 2);
    headers_of(image)->OptionalHeader.NumberOfRvaAndSizes = 0;
    assert_walk(image, IMPORT_WALK_DONE, 0);
}

/* As some old linkers make them: the loader has overwritten the names. An address of 0 ends them.
 */
static void entries_whose_names_are_lost_are_found(void **state)
{
    const struct image *image = *state;
    void **entries = (void **)(image->base + ENTRIES_AT);
    const DWORD no_tables[] = {0, ENTRIES_AT, TABLES_END}; /* none, the same one, an empty one */

    entries[0] = entries[1] = entries[2] = entries;
    for (size_t i = 0; i < COUNT_OF(no_tables); i++) {
        struct seen seen = {.image = image};

        imports_of(image)->OriginalFirstThunk = no_tables[i];
        assert_figure(walk(image, &seen), IMPORT_WALK_DONE);
        assert_figure(seen.count, 2);      /* the delay-loaded ones */
        assert_figure(seen.others, 3 + 1); /* and the ordinal among those */
        assert_figure(seen.ordinals, 1u << 7 | 1);
        assert_false(seen.astray);
    }
}

static void imports_by_ordinal_are_found_with_their_ordinals(void **state)
{
    struct seen seen = {.image = *state};

    assert_figure(walk(*state, &seen), IMPORT_WALK_DONE);
    assert_figure(seen.others, 2);
    assert_figure(seen.ordinals, 1u << 7);
}

#ifndef _WIN64
/* Only 32-bit tables can hold addresses: their fields have 32 bits. */
static void delay_load_tables_of_addresses_are_read_too(void **state)
{
    const struct image *image = *state;
    IMAGE_DELAYLOAD_DESCRIPTOR *delayed = delayed_of(image);
    IMAGE_THUNK_DATA *names = names_of(image, NAMES_AT + SECOND);
    DWORD base = (DWORD)(uintptr_t)image->base;
    struct seen seen = {.image = image};

    delayed->Attributes.AllAttributes = 0;
    delayed->DllNameRVA += base;
    delayed->ImportAddressTableRVA += base;
    delayed->ImportNameTableRVA += base;
    names[0].u1.AddressOfData += base;
    names[2].u1.AddressOfData += base;
    assert_figure(walk(image, &seen), IMPORT_WALK_DONE);
    assert_figure(seen.count, 4);
    assert_seen(&seen, 2, "delayed.dll", "first", ENTRIES_AT + SECOND);
    assert_false(seen.astray);
}
#endif

static void a_table_may_end_where_the_image_ends(void **state)
{
    const struct image *image = *state;
    size_t last = IMAGE_SIZE - 4 * sizeof(void *);

    put_names(image, last, TEXTS_AT + 0x20);
    imports_of(image)->OriginalFirstThunk = (DWORD)last;
    assert_walk(image, IMPORT_WALK_DONE, 4);
    memcpy(image->base + IMAGE_SIZE - 4, "end", 4);
    imports_of(image)->OriginalFirstThunk = NAMES_AT;
    imports_of(image)->Name = IMAGE_SIZE - 4;
    assert_walk(image, IMPORT_WALK_DONE, 4);
}

/* ------------------------------------------------------------------------------------------------
 * What makes no sense
 * --------------------------------------------------------------------------------------------- */

static void headers_that_are_none_are_not_pe(void **state)
{
    const struct image *image = *state;
    IMAGE_DOS_HEADER *dos = (IMAGE_DOS_HEADER *)image->base;
    static const LONG no_offsets[] = {0, -1, -(LONG)PAGE, MINLONG};

    dos->e_magic = 0x5a4c;
    assert_walk(image, IMPORT_WALK_NOT_PE, 0);
    make_image(image);
    for (size_t i = 0; i < COUNT_OF(no_offsets); i++) {
        dos->e_lfanew = no_offsets[i];
        assert_walk(image, IMPORT_WALK_NOT_PE, 0);
    }
    make_image(image);
    headers_of(image)->Signature = 0x4551;
    assert_walk(image, IMPORT_WALK_NOT_PE, 0);
    make_image(image);
    headers_of(image)->OptionalHeader.Magic = IMAGE_NT_OPTIONAL_HDR32_MAGIC +
                                              IMAGE_NT_OPTIONAL_HDR64_MAGIC -
                                              IMAGE_NT_OPTIONAL_HDR_MAGIC; /* the other one */
    assert_walk(image, IMPORT_WALK_NOT_PE, 0);
}

/* Offsets at which nothing can lie, however small. */
static const DWORD outside[] = {IMAGE_SIZE, IMAGE_SIZE - 1, IMAGE_SIZE + 1, 0x7fffffff,
                                0x80000000, 0xfffffff0,     MAXDWORD};

/* Puts each of these offsets into a field, and walks. */
static void assert_not_pe_with(const struct image *image, DWORD *field, unsigned expected_count)
{
    DWORD value = *field;

    for (size_t i = 0; i < COUNT_OF(outside); i++) {
        *field = outside[i];
        assert_walk(image, IMPORT_WALK_NOT_PE, expected_count);
    }
    *field = value;
}

static void offsets_outside_the_image_are_not_pe(void **state)
{
    const struct image *image = *state;
    IMAGE_IMPORT_DESCRIPTOR *ordinary = imports_of(image);
    IMAGE_DELAYLOAD_DESCRIPTOR *delayed = delayed_of(image);

    memset(image->base + IMAGE_SIZE - 16, 0x41, 16); /* texts there do not end */
    assert_not_pe_with(image, &directory_of(image, IMAGE_DIRECTORY_ENTRY_IMPORT)->VirtualAddress,
                       0);
    assert_not_pe_with(image,
                       &directory_of(image, IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT)->VirtualAddress, 2);
    assert_not_pe_with(image, &ordinary->Name, 0);
    assert_not_pe_with(image, &ordinary->OriginalFirstThunk, 0);
    assert_not_pe_with(image, &ordinary->FirstThunk, 0);
    assert_not_pe_with(image, &delayed->DllNameRVA, 2);
    assert_not_pe_with(image, &delayed->ImportNameTableRVA, 2);
    assert_not_pe_with(image, &delayed->ImportAddressTableRVA, 2);
    assert_walk(image, IMPORT_WALK_DONE, 4);
}

static void names_outside_the_image_are_not_pe(void **state)
{
    static const ULONGLONG beyond[] = {IMAGE_SIZE - 2,     IMAGE_SIZE,    0x7ffffffe, 0x7fffffff,
                                       (ULONGLONG)1 << 40, INT64_MAX - 1, INT64_MAX};
    const struct image *image = *state;
    IMAGE_THUNK_DATA *names = names_of(image, NAMES_AT);

    for (size_t i = 0; i < COUNT_OF(beyond); i++) {
        ULONG_PTR value = (ULONG_PTR)beyond[i] & ~IMAGE_ORDINAL_FLAG;

        if (value != beyond[i])
            continue; /* no such pointer in 32 bits */
        make_image(image);
        names[0].u1.AddressOfData = value;
        assert_walk(image, IMPORT_WALK_NOT_PE, 0);
        make_image(image);
        names[2].u1.AddressOfData = value;
        assert_walk(image, IMPORT_WALK_NOT_PE, 1);
    }
}

static void texts_that_do_not_end_are_not_pe(void **state)
{
    const struct image *image = *state;

    memset(image->base + IMAGE_SIZE - PAGE, 0x41, PAGE);
    imports_of(image)->Name = IMAGE_SIZE - PAGE;
    assert_walk(image, IMPORT_WALK_NOT_PE, 0);
    imports_of(image)->Name = TEXTS_AT;
    names_of(image, NAMES_AT)[0].u1.AddressOfData = IMAGE_SIZE - PAGE;
    assert_walk(image, IMPORT_WALK_NOT_PE, 0);
}

static void tables_that_do_not_end_are_not_pe(void **state)
{
    const struct image *image = *state;
    size_t at = IMAGE_SIZE - PAGE;

    for (size_t i = 0; i < PAGE / sizeof(void *); i++)
        names_of(image, at)[i].u1.Ordinal = IMAGE_ORDINAL_FLAG | 1;
    imports_of(image)->OriginalFirstThunk = (DWORD)at;
    assert_walk(image, IMPORT_WALK_NOT_PE, 0);

    make_image(image);
    for (IMAGE_IMPORT_DESCRIPTOR *descriptor = (IMAGE_IMPORT_DESCRIPTOR *)(image->base + at);
         (unsigned char *)(descriptor + 1) <= image->base + IMAGE_SIZE; descriptor++)
        descriptor->Name = descriptor->FirstThunk = TEXTS_AT; /* without a table of names */
    directory_of(image, IMAGE_DIRECTORY_ENTRY_IMPORT)->VirtualAddress = (DWORD)at;
    assert_walk(image, IMPORT_WALK_NOT_PE, 0);

    make_image(image);
    imports_of(image)->FirstThunk = IMAGE_SIZE - sizeof(void *); /* room for one entry only */
    assert_walk(image, IMPORT_WALK_NOT_PE, 1);
}

static void an_image_of_no_size_is_not_pe(void **state)
{
    static const DWORD image_sizes[] = {0, 1, IMPORTS_AT, IMPORTS_AT + 4};
    const struct image *image = *state;

    for (size_t i = 0; i < COUNT_OF(image_sizes); i++) {
        headers_of(image)->OptionalHeader.SizeOfImage = image_sizes[i];
        assert_walk(image, IMPORT_WALK_NOT_PE, 0);
    }
}

/* Whatever the tables hold, the walk ends and stays inside. */
static void random_tables_never_lead_outside_the_image(void **state)
{
    const struct image *image = *state;
    uint64_t random = SEED;
    unsigned results[IMPORT_WALK_NOT_PE + 1] = {0};

    for (unsigned round = 0; round < 200000; round++) {
        struct seen seen = {.image = image};
        unsigned changes = 1 + (unsigned)(next_random(&random) % 6);
        enum import_walk_result result;

        make_image(image);
        while (changes--) {
            uint64_t change = next_random(&random);
            unsigned char *field = image->base + IMPORTS_AT + change % (TABLES_END - IMPORTS_AT);

            if (change >> 62 == 0) /* something that looks like an offset */
                *(uint16_t *)((uintptr_t)field & ~(uintptr_t)1) = (uint16_t)(change >> 40);
            else
                *field = (unsigned char)(change >> 32);
        }
        result = walk(image, &seen);
        assert_in_range(result, 0, IMPORT_WALK_NOT_PE);
        results[result]++;
        if (seen.astray)
            print_error("round %u\n", round);
        assert_false(seen.astray);
    }
    assert_at_least(results[IMPORT_WALK_DONE], 1000);
    assert_at_least(results[IMPORT_WALK_NOT_PE], 1000);
}

/* ------------------------------------------------------------------------------------------------
 * Texts and entries
 * --------------------------------------------------------------------------------------------- */

static void texts_are_compared_without_regard_to_case(void **state)
{
    (void)state;
    assert_true(import_text_is_equal("KERNEL32.dll", "kernel32.DLL"));
    assert_true(import_text_is_equal("", ""));
    assert_false(import_text_is_equal("kernel32.dll", "kernel32.dl"));
    assert_false(import_text_is_equal("kernel32.dl", "kernel32.dll"));
    assert_false(import_text_is_equal("[", "{")); /* letters only */
    assert_true(import_text_has_prefix("API-MS-win-core-memory-l1-1-0.dll", "api-ms-win-core-"));
    assert_true(import_text_has_prefix("a", ""));
    assert_false(import_text_has_prefix("api", "api-ms"));
}

static void an_entry_on_a_read_only_page_is_written_and_stays_read_only(void **state)
{
    void **page = VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    MEMORY_BASIC_INFORMATION information;
    DWORD old;

    (void)state;
    assert_non_null(page);
    assert_true(VirtualProtect(page, PAGE, PAGE_READONLY, &old));
    assert_figure(import_write(&page[3], &old), 0);
    assert_address(page[3], &old);
    assert_true(VirtualQuery(page, &information, sizeof(information)) != 0);
    assert_figure(information.Protect, PAGE_READONLY);
    assert_true(VirtualFree(page, 0, MEM_RELEASE));
}

/* A page that holds code beside entries. */
static void code_on_the_page_of_an_entry_goes_on_running(void **state)
{
    static const DWORD protections[] = {PAGE_EXECUTE, PAGE_EXECUTE_READ, PAGE_EXECUTE_READWRITE};
    unsigned char *code = VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    void **entry = (void **)(code + 64);
    struct running_code running;
    DWORD old;

    (void)state;
    assert_non_null(code);
    code[0] = 0xc3; /* ret */
    assert_true(VirtualProtect(code, PAGE, PAGE_EXECUTE_READ, &old));
    running_code_begin(&running, (void (*)(void))(uintptr_t)code);
    for (size_t i = 0; i < COUNT_OF(protections); i++) {
        assert_true(VirtualProtect(code, PAGE, protections[i], &old));
        for (uintptr_t value = 1; value <= 2000; value++) {
            assert_figure(import_write(entry, (void *)value), 0);
            assert_figure(memory_protection(code), protections[i]);
        }
    }
    running_code_end(&running);
    assert_true(VirtualFree(code, 0, MEM_RELEASE));
}

/* The loader asks for no alignment. Each of the two pages gets its own protection back. */
static void an_entry_on_two_pages_is_written(void **state)
{
    char *pages = VirtualAlloc(NULL, 2 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    void **entry = (void **)(pages + PAGE - 3);
    void *value;
    DWORD old;

    (void)state;
    assert_non_null(pages);
    assert_true(VirtualProtect(pages, PAGE, PAGE_READONLY, &old));
    assert_true(VirtualProtect(pages + PAGE, PAGE, PAGE_EXECUTE_READ, &old));
    assert_figure(import_write(entry, pages), 0);
    memcpy(&value, entry, sizeof(value));
    assert_address(value, pages);
    assert_figure(memory_protection(pages), PAGE_READONLY);
    assert_figure(memory_protection(pages + PAGE), PAGE_EXECUTE_READ);
    assert_true(VirtualFree(pages, 0, MEM_RELEASE));
}

static void an_entry_that_cannot_be_written_is_win32_s_error(void **state)
{
    void **page = VirtualAlloc(NULL, GRANULE, MEM_RESERVE, PAGE_READWRITE);
    DWORD old, error;

    (void)state;
    assert_non_null(page);
    assert_false(VirtualProtect(page, sizeof(*page), PAGE_READWRITE, &old));
    error = GetLastError();
    assert_figure(import_write(&page[0], &old), error);
    assert_true(VirtualFree(page, 0, MEM_RELEASE));
}

#define on_an_image(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_an_image(imports_by_name_are_found_with_their_entries),
        on_an_image(the_callback_can_end_the_walk),
        on_an_image(an_image_without_tables_has_no_imports),
        on_an_image(directories_beyond_their_number_are_not_read),
        on_an_image(entries_whose_names_are_lost_are_found),
        on_an_image(imports_by_ordinal_are_found_with_their_ordinals),
#ifndef _WIN64
        on_an_image(delay_load_tables_of_addresses_are_read_too),
#endif
        on_an_image(a_table_may_end_where_the_image_ends),
        on_an_image(headers_that_are_none_are_not_pe),
        on_an_image(offsets_outside_the_image_are_not_pe),
        on_an_image(names_outside_the_image_are_not_pe),
        on_an_image(texts_that_do_not_end_are_not_pe),
        on_an_image(tables_that_do_not_end_are_not_pe),
        on_an_image(an_image_of_no_size_is_not_pe),
        on_an_image(random_tables_never_lead_outside_the_image),
        cmocka_unit_test(texts_are_compared_without_regard_to_case),
        cmocka_unit_test(an_entry_on_a_read_only_page_is_written_and_stays_read_only),
        cmocka_unit_test(code_on_the_page_of_an_entry_goes_on_running),
        cmocka_unit_test(an_entry_on_two_pages_is_written),
        cmocka_unit_test(an_entry_that_cannot_be_written_is_win32_s_error),
    };

    print_message("seed 0x%" PRIx64 "\n", SEED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
