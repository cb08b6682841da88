/*
 * import_table.c: see import_table.h. Format: "PE Format", Microsoft's reference, sections "The
 * .idata Section" and "Delay-Load Import Tables".
 */
#include "pe/import_table.h"

#include <stddef.h>
#include <stdint.h>

/* A loaded module, as bytes. */
struct image {
    const unsigned char *base;
    size_t size;
};

struct walk {
    struct image image;
    import_callback *callback;
    void *context;
};

/* `size` bytes at an offset of the image; NULL if they do not lie in it. */
static const void *image_at(const struct image *image, size_t offset, size_t size)
{
    if (offset > image->size || size > image->size - offset)
        return NULL;
    return image->base + offset;
}

/* The text at an offset; NULL unless it ends within the image. */
static const char *image_text(const struct image *image, size_t offset)
{
    for (size_t end = offset; end < image->size; end++) {
        if (image->base[end] == 0)
            return (const char *)image->base + offset;
    }
    return NULL;
}

static const IMAGE_NT_HEADERS *image_open(HMODULE module, struct image *image)
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

static const IMAGE_DATA_DIRECTORY *directory_of(const IMAGE_NT_HEADERS *nt, unsigned index)
{
    static const IMAGE_DATA_DIRECTORY none = {0, 0};

    return index < nt->OptionalHeader.NumberOfRvaAndSizes ? &nt->OptionalHeader.DataDirectory[index]
                                                          : &none;
}

/*
 * Walks the entries of one imported module. Names lie at one offset and addresses at another, in
 * parallel; a name of 0 ends both. Old delay-load tables hold the addresses of names instead of
 * their offsets: `slide` is then the image's address, which is subtracted; else it is 0.
 */
static enum import_walk_result walk_entries(struct walk *walk, const char *module, size_t names,
                                            size_t addresses, uintptr_t slide)
{
    struct import import = {.module = module};

    for (size_t i = 0;; i++) {
        const IMAGE_THUNK_DATA *name =
            image_at(&walk->image, names + i * sizeof(*name), sizeof(*name));
        void *volatile *entry = (void *volatile *)image_at(
            &walk->image, addresses + i * sizeof(*entry), sizeof(*entry));
        uintptr_t text;

        if (!name || !entry)
            return IMPORT_WALK_NOT_PE;
        if (name->u1.AddressOfData == 0)
            return IMPORT_WALK_DONE;
        if (IMAGE_SNAP_BY_ORDINAL(name->u1.Ordinal))
            continue;
        text = (uintptr_t)name->u1.AddressOfData - slide;
        import.function = image_text(&walk->image, text + offsetof(IMAGE_IMPORT_BY_NAME, Name));
        import.entry = entry;
        if (!import.function)
            return IMPORT_WALK_NOT_PE;
        if (!walk->callback(walk->context, &import))
            return IMPORT_WALK_ENDED;
    }
}

static enum import_walk_result walk_ordinary(struct walk *walk, const IMAGE_DATA_DIRECTORY *table)
{
    for (size_t at = table->VirtualAddress; table->VirtualAddress;
         at += sizeof(IMAGE_IMPORT_DESCRIPTOR)) {
        const IMAGE_IMPORT_DESCRIPTOR *descriptor = image_at(&walk->image, at, sizeof(*descriptor));
        enum import_walk_result result;
        const char *module;

        if (!descriptor)
            return IMPORT_WALK_NOT_PE;
        if (!descriptor->Name)
            break;
        module = image_text(&walk->image, descriptor->Name);
        if (!module)
            return IMPORT_WALK_NOT_PE;
        /* Without a table of its own for names, the loader has overwritten them with addresses. */
        if (!descriptor->OriginalFirstThunk)
            continue;
        result =
            walk_entries(walk, module, descriptor->OriginalFirstThunk, descriptor->FirstThunk, 0);
        if (result != IMPORT_WALK_DONE)
            return result;
    }
    return IMPORT_WALK_DONE;
}

static enum import_walk_result walk_delayed(struct walk *walk, const IMAGE_DATA_DIRECTORY *table)
{
    for (size_t at = table->VirtualAddress; table->VirtualAddress;
         at += sizeof(IMAGE_DELAYLOAD_DESCRIPTOR)) {
        const IMAGE_DELAYLOAD_DESCRIPTOR *descriptor =
            image_at(&walk->image, at, sizeof(*descriptor));
        enum import_walk_result result;
        const char *module;
        uintptr_t slide;

        if (!descriptor)
            return IMPORT_WALK_NOT_PE;
        if (!descriptor->DllNameRVA)
            break;
        /* Tables from before Visual C++ 7 hold addresses instead of offsets. */
        slide = descriptor->Attributes.RvaBased ? 0 : (uintptr_t)walk->image.base;
        module = image_text(&walk->image, descriptor->DllNameRVA - slide);
        if (!module)
            return IMPORT_WALK_NOT_PE;
        result = walk_entries(walk, module, descriptor->ImportNameTableRVA - slide,
                              descriptor->ImportAddressTableRVA - slide, slide);
        if (result != IMPORT_WALK_DONE)
            return result;
    }
    return IMPORT_WALK_DONE;
}

enum import_walk_result import_walk(HMODULE module, import_callback *callback, void *context)
{
    struct walk walk = {.callback = callback, .context = context};
    const IMAGE_NT_HEADERS *nt = image_open(module, &walk.image);
    enum import_walk_result result;

    if (!nt)
        return IMPORT_WALK_NOT_PE;
    result = walk_ordinary(&walk, directory_of(nt, IMAGE_DIRECTORY_ENTRY_IMPORT));
    if (result != IMPORT_WALK_DONE)
        return result;
    return walk_delayed(&walk, directory_of(nt, IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT));
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

bool import_text_has_prefix(const char *text, const char *prefix)
{
    while (*prefix && lower(*text) == lower(*prefix)) {
        text++;
        prefix++;
    }
    return !*prefix;
}
