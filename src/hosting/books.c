/*
 * books.c: see books.h, where the protocol is.
 */
#include "hosting/books.h"

#include "hosting/hresult.h"
#include "os/os.h"

/* The first pages of the space. The last error tells a want of memory from memory of a bad kind. */
static HRESULT commit(struct books *books)
{
    DWORD last_error;

    SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    if (os_metadata_commit(books, sizeof(struct books)))
        return S_OK;
    return hresult_from_pages_result(GetLastError(), &last_error) == E_OUTOFMEMORY ? E_OUTOFMEMORY
                                                                                   : E_INVALIDARG;
}

static void write_header(struct books_header *header)
{
    FILETIME now;

    GetSystemTimeAsFileTime(&now);
    header->layout = BOOKS_LAYOUT;
    header->version = HOSTMEM_VERSION;
    header->pointer_size = sizeof(void *);
    header->size = BOOK_SPACE_SIZE;
    header->manager_size = sizeof(struct manager);
    header->base = (uintptr_t)header;
    header->made = (uint64_t)now.dwHighDateTime << 32 | now.dwLowDateTime;
    header->process_id = GetCurrentProcessId();
    header->magic = BOOKS_MAGIC;
}

HRESULT books_begin(void *memory, struct book_space *space, struct books **books)
{
    uint32_t none = 0;
    HRESULT hr;

    if (memory)
        book_space_borrow(space, memory);
    else if (!book_space_reserve(space))
        return E_OUTOFMEMORY;
    *books = book_space_cut(space, sizeof(struct books));
    hr = *books ? commit(*books) : E_OUTOFMEMORY;
    if (hr == S_OK &&
        !atomic_compare_exchange_strong_explicit(&(*books)->header.state, &none, BOOKS_MAKING,
                                                 memory_order_acq_rel, memory_order_relaxed))
        hr = E_INVALIDARG;
    if (hr != S_OK)
        book_space_release(space);
    else
        write_header(&(*books)->header);
    return hr;
}

void books_publish(struct books *books)
{
    atomic_store_explicit(&books->header.state, BOOKS_READY, memory_order_release);
}

/*
 * Somebody else's memory is all zero again. While a manager is made, nothing but its metadata is
 * written to.
 */
static void wipe(struct books *books)
{
    struct metadata *metadata = &books->manager.pages.metadata;

    os_fill(metadata->span.base, 0, atomic_load_explicit(&metadata->used, memory_order_relaxed));
    os_fill(&books->manager, 0, sizeof(books->manager));
    os_fill(&books->header, 0, offsetof(struct books_header, state));
    atomic_store_explicit(&books->header.state, 0, memory_order_release);
}

void books_end(struct books *books)
{
    struct book_space space = books->manager.books;

    if (atomic_load_explicit(&books->header.state, memory_order_relaxed) == BOOKS_READY)
        atomic_store_explicit(&books->header.state, BOOKS_ENDED, memory_order_release);
    else
        wipe(books);
    book_space_release(&space);
}
