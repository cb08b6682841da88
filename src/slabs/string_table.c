/*
 * string_table.c: see string_table.h, where the protocol is.
 */
#include "slabs/string_table.h"

#include "counters/relaxed.h"

#include <stdint.h>

struct string {
    _Atomic(struct string *) next;
    uint32_t length;
    uint32_t hash;
    char text[];
};

bool string_table_init(struct string_table *table, size_t limit, struct book_space *books)
{
    return metadata_init(&table->texts, limit, books) &&
           span_reserve(&table->heads, sizeof(string_list), STRING_TABLE_LISTS, STRING_TABLE_LISTS,
                        books);
}

void string_table_destroy(struct string_table *table)
{
    span_release(&table->heads);
    metadata_destroy(&table->texts);
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

static bool same(const struct string *string, uint32_t hash, const char *text, size_t length)
{
    if (string->hash != hash || string->length != length)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (string->text[i] != text[i])
            return false;
    }
    return true;
}

static struct string *make_string(struct string_table *table, uint32_t hash, const char *text,
                                  size_t length)
{
    struct string *string = metadata_take(&table->texts, sizeof(struct string) + length + 1);

    if (!string)
        return NULL;
    string->length = (uint32_t)length;
    string->hash = hash;
    for (size_t i = 0; i < length; i++)
        string->text[i] = text[i];
    return string; /* the terminating zero is there: metadata is zeroed */
}

const char *string_table_intern(struct string_table *table, const char *text)
{
    uint32_t hash;
    size_t length = measure(text, &hash);
    string_list *list = (string_list *)table->heads.base + hash % STRING_TABLE_LISTS;
    struct string *head, *made;

    if (!span_commit(&table->heads, STRING_TABLE_LISTS))
        return NULL;
    head = atomic_load_explicit(list, memory_order_acquire);
    for (struct string *string = head; string; string = LOAD_RELAXED(string->next)) {
        if (same(string, hash, text, length))
            return string->text;
    }
    made = make_string(table, hash, text, length);
    if (!made)
        return NULL;
    do
        STORE_RELAXED(made->next, head);
    while (!atomic_compare_exchange_weak_explicit(list, &head, made, memory_order_release,
                                                  memory_order_relaxed));
    return made->text;
}
