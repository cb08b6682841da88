/*
 * read_books.c: HostMemGetBooksSize and HostMemReadBooks.
 */
#include "reader/copied_inspection.h"

#define NO_BOOKS HRESULT_FROM_WIN32(ERROR_INVALID_DATA)

SIZE_T STDMETHODCALLTYPE HostMemGetBooksSize(void)
{
    return BOOK_SPACE_SIZE;
}

/* Whether the header is that of books which this version can read. */
static HRESULT judge(const struct books_header *header, SIZE_T size)
{
    uint32_t state = atomic_load_explicit(&header->state, memory_order_relaxed);

    if (!header->magic && !header->layout && state == BOOKS_MAKING)
        return HRESULT_FROM_WIN32(ERROR_NOT_READY); /* nothing but the state has been written */
    if (header->magic != BOOKS_MAGIC)
        return NO_BOOKS;
    if (header->layout != BOOKS_LAYOUT || header->version != HOSTMEM_VERSION ||
        header->pointer_size != sizeof(void *) || header->size != BOOK_SPACE_SIZE ||
        header->manager_size != sizeof(struct manager))
        return HRESULT_FROM_WIN32(ERROR_REVISION_MISMATCH);
    if (state == BOOKS_MAKING)
        return HRESULT_FROM_WIN32(ERROR_NOT_READY);
    if ((state != BOOKS_READY && state != BOOKS_ENDED) || size < BOOK_SPACE_SIZE)
        return NO_BOOKS;
    return S_OK;
}

static HRESULT read_header(const void *view, SIZE_T size, struct books_header *header)
{
    HRESULT hr =
        size < sizeof(*header) ? NO_BOOKS : copy_read_view(view, header, 0, sizeof(*header));

    return hr == S_OK ? judge(header, size) : hr;
}

static HRESULT read_books(const void *view, SIZE_T size, IHostMemInspection **inspection)
{
    struct books_header header;
    struct copy *copy;
    HRESULT hr = read_header(view, size, &header);

    if (hr == S_OK)
        hr = copied_inspection_make(&copy);
    if (hr != S_OK)
        return hr;
    copy->view = view;
    copy->base = (uintptr_t)header.base;
    hr = copy_fill(copy);
    copy->view = NULL;
    *inspection = &copy->manager.IHostMemInspection_iface;
    if (hr != S_OK) {
        (*inspection)->lpVtbl->Release(*inspection);
        *inspection = NULL;
    }
    return hr;
}

HRESULT STDMETHODCALLTYPE HostMemReadBooks(const void *pBooks, SIZE_T cbBooks,
                                           IHostMemInspection **ppInspection)
{
    DWORD last_error = GetLastError();
    HRESULT hr;

    if (!ppInspection)
        return E_POINTER;
    *ppInspection = NULL;
    if (!pBooks)
        return E_POINTER;
    hr = read_books(pBooks, cbBooks, ppInspection);
    if (hr == S_OK)
        SetLastError(last_error);
    return hr;
}
