/*
 * made_up_program.c: see made_up_program.h. Layout: the "PE Format" page of the Windows reference.
 */
#include "made_up_program.h"

#include <windows.h>

#include <string.h>

enum {
    HEADERS_SIZE = 0x200,
    SECTION_RVA = 0x1000,
    SECTION_SIZE = 0x200,
    CLI_HEADER = 0, /* offsets in the section */
    EXPORTS = 0x80,
    NAMES = 0xC0,
    NAME = 0x100
};

struct image {
    unsigned char headers[HEADERS_SIZE];
    unsigned char section[SECTION_SIZE];
};

static void write_section_header(IMAGE_SECTION_HEADER *section)
{
    section->VirtualAddress = SECTION_RVA;
    section->Misc.VirtualSize = SECTION_SIZE;
    section->PointerToRawData = HEADERS_SIZE;
    section->SizeOfRawData = SECTION_SIZE;
}

static void write_directories(IMAGE_DATA_DIRECTORY *directories, struct image *image, unsigned kind,
                              const char *export)
{
    IMAGE_EXPORT_DIRECTORY exports = {.NumberOfNames = 1, .AddressOfNames = SECTION_RVA + NAMES};
    const DWORD name = SECTION_RVA + NAME;

    if (kind & MADE_UP_MANAGED)
        directories[IMAGE_DIRECTORY_ENTRY_COM_DESCRIPTOR] =
            (IMAGE_DATA_DIRECTORY){SECTION_RVA + CLI_HEADER, sizeof(IMAGE_COR20_HEADER)};
    if (!export)
        return;
    directories[IMAGE_DIRECTORY_ENTRY_EXPORT] =
        (IMAGE_DATA_DIRECTORY){SECTION_RVA + EXPORTS, sizeof(exports)};
    memcpy(image->section + EXPORTS, &exports, sizeof(exports));
    memcpy(image->section + NAMES, &name, sizeof(name));
    strcpy((char *)image->section + NAME, export);
}

static void write_32_bit(struct image *image, IMAGE_NT_HEADERS32 *nt, unsigned kind,
                         const char *export)
{
    nt->Signature = IMAGE_NT_SIGNATURE;
    nt->FileHeader.Machine = IMAGE_FILE_MACHINE_I386;
    nt->FileHeader.SizeOfOptionalHeader = sizeof(nt->OptionalHeader);
    nt->OptionalHeader.Magic = IMAGE_NT_OPTIONAL_HDR32_MAGIC;
    write_directories(nt->OptionalHeader.DataDirectory, image, kind, export);
    write_section_header((IMAGE_SECTION_HEADER *)(nt + 1));
}

static void write_64_bit(struct image *image, IMAGE_NT_HEADERS64 *nt, unsigned kind,
                         const char *export)
{
    nt->Signature = IMAGE_NT_SIGNATURE;
    nt->FileHeader.Machine = kind & MADE_UP_ARM ? 0xaa64 /* ARM64 */ : IMAGE_FILE_MACHINE_AMD64;
    nt->FileHeader.SizeOfOptionalHeader = sizeof(nt->OptionalHeader);
    nt->OptionalHeader.Magic = IMAGE_NT_OPTIONAL_HDR64_MAGIC;
    write_directories(nt->OptionalHeader.DataDirectory, image, kind, export);
    write_section_header((IMAGE_SECTION_HEADER *)(nt + 1));
}

static bool write_file(const wchar_t *path, const void *bytes, DWORD size)
{
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    DWORD written = 0;

    if (file == INVALID_HANDLE_VALUE)
        return false;
    WriteFile(file, bytes, size, &written, NULL);
    CloseHandle(file);
    return written == size;
}

bool made_up_program_write(const wchar_t *path, unsigned kind, const char *export)
{
    struct image image = {{0}, {0}};
    IMAGE_DOS_HEADER *dos = (IMAGE_DOS_HEADER *)image.headers;
    IMAGE_FILE_HEADER *header = (IMAGE_FILE_HEADER *)(image.headers + sizeof(*dos) + sizeof(DWORD));

    dos->e_magic = IMAGE_DOS_SIGNATURE;
    dos->e_lfanew = sizeof(*dos);
    if (kind & MADE_UP_32_BIT)
        write_32_bit(&image, (IMAGE_NT_HEADERS32 *)(dos + 1), kind, export);
    else
        write_64_bit(&image, (IMAGE_NT_HEADERS64 *)(dos + 1), kind, export);
    header->NumberOfSections = 1;
    header->Characteristics =
        (WORD)(IMAGE_FILE_EXECUTABLE_IMAGE | (kind & MADE_UP_DLL ? IMAGE_FILE_DLL : 0));
    return write_file(path, &image, sizeof(image));
}
