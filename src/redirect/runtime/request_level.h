/*
 * request_level.h: decides how critical a request of a redirected module is, and remembers whether
 * the last one of the garbage collector's heap was refused.
 *
 * Modern .NET does not say how critical a request is. The host sets a level for all of them
 * (IHostMemInspection::SetRedirectedLevel). While that is task-critical, there are two kinds:
 *
 * - Requests for pages that make the collector's heap grow are task-critical. The runtime answers a
 *   refusal by collecting, and then by an OutOfMemoryException.
 * - All others are app-domain-critical and may use that reserve: code, type data and the compiler's
 *   own memory, which the runtime needs to handle the exception, too. So is the start of a new
 *   segment of the collector's heap, up to 2 MiB: when a collection reaches the end of a segment
 *   and gets no new one, it ends without having gained anything.
 *
 * Suspension-safe.
 */
#ifndef HOSTMEM_REDIRECT_RUNTIME_REQUEST_LEVEL_H
#define HOSTMEM_REDIRECT_RUNTIME_REQUEST_LEVEL_H

#include "hosting/manager.h"

/* The level of a request for pages; VirtualAlloc's arguments. */
EMemoryCriticalLevel request_level_of_pages(const struct manager *manager, const void *address,
                                            SIZE_T size, DWORD type);

/* The level of a request for a heap block: the collector's heap uses none. */
EMemoryCriticalLevel request_level_of_block(const struct manager *manager);

/* Remembers how a request for pages ended: `memory`, or NULL and the last error. */
void request_level_note_result(struct manager *manager, EMemoryCriticalLevel level,
                               const void *memory, DWORD last_error);

/* True from the refusal of a task-critical request until the manager grants the next one. */
bool request_level_task_is_refused(const struct manager *manager);

#endif
