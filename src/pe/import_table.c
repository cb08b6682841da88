/*
 * import_table.c: see import_table.h. Format: "PE Format", Microsoft's reference, sections "The
 * .idata Section" and "Delay-Load Import Tables".
 */
#include "pe/import_table.h"

#include "pe/loaded_image.h"

#include <stddef.h>
#include <stdint.h>

struct walk {
    struct loaded_image image;
    import_callback *callback;
    void *context;
};

/*
 * What the table of names says of an import: its name, or its ordinal. Old delay-load tables hold
 * the addresses of names instead of their offsets: `slide` is then the image's address, which is
 * subtracted; else it is 0. False: it makes no sense.
 */
static bool read_name(const struct walk *walk, const IMAGE_THUNK_DATA *name, uintptr_t slide,
                      struct import *import)
{
    uintptr_t text = (uintptr_t)name->u1.AddressOfData - slide;

    import->function = NULL;
    import->ordinal = 0;
    if (IMAGE_SNAP_BY_ORDINAL(name->u1.Ordinal)) {
        import->ordinal = IMAGE_ORDINAL(name->u1.Ordinal);
        return true;
    }
    import->function = loaded_image_text(&walk->image, text + offsetof(IMAGE_IMPORT_BY_NAME, Name));
    return import->function != NULL;
}

static void *volatile *entry_at(const struct walk *walk, size_t addresses, size_t index)
{
    return (void *volatile *)loaded_image_at(&walk->image, addresses + index * sizeof(void *),
                                             sizeof(void *));
}

/*
 * Walks the entries of one imported module. Names lie at one offset and addresses at another, in
 * parallel; a name of 0 ends both.
 */
static enum import_walk_result walk_named(const struct walk *walk, const char *module, size_t names,
                                          size_t addresses, uintptr_t slide)
{
    struct import import = {.module = module};

    for (size_t i = 0;; i++) {
        const IMAGE_THUNK_DATA *name =
            loaded_image_at(&walk->image, names + i * sizeof(*name), sizeof(*name));

        import.entry = entry_at(walk, addresses, i);
        if (!name || !import.entry)
            return IMPORT_WALK_NOT_PE;
        if (name->u1.AddressOfData == 0)
            return IMPORT_WALK_DONE;
        if (!read_name(walk, name, slide, &import))
            return IMPORT_WALK_NOT_PE;
        if (!walk->callback(walk->context, &import))
            return IMPORT_WALK_ENDED;
    }
}

/* Walks the entries of a module whose names are lost; an address of 0 ends them. */
static enum import_walk_result walk_nameless(const struct walk *walk, const char *module,
                                             size_t addresses)
{
    struct import import = {.module = module};

    for (size_t i = 0;; i++) {
        import.entry = entry_at(walk, addresses, i);
        if (!import.entry)
            return IMPORT_WALK_NOT_PE;
        if (!*import.entry)
            return IMPORT_WALK_DONE;
        if (!walk->callback(walk->context, &import))
            return IMPORT_WALK_ENDED;
    }
}

/*
 * False: there is no table of names beside the addresses, which the loader has written over the
 * names; or the table is empty, which the loader takes for none.
 */
static bool has_names(const struct walk *walk, const IMAGE_IMPORT_DESCRIPTOR *descriptor)
{
    const IMAGE_THUNK_DATA *first;

    if (!descriptor->OriginalFirstThunk || descriptor->OriginalFirstThunk == descriptor->FirstThunk)
        return false;
    first = loaded_image_at(&walk->image, descriptor->OriginalFirstThunk, sizeof(*first));
    return !first || first->u1.AddressOfData;
}

static enum import_walk_result walk_ordinary(const struct walk *walk,
                                             const IMAGE_DATA_DIRECTORY *table)
{
    for (size_t at = table->VirtualAddress; table->VirtualAddress;
         at += sizeof(IMAGE_IMPORT_DESCRIPTOR)) {
        const IMAGE_IMPORT_DESCRIPTOR *descriptor =
            loaded_image_at(&walk->image, at, sizeof(*descriptor));
        enum import_walk_result result;
        const char *module;

        if (!descriptor)
            return IMPORT_WALK_NOT_PE;
        if (!descriptor->Name || !descriptor->FirstThunk)
            break;
        module = loaded_image_text(&walk->image, descriptor->Name);
        if (!module)
            return IMPORT_WALK_NOT_PE;
        result = has_names(walk, descriptor)
                     ? walk_named(walk, module, descriptor->OriginalFirstThunk,
                                  descriptor->FirstThunk, 0)
                     : walk_nameless(walk, module, descriptor->FirstThunk);
        if (result != IMPORT_WALK_DONE)
            return result;
    }
    return IMPORT_WALK_DONE;
}

static enum import_walk_result walk_delayed(const struct walk *walk,
                                            const IMAGE_DATA_DIRECTORY *table)
{
    for (size_t at = table->VirtualAddress; table->VirtualAddress;
         at += sizeof(IMAGE_DELAYLOAD_DESCRIPTOR)) {
        const IMAGE_DELAYLOAD_DESCRIPTOR *descriptor =
            loaded_image_at(&walk->image, at, sizeof(*descriptor));
        enum import_walk_result result;
        const char *module;
        uintptr_t slide;

        if (!descriptor)
            return IMPORT_WALK_NOT_PE;
        if (!descriptor->DllNameRVA)
            break;
        /* Tables from before Visual C++ 7 hold addresses instead of offsets. */
        slide = descriptor->Attributes.RvaBased ? 0 : (uintptr_t)walk->image.base;
        module = loaded_image_text(&walk->image, descriptor->DllNameRVA - slide);
        if (!module)
            return IMPORT_WALK_NOT_PE;
        result = walk_named(walk, module, descriptor->ImportNameTableRVA - slide,
                            descriptor->ImportAddressTableRVA - slide, slide);
        if (result != IMPORT_WALK_DONE)
            return result;
    }
    return IMPORT_WALK_DONE;
}

enum import_walk_result import_walk(HMODULE module, import_callback *callback, void *context)
{
    struct walk walk = {.callback = callback, .context = context};
    const IMAGE_NT_HEADERS *nt = loaded_image_open(module, &walk.image);
    enum import_walk_result result;

    if (!nt)
        return IMPORT_WALK_NOT_PE;
    result = walk_ordinary(&walk, loaded_image_directory(nt, IMAGE_DIRECTORY_ENTRY_IMPORT));
    if (result != IMPORT_WALK_DONE)
        return result;
    return walk_delayed(&walk, loaded_image_directory(nt, IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT));
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool import_text_is_equal(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

bool import_text_is_library(const char *text, const char *library)
{
    while (*text && lower(*text) == lower(*library)) {
        text++;
        library++;
    }
    return !*text && (!*library || import_text_is_equal(library, ".dll"));
}

bool import_text_has_prefix(const char *text, const char *prefix)
{
    while (*prefix && lower(*text) == lower(*prefix)) {
        text++;
        prefix++;
    }
    return !*prefix;
}
