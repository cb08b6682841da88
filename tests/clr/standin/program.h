/*
 * program.h: a program runs. The stand-in cannot execute what is in an assembly; it does with
 * memory what a CLR does around it.
 */
#ifndef STANDIN_PROGRAM_H
#define STANDIN_PROGRAM_H

#include <windows.h>

/* S_OK; how the assembly could not be loaded; E_FAIL, and a line on stderr, if a call failed. */
HRESULT program_run(const wchar_t *path);

#endif
