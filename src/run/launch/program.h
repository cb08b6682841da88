/*
 * program.h: the .NET program to run, checked before a runtime is started for it.
 */
#ifndef HOSTMEM_RUN_LAUNCH_PROGRAM_H
#define HOSTMEM_RUN_LAUNCH_PROGRAM_H

#include "pe/pe_headers.h"
#include "pe/pe_metadata.h"

#include <windows.h>

#include <wchar.h>

struct program {
    const wchar_t *path;      /* absolute */
    const wchar_t *directory; /* that the file is in */
    const char *path_utf8;
    struct pe_metadata metadata;
    int argument_count; /* the program's own arguments */
    wchar_t **arguments;
};

/*
 * Fills in program from the name given on the command line, and checks that the file can be read,
 * is a .NET program, and runs in a process of this bitness. An apphost, which is a native NAME.exe,
 * stands for the NAME.dll beside it. GO_ON, or the exit code of the failure that it has announced.
 */
int program_open(struct program *program, const wchar_t *name, int argument_count,
                 wchar_t **arguments);

/*
 * Reads the headers of the file at path, which the user called name. GO_ON, or the exit code of the
 * failure that it has announced: it cannot be read, or is no program file.
 */
int program_read_headers(const wchar_t *path, const char *name, struct pe_headers *pe);

/* The path of the file beside the program with the same name and another extension. */
wchar_t *program_companion(const struct program *program, const wchar_t *extension);

/* Announces that the runtime failed to run the program, and returns the exit code for it. */
int program_not_run(const struct program *program, HRESULT result);

#endif
