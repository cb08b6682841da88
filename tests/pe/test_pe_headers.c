/*
 * test_pe_headers.c: reading the headers of a program file, whole and damaged
 * (src/pe/pe_headers.h).
 */
#include "pe/pe_headers.h"

#include "support.h"

#include <stddef.h>
#include <string.h>

enum {
    NT = 0x80,        /* where the signature is */
    RAW = 0x200,      /* where in the file the section is */
    RVA = 0x2000,     /* where in memory it is */
    METADATA = 0x100, /* where in the section the metadata is */
    METADATA_SIZE = 0x40,
    FILE_SIZE = 0x400
};

/* A managed program of 64 or 32 bits, of one section. */
struct file {
    unsigned char bytes[FILE_SIZE];
    size_t size;
};

static void put(struct file *file, size_t offset, const void *bytes, size_t size)
{
    assert_true(offset + size <= FILE_SIZE);
    memcpy(file->bytes + offset, bytes, size);
}

static size_t put_optional_header(struct file *file, size_t at, bool is_64_bit)
{
    const IMAGE_DATA_DIRECTORY cli = {RVA, sizeof(IMAGE_COR20_HEADER)};
    IMAGE_OPTIONAL_HEADER64 wide = {.Magic = IMAGE_NT_OPTIONAL_HDR64_MAGIC};
    IMAGE_OPTIONAL_HEADER32 narrow = {.Magic = IMAGE_NT_OPTIONAL_HDR32_MAGIC};

    wide.DataDirectory[IMAGE_DIRECTORY_ENTRY_COM_DESCRIPTOR] = cli;
    narrow.DataDirectory[IMAGE_DIRECTORY_ENTRY_COM_DESCRIPTOR] = cli;
    if (is_64_bit)
        put(file, at, &wide, sizeof(wide));
    else
        put(file, at, &narrow, sizeof(narrow));
    return is_64_bit ? sizeof(wide) : sizeof(narrow);
}

static struct file make_file(bool is_64_bit)
{
    const IMAGE_DOS_HEADER dos = {.e_magic = IMAGE_DOS_SIGNATURE, .e_lfanew = NT};
    const DWORD signature = IMAGE_NT_SIGNATURE;
    const IMAGE_SECTION_HEADER section = {
        .VirtualAddress = RVA, .SizeOfRawData = FILE_SIZE - RAW, .PointerToRawData = RAW};
    const IMAGE_COR20_HEADER cli = {
        .cb = sizeof(cli), .MetaData = {RVA + METADATA, METADATA_SIZE}, .Flags = 3};
    IMAGE_FILE_HEADER header = {.Machine =
                                    is_64_bit ? IMAGE_FILE_MACHINE_AMD64 : IMAGE_FILE_MACHINE_I386,
                                .NumberOfSections = 1};
    struct file file = {.size = FILE_SIZE};
    size_t at = NT + sizeof(signature) + sizeof(header);

    header.SizeOfOptionalHeader = (WORD)put_optional_header(&file, at, is_64_bit);
    put(&file, 0, &dos, sizeof(dos));
    put(&file, NT, &signature, sizeof(signature));
    put(&file, NT + sizeof(signature), &header, sizeof(header));
    put(&file, at + header.SizeOfOptionalHeader, &section, sizeof(section));
    put(&file, RAW, &cli, sizeof(cli));
    return file;
}

/* A pe_read_callback. */
static bool read_bytes(void *context, DWORD offset, void *buffer, DWORD size)
{
    struct file *file = context;

    if (offset > file->size || size > file->size - offset)
        return false;
    memcpy(buffer, file->bytes + offset, size);
    return true;
}

static void a_managed_program_is_told_with_its_metadata(void **state)
{
    (void)state;
    for (int is_64_bit = 0; is_64_bit < 2; is_64_bit++) {
        struct file file = make_file(is_64_bit);
        struct pe_headers headers;

        assert_true(pe_headers_read(read_bytes, &file, &headers));
        assert_figure(headers.is_64_bit, is_64_bit);
        assert_figure(headers.machine,
                      is_64_bit ? IMAGE_FILE_MACHINE_AMD64 : IMAGE_FILE_MACHINE_I386);
        assert_true(headers.is_managed);
        assert_figure(headers.cli_flags, 3);
        assert_figure(headers.metadata_offset, RAW + METADATA);
        assert_figure(headers.metadata_size, METADATA_SIZE);
    }
}

static void a_file_whose_last_section_is_cut_is_not_whole(void **state)
{
    struct file file = make_file(true);
    struct pe_headers headers;

    (void)state;
    assert_true(pe_headers_read(read_bytes, &file, &headers));
    assert_true(headers.is_whole);
    file.size--;
    assert_true(pe_headers_read(read_bytes, &file, &headers));
    assert_false(headers.is_whole);
}

static void a_program_without_a_cli_header_is_native(void **state)
{
    struct file file = make_file(true);
    struct pe_headers headers;

    (void)state;
    memset(file.bytes + NT + sizeof(DWORD) + sizeof(IMAGE_FILE_HEADER) +
               offsetof(IMAGE_OPTIONAL_HEADER64, DataDirectory),
           0, sizeof(IMAGE_DATA_DIRECTORY) * IMAGE_NUMBEROF_DIRECTORY_ENTRIES);
    assert_true(pe_headers_read(read_bytes, &file, &headers));
    assert_false(headers.is_managed);
    assert_figure(headers.metadata_offset, 0);
}

static void what_begins_otherwise_is_no_program(void **state)
{
    struct file text = {.bytes = "#!/bin/sh\n", .size = FILE_SIZE};
    struct file no_signature = make_file(true);
    struct pe_headers headers;

    (void)state;
    no_signature.bytes[NT] = 'N';
    assert_false(pe_headers_read(read_bytes, &text, &headers));
    assert_false(pe_headers_read(read_bytes, &no_signature, &headers));
}

/* A file of that size only has what lies before its end. */
static void check_cut(struct file *file, size_t size, bool is_pe, bool is_managed)
{
    struct pe_headers headers;

    file->size = size;
    assert_figure_of("is it a program?", pe_headers_read(read_bytes, file, &headers), is_pe);
    assert_figure_of("is it managed?", headers.is_managed, is_managed);
}

/*
 * Without the CLI header, its directory entry or the section that it is in, a managed program looks
 * like a native one.
 */
static void a_file_cut_off_in_a_header_lacks_it(void **state)
{
    (void)state;
    for (int is_64_bit = 0; is_64_bit < 2; is_64_bit++) {
        struct file file = make_file(is_64_bit);
        const size_t signature = NT + sizeof(DWORD);
        const size_t optional = signature + sizeof(IMAGE_FILE_HEADER);
        const size_t directories =
            optional + (is_64_bit ? offsetof(IMAGE_OPTIONAL_HEADER64, DataDirectory)
                                  : offsetof(IMAGE_OPTIONAL_HEADER32, DataDirectory));
        const size_t entry =
            directories + (IMAGE_DIRECTORY_ENTRY_COM_DESCRIPTOR + 1) * sizeof(IMAGE_DATA_DIRECTORY);
        const size_t section =
            optional +
            (is_64_bit ? sizeof(IMAGE_OPTIONAL_HEADER64) : sizeof(IMAGE_OPTIONAL_HEADER32)) +
            sizeof(IMAGE_SECTION_HEADER);

        check_cut(&file, 0, false, false);
        check_cut(&file, sizeof(IMAGE_DOS_HEADER) - 1, false, false);
        check_cut(&file, sizeof(IMAGE_DOS_HEADER), false, false);
        check_cut(&file, signature - 1, false, false);
        check_cut(&file, signature, false, false);
        check_cut(&file, optional - 1, false, false);
        check_cut(&file, optional + sizeof(WORD) - 1, false, false);
        check_cut(&file, optional + sizeof(WORD), true, false);
        check_cut(&file, entry - 1, true, false);
        check_cut(&file, section - 1, true, false);
        check_cut(&file, RAW + sizeof(IMAGE_COR20_HEADER) - 1, true, false);
        check_cut(&file, RAW + sizeof(IMAGE_COR20_HEADER), true, true);
    }
}

static void a_file_cut_anywhere_says_no_more_than_it_holds(void **state)
{
    struct file file = make_file(true);
    struct pe_headers headers;

    (void)state;
    for (file.size = 0; file.size < FILE_SIZE; file.size++) {
        bool is_pe = pe_headers_read(read_bytes, &file, &headers);

        if (is_pe)
            assert_true(file.size > NT + sizeof(DWORD) + sizeof(IMAGE_FILE_HEADER));
        if (headers.is_managed)
            assert_true(file.size >= RAW + sizeof(IMAGE_COR20_HEADER));
    }
    file.size = 0;
    assert_false(pe_headers_read(read_bytes, &file, &headers));
}

static void a_file_with_any_byte_changed_is_read_without_harm(void **state)
{
    static const unsigned char values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    struct file file = make_file(false);
    struct pe_headers headers;

    (void)state;
    for (size_t at = 0; at < FILE_SIZE; at++) {
        unsigned char before = file.bytes[at];

        for (size_t i = 0; i < COUNT_OF(values); i++) {
            file.bytes[at] = values[i];
            pe_headers_read(read_bytes, &file, &headers);
        }
        file.bytes[at] = before;
    }
    assert_true(pe_headers_read(read_bytes, &file, &headers));
    assert_true(headers.is_managed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_managed_program_is_told_with_its_metadata),
        cmocka_unit_test(a_file_whose_last_section_is_cut_is_not_whole),
        cmocka_unit_test(a_program_without_a_cli_header_is_native),
        cmocka_unit_test(what_begins_otherwise_is_no_program),
        cmocka_unit_test(a_file_cut_off_in_a_header_lacks_it),
        cmocka_unit_test(a_file_cut_anywhere_says_no_more_than_it_holds),
        cmocka_unit_test(a_file_with_any_byte_changed_is_read_without_harm),
    };

    return cmocka_run_group_tests_name("pe_headers", tests, NULL, NULL);
}
