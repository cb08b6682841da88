/*
 * hostfxr_place.c: looking for hostfxr.dll, place by place.
 */
#include "run/launch/hostfxr/hostfxr_find.h"

#include "base/architecture.h"
#include "pe/pe_headers.h"
#include "run/launch/search_paths.h"
#include "base/version.h"
#include "base/wide.h"

struct search {
    struct hostfxr_place host;
    const wchar_t *version; /* of the host found so far */
};

/* ------------------------------------------------------------------------------------------------
 * One place
 * --------------------------------------------------------------------------------------------- */

static bool fits(const wchar_t *path)
{
    struct pe_headers pe;

    return pe_file_read(path, &pe) == PE_FILE && pe.machine == ARCHITECTURE_MACHINE;
}

static void consider(struct search *search, const wchar_t *fxr, const wchar_t *version)
{
    const wchar_t *path;

    if (search->version && version_compare(version, search->version) <= 0)
        return;
    path = path_join(path_join(fxr, version), L"hostfxr.dll");
    if (!fits(path))
        return;
    search->host.hostfxr = path;
    search->version = wide_concatenate(version, L"", L"");
}

/* A search_path_callback; what was found before stays. */
static void look_in_root(void *context, wchar_t *root)
{
    struct search *search = context;
    wchar_t *fxr = path_join(root, L"host\\fxr");
    WIN32_FIND_DATAW found;
    HANDLE listing;

    if (search->host.hostfxr)
        return;
    listing = FindFirstFileW(path_join(fxr, L"*"), &found);
    if (listing == INVALID_HANDLE_VALUE)
        return;
    do {
        if (version_is_one(found.cFileName))
            consider(search, fxr, found.cFileName);
    } while (FindNextFileW(listing, &found));
    FindClose(listing);
    search->host.root = root;
}

/* ------------------------------------------------------------------------------------------------
 * The program
 * --------------------------------------------------------------------------------------------- */

bool hostfxr_is_wanted(const struct program *program)
{
    return path_is_file(program_companion(program, L".runtimeconfig.json"));
}

/* It has the parts of its host and a runtime beside it, and says what they are to load. */
static bool is_self_contained(const struct program *program)
{
    static const wchar_t *const parts[] = {L"coreclr.dll", L"hostpolicy.dll", L"hostfxr.dll"};

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (!path_is_file(path_join(program->directory, parts[i])))
            return false;
    }
    return path_is_file(program_companion(program, L".deps.json"));
}

static void take_own(struct search *search, const struct program *program)
{
    const wchar_t *path = path_join(program->directory, L"hostfxr.dll");

    search->host.is_self_contained = true;
    search->host.root = program->directory;
    if (fits(path))
        search->host.hostfxr = path;
}

static void look_around(struct search *search, const struct program *program)
{
    wchar_t *root = search_path_of_variable();

    if (root)
        look_in_root(search, root);
    search_paths_above(program->directory, look_in_root, search);
    search_paths_installed(look_in_root, search);
}

struct hostfxr_place hostfxr_find(const struct program *program, const wchar_t *asked)
{
    struct search search = {.version = NULL};

    if (asked)
        look_in_root(&search, path_full(asked));
    else if (is_self_contained(program))
        take_own(&search, program);
    else
        look_around(&search, program);
    return search.host;
}
