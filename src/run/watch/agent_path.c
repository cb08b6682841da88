/*
 * agent_path.c: a path with other characters than ASCII has a short form on most volumes.
 */
#include "run/watch/agent_path.h"

#include "base/path.h"
#include "base/startup_alloc.h"
#include "base/wide.h"

#include <windows.h>

#include <stdbool.h>

wchar_t *path_beside(const wchar_t *name)
{
    wchar_t *own = startup_alloc(PATH_MOST * sizeof(*own));

    GetModuleFileNameW(NULL, own, PATH_MOST);
    return path_join(path_directory(own), name);
}

static bool is_ascii(const wchar_t *text)
{
    while (*text && *text < 0x80)
        text++;
    return !*text;
}

const char *agent_path(void)
{
    wchar_t *path = path_beside(L"hostmem-agent.dll");
    wchar_t *brief = startup_alloc(PATH_MOST * sizeof(*brief));

    if (is_ascii(path))
        return utf8_from_wide(path);
    if (!GetShortPathNameW(path, brief, PATH_MOST) || !is_ascii(brief))
        return NULL;
    return utf8_from_wide(brief);
}
