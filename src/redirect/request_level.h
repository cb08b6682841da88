/*
 * request_level.h: the garbage collector of a redirected runtime: which requests are those of its
 * heap, and what it must not be told when one of them has been refused.
 */
#ifndef HOSTMEM_REDIRECT_REQUEST_LEVEL_H
#define HOSTMEM_REDIRECT_REQUEST_LEVEL_H

#include "hosting/manager.h"

/*
 * How critical a request for pages is. Once the host has said that the runtime is up
 * (IHostMemInspection::SetRedirectedLevel: task-critical), what makes the collector's heap grow is
 * task-critical: the runtime answers a refusal by collecting, and then by an OutOfMemoryException.
 * All else (code, type data, the compiler's own memory) it needs to handle that exception, too:
 * that is app-domain-critical, and may use the reserve. So is the start of a new segment of its
 * heap, up to 2 MiB: a collection that runs out of a segment's end and cannot have that ends
 * without having gained anything.
 */
EMemoryCriticalLevel request_level_of_pages(const struct manager *manager, const void *address,
                                            SIZE_T size, DWORD type);

/* The same of a heap block: none of it is the collector's heap. */
EMemoryCriticalLevel request_level_of_block(const struct manager *manager);

/* Notes what has become of a request for pages; the budget refuses with that last error. */
void request_level_note(struct manager *manager, EMemoryCriticalLevel level, const void *memory,
                        DWORD last_error);

/*
 * True from the refusal of a request of the collector's heap until that manager grants the next
 * one.
 */
bool collector_is_refused(const struct manager *manager);

#endif
