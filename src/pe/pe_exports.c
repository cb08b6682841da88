/*
 * pe_exports.c: the names are sorted ("PE Format", export name pointer table), so they are searched
 * by halving.
 */
#include "pe/pe_exports.h"

enum {
    NAMES_MOST = 0x1000000 /* no sane file has so many */
};

/* How the name compares with the one at rva; 1 also for what cannot be read. */
static int compare_at(const struct pe_file *file, DWORD rva, const char *name)
{
    char byte;
    DWORD offset;

    if (!pe_file_offset(file, rva, &offset))
        return 1;
    do {
        if (!pe_file_read(file, offset++, &byte, 1))
            return 1;
        if (byte != *name)
            return (unsigned char)*name < (unsigned char)byte ? -1 : 1;
    } while (*name++);
    return 0;
}

/* names: the offset of the table of names. */
static bool search(const struct pe_file *file, DWORD names, DWORD count, const char *name)
{
    DWORD first = 0;

    while (first < count) {
        DWORD middle = first + (count - first) / 2;
        DWORD rva;
        int order;

        if (!pe_file_read(file, names + middle * (DWORD)sizeof(rva), &rva, sizeof(rva)))
            return false;
        order = compare_at(file, rva, name);
        if (!order)
            return true;
        if (order < 0)
            count = middle;
        else
            first = middle + 1;
    }
    return false;
}

bool pe_exports_name(pe_read_callback *read, void *context, const char *name)
{
    IMAGE_DATA_DIRECTORY directory;
    IMAGE_EXPORT_DIRECTORY exports;
    struct pe_file file;
    DWORD offset;

    return pe_file_open(&file, read, context) &&
           pe_file_directory(&file, IMAGE_DIRECTORY_ENTRY_EXPORT, &directory) &&
           pe_file_offset(&file, directory.VirtualAddress, &offset) &&
           pe_file_read(&file, offset, &exports, sizeof(exports)) &&
           exports.NumberOfNames < NAMES_MOST &&
           pe_file_offset(&file, exports.AddressOfNames, &offset) &&
           search(&file, offset, exports.NumberOfNames, name);
}
