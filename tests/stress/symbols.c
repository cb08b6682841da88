/*
 * symbols.c: see symbols.h.
 */
#include "symbols.h"

#include "support.h"

#include <string.h>

/* ------------------------------------------------------------------------------------------------
 * What was loaded
 * --------------------------------------------------------------------------------------------- */

static const IMAGE_NT_HEADERS *headers_at(const void *image)
{
    const IMAGE_DOS_HEADER *dos = image;

    return (const IMAGE_NT_HEADERS *)((const char *)image + dos->e_lfanew);
}

/* NULL: it cannot be read. The program keeps it to its end. */
static const char *file_of(HMODULE handle, SIZE_T *size)
{
    WCHAR path[MAX_PATH];
    DWORD length = GetModuleFileNameW(handle, path, COUNT_OF(path));
    HANDLE file = INVALID_HANDLE_VALUE;
    DWORD read = 0;
    char *bytes = NULL;

    if (length && length < COUNT_OF(path))
        file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return NULL;
    *size = GetFileSize(file, NULL);
    bytes = VirtualAlloc(NULL, *size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (bytes && (!ReadFile(file, bytes, (DWORD)*size, &read, NULL) || read != *size))
        bytes = NULL;
    CloseHandle(file);
    return bytes;
}

void module_load(struct module *module, HMODULE handle, const char *name)
{
    const IMAGE_NT_HEADERS *headers;

    assert_non_null(handle);
    headers = headers_at(handle);
    *module = (struct module){.name = name, .base = (uintptr_t)handle};
    module->size = headers->OptionalHeader.SizeOfImage;
    module->code = module->base + headers->OptionalHeader.BaseOfCode;
    module->code_end = module->code + headers->OptionalHeader.SizeOfCode;
    module->file = file_of(handle, &module->file_size);
}

bool module_holds(const struct module *module, uintptr_t address)
{
    return address - module->base < module->size;
}

bool module_holds_code(const struct module *module, uintptr_t address)
{
    return address >= module->code && address < module->code_end;
}

/* ------------------------------------------------------------------------------------------------
 * Functions
 * --------------------------------------------------------------------------------------------- */

struct function {
    uintptr_t address; /* 0: none yet */
    const char *name;
    unsigned length;
};

/* The nearest one before the address that is asked about. */
static void consider(struct function *nearest, uintptr_t asked, uintptr_t address, const char *name,
                     unsigned length)
{
    if (address <= asked && address > nearest->address)
        *nearest = (struct function){address, name, length};
}

#define FUNCTION_TYPE (IMAGE_SYM_DTYPE_FUNCTION << N_BTSHFT)

/* Searches the COFF symbol table, which is not loaded with the image. */
static void search_symbols(const struct module *module, uintptr_t asked, struct function *nearest)
{
    const IMAGE_NT_HEADERS *headers = headers_at(module->file);
    const SIZE_T at = headers->FileHeader.PointerToSymbolTable;
    const IMAGE_SYMBOL *symbols = (const IMAGE_SYMBOL *)(module->file + at);
    const DWORD count = headers->FileHeader.NumberOfSymbols;
    const IMAGE_SECTION_HEADER *sections = IMAGE_FIRST_SECTION(headers);

    if (!at || at + (SIZE_T)count * IMAGE_SIZEOF_SYMBOL > module->file_size)
        return;
    for (DWORD i = 0; i < count; i += 1u + symbols[i].NumberOfAuxSymbols) {
        const IMAGE_SYMBOL *symbol = &symbols[i];
        const char *name = (const char *)symbol->N.ShortName;

        if (symbol->Type != FUNCTION_TYPE || symbol->SectionNumber <= 0)
            continue;
        if (!symbol->N.Name.Short)
            name = (const char *)&symbols[count] + symbol->N.Name.Long;
        consider(nearest, asked,
                 module->base + sections[symbol->SectionNumber - 1].VirtualAddress + symbol->Value,
                 name, symbol->N.Name.Short ? (unsigned)strnlen(name, 8) : (unsigned)strlen(name));
    }
}

static void search_exports(const struct module *module, uintptr_t asked, struct function *nearest)
{
    const char *image = (const char *)module->base;
    const IMAGE_DATA_DIRECTORY *directory =
        &headers_at(image)->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_EXPORT];
    const IMAGE_EXPORT_DIRECTORY *exports =
        (const IMAGE_EXPORT_DIRECTORY *)(image + directory->VirtualAddress);
    const DWORD *names, *functions;
    const WORD *ordinals;

    if (!directory->VirtualAddress)
        return;
    names = (const DWORD *)(image + exports->AddressOfNames);
    functions = (const DWORD *)(image + exports->AddressOfFunctions);
    ordinals = (const WORD *)(image + exports->AddressOfNameOrdinals);
    for (DWORD i = 0; i < exports->NumberOfNames; i++)
        consider(nearest, asked, module->base + functions[ordinals[i]], image + names[i],
                 (unsigned)strlen(image + names[i]));
}

const char *module_function(const struct module *module, uintptr_t address, uintptr_t *begin,
                            unsigned *length)
{
    struct function nearest = {0, NULL, 0};

    if (module->file)
        search_symbols(module, address, &nearest);
    if (!nearest.name)
        search_exports(module, address, &nearest);
    *begin = nearest.address;
    *length = nearest.length;
    return nearest.name;
}
