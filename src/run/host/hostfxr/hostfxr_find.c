/*
 * hostfxr_find.c: looks for hostfxr.dll in one dotnet root after another.
 */
#include "run/host/hostfxr/hostfxr_find.h"

#include "base/architecture.h"
#include "base/path.h"
#include "base/version.h"
#include "base/wide.h"
#include "run/launch/program_file.h"
#include "run/launch/search_paths.h"

struct search {
    struct hostfxr_place host;
    const wchar_t *version; /* of the host found so far; NULL: none yet */
};

/* ------------------------------------------------------------------------------------------------
 * One dotnet root
 * --------------------------------------------------------------------------------------------- */

static bool fits(const wchar_t *path)
{
    struct pe_headers pe;

    return program_file_headers(path, &pe) == PROGRAM_FILE_PE && pe.machine == ARCHITECTURE_MACHINE;
}

struct fxr_directory {
    struct search *search;
    wchar_t *path;
};

static void consider_version(void *context, const wchar_t *version)
{
    const struct fxr_directory *fxr = context;
    struct search *search = fxr->search;
    const wchar_t *path;

    if (search->version && version_compare(version, search->version) <= 0)
        return;
    path = path_join(path_join(fxr->path, version), L"hostfxr.dll");
    if (!fits(path))
        return;
    search->host.hostfxr = path;
    search->version = wide_concatenate(version, L"", L"");
}

/* A search_path_callback. Once a host is found, further roots are passed over. */
static void look_in_root(void *context, wchar_t *root)
{
    struct search *search = context;
    struct fxr_directory fxr = {search, path_join(root, L"host\\fxr")};

    if (!search->host.hostfxr && search_path_versions(fxr.path, consider_version, &fxr))
        search->host.root = root;
}

/* ------------------------------------------------------------------------------------------------
 * The program
 * --------------------------------------------------------------------------------------------- */

bool hostfxr_is_wanted(const struct program *program)
{
    return path_is_file(program_companion(program, L".runtimeconfig.json"));
}

/* The host's parts and a runtime are beside it, and a .deps.json that says what they load. */
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
