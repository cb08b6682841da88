/*
 * agent_path.h: where the agent lies: beside hostmem-run.
 */
#ifndef HOSTMEM_RUN_WATCH_AGENT_PATH_H
#define HOSTMEM_RUN_WATCH_AGENT_PATH_H

#include <wchar.h>

/* The absolute path in ASCII, as an import table needs it. NULL: it has no such form. */
const char *agent_path(void);

/* A file beside hostmem-run. */
wchar_t *path_beside(const wchar_t *name);

#endif
