/*
 * search_paths.c: see search_paths.h.
 */
#include "run/launch/search_paths.h"

#include "base/architecture.h"
#include "base/environment.h"
#include "base/path.h"
#include "base/startup_alloc.h"
#include "base/version.h"
#include "base/wide.h"

#include <windows.h>

struct visit {
    search_path_callback *callback;
    void *context;
};

static void visit_below(const struct visit *visit, const wchar_t *variable, const wchar_t *below)
{
    wchar_t *place = environment_value(variable);

    if (place)
        visit->callback(visit->context, path_full(path_join(place, below)));
}

/* Where the dotnet command is, if PATH leads to one. */
static void visit_dotnet_command(const struct visit *visit)
{
    DWORD size = SearchPathW(NULL, L"dotnet.exe", NULL, 0, NULL, NULL);
    wchar_t *path;

    if (!size)
        return;
    path = startup_alloc(((size_t)size + 1) * sizeof(wchar_t));
    if (SearchPathW(NULL, L"dotnet.exe", NULL, size + 1, path, NULL))
        visit->callback(visit->context, path_directory(path_full(path)));
}

void search_paths_installed(search_path_callback *callback, void *context)
{
    const struct visit visit = {callback, context};

    visit_below(&visit, L"ProgramFiles", L"dotnet");
    visit_below(&visit, L"ProgramW6432", L"dotnet");
    visit_below(&visit, L"ProgramFiles(x86)", L"dotnet");
    visit_below(&visit, L"LocalAppData", L"Microsoft\\dotnet");
    visit_below(&visit, L"UserProfile", L".dotnet");
    visit_dotnet_command(&visit);
}

const wchar_t *search_path_asked_for(const wchar_t *option)
{
    return option ? option : environment_value(L"HOSTMEM_RUNTIME");
}

wchar_t *search_path_of_variable(void)
{
    wchar_t *root = NULL;

    if (ARCHITECTURE_BITS == 32)
        root = environment_value(L"DOTNET_ROOT(x86)");
    if (!root)
        root = environment_value(L"DOTNET_ROOT");
    return root ? path_full(root) : NULL;
}

void search_paths_above(const wchar_t *directory, search_path_callback *callback, void *context)
{
    wchar_t *at = wide_concatenate(directory, L"", L"");
    const wchar_t *below;

    do {
        callback(context, at);
        below = at;
        at = path_directory(at);
    } while (*at && wcscmp(at, below) != 0);
}

bool search_path_versions(const wchar_t *directory, search_path_version_callback *callback,
                          void *context)
{
    WIN32_FIND_DATAW found;
    HANDLE listing = FindFirstFileW(path_join(directory, L"*"), &found);

    if (listing == INVALID_HANDLE_VALUE)
        return false;
    do {
        if (version_is_one(found.cFileName))
            callback(context, found.cFileName);
    } while (FindNextFileW(listing, &found));
    FindClose(listing);
    return true;
}
