/*
 * result_text.h: what a message says of an HRESULT behind its number.
 */
#ifndef HOSTMEM_RUN_LAUNCH_RESULT_TEXT_H
#define HOSTMEM_RUN_LAUNCH_RESULT_TEXT_H

#include <windows.h>

/*
 * " E_OUTOFMEMORY: A limit refuses the request.", a name and a sentence with a space before them,
 * to be put behind a message that is complete without; empty if the HRESULT has no name. Never
 * freed.
 */
const char *result_text(HRESULT result);

#endif
