/*
 * export_table.c: see export_table.h. Format: "PE Format", Microsoft's reference, section "The
 * .edata Section".
 */
#include "pe/export_table.h"

#include "pe/loaded_image.h"

#include <stdbool.h>
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

/* A name in a module's table. */
struct found {
    struct loaded_image image;
    const IMAGE_DATA_DIRECTORY *directory;
    const IMAGE_EXPORT_DIRECTORY *table;
    DWORD index; /* of the function, less the table's base */
};

static bool look_up(HMODULE module, const char *name, struct found *found)
{
    const IMAGE_NT_HEADERS *nt = loaded_image_open(module, &found->image);
    const DWORD *names;
    const WORD *ordinals;
    DWORD count, at;

    if (!nt)
        return false;
    found->directory = loaded_image_directory(nt, IMAGE_DIRECTORY_ENTRY_EXPORT);
    if (!found->directory->VirtualAddress)
        return false;
    found->table =
        loaded_image_at(&found->image, found->directory->VirtualAddress, sizeof(*found->table));
    if (!found->table)
        return false;
    count = found->table->NumberOfNames;
    names = loaded_image_at(&found->image, found->table->AddressOfNames, count * sizeof(*names));
    ordinals = loaded_image_at(&found->image, found->table->AddressOfNameOrdinals,
                               count * sizeof(*ordinals));
    at = names && ordinals ? find(&found->image, names, count, name) : count;
    if (at == count)
        return false;
    found->index = ordinals[at];
    return true;
}

DWORD export_table_ordinal(HMODULE module, const char *name)
{
    struct found found;

    return look_up(module, name, &found) ? found.table->Base + found.index : 0;
}

const void *export_table_address(HMODULE module, const char *name)
{
    struct found found;
    const DWORD *functions;
    DWORD rva;

    if (!look_up(module, name, &found) || found.index >= found.table->NumberOfFunctions)
        return NULL;
    functions = loaded_image_at(&found.image, found.table->AddressOfFunctions,
                                found.table->NumberOfFunctions * sizeof(*functions));
    rva = functions ? functions[found.index] : 0;
    /* A forwarder is a text inside the directory. */
    return rva && rva - found.directory->VirtualAddress >= found.directory->Size
               ? loaded_image_at(&found.image, rva, 1)
               : NULL;
}
