/*
 * copy_read.c: see copy.h. The only file that looks at the view.
 *
 * ReadProcessMemory, of one's own process, fails where a plain copy would fault: the view's owner
 * may have less committed than the books say, and may unmap it at any time.
 */
#include "reader/copy.h"

#include "slabs/string_table.h"
#include "os/os.h"

#include <string.h>

#define NO_BOOKS HRESULT_FROM_WIN32(ERROR_INVALID_DATA)
#define PIECE ((size_t)1 << 20)
#define ATTEMPTS 4

/*
 * True if all of it is committed. ReadProcessMemory may say so as well; but under Wine it reads
 * zeros where nothing is committed, and the books' figures could then ask for gigabytes of them.
 */
static bool is_committed(uintptr_t begin, size_t size)
{
    struct os_range range;

    for (uintptr_t at = begin; at - begin < size; at = range.base + range.size) {
        if (!os_query_range(at, &range) || range.state != OS_MEM_COMMIT)
            return false;
    }
    return true;
}

HRESULT copy_read_view(const char *view, void *to, size_t offset, size_t size)
{
    if (!is_committed((uintptr_t)view + offset, size))
        return NO_BOOKS;
    for (size_t done = 0, piece; done < size; done += piece) {
        SIZE_T read = 0;

        piece = size - done < PIECE ? size - done : PIECE;
        if (!ReadProcessMemory(GetCurrentProcess(), view + offset + done, (char *)to + done, piece,
                               &read) ||
            read != piece)
            return NO_BOOKS;
    }
    return S_OK;
}

HRESULT copy_read(const struct copy *copy, void *to, size_t offset, size_t size)
{
    return copy_read_view(copy->view, to, offset, size);
}

HRESULT copy_read_raw(const struct copy *copy, size_t offset, size_t size)
{
    if (!size)
        return S_OK;
    if (!is_committed((uintptr_t)copy->view + offset, size))
        return NO_BOOKS;
    return os_metadata_commit(copy->raw + offset, size)
               ? copy_read(copy, copy->raw + offset, offset, size)
               : E_OUTOFMEMORY;
}

/* ------------------------------------------------------------------------------------------------
 * Pools
 * --------------------------------------------------------------------------------------------- */

HRESULT copy_read_pool(const struct copy *copy, const struct pool *raw, const struct pool *pool)
{
    uint32_t count = pool_limit(raw);

    if (count > pool->span.size / pool->item_size)
        return NO_BOOKS;
    return copy_read_raw(copy, copy_offset(copy, pool->span.base), count * pool->item_size);
}

HRESULT copy_give_out(const struct pool *raw, struct pool *pool)
{
    uint32_t count = pool_limit(raw);

    if (!span_commit(&pool->span, count))
        return E_OUTOFMEMORY;
    while (pool_limit(pool) < count) {
        if (!pool_take(pool))
            return E_OUTOFMEMORY;
    }
    return S_OK;
}

HRESULT copy_read_again(const struct copy *copy, const struct pool *raw, struct pool *pool)
{
    HRESULT hr = copy_give_out(raw, pool);
    size_t size = pool_limit(pool) * pool->item_size;

    if (hr != S_OK || !size)
        return hr;
    return copy_read(copy, pool->span.base, copy_offset(copy, pool->span.base), size);
}

bool copy_settle_item(const struct copy *copy, const struct pool *pool, uint32_t index)
{
    void *item = pool_item(pool, index);
    size_t offset = copy_offset(copy, item);
    size_t size = pool->item_size;

    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        if (memcmp(copy->raw + offset, item, size) == 0)
            return true;
        if (copy_read(copy, copy->raw + offset, offset, size) != S_OK ||
            copy_read(copy, item, offset, size) != S_OK)
            return false;
    }
    return false;
}

/* ------------------------------------------------------------------------------------------------
 * Pointers
 * --------------------------------------------------------------------------------------------- */

const void *copy_follow(const struct copy *copy, const void *pointer, const struct span *span,
                        size_t used, size_t size, size_t alignment)
{
    size_t begin = copy_offset(copy, span->base);
    size_t at = (uintptr_t)pointer - copy->base - begin;

    if (!pointer || at % alignment || at > used || size > used - at)
        return NULL;
    return copy->raw + begin + at;
}

uint32_t copy_index_of(const struct copy *copy, const void *pointer, const struct pool *pool)
{
    size_t at = (uintptr_t)pointer - copy->base - copy_offset(copy, pool->span.base);

    if (!pointer || at % pool->item_size || at / pool->item_size >= pool_limit(pool))
        return 0;
    return (uint32_t)(at / pool->item_size) + 1;
}

const char *copy_text(const struct copy *copy, const char *pointer)
{
    const struct span *span = &copy->manager.heaps.file_names.texts.span;
    const char *text = copy_follow(copy, pointer, span, copy->names_used, 1, 1);
    size_t left;

    if (!text)
        return NULL;
    left = copy->names_used - (size_t)(text - (copy->raw + copy_offset(copy, span->base)));
    for (size_t i = 0; i < left && i <= STRING_TABLE_LENGTH; i++) {
        if (!text[i])
            return text;
    }
    return NULL;
}
