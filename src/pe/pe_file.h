/*
 * pe_file.h: the parts of a PE file on disk, for those who read in it: where the bytes are that are
 * loaded at an address.
 */
#ifndef HOSTMEM_PE_PE_FILE_H
#define HOSTMEM_PE_PE_FILE_H

#include <windows.h>

#include <stdbool.h>

/* Fills buffer with the file's bytes from offset on. False: the file has fewer than size there. */
typedef bool pe_read_callback(void *context, DWORD offset, void *buffer, DWORD size);

struct pe_file {
    pe_read_callback *read;
    void *context;
    DWORD optional; /* the offset of the optional header */
    WORD optional_size;
    bool is_64_bit;
    DWORD sections; /* the offset of the section headers */
    WORD section_count;
    WORD machine;
    WORD characteristics;
};

/* Reads the headers. False: the bytes are not those of a PE file. */
bool pe_file_open(struct pe_file *file, pe_read_callback *read, void *context);

bool pe_file_read(const struct pe_file *file, DWORD offset, void *buffer, DWORD size);

/* The file offset of the byte that is loaded at rva. False: no section has it. */
bool pe_file_offset(const struct pe_file *file, DWORD rva, DWORD *offset);

/* An entry of the data directory. False: the headers have none of that index, or it is empty. */
bool pe_file_directory(const struct pe_file *file, DWORD index, IMAGE_DATA_DIRECTORY *directory);

#endif
