/*
 * pe_file.c: the headers are read piece by piece, and the read itself checks each bound.
 *
 * Layout: the "PE Format" page of the Windows reference.
 */
#include "pe/pe_file.h"

#include <stddef.h>

bool pe_file_read(const struct pe_file *file, DWORD offset, void *buffer, DWORD size)
{
    return file->read(file->context, offset, buffer, size);
}

bool pe_file_offset(const struct pe_file *file, DWORD rva, DWORD *offset)
{
    IMAGE_SECTION_HEADER section;

    for (WORD i = 0; i < file->section_count; i++) {
        if (!pe_file_read(file, file->sections + i * (DWORD)sizeof(section), &section,
                          sizeof(section)))
            return false;
        if (rva >= section.VirtualAddress && rva - section.VirtualAddress < section.SizeOfRawData) {
            *offset = section.PointerToRawData + (rva - section.VirtualAddress);
            return true;
        }
    }
    return false;
}

bool pe_file_directory(const struct pe_file *file, DWORD index, IMAGE_DATA_DIRECTORY *directory)
{
    DWORD first = file->is_64_bit ? (DWORD)offsetof(IMAGE_OPTIONAL_HEADER64, DataDirectory)
                                  : (DWORD)offsetof(IMAGE_OPTIONAL_HEADER32, DataDirectory);
    DWORD entry = first + index * (DWORD)sizeof(*directory);

    return entry + sizeof(*directory) <= file->optional_size &&
           pe_file_read(file, file->optional + entry, directory, sizeof(*directory)) &&
           directory->VirtualAddress;
}

bool pe_file_open(struct pe_file *file, pe_read_callback *read, void *context)
{
    IMAGE_DOS_HEADER dos;
    IMAGE_FILE_HEADER header;
    DWORD signature;
    DWORD at;
    WORD magic;

    *file = (struct pe_file){.read = read, .context = context};
    if (!pe_file_read(file, 0, &dos, sizeof(dos)) || dos.e_magic != IMAGE_DOS_SIGNATURE)
        return false;
    at = (DWORD)dos.e_lfanew;
    if (!pe_file_read(file, at, &signature, sizeof(signature)) || signature != IMAGE_NT_SIGNATURE)
        return false;
    at += sizeof(signature);
    if (!pe_file_read(file, at, &header, sizeof(header)))
        return false;
    at += sizeof(header);
    if (!pe_file_read(file, at, &magic, sizeof(magic)))
        return false;
    if (magic != IMAGE_NT_OPTIONAL_HDR32_MAGIC && magic != IMAGE_NT_OPTIONAL_HDR64_MAGIC)
        return false;
    file->optional = at;
    file->optional_size = header.SizeOfOptionalHeader;
    file->is_64_bit = magic == IMAGE_NT_OPTIONAL_HDR64_MAGIC;
    file->sections = at + header.SizeOfOptionalHeader;
    file->section_count = header.NumberOfSections;
    file->machine = header.Machine;
    file->characteristics = header.Characteristics;
    return true;
}
