/*
 * standin_use.h: the stand-in for .NET Framework's mscoree.dll, loaded as a host loads the real
 * one, with a hostmem manager behind a control that notes what it is asked.
 */
#ifndef HOSTMEM_TESTS_CLR_STANDIN_USE_H
#define HOSTMEM_TESTS_CLR_STANDIN_USE_H

#include "support.h"

#include "run/host/framework_hosting.h"

#define MOST_ASKED 16

/* A control that passes every request on and notes it. */
struct recorder {
    IHostControl IHostControl_iface;
    IHostControl *control; /* to pass on to */
    LONG add_refs, releases;
    unsigned asked;
    IID iids[MOST_ASKED];
    HRESULT answer; /* S_OK: the control's own; else this, with the control's object */
};

struct standin {
    struct subject subject;
    struct recorder recorder;
    HMODULE module;
    clr_create_instance_function create;
    ICLRMetaHost *meta;
    ICLRRuntimeInfo *info; /* of v4.0.30319; NULL: not installed, or not asked for */
    ICLRRuntimeHost *host; /* likewise */
    ICorRuntimeHost *cor;
    wchar_t trace[MAX_PATH]; /* the file that the stand-in writes */
};

/* Loads the DLL with that scenario (NULL: a healthy machine), and gets ICLRMetaHost. */
void standin_load(struct standin *standin, const wchar_t *scenario, const HOSTMEM_LIMITS *limits);

/* The same; and gets both interfaces to v4.0.30319. */
void standin_bind(struct standin *standin, const wchar_t *scenario, const HOSTMEM_LIMITS *limits);

/* The same; and sets the host control and starts the runtime. */
void standin_start(struct standin *standin, const wchar_t *scenario, const HOSTMEM_LIMITS *limits);

/* Unloads the DLL, which ends the runtime if it was not stopped. The subject and the trace stay. */
void standin_unload(struct standin *standin);

/* Unloads it if that has not been done, and gives the rest back. */
void standin_end(struct standin *standin);

/* The default domain's ExecuteAssembly_3, with so many arguments. */
HRESULT standin_execute(const struct standin *standin, const wchar_t *path,
                        const wchar_t *const *arguments, unsigned count, LONG *exit_code);

/* A file for programs to be: the test itself. And one that is not there. */
const wchar_t *program_path(void);
const wchar_t *missing_path(void);

/* The new name of a temporary file. Its directory exists, and so does, empty, the file. */
void temporary_file(wchar_t path[MAX_PATH]);

/* All of a file, and a null after it; to be freed. Fails the test if it cannot be read. */
char *file_text(const wchar_t *path);

/* What goes to a standard handle from one call to the other; the text is to be freed. */
struct capture {
    DWORD which; /* STD_OUTPUT_HANDLE or STD_ERROR_HANDLE */
    HANDLE before, file;
    wchar_t path[MAX_PATH];
};

void capture_begin(struct capture *capture, DWORD which);
char *capture_end(struct capture *capture);

#endif
