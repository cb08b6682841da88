/*
 * loaded_image.c: see loaded_image.h.
 */
#include "pe/loaded_image.h"

const IMAGE_NT_HEADERS *loaded_image_open(HMODULE module, struct loaded_image *image)
{
    const IMAGE_DOS_HEADER *dos = (const void *)module;
    const IMAGE_NT_HEADERS *nt;

    if (dos->e_magic != IMAGE_DOS_SIGNATURE || dos->e_lfanew <= 0)
        return NULL;
    nt = (const void *)((const unsigned char *)module + dos->e_lfanew);
    if (nt->Signature != IMAGE_NT_SIGNATURE ||
        nt->OptionalHeader.Magic != IMAGE_NT_OPTIONAL_HDR_MAGIC)
        return NULL;
    image->base = (const unsigned char *)module;
    image->size = nt->OptionalHeader.SizeOfImage;
    return nt;
}

const void *loaded_image_at(const struct loaded_image *image, size_t offset, size_t size)
{
    if (offset > image->size || size > image->size - offset)
        return NULL;
    return image->base + offset;
}

const char *loaded_image_text(const struct loaded_image *image, size_t offset)
{
    for (size_t end = offset; end < image->size; end++) {
        if (image->base[end] == 0)
            return (const char *)image->base + offset;
    }
    return NULL;
}

const IMAGE_DATA_DIRECTORY *loaded_image_directory(const IMAGE_NT_HEADERS *nt, unsigned index)
{
    static const IMAGE_DATA_DIRECTORY none = {0, 0};

    return index < nt->OptionalHeader.NumberOfRvaAndSizes ? &nt->OptionalHeader.DataDirectory[index]
                                                          : &none;
}

bool loaded_image_holds(HMODULE module, const void *address)
{
    struct loaded_image image;

    return module && loaded_image_open(module, &image) &&
           (size_t)((const unsigned char *)address - image.base) < image.size;
}
