/*
 * made_module.c: see made_module.h. The image has one section.
 */
#include "made_module.h"

#include <stdio.h>
#include <string.h>

/* Of the first module, and from each to the next one. */
#define FIRST_BASE 0x5a000000u
#define STEP 0x100000u

#define SECTION_AT 0x1000u
#define IMAGE_SIZE 0x2000u
#define FILE_SECTION_AT 0x200u
#define SECTION_SIZE 0x1000u

/* Offsets in the section. */
enum {
    CODE_AT = 0x000,
    DESCRIPTORS_AT = 0x100,
    NAMES_AT = 0x200,
    ENTRIES_AT = 0x280,
    MODULE_HANDLE_AT = 0x2c0,
    DLL_AT = 0x300,
    TEXTS_AT = 0x340, /* of each function, 0x40 apart */
    BOUND_AT = 0x400
};

static const char *const functions[MADE_IMPORTS] = {"VirtualAlloc", "VirtualFree"};

struct image {
    unsigned char headers[FILE_SECTION_AT];
    unsigned char section[SECTION_SIZE];
};

static DWORD rva(DWORD in_section)
{
    return SECTION_AT + in_section;
}

static IMAGE_NT_HEADERS *nt_of(struct image *image)
{
    return (IMAGE_NT_HEADERS *)(image->headers + 0x40);
}

static void set_directory(struct image *image, unsigned index, DWORD in_section, DWORD size)
{
    nt_of(image)->OptionalHeader.DataDirectory[index] =
        (IMAGE_DATA_DIRECTORY){rva(in_section), size};
}

static void put_headers(struct image *image, const struct made_options *options)
{
    IMAGE_DOS_HEADER *dos = (IMAGE_DOS_HEADER *)image->headers;
    IMAGE_NT_HEADERS *nt = nt_of(image);
    IMAGE_SECTION_HEADER *section;

    dos->e_magic = IMAGE_DOS_SIGNATURE;
    dos->e_lfanew = 0x40;
    nt->Signature = IMAGE_NT_SIGNATURE;
#ifdef _WIN64
    nt->FileHeader.Machine = IMAGE_FILE_MACHINE_AMD64;
#else
    nt->FileHeader.Machine = IMAGE_FILE_MACHINE_I386;
#endif
    nt->FileHeader.NumberOfSections = 1;
    nt->FileHeader.SizeOfOptionalHeader = sizeof(nt->OptionalHeader);
    nt->FileHeader.Characteristics = IMAGE_FILE_DLL | IMAGE_FILE_EXECUTABLE_IMAGE |
                                     IMAGE_FILE_RELOCS_STRIPPED | IMAGE_FILE_LARGE_ADDRESS_AWARE;
    nt->OptionalHeader.Magic = IMAGE_NT_OPTIONAL_HDR_MAGIC;
    nt->OptionalHeader.ImageBase = options->base;
    nt->OptionalHeader.SectionAlignment = 0x1000;
    nt->OptionalHeader.FileAlignment = 0x200;
    nt->OptionalHeader.MajorOperatingSystemVersion = 6;
    nt->OptionalHeader.MajorSubsystemVersion = 6;
    nt->OptionalHeader.SizeOfImage = IMAGE_SIZE;
    nt->OptionalHeader.SizeOfHeaders = sizeof(image->headers);
    nt->OptionalHeader.Subsystem = IMAGE_SUBSYSTEM_WINDOWS_CUI;
    nt->OptionalHeader.DllCharacteristics = IMAGE_DLLCHARACTERISTICS_NX_COMPAT;
    nt->OptionalHeader.NumberOfRvaAndSizes = IMAGE_NUMBEROF_DIRECTORY_ENTRIES;
    section = IMAGE_FIRST_SECTION(nt);
    memcpy(section->Name, ".tables", 8);
    section->Misc.VirtualSize = SECTION_SIZE;
    section->VirtualAddress = SECTION_AT;
    section->SizeOfRawData = SECTION_SIZE;
    section->PointerToRawData = FILE_SECTION_AT;
    section->Characteristics = options->characteristics | IMAGE_SCN_CNT_INITIALIZED_DATA;
}

/* The ordinal by which kernel32 exports a name. */
static WORD ordinal_of(const char *name)
{
    const char *base = (const char *)GetModuleHandleW(L"kernel32.dll");
    const IMAGE_NT_HEADERS *nt = (const void *)(base + ((const IMAGE_DOS_HEADER *)base)->e_lfanew);
    const IMAGE_EXPORT_DIRECTORY *exports =
        (const void *)(base + nt->OptionalHeader.DataDirectory[0].VirtualAddress);
    const DWORD *names = (const void *)(base + exports->AddressOfNames);
    const WORD *ordinals = (const void *)(base + exports->AddressOfNameOrdinals);

    for (DWORD i = 0; i < exports->NumberOfNames; i++) {
        if (strcmp(base + names[i], name) == 0)
            return (WORD)(exports->Base + ordinals[i]);
    }
    return 0;
}

static void put_names(struct image *image, DWORD at, bool by_ordinal)
{
    IMAGE_THUNK_DATA *names = (IMAGE_THUNK_DATA *)(image->section + at);

    for (unsigned i = 0; i < MADE_IMPORTS; i++) {
        DWORD text = TEXTS_AT + i * 0x40;

        strcpy((char *)image->section + text + 2, functions[i]);
        if (by_ordinal)
            names[i].u1.Ordinal = IMAGE_ORDINAL_FLAG | ordinal_of(functions[i]);
        else
            names[i].u1.AddressOfData = rva(text);
    }
}

static void put_ordinary(struct image *image, const struct made_options *options)
{
    IMAGE_IMPORT_DESCRIPTOR *descriptor =
        (IMAGE_IMPORT_DESCRIPTOR *)(image->section + DESCRIPTORS_AT);

    descriptor->OriginalFirstThunk = options->without_names ? 0 : rva(NAMES_AT);
    descriptor->FirstThunk = rva(ENTRIES_AT);
    descriptor->Name = rva(DLL_AT);
    put_names(image, ENTRIES_AT, options->by_ordinal);
    set_directory(image, IMAGE_DIRECTORY_ENTRY_IMPORT, DESCRIPTORS_AT, 2 * sizeof(*descriptor));
    set_directory(image, IMAGE_DIRECTORY_ENTRY_IAT, ENTRIES_AT,
                  (MADE_IMPORTS + 1) * sizeof(void *));
}

/* What a linker's bind step writes: the addresses, and which library they are of. */
static void put_binding(struct image *image)
{
    const char *base = (const char *)GetModuleHandleW(L"kernel32.dll");
    const IMAGE_NT_HEADERS *nt = (const void *)(base + ((const IMAGE_DOS_HEADER *)base)->e_lfanew);
    IMAGE_IMPORT_DESCRIPTOR *descriptor =
        (IMAGE_IMPORT_DESCRIPTOR *)(image->section + DESCRIPTORS_AT);
    void **entries = (void **)(image->section + ENTRIES_AT);
    IMAGE_BOUND_IMPORT_DESCRIPTOR *bound =
        (IMAGE_BOUND_IMPORT_DESCRIPTOR *)(image->section + BOUND_AT);

    for (unsigned i = 0; i < MADE_IMPORTS; i++)
        entries[i] = (void *)(uintptr_t)GetProcAddress((HMODULE)(uintptr_t)base, functions[i]);
    descriptor->TimeDateStamp = MAXDWORD;
    bound->TimeDateStamp = nt->FileHeader.TimeDateStamp;
    bound->OffsetModuleName = 2 * sizeof(*bound);
    strcpy((char *)(bound + 2), "kernel32.dll");
    set_directory(image, IMAGE_DIRECTORY_ENTRY_BOUND_IMPORT, BOUND_AT, 0x40);
}

/* The entries hold the address of the module's code, as they hold a thunk's. */
static void put_delayed(struct image *image, uintptr_t base)
{
    IMAGE_DELAYLOAD_DESCRIPTOR *descriptor =
        (IMAGE_DELAYLOAD_DESCRIPTOR *)(image->section + DESCRIPTORS_AT);
    uintptr_t *entries = (uintptr_t *)(image->section + ENTRIES_AT);

    descriptor->Attributes.AllAttributes = 1;
    descriptor->DllNameRVA = rva(DLL_AT);
    descriptor->ModuleHandleRVA = rva(MODULE_HANDLE_AT);
    descriptor->ImportAddressTableRVA = rva(ENTRIES_AT);
    descriptor->ImportNameTableRVA = rva(NAMES_AT);
    for (unsigned i = 0; i < MADE_IMPORTS; i++)
        entries[i] = base + rva(CODE_AT);
    set_directory(image, IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT, DESCRIPTORS_AT,
                  2 * sizeof(*descriptor));
}

static void write_file(const wchar_t *path, const struct image *image)
{
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    DWORD written = 0;

    assert_true(file != INVALID_HANDLE_VALUE);
    assert_true(WriteFile(file, image, sizeof(*image), &written, NULL));
    assert_figure(written, sizeof(*image));
    CloseHandle(file);
}

/* Each module is a file of its own name: the loader keeps no two of one name. */
static void name_file(wchar_t *path, unsigned number)
{
    wchar_t directory[MAX_PATH];

    assert_true(GetTempPathW(MAX_PATH, directory) != 0);
    swprintf(path, MAX_PATH, L"%lshostmem-made-%lu-%u.dll", directory, GetCurrentProcessId(),
             number);
}

struct made_module made_module_load(const struct made_options *options)
{
    static struct image image;
    static unsigned number;
    struct made_options described = *options;
    struct made_module made;
    wchar_t path[2 * MAX_PATH];

    if (!described.base)
        described.base = FIRST_BASE + number * STEP;
    memset(&image, 0, sizeof(image));
    put_headers(&image, &described);
    image.section[CODE_AT] = 0xc3; /* ret */
    strcpy((char *)image.section + DLL_AT, options->dll);
    put_names(&image, NAMES_AT, options->by_ordinal);
    if (options->is_delayed)
        put_delayed(&image, described.base);
    else
        put_ordinary(&image, options);
    if (options->is_bound)
        put_binding(&image);
    name_file(path, number++);
    write_file(path, &image);
    made.module = LoadLibraryW(path);
    if (!made.module)
        print_error("%ls: error %lu\n", path, GetLastError());
    assert_address(made.module, described.base);
    made.entries = (void *volatile *)((char *)made.module + rva(ENTRIES_AT));
    for (unsigned i = 0; i < MADE_IMPORTS; i++)
        made.originals[i] = made.entries[i];
    made.code = (void (*)(void))((uintptr_t)made.module + rva(CODE_AT));
    return made;
}

void made_module_unload(struct made_module *made)
{
    wchar_t path[MAX_PATH];

    assert_true(GetModuleFileNameW(made->module, path, MAX_PATH) != 0);
    assert_true(FreeLibrary(made->module));
    DeleteFileW(path);
    made->module = NULL;
}

void made_module_resolve(struct made_module *made)
{
    DWORD protect;

    assert_true(
        VirtualProtect((void *)(uintptr_t)made->entries, PAGE / 4, PAGE_READWRITE, &protect));
    for (unsigned i = 0; i < MADE_IMPORTS; i++) {
        made->originals[i] =
            (void *)(uintptr_t)GetProcAddress(GetModuleHandleW(L"kernel32.dll"), functions[i]);
        made->entries[i] = made->originals[i];
    }
    assert_true(VirtualProtect((void *)(uintptr_t)made->entries, PAGE / 4, protect, &protect));
}

void *made_module_alloc(const struct made_module *made, SIZE_T size)
{
    __typeof__(VirtualAlloc) *alloc =
        (__typeof__(VirtualAlloc) *)(uintptr_t)made->entries[MADE_ALLOC];

    return alloc(NULL, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
}

BOOL made_module_free(const struct made_module *made, void *memory)
{
    __typeof__(VirtualFree) *release =
        (__typeof__(VirtualFree) *)(uintptr_t)made->entries[MADE_FREE];

    return release(memory, 0, MEM_RELEASE);
}
