/*
 * pe_exports.h: which functions and variables a program file exports by name.
 *
 * Nothing here opens a file: the caller supplies the bytes. Promise: bytes of any content are read
 * without harm.
 */
#ifndef HOSTMEM_PE_PE_EXPORTS_H
#define HOSTMEM_PE_PE_EXPORTS_H

#include "pe/pe_file.h"

/* True if the file exports that name. False also for what makes no sense. */
bool pe_exports_name(pe_read_callback *read, void *context, const char *name);

#endif
