/*
 * test_pe_exports.c: which names a program file exports, whole and damaged (src/pe/pe_exports.h).
 */
#include "pe/pe_exports.h"

#include "support.h"

#include <stdlib.h>
#include <string.h>

struct file {
    unsigned char *bytes;
    DWORD size;
};

static bool read_file(void *context, DWORD offset, void *buffer, DWORD size)
{
    const struct file *file = context;

    if (offset > file->size || size > file->size - offset)
        return false;
    memcpy(buffer, file->bytes + offset, size);
    return true;
}

/* hostmem.dll, which lies beside this program: its exports are known. */
static int load(void **state)
{
    static struct file file;
    wchar_t path[MAX_PATH];
    HANDLE handle;

    GetModuleFileNameW(NULL, path, MAX_PATH);
    wcscpy(wcsrchr(path, L'\\') + 1, L"hostmem.dll");
    handle = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    assert_true(handle != INVALID_HANDLE_VALUE);
    file.size = GetFileSize(handle, NULL);
    file.bytes = malloc(file.size);
    assert_true(ReadFile(handle, file.bytes, file.size, &file.size, NULL));
    CloseHandle(handle);
    *state = &file;
    return 0;
}

static void names_that_are_exported_are_found(void **state)
{
    assert_true(pe_exports_name(read_file, *state, "HostMemCreateManager"));
    assert_true(pe_exports_name(read_file, *state, "HostMemCreateHostControl"));
    assert_true(pe_exports_name(read_file, *state, "HostMemRemoveRedirection"));
    assert_true(pe_exports_name(read_file, *state, "HostMemGetVersion"));
}

static void other_names_are_not(void **state)
{
    assert_false(pe_exports_name(read_file, *state, "HostMemCreateManage"));
    assert_false(pe_exports_name(read_file, *state, "HostMemCreateManagers"));
    assert_false(pe_exports_name(read_file, *state, ""));
    assert_false(pe_exports_name(read_file, *state, "A"));
    assert_false(pe_exports_name(read_file, *state, "zzz"));
    assert_false(pe_exports_name(read_file, *state, "DotNetRuntimeInfo"));
}

static void a_program_without_exports_has_none(void **state)
{
    struct file file = *(struct file *)*state;
    IMAGE_DOS_HEADER *dos = (IMAGE_DOS_HEADER *)file.bytes;
    IMAGE_NT_HEADERS *nt = (IMAGE_NT_HEADERS *)(file.bytes + dos->e_lfanew);
    IMAGE_DATA_DIRECTORY kept = nt->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_EXPORT];

    nt->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_EXPORT] = (IMAGE_DATA_DIRECTORY){0};
    assert_false(pe_exports_name(read_file, &file, "HostMemCreateManager"));
    nt->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_EXPORT] = kept;
}

/* Cut off anywhere, with any byte changed: an answer, and no harm. */
static void damaged_files_do_no_harm(void **state)
{
    const struct file *whole = *state;
    struct file file = *whole;
    unsigned random = 20261130;

    for (int round = 0; round < 2000; round++) {
        unsigned char kept;
        DWORD at;

        random = random * 1103515245u + 12345u;
        at = (random >> 8) % 0x600; /* the headers */
        kept = file.bytes[at];
        file.bytes[at] = (unsigned char)(random >> 3);
        file.size = round % 2 ? whole->size : (random >> 4) % whole->size;
        pe_exports_name(read_file, &file, "HostMemCreateManager");
        file.bytes[at] = kept;
    }
    file.size = whole->size;
    assert_true(pe_exports_name(read_file, &file, "HostMemCreateManager"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_are_exported_are_found),
        cmocka_unit_test(other_names_are_not),
        cmocka_unit_test(a_program_without_exports_has_none),
        cmocka_unit_test(damaged_files_do_no_harm),
    };

    return cmocka_run_group_tests(tests, load, NULL);
}
