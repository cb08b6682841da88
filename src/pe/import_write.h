/*
 * import_write.h: writing an entry of a loaded module's import address table.
 *
 * An entry is a pointer that the module calls through; its page may be read-only, and may hold code
 * that other threads are running. The write is atomic. A page that cannot be written is made
 * writable and keeps the right to execute meanwhile; then it gets the protection back that it had
 * before. So two threads must not write entries of one page at once.
 */
#ifndef HOSTMEM_PE_IMPORT_WRITE_H
#define HOSTMEM_PE_IMPORT_WRITE_H

#include <windows.h>

/* Returns 0, or Win32's error number: then nothing is written. */
DWORD import_write(void *volatile *entry, void *value);

#endif
