/*
 * test_inject.c: a suspended program whose memory makes no sense, or cannot be reached, is told as
 * such and gets no DLL (src/run/watch/inject.h). That the DLL of a sound one is loaded is what
 * every test of hostmem-run shows.
 */
#include "support.h"

#include "board/injected.h"
#include "run/watch/inject.h"

#include <winternl.h>

#include <string.h>

static const char dll[] = "C:\\nowhere.dll";

/* This test's own program, which never runs. */
struct suspended {
    PROCESS_INFORMATION process;
    char *image;
    IMAGE_DOS_HEADER dos;
    IMAGE_NT_HEADERS nt;
};

static void get(const struct suspended *suspended, const char *from, void *to, SIZE_T size)
{
    assert_true(ReadProcessMemory(suspended->process.hProcess, from, to, size, NULL));
}

static void put(const struct suspended *suspended, char *to, const void *from, SIZE_T size)
{
    DWORD before;

    assert_true(VirtualProtectEx(suspended->process.hProcess, to, size, PAGE_READWRITE, &before));
    assert_true(WriteProcessMemory(suspended->process.hProcess, to, from, size, NULL));
}

static void put_headers(struct suspended *suspended)
{
    put(suspended, suspended->image + suspended->dos.e_lfanew, &suspended->nt,
        sizeof(suspended->nt));
}

static int begin(void **state)
{
    static struct suspended suspended;
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_BASIC_INFORMATION basic;
    wchar_t path[MAX_PATH];

    GetModuleFileNameW(NULL, path, MAX_PATH);
    assert_true(CreateProcessW(path, NULL, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL,
                               &startup, &suspended.process));
    assert_true(NtQueryInformationProcess(suspended.process.hProcess, ProcessBasicInformation,
                                          &basic, sizeof(basic), NULL) >= 0);
    get(&suspended, (char *)basic.PebBaseAddress + 2 * sizeof(void *), &suspended.image,
        sizeof(suspended.image));
    get(&suspended, suspended.image, &suspended.dos, sizeof(suspended.dos));
    get(&suspended, suspended.image + suspended.dos.e_lfanew, &suspended.nt, sizeof(suspended.nt));
    *state = &suspended;
    return 0;
}

static int end(void **state)
{
    const struct suspended *suspended = *state;

    TerminateProcess(suspended->process.hProcess, 0);
    CloseHandle(suspended->process.hProcess);
    CloseHandle(suspended->process.hThread);
    return 0;
}

static IMAGE_DATA_DIRECTORY *imports(struct suspended *suspended)
{
    return &suspended->nt.OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_IMPORT];
}

static void the_dll_comes_before_the_programs_own_imports(void **state)
{
    struct suspended *suspended = *state;
    const DWORD own_rva = imports(suspended)->VirtualAddress;
    IMAGE_IMPORT_DESCRIPTOR own, first, second;
    struct injected injected;
    char name[sizeof(dll)];
    char *block;

    get(suspended, suspended->image + own_rva, &own, sizeof(own));
    assert_figure(inject(suspended->process.hProcess, dll, (HANDLE)(uintptr_t)0x1234), INJECT_OK);
    get(suspended, suspended->image + suspended->dos.e_lfanew, &suspended->nt,
        sizeof(suspended->nt));
    block = suspended->image + imports(suspended)->VirtualAddress;
    get(suspended, block - sizeof(injected), &injected, sizeof(injected));
    get(suspended, block, &first, sizeof(first));
    get(suspended, block + sizeof(first), &second, sizeof(second));
    get(suspended, suspended->image + first.Name, name, sizeof(name));
    assert_true(imports(suspended)->VirtualAddress >= suspended->nt.OptionalHeader.SizeOfImage);
    assert_true(injected.magic == INJECTED_MAGIC);
    assert_figure(injected.board, 0x1234);
    assert_figure(injected.imports.VirtualAddress, own_rva);
    assert_string_equal(name, dll);
    assert_memory_equal(&second, &own, sizeof(own));
}

static void a_program_without_imports_gets_the_dll_alone(void **state)
{
    struct suspended *suspended = *state;
    IMAGE_IMPORT_DESCRIPTOR second;

    *imports(suspended) = (IMAGE_DATA_DIRECTORY){0};
    put_headers(suspended);
    assert_figure(inject(suspended->process.hProcess, dll, NULL), INJECT_OK);
    get(suspended, suspended->image + suspended->dos.e_lfanew, &suspended->nt,
        sizeof(suspended->nt));
    get(suspended,
        suspended->image + imports(suspended)->VirtualAddress + sizeof(IMAGE_IMPORT_DESCRIPTOR),
        &second, sizeof(second));
    assert_figure(second.Name, 0);
}

static void check_bad_image(struct suspended *suspended)
{
    assert_figure(inject(suspended->process.hProcess, dll, NULL), INJECT_BAD_IMAGE);
}

static void an_image_that_does_not_begin_as_one_is_bad(void **state)
{
    struct suspended *suspended = *state;

    suspended->dos.e_magic = 0;
    put(suspended, suspended->image, &suspended->dos, sizeof(suspended->dos));
    check_bad_image(suspended);
}

static void headers_that_lie_nowhere_are_bad(void **state)
{
    struct suspended *suspended = *state;

    suspended->dos.e_lfanew = 0x7fffff00;
    put(suspended, suspended->image, &suspended->dos, sizeof(suspended->dos));
    check_bad_image(suspended);
}

static void headers_without_their_signature_are_bad(void **state)
{
    struct suspended *suspended = *state;

    suspended->nt.Signature = 0;
    put_headers(suspended);
    check_bad_image(suspended);
}

static void headers_of_the_other_bitness_are_bad(void **state)
{
    struct suspended *suspended = *state;

    suspended->nt.OptionalHeader.Magic =
        IMAGE_NT_OPTIONAL_HDR32_MAGIC + IMAGE_NT_OPTIONAL_HDR64_MAGIC - IMAGE_NT_OPTIONAL_HDR_MAGIC;
    put_headers(suspended);
    check_bad_image(suspended);
}

static void headers_with_too_few_directories_are_bad(void **state)
{
    struct suspended *suspended = *state;

    suspended->nt.OptionalHeader.NumberOfRvaAndSizes = 1;
    put_headers(suspended);
    check_bad_image(suspended);
}

static void imports_that_lie_nowhere_are_bad(void **state)
{
    struct suspended *suspended = *state;

    imports(suspended)->VirtualAddress = 0x7fffff00;
    put_headers(suspended);
    check_bad_image(suspended);
}

static void imports_without_an_end_are_bad(void **state)
{
    struct suspended *suspended = *state;
    const SIZE_T size = 0x20000; /* 4,096 descriptors and more */
    char *endless;

    endless = VirtualAllocEx(suspended->process.hProcess,
                             suspended->image + suspended->nt.OptionalHeader.SizeOfImage + GRANULE -
                                 (SIZE_T)suspended->nt.OptionalHeader.SizeOfImage % GRANULE,
                             size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    assert_non_null(endless);
    for (SIZE_T at = 0; at < size; at += PAGE) {
        char ones[PAGE];

        memset(ones, 1, sizeof(ones));
        put(suspended, endless + at, ones, sizeof(ones));
    }
    imports(suspended)->VirtualAddress = (DWORD)(endless - suspended->image);
    put_headers(suspended);
    check_bad_image(suspended);
}

static void a_process_that_lets_nobody_look_is_refused(void **state)
{
    const struct suspended *suspended = *state;
    static const DWORD rights[] = {SYNCHRONIZE, PROCESS_QUERY_INFORMATION,
                                   PROCESS_QUERY_INFORMATION | PROCESS_VM_READ};

    for (size_t i = 0; i < COUNT_OF(rights); i++) {
        HANDLE poor = OpenProcess(rights[i], FALSE, suspended->process.dwProcessId);

        assert_non_null(poor);
        assert_figure(inject(poor, dll, NULL), INJECT_REFUSED);
        CloseHandle(poor);
    }
}

int main(void)
{
#define WITH_SUSPENDED(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        WITH_SUSPENDED(the_dll_comes_before_the_programs_own_imports),
        WITH_SUSPENDED(a_program_without_imports_gets_the_dll_alone),
        WITH_SUSPENDED(an_image_that_does_not_begin_as_one_is_bad),
        WITH_SUSPENDED(headers_that_lie_nowhere_are_bad),
        WITH_SUSPENDED(headers_without_their_signature_are_bad),
        WITH_SUSPENDED(headers_of_the_other_bitness_are_bad),
        WITH_SUSPENDED(headers_with_too_few_directories_are_bad),
        WITH_SUSPENDED(imports_that_lie_nowhere_are_bad),
        WITH_SUSPENDED(imports_without_an_end_are_bad),
        WITH_SUSPENDED(a_process_that_lets_nobody_look_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
