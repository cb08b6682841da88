/*
 * plan.h: what a program file is, and what is started for it.
 *
 * A file is known by its headers and exports, not by its name.
 */
#ifndef HOSTMEM_RUN_WATCH_PLAN_H
#define HOSTMEM_RUN_WATCH_PLAN_H

#include "run/launch/arguments.h"

enum program_shape {
    SHAPE_ASSEMBLY,    /* managed code: has a CLI header */
    SHAPE_APPHOST,     /* a native program whose NAME.dll beside it is an assembly */
    SHAPE_SINGLE_FILE, /* the runtime is in the file: exports DotNetRuntimeInfo */
    SHAPE_NATIVE_AOT,  /* compiled ahead of time: exports DotNetRuntimeDebugHeader */
    SHAPE_NATIVE       /* any other native program */
};

enum plan_start {
    PLAN_ITSELF,       /* the program is started, with the agent inside */
    PLAN_HOST,         /* hostmem-host is started, and hosts a runtime for it */
    PLAN_OTHER_BITNESS /* the hostmem-run of the other bitness is started */
};

struct plan {
    const wchar_t *program; /* absolute */
    enum program_shape shape;
    enum plan_start start;
    const wchar_t *started; /* absolute path of the file that is started */
};

/* GO_ON, or the exit code of the failure that it has announced. */
int plan_make(struct plan *plan, const struct arguments *arguments);

/* For --explain: what the program is, and what would be done, in a few lines on stdout. */
void plan_explain(const struct plan *plan, const struct arguments *arguments);

#endif
