/*
 * export_table.h: reads the export table of a loaded module.
 */
#ifndef HOSTMEM_PE_EXPORT_TABLE_H
#define HOSTMEM_PE_EXPORT_TABLE_H

#include <windows.h>

/* The ordinal under which a loaded module exports a name; 0: it does not, or under the ordinal 0.
 */
DWORD export_table_ordinal(HMODULE module, const char *name);

/*
 * Where a loaded module has what it exports under a name; NULL: it exports none, or forwards to
 * another module. Unlike GetProcAddress it loads nothing.
 */
const void *export_table_address(HMODULE module, const char *name);

#endif
