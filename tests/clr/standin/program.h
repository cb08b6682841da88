/*
 * program.h: runs a program. The stand-in cannot execute an assembly; it makes the memory calls
 * that a CLR makes around it.
 */
#ifndef STANDIN_PROGRAM_H
#define STANDIN_PROGRAM_H

#include <windows.h>

/* Returns S_OK; the error of loading the assembly; E_FAIL and a line on stderr if a call failed. */
HRESULT program_run(const wchar_t *path);

#endif
