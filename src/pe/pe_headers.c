/*
 * pe_headers.c: reading the headers piece by piece; each piece is bounds-checked by the read
 * itself.
 *
 * The layout is that of the "PE Format" page of the Windows reference, and of ECMA-335 II.25.3.3
 * for the CLI header.
 */
#include "pe/pe_headers.h"

#include <stddef.h>

static bool read_at(HANDLE file, DWORD offset, void *buffer, DWORD size)
{
    LARGE_INTEGER position = {.QuadPart = offset};
    DWORD read;

    return SetFilePointerEx(file, position, NULL, FILE_BEGIN) &&
           ReadFile(file, buffer, size, &read, NULL) && read == size;
}

/* Where in the file the section lies that is loaded at rva. */
static bool find_offset(HANDLE file, DWORD sections, WORD count, DWORD rva, DWORD *offset)
{
    IMAGE_SECTION_HEADER section;

    for (WORD i = 0; i < count; i++) {
        if (!read_at(file, sections + i * (DWORD)sizeof(section), &section, sizeof(section)))
            return false;
        if (rva >= section.VirtualAddress && rva - section.VirtualAddress < section.SizeOfRawData) {
            *offset = section.PointerToRawData + (rva - section.VirtualAddress);
            return true;
        }
    }
    return false;
}

/* Where the directory entry of the CLI header stands, from the start of the optional header. */
static DWORD cli_entry_offset(bool is_64_bit)
{
    DWORD directory = is_64_bit ? (DWORD)offsetof(IMAGE_OPTIONAL_HEADER64, DataDirectory)
                                : (DWORD)offsetof(IMAGE_OPTIONAL_HEADER32, DataDirectory);

    return directory + IMAGE_DIRECTORY_ENTRY_COM_DESCRIPTOR * (DWORD)sizeof(IMAGE_DATA_DIRECTORY);
}

static void read_cli_header(HANDLE file, DWORD optional, const IMAGE_FILE_HEADER *header,
                            struct pe_headers *pe)
{
    DWORD entry = cli_entry_offset(pe->is_64_bit);
    IMAGE_DATA_DIRECTORY directory;
    IMAGE_COR20_HEADER cli;
    DWORD offset;

    if (entry + sizeof(directory) > header->SizeOfOptionalHeader ||
        !read_at(file, optional + entry, &directory, sizeof(directory)) ||
        directory.Size < sizeof(cli))
        return;
    if (!find_offset(file, optional + header->SizeOfOptionalHeader, header->NumberOfSections,
                     directory.VirtualAddress, &offset) ||
        !read_at(file, offset, &cli, sizeof(cli)))
        return;
    pe->is_managed = true;
    pe->cli_flags = cli.Flags;
    if (find_offset(file, optional + header->SizeOfOptionalHeader, header->NumberOfSections,
                    cli.MetaData.VirtualAddress, &offset)) {
        pe->metadata = offset;
        pe->metadata_size = cli.MetaData.Size;
    }
}

static bool read_headers(HANDLE file, struct pe_headers *pe)
{
    IMAGE_DOS_HEADER dos;
    IMAGE_FILE_HEADER header;
    DWORD signature;
    DWORD at;
    WORD magic;

    if (!read_at(file, 0, &dos, sizeof(dos)) || dos.e_magic != IMAGE_DOS_SIGNATURE)
        return false;
    at = (DWORD)dos.e_lfanew;
    if (!read_at(file, at, &signature, sizeof(signature)) || signature != IMAGE_NT_SIGNATURE)
        return false;
    at += sizeof(signature);
    if (!read_at(file, at, &header, sizeof(header)))
        return false;
    at += sizeof(header);
    if (!read_at(file, at, &magic, sizeof(magic)))
        return false;
    if (magic != IMAGE_NT_OPTIONAL_HDR32_MAGIC && magic != IMAGE_NT_OPTIONAL_HDR64_MAGIC)
        return false;
    pe->machine = header.Machine;
    pe->is_64_bit = magic == IMAGE_NT_OPTIONAL_HDR64_MAGIC;
    read_cli_header(file, at, &header, pe);
    return true;
}

enum pe_verdict pe_file_read(const wchar_t *path, struct pe_headers *pe)
{
    enum pe_verdict verdict;
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL,
                              OPEN_EXISTING, 0, NULL);

    ZeroMemory(pe, sizeof(*pe));
    if (file == INVALID_HANDLE_VALUE)
        return PE_FILE_UNREADABLE;
    verdict = read_headers(file, pe) ? PE_FILE : PE_FILE_FOREIGN;
    CloseHandle(file);
    return verdict;
}
