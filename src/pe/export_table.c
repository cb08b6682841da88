/*
 * export_table.c: see export_table.h. Format: "PE Format", Microsoft's reference, section "The
 * .edata Section".
 */
#include "pe/export_table.h"

#include "pe/loaded_image.h"

#include <stdint.h>

/* Negative: a stands before b in the table, whose names are sorted by their bytes. */
static int compare(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return (unsigned char)*a - (unsigned char)*b;
}

/* The index of a name in the sorted table; `count`: it is not there. */
static DWORD find(const struct loaded_image *image, const DWORD *names, DWORD count,
                  const char *name)
{
    DWORD low = 0, high = count;

    while (low < high) {
        DWORD middle = low + (high - low) / 2;
        const char *text = loaded_image_text(image, names[middle]);
        int order = text ? compare(name, text) : -1;

        if (order == 0)
            return middle;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return count;
}

DWORD export_table_ordinal(HMODULE module, const char *name)
{
    struct loaded_image image;
    const IMAGE_NT_HEADERS *nt = loaded_image_open(module, &image);
    const IMAGE_EXPORT_DIRECTORY *table;
    const DWORD *names;
    const WORD *ordinals;
    DWORD rva, count, index;

    rva = nt ? loaded_image_directory(nt, IMAGE_DIRECTORY_ENTRY_EXPORT)->VirtualAddress : 0;
    table = rva ? loaded_image_at(&image, rva, sizeof(*table)) : NULL;
    if (!table)
        return 0;
    count = table->NumberOfNames;
    names = loaded_image_at(&image, table->AddressOfNames, count * sizeof(*names));
    ordinals = loaded_image_at(&image, table->AddressOfNameOrdinals, count * sizeof(*ordinals));
    if (!names || !ordinals)
        return 0;
    index = find(&image, names, count, name);
    return index < count ? table->Base + ordinals[index] : 0;
}
