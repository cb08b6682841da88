/*
 * string_table.c: see string_table.h, where the protocol is.
 */
#include "heap/string_table.h"

#include <stdint.h>

struct string {
    struct string *next;
    size_t length;
    char text[];
};

void string_table_init(struct string_table *names, struct metadata *metadata)
{
    names->metadata = metadata;
    for (int list = 0; list < STRING_TABLE_LISTS; list++)
        atomic_store_explicit(&names->lists[list], NULL, memory_order_relaxed);
}

/* Length, at most STRING_TABLE_LENGTH, and the FNV-1a hash of that much. */
static size_t measure(const char *text, uint32_t *hash)
{
    size_t length = 0;

    *hash = UINT32_C(2166136261);
    while (length < STRING_TABLE_LENGTH && text[length]) {
        *hash = (*hash ^ (unsigned char)text[length]) * UINT32_C(16777619);
        length++;
    }
    return length;
}

static bool same(const struct string *name, const char *text, size_t length)
{
    if (name->length != length)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (name->text[i] != text[i])
            return false;
    }
    return true;
}

static struct string *make_name(struct string_table *names, const char *text, size_t length)
{
    struct string *name = metadata_take(names->metadata, sizeof(struct string) + length + 1);

    if (!name)
        return NULL;
    name->length = length;
    for (size_t i = 0; i < length; i++)
        name->text[i] = text[i];
    return name; /* the terminating zero is there: metadata is zeroed */
}

const char *string_table_intern(struct string_table *names, const char *text)
{
    uint32_t hash;
    size_t length = measure(text, &hash);
    _Atomic(struct string *) *list = &names->lists[hash % STRING_TABLE_LISTS];
    struct string *head = atomic_load_explicit(list, memory_order_acquire);
    struct string *made;

    for (struct string *name = head; name; name = name->next) {
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
