/*
 * books.h: reading a manager's books from outside: from another process, or after the manager's
 * process has ended.
 *
 * HOSTMEM_OPTIONS.pBooks hands a manager a view of a section to keep its books in. Whoever maps the
 * section can read them as long as the section lives, also after the process was terminated at any
 * moment. Every call of the manager that had returned by then is in them. The others are told:
 * HOSTMEM_STATISTICS.CallsUnderWay, and UnderWay of each method.
 *
 * Whoever can write to the section can make the manager's process do anything: let nobody but the
 * user have it, and map it for reading alone (FILE_MAP_READ). The reader for its part believes
 * nothing that it finds.
 *
 * hostmem.h includes this header.
 */
#ifndef HOSTMEM_BOOKS_H
#define HOSTMEM_BOOKS_H

#include <hostmem/inspection.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The least size of the section for HOSTMEM_OPTIONS.pBooks, in bytes. It depends on the version and
 * on the bitness. It is address space: with SEC_RESERVE, memory is used only for what is in the
 * books.
 * Any thread at any time; suspension-safe.
 */
SIZE_T STDMETHODCALLTYPE HostMemGetBooksSize(void);

/*
 * Reads books.
 *   pBooks        a view of the section, from its start on. Need not be writable.
 *   cbBooks       the view's size in bytes.
 *   ppInspection  out: the books as they were during this call, with one reference; NULL on
 *                 failure.
 * S_OK; E_POINTER; E_OUTOFMEMORY;
 * HRESULT_FROM_WIN32(ERROR_NOT_READY): the manager is being made;
 * HRESULT_FROM_WIN32(ERROR_REVISION_MISMATCH): the books of another version of hostmem, or of a
 * process of the other bitness;
 * HRESULT_FROM_WIN32(ERROR_INVALID_DATA): no books, or so damaged that they cannot be read. Records
 * that make no sense are left out; then the totals differ from the records, and Audit says so.
 * Any thread. Not suspension-safe: it takes the time to copy the books.
 *
 * The object is a copy, and needs the view no more. It answers as a live manager does, with these
 * differences:
 * - GetStatistics: Status is HostMemStatusEnded when the manager's last reference is gone. Calls
 *   that began and those that were under way while the books were copied count as under way.
 * - Audit compares the totals with the records. It asks no system: ReservedBytes and CommittedBytes
 *   are the records'. Regions that were changing count as Busy. Totals are compared if no call was
 *   under way.
 * - Ages are counted up to the call that asks.
 * - Addresses are those of the manager's process, FileName apart, which can be read as long as the
 *   object lives.
 * - Close, Trim, SetLimits and SetRedirectedLevel return HOST_E_INVALIDOPERATION.
 * - QueryInterface finds IUnknown and IHostMemInspection only.
 */
HRESULT STDMETHODCALLTYPE HostMemReadBooks(const void *pBooks, SIZE_T cbBooks,
                                           IHostMemInspection **ppInspection);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif
