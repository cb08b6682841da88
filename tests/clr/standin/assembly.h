/*
 * assembly.h: files of assemblies, mapped as the CLR maps them and told to the host.
 */
#ifndef STANDIN_ASSEMBLY_H
#define STANDIN_ASSEMBLY_H

#include "caller.h"

/*
 * Maps the file, and keeps it mapped until assembly_unload if no other is. On the way other views
 * of it come and go, and one is asked for that there cannot be. S_OK;
 * HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND); COR_E_BADIMAGEFORMAT (an empty file); what Windows says
 * of the file.
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
