/*
 * loaded_image.h: a loaded module as bytes: every offset is checked against the size of the image
 * before it is followed.
 */
#ifndef HOSTMEM_PE_LOADED_IMAGE_H
#define HOSTMEM_PE_LOADED_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#include <windows.h>

struct loaded_image {
    const unsigned char *base;
    size_t size;
};

/* The module's headers; NULL: they make no sense. */
const IMAGE_NT_HEADERS *loaded_image_open(HMODULE module, struct loaded_image *image);

/* `size` bytes at an offset of the image; NULL if they do not lie in it. */
const void *loaded_image_at(const struct loaded_image *image, size_t offset, size_t size);

/* The text at an offset; NULL unless it ends within the image. */
const char *loaded_image_text(const struct loaded_image *image, size_t offset);

/* An entry of the data directory; one of zeros if the headers have none of that index. */
const IMAGE_DATA_DIRECTORY *loaded_image_directory(const IMAGE_NT_HEADERS *nt, unsigned index);

/* True if the address lies in the module. */
bool loaded_image_holds(HMODULE module, const void *address);

#endif
