/*
 * bad_request.h: which argument of a request Win32 did not like, when it answers
 * ERROR_INVALID_PARAMETER. It does not say so itself: what is told is what its documentation rules
 * out, else the argument that is most often the reason. Suspension-safe.
 */
#ifndef HOSTMEM_HOSTING_BAD_REQUEST_H
#define HOSTMEM_HOSTING_BAD_REQUEST_H

#include "hosting/errors/error_info.h"
#include "pages/pages.h"

void bad_request_of_alloc(const struct pages_request *request);
void bad_request_of_free(const void *address, size_t size, DWORD type);
void bad_request_of_protect(size_t size, DWORD protect);

#endif
