/*
 * assembly.h: maps assembly files as the CLR maps them, and tells the host.
 */
#ifndef STANDIN_ASSEMBLY_H
#define STANDIN_ASSEMBLY_H

#include "caller.h"

/*
 * Maps the file and keeps it mapped until assembly_unload, unless another file is kept already.
 * Meanwhile it maps and unmaps further views of the file, and asks for one that cannot exist.
 * Returns S_OK; HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND); COR_E_BADIMAGEFORMAT (an empty file);
 * Windows' error for the file.
 */
HRESULT assembly_load(const wchar_t *path);

void assembly_unload(void);

/*
 * The version of the runtime that the assembly was built for, from its metadata; at most so many
 * characters with the null. Results as for assembly_load; COR_E_BADIMAGEFORMAT, too, for a file
 * without metadata.
 */
HRESULT assembly_version(const wchar_t *path, wchar_t *version, DWORD length);

/* S_OK; or how assembly_load would fail to find the file. */
HRESULT assembly_exists(const wchar_t *path);

#endif
