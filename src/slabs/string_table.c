/*
 * string_table.c: see string_table.h, where the protocol is.
 */
#include "slabs/string_table.h"

#include <stdint.h>

struct string {
    struct string *next;
    size_t length;
    char text[];
};

void string_table_init(struct string_table *table, struct metadata *metadata)
{
    table->metadata = metadata;
    for (int list = 0; list < STRING_TABLE_LISTS; list++)
        atomic_store_explicit(&table->lists[list], NULL, memory_order_relaxed);
}

/* The length, at most STRING_TABLE_LENGTH, and in *hash the FNV-1a hash of so many bytes. */
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

static bool same(const struct string *string, const char *text, size_t length)
{
    if (string->length != length)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (string->text[i] != text[i])
            return false;
    }
    return true;
}

static struct string *make_string(struct string_table *table, const char *text, size_t length)
{
    struct string *string = metadata_take(table->metadata, sizeof(struct string) + length + 1);

    if (!string)
        return NULL;
    string->length = length;
    for (size_t i = 0; i < length; i++)
        string->text[i] = text[i];
    return string; /* the terminating zero is there: metadata is zeroed */
}

const char *string_table_intern(struct string_table *table, const char *text)
{
    uint32_t hash;
    size_t length = measure(text, &hash);
    _Atomic(struct string *) *list = &table->lists[hash % STRING_TABLE_LISTS];
    struct string *head = atomic_load_explicit(list, memory_order_acquire);
    struct string *made;

    for (struct string *string = head; string; string = string->next) {
        if (same(string, text, length))
            return string->text;
    }
    made = make_string(table, text, length);
    if (!made)
        return NULL;
    do
        made->next = head;
    while (!atomic_compare_exchange_weak_explicit(list, &head, made, memory_order_release,
                                                  memory_order_relaxed));
    return made->text;
}
