/*
 * names.c: see names.h, where the protocol is.
 */
#include "heap/string_table.h"

#include <stdint.h>

struct name {
    struct name *next;
    size_t length;
    char text[];
};

void names_init(struct names *names, struct metadata *metadata)
{
    names->metadata = metadata;
    for (int list = 0; list < NAMES_LISTS; list++)
        atomic_store_explicit(&names->lists[list], NULL, memory_order_relaxed);
}

/* Length, at most NAMES_LENGTH, and the FNV-1a hash of that much. */
static size_t measure(const char *text, uint32_t *hash)
{
    size_t length = 0;

    *hash = UINT32_C(2166136261);
    while (length < NAMES_LENGTH && text[length]) {
        *hash = (*hash ^ (unsigned char)text[length]) * UINT32_C(16777619);
        length++;
    }
    return length;
}

static bool same(const struct name *name, const char *text, size_t length)
{
    if (name->length != length)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (name->text[i] != text[i])
            return false;
    }
    return true;
}

static struct name *make_name(struct names *names, const char *text, size_t length)
{
    struct name *name = metadata_take(names->metadata, sizeof(struct name) + length + 1);

    if (!name)
        return NULL;
    name->length = length;
    for (size_t i = 0; i < length; i++)
        name->text[i] = text[i];
    return name; /* the terminating zero is there: metadata is zeroed */
}

const char *names_keep(struct names *names, const char *text)
{
    uint32_t hash;
    size_t length = measure(text, &hash);
    _Atomic(struct name *) *list = &names->lists[hash % NAMES_LISTS];
    struct name *head = atomic_load_explicit(list, memory_order_acquire);
    struct name *made;

    for (struct name *name = head; name; name = name->next) {
        if (same(name, text, length))
            return name->text;
    }
    made = make_name(names, text, length);
    if (!made)
        return NULL;
    do
        made->next = head;
    while (!atomic_compare_exchange_weak_explicit(list, &head, made, memory_order_release,
                                                  memory_order_relaxed));
    return made->text;
}
