/*
 * books.c: see books.h, where the protocol is.
 */
#include "hosting/books.h"

#include "hosting/errors/error_info.h"
#include "hosting/hresult.h"
#include "os/os.h"

/* The last error tells a want of memory from memory of a bad kind. */
static HRESULT commit(void *memory, size_t size)
{
    DWORD last_error;

    SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    if (os_metadata_commit(memory, size))
        return S_OK;
    if (hresult_from_pages_result(GetLastError(), &last_error) == E_OUTOFMEMORY)
        return E_OUTOFMEMORY;
    return error_info_set(BAD_BOOKS_TAKEN, (uintptr_t)memory);
}

static void write_header(struct books_header *header, size_t manager_size)
{
    FILETIME now;

    GetSystemTimeAsFileTime(&now);
    header->layout = BOOKS_LAYOUT;
    header->version = HOSTMEM_VERSION;
    header->pointer_size = sizeof(void *);
    header->size = BOOK_SPACE_SIZE;
    header->manager_size = manager_size;
    header->base = (uintptr_t)header;
    header->made = (uint64_t)now.dwHighDateTime << 32 | now.dwLowDateTime;
    header->process_id = GetCurrentProcessId();
    header->magic = BOOKS_MAGIC;
}

HRESULT books_begin(void *memory, size_t manager_size, struct book_space *space,
                    struct books_header **header)
{
    uint32_t none = 0;
    HRESULT hr;

    if (memory)
        book_space_borrow(space, memory);
    else if (!book_space_reserve(space))
        return E_OUTOFMEMORY;
    *header = book_space_cut(space, manager_size);
    hr = commit(*header, manager_size);
    if (hr == S_OK &&
        !atomic_compare_exchange_strong_explicit(&(*header)->state, &none, BOOKS_MAKING,
                                                 memory_order_acq_rel, memory_order_relaxed))
        hr = error_info_set(BAD_BOOKS_TAKEN, (uintptr_t)memory);
    if (hr != S_OK)
        book_space_release(space);
    else
        write_header(*header, manager_size);
    return hr;
}

void books_publish(struct books_header *header)
{
    atomic_store_explicit(&header->state, BOOKS_READY, memory_order_release);
}

bool books_end(struct books_header *header)
{
    uint32_t ready = BOOKS_READY;

    return atomic_compare_exchange_strong_explicit(&header->state, &ready, BOOKS_ENDED,
                                                   memory_order_release, memory_order_relaxed);
}

void books_wipe(struct books_header *header)
{
    os_fill(header + 1, 0, (size_t)header->manager_size - sizeof(*header));
    os_fill(header, 0, offsetof(struct books_header, state));
    atomic_store_explicit(&header->state, 0, memory_order_release);
}
