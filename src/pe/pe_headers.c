/*
 * pe_headers.c: the headers are read piece by piece, and the read itself checks each bound.
 *
 * Layout: the "PE Format" page of the Windows reference, and ECMA-335 II.25.3.3 for the CLI header.
 */
#include "pe/pe_headers.h"

#include <stddef.h>

struct file {
    pe_read_callback *read;
    void *context;
    DWORD sections; /* the offset of the section headers */
    WORD section_count;
};

static bool read_at(const struct file *file, DWORD offset, void *buffer, DWORD size)
{
    return file->read(file->context, offset, buffer, size);
}

/* Finds the file offset of the byte that is loaded at rva. */
static bool find_offset(const struct file *file, DWORD rva, DWORD *offset)
{
    IMAGE_SECTION_HEADER section;

    for (WORD i = 0; i < file->section_count; i++) {
        if (!read_at(file, file->sections + i * (DWORD)sizeof(section), &section, sizeof(section)))
            return false;
        if (rva >= section.VirtualAddress && rva - section.VirtualAddress < section.SizeOfRawData) {
            *offset = section.PointerToRawData + (rva - section.VirtualAddress);
            return true;
        }
    }
    return false;
}

/* The offset of the CLI header's directory entry, from the start of the optional header. */
static DWORD cli_entry_offset(bool is_64_bit)
{
    DWORD directory = is_64_bit ? (DWORD)offsetof(IMAGE_OPTIONAL_HEADER64, DataDirectory)
                                : (DWORD)offsetof(IMAGE_OPTIONAL_HEADER32, DataDirectory);

    return directory + IMAGE_DIRECTORY_ENTRY_COM_DESCRIPTOR * (DWORD)sizeof(IMAGE_DATA_DIRECTORY);
}

static void read_cli_header(const struct file *file, DWORD optional, DWORD optional_size,
                            struct pe_headers *headers)
{
    DWORD entry = cli_entry_offset(headers->is_64_bit);
    IMAGE_DATA_DIRECTORY directory;
    IMAGE_COR20_HEADER cli;
    DWORD offset;

    if (entry + sizeof(directory) > optional_size ||
        !read_at(file, optional + entry, &directory, sizeof(directory)) ||
        directory.Size < sizeof(cli))
        return;
    if (!find_offset(file, directory.VirtualAddress, &offset) ||
        !read_at(file, offset, &cli, sizeof(cli)))
        return;
    headers->is_managed = true;
    headers->cli_flags = cli.Flags;
    if (find_offset(file, cli.MetaData.VirtualAddress, &offset)) {
        headers->metadata_offset = offset;
        headers->metadata_size = cli.MetaData.Size;
    }
}

bool pe_headers_read(pe_read_callback *read, void *context, struct pe_headers *headers)
{
    struct file file = {.read = read, .context = context};
    IMAGE_DOS_HEADER dos;
    IMAGE_FILE_HEADER header;
    DWORD signature;
    DWORD at;
    WORD magic;

    ZeroMemory(headers, sizeof(*headers));
    if (!read_at(&file, 0, &dos, sizeof(dos)) || dos.e_magic != IMAGE_DOS_SIGNATURE)
        return false;
    at = (DWORD)dos.e_lfanew;
    if (!read_at(&file, at, &signature, sizeof(signature)) || signature != IMAGE_NT_SIGNATURE)
        return false;
    at += sizeof(signature);
    if (!read_at(&file, at, &header, sizeof(header)))
        return false;
    at += sizeof(header);
    if (!read_at(&file, at, &magic, sizeof(magic)))
        return false;
    if (magic != IMAGE_NT_OPTIONAL_HDR32_MAGIC && magic != IMAGE_NT_OPTIONAL_HDR64_MAGIC)
        return false;
    headers->machine = header.Machine;
    headers->is_64_bit = magic == IMAGE_NT_OPTIONAL_HDR64_MAGIC;
    file.sections = at + header.SizeOfOptionalHeader;
    file.section_count = header.NumberOfSections;
    read_cli_header(&file, at, header.SizeOfOptionalHeader, headers);
    return true;
}
