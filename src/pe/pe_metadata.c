/*
 * pe_metadata.c: reads the metadata root, and as many tables as it takes to find the table of
 * referenced assemblies. The numbers are those of ECMA-335 II.22 and II.24.
 */
#include "pe/pe_metadata.h"

#include <stdint.h>
#include <string.h>

enum {
    TABLES = 64,
    ASSEMBLY_REF = 0x23,
    COLUMNS = 9
};

/* A piece of the metadata. Size 0: the piece would not lie within it. */
struct span {
    const unsigned char *bytes;
    size_t size;
};

static struct span span_of(struct span whole, size_t offset, size_t size)
{
    const struct span none = {NULL, 0};

    if (offset > whole.size || size > whole.size - offset)
        return none;
    return (struct span){whole.bytes + offset, size};
}

/* A little-endian number of size bytes; 0 beyond the end. */
static uint64_t number_at(struct span span, size_t offset, size_t size)
{
    struct span at = span_of(span, offset, size);
    uint64_t number = 0;

    for (size_t i = at.size; i > 0; i--)
        number = number << 8 | at.bytes[i - 1];
    return number;
}

/* ------------------------------------------------------------------------------------------------
 * The tables up to that of the referenced assemblies
 * --------------------------------------------------------------------------------------------- */

/* What a column holds: a number of 2 or 4 bytes, or an index, whose size depends on its target. */
enum column {
    END,
    TWO = 2,
    FOUR = 4,
    STRINGS,
    GUIDS,
    BLOBS,
    TYPE_DEF_OR_REF,
    HAS_CONSTANT,
    HAS_CUSTOM_ATTRIBUTE,
    HAS_FIELD_MARSHAL,
    HAS_DECL_SECURITY,
    MEMBER_REF_PARENT,
    HAS_SEMANTICS,
    METHOD_DEF_OR_REF,
    MEMBER_FORWARDED,
    CUSTOM_ATTRIBUTE_TYPE,
    RESOLUTION_SCOPE,
    ROWS_OF = 64 /* plus a table's number: an index into that table */
};

#define OF(table) (ROWS_OF + (table))

static const unsigned char columns[ASSEMBLY_REF + 1][COLUMNS + 1] = {
    {TWO, STRINGS, GUIDS, GUIDS, GUIDS},
    {RESOLUTION_SCOPE, STRINGS, STRINGS},
    {FOUR, STRINGS, STRINGS, TYPE_DEF_OR_REF, OF(0x04), OF(0x06)},
    {OF(0x04)},
    {TWO, STRINGS, BLOBS},
    {OF(0x06)},
    {FOUR, TWO, TWO, STRINGS, BLOBS, OF(0x08)},
    {OF(0x08)},
    {TWO, TWO, STRINGS},
    {OF(0x02), TYPE_DEF_OR_REF},
    {MEMBER_REF_PARENT, STRINGS, BLOBS},
    {TWO, HAS_CONSTANT, BLOBS},
    {HAS_CUSTOM_ATTRIBUTE, CUSTOM_ATTRIBUTE_TYPE, BLOBS},
    {HAS_FIELD_MARSHAL, BLOBS},
    {TWO, HAS_DECL_SECURITY, BLOBS},
    {TWO, FOUR, OF(0x02)},
    {FOUR, OF(0x04)},
    {BLOBS},
    {OF(0x02), OF(0x14)},
    {OF(0x14)},
    {TWO, STRINGS, TYPE_DEF_OR_REF},
    {OF(0x02), OF(0x17)},
    {OF(0x17)},
    {TWO, STRINGS, BLOBS},
    {TWO, OF(0x06), HAS_SEMANTICS},
    {OF(0x02), METHOD_DEF_OR_REF, METHOD_DEF_OR_REF},
    {STRINGS},
    {BLOBS},
    {TWO, MEMBER_FORWARDED, STRINGS, OF(0x1A)},
    {FOUR, OF(0x04)},
    {FOUR, FOUR},
    {FOUR},
    {FOUR, TWO, TWO, TWO, TWO, FOUR, BLOBS, STRINGS, STRINGS},
    {FOUR},
    {FOUR, FOUR, FOUR},
    {TWO, TWO, TWO, TWO, FOUR, BLOBS, STRINGS, STRINGS, BLOBS},
};

enum {
    NAME_COLUMN = 6 /* of a referenced assembly */
};

/* The tables that an index can point into, and the number of bits that select one of them. */
static const struct {
    unsigned char bits;
    unsigned char count;
    unsigned char tables[22];
} coded[] = {
    [TYPE_DEF_OR_REF] = {2, 3, {0x02, 0x01, 0x1B}},
    [HAS_CONSTANT] = {2, 3, {0x04, 0x08, 0x17}},
    [HAS_CUSTOM_ATTRIBUTE -
        TYPE_DEF_OR_REF] = {5, 22, {0x06, 0x04, 0x01, 0x02, 0x08, 0x09, 0x0A, 0x00,
                                    0x0E, 0x17, 0x14, 0x11, 0x1A, 0x1B, 0x20, 0x23,
                                    0x26, 0x27, 0x28, 0x2A, 0x2B, 0x2C}},
    [HAS_FIELD_MARSHAL] = {1, 2, {0x04, 0x08}},
    [HAS_DECL_SECURITY] = {2, 3, {0x02, 0x06, 0x20}},
    [MEMBER_REF_PARENT] = {3, 5, {0x02, 0x01, 0x1A, 0x06, 0x1B}},
    [HAS_SEMANTICS] = {1, 2, {0x14, 0x17}},
    [METHOD_DEF_OR_REF] = {1, 2, {0x06, 0x0A}},
    [MEMBER_FORWARDED] = {1, 2, {0x04, 0x06}},
    [CUSTOM_ATTRIBUTE_TYPE] = {3, 2, {0x06, 0x0A}},
    [RESOLUTION_SCOPE] = {2, 4, {0x00, 0x1A, 0x23, 0x01}},
};

struct tables {
    struct span rows; /* of all tables, one table after another */
    unsigned heap_sizes;
    uint32_t counts[TABLES];
};

static size_t index_size(const struct tables *tables, unsigned column)
{
    uint64_t most = 0;

    for (unsigned i = 0; i < coded[column].count; i++) {
        uint32_t count = tables->counts[coded[column].tables[i]];

        most = count > most ? count : most;
    }
    return most << coded[column].bits < 0x10000 ? 2 : 4;
}

static size_t column_size(const struct tables *tables, unsigned column)
{
    switch (column) {
    case TWO:
    case FOUR:
        return column;
    case STRINGS:
        return tables->heap_sizes & 1 ? 4 : 2;
    case GUIDS:
        return tables->heap_sizes & 2 ? 4 : 2;
    case BLOBS:
        return tables->heap_sizes & 4 ? 4 : 2;
    default:
        if (column >= ROWS_OF)
            return tables->counts[column - ROWS_OF] < 0x10000 ? 2 : 4;
        return index_size(tables, column);
    }
}

/* Bytes in the first `count` columns of a row. */
static size_t row_size(const struct tables *tables, unsigned table, unsigned count)
{
    size_t size = 0;

    for (unsigned i = 0; i < count && columns[table][i] != END; i++)
        size += column_size(tables, columns[table][i]);
    return size;
}

/* ------------------------------------------------------------------------------------------------
 * The root
 * --------------------------------------------------------------------------------------------- */

/* The stream with this name. */
static struct span find_stream(struct span root, size_t headers, unsigned count, const char *name)
{
    const struct span none = {NULL, 0};
    size_t length = strlen(name) + 1;
    size_t at = headers;

    for (unsigned i = 0; i < count; i++) {
        struct span called = span_of(root, at + 8, length);
        size_t end = at + 8;

        if (called.size && !memcmp(called.bytes, name, length))
            return span_of(root, (size_t)number_at(root, at, 4),
                           (size_t)number_at(root, at + 4, 4));
        while (end < root.size && root.bytes[end])
            end++;
        at = (end + 4) & ~(size_t)3;
    }
    return none;
}

static bool read_tables(struct span stream, struct tables *tables)
{
    uint64_t present = number_at(stream, 8, 8);
    size_t at = 24;

    memset(tables, 0, sizeof(*tables));
    tables->heap_sizes = (unsigned)number_at(stream, 6, 1);
    for (unsigned table = 0; table < TABLES; table++) {
        if (!(present >> table & 1))
            continue;
        tables->counts[table] = (uint32_t)number_at(stream, at, 4);
        at += 4;
    }
    if (tables->heap_sizes & 0x40) /* some compilers put four extra bytes here */
        at += 4;
    if (at > stream.size)
        return false;
    tables->rows = span_of(stream, at, stream.size - at);
    return tables->rows.size != 0;
}

static bool is_text(struct span strings, uint64_t offset, const char *text)
{
    size_t length = strlen(text) + 1;
    struct span found = span_of(strings, (size_t)offset, length);

    return found.size && !memcmp(found.bytes, text, length);
}

static void read_references(const struct tables *tables, struct span strings,
                            struct pe_metadata *metadata)
{
    size_t size = row_size(tables, ASSEMBLY_REF, COLUMNS);
    size_t name = row_size(tables, ASSEMBLY_REF, NAME_COLUMN);
    size_t name_size = column_size(tables, STRINGS);
    uint64_t at = 0;

    for (unsigned table = 0; table < ASSEMBLY_REF; table++)
        at += (uint64_t)tables->counts[table] * row_size(tables, table, COLUMNS);
    for (uint32_t i = 0; i < tables->counts[ASSEMBLY_REF] && at + size <= tables->rows.size; i++) {
        uint64_t text = number_at(tables->rows, (size_t)at + name, name_size);

        metadata->refers_to_mscorlib |= is_text(strings, text, "mscorlib");
        metadata->refers_to_system_runtime |= is_text(strings, text, "System.Runtime") ||
                                              is_text(strings, text, "System.Private.CoreLib");
        at += size;
    }
}

static void read_version(struct span root, size_t length, struct pe_metadata *metadata)
{
    struct span text = span_of(root, 16, length < PE_VERSION_SIZE ? length : PE_VERSION_SIZE - 1);

    if (text.size)
        memcpy(metadata->version, text.bytes, text.size);
}

bool pe_metadata_parse(const unsigned char *bytes, size_t size, struct pe_metadata *metadata)
{
    const struct span root = {bytes, size};
    size_t length = (size_t)number_at(root, 12, 4);
    struct tables tables;
    unsigned count;

    memset(metadata, 0, sizeof(*metadata));
    if (number_at(root, 0, 4) != 0x424A5342 || length > size)
        return false;
    read_version(root, length, metadata);
    count = (unsigned)number_at(root, 16 + length + 2, 2);
    if (!read_tables(find_stream(root, 16 + length + 4, count, "#~"), &tables))
        return false;
    read_references(&tables, find_stream(root, 16 + length + 4, count, "#Strings"), metadata);
    return true;
}
