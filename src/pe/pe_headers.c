/*
 * pe_headers.c: see pe_headers.h. Layout of the CLI header: ECMA-335 II.25.3.3.
 */
#include "pe/pe_headers.h"

static void read_cli_header(const struct pe_file *file, struct pe_headers *headers)
{
    IMAGE_DATA_DIRECTORY directory;
    IMAGE_COR20_HEADER cli;
    DWORD offset;

    if (!pe_file_directory(file, IMAGE_DIRECTORY_ENTRY_COM_DESCRIPTOR, &directory) ||
        directory.Size < sizeof(cli))
        return;
    if (!pe_file_offset(file, directory.VirtualAddress, &offset) ||
        !pe_file_read(file, offset, &cli, sizeof(cli)))
        return;
    headers->is_managed = true;
    headers->cli_flags = cli.Flags;
    if (pe_file_offset(file, cli.MetaData.VirtualAddress, &offset)) {
        headers->metadata_offset = offset;
        headers->metadata_size = cli.MetaData.Size;
    }
}

/* The system refuses to load a file that ends before one of its sections does. */
static bool has_all_sections(const struct pe_file *file)
{
    IMAGE_SECTION_HEADER section;
    char last;

    for (WORD i = 0; i < file->section_count; i++) {
        if (!pe_file_read(file, file->sections + i * (DWORD)sizeof(section), &section,
                          sizeof(section)))
            return false;
        if (section.SizeOfRawData &&
            !pe_file_read(file, section.PointerToRawData + section.SizeOfRawData - 1, &last, 1))
            return false;
    }
    return true;
}

bool pe_headers_read(pe_read_callback *read, void *context, struct pe_headers *headers)
{
    struct pe_file file;

    ZeroMemory(headers, sizeof(*headers));
    if (!pe_file_open(&file, read, context))
        return false;
    headers->machine = file.machine;
    headers->is_64_bit = file.is_64_bit;
    headers->is_dll = file.characteristics & IMAGE_FILE_DLL;
    headers->is_whole = has_all_sections(&file);
    read_cli_header(&file, headers);
    return true;
}
