/*
 * coreclr_find.c: looks for coreclr.dll in one directory after another.
 */
#include "run/host/coreclr/coreclr_find.h"

#include "base/architecture.h"
#include "base/exit_code.h"
#include "base/path.h"
#include "base/startup_alloc.h"
#include "base/version.h"
#include "base/wide.h"
#include "run/launch/program_file.h"
#include "run/launch/search_paths.h"

#include <string.h>

/* The best runtime of the directories looked at so far. */
struct search {
    wchar_t *directory;  /* NULL: none yet */
    wchar_t *version;    /* its directory's name, when that is a version; else NULL */
    bool saw_other_bits; /* a runtime of the other bitness was found */
};

/* ------------------------------------------------------------------------------------------------
 * One directory
 * --------------------------------------------------------------------------------------------- */

static bool is_newer(const struct search *search, const wchar_t *version)
{
    if (!search->directory)
        return true;
    return version && search->version && version_compare(version, search->version) > 0;
}

/* Looks at a directory that may hold coreclr.dll. version: NULL if its name is not one. */
static void consider(struct search *search, wchar_t *directory, wchar_t *version)
{
    struct pe_headers pe;

    if (program_file_headers(path_join(directory, L"coreclr.dll"), &pe) != PROGRAM_FILE_PE)
        return;
    if (pe.machine != ARCHITECTURE_MACHINE) {
        search->saw_other_bits = true;
        return;
    }
    if (is_newer(search, version)) {
        search->directory = directory;
        search->version = version;
    }
}

struct shared_directory {
    struct search *search;
    wchar_t *path;
};

static void consider_version(void *context, const wchar_t *version)
{
    const struct shared_directory *shared = context;

    consider(shared->search, path_join(shared->path, version), wide_concatenate(version, L"", L""));
}

/* A search_path_callback. */
static void consider_installed(void *context, wchar_t *root)
{
    struct shared_directory shared = {context, path_join(root, L"shared\\Microsoft.NETCore.App")};

    search_path_versions(shared.path, consider_version, &shared);
}

static void look_in(struct search *search, const wchar_t *place)
{
    wchar_t *full = path_full(place);

    consider(search, full, NULL);
    if (!search->directory)
        consider_installed(search, full);
}

static void look_around(struct search *search, const wchar_t *program_directory)
{
    const wchar_t *root = search_path_of_variable();

    if (root)
        look_in(search, root);
    if (!search->directory)
        consider(search, path_full(program_directory), NULL);
    if (!search->directory)
        search_paths_installed(consider_installed, search);
}

/* ------------------------------------------------------------------------------------------------
 * The result
 * --------------------------------------------------------------------------------------------- */

/* The second line of the file .version, which every published runtime has; NULL: there is none. */
static const char *read_version_file(const wchar_t *directory)
{
    HANDLE file = CreateFileW(path_join(directory, L".version"), GENERIC_READ, FILE_SHARE_READ,
                              NULL, OPEN_EXISTING, 0, NULL);
    char *content = startup_alloc(512);
    DWORD read = 0;
    char *line;

    if (file == INVALID_HANDLE_VALUE)
        return NULL;
    if (!ReadFile(file, content, 511, &read, NULL))
        read = 0;
    CloseHandle(file);
    line = strpbrk(content, "\r\n");
    if (!line)
        return NULL;
    line += strspn(line, "\r\n");
    line[strcspn(line, "\r\n")] = '\0';
    return *line ? line : NULL;
}

void coreclr_describe(struct runtime *runtime, const wchar_t *directory)
{
    const wchar_t *name = path_file_name(directory);

    runtime->family = "CoreCLR";
    runtime->directory = directory;
    runtime->directory_utf8 = utf8_from_wide(directory);
    runtime->version = read_version_file(directory);
    if (!runtime->version)
        runtime->version = version_is_one(name) ? utf8_from_wide(name) : "unknown";
}

static int take(struct runtime *runtime, const struct search *search)
{
    coreclr_describe(runtime, search->directory);
    return GO_ON;
}

/* source: what named this place, for the message. */
static int find_in(struct runtime *runtime, const wchar_t *place, const char *source)
{
    struct search search = {0};

    look_in(&search, place);
    if (search.directory)
        return take(runtime, &search);
    if (search.saw_other_bits)
        return fail(EXIT_CODE_BITNESS,
                    "the runtime in %s (%s) is not a %d-bit one as this hostmem-run is: use the "
                    "other one.",
                    utf8_from_wide(place), source, ARCHITECTURE_BITS);
    return fail(EXIT_CODE_NO_RUNTIME,
                "there is no runtime in %s (%s): neither coreclr.dll nor "
                "shared\\Microsoft.NETCore.App.",
                utf8_from_wide(place), source);
}

int coreclr_find(struct runtime *runtime, const wchar_t *asked, const wchar_t *program_directory)
{
    const wchar_t *place = search_path_asked_for(asked);
    struct search search = {0};

    if (place)
        return find_in(runtime, place, asked ? "--runtime" : "HOSTMEM_RUNTIME");
    look_around(&search, program_directory);
    if (search.directory)
        return take(runtime, &search);
    return fail(EXIT_CODE_NO_RUNTIME,
                "no %d-bit .NET Core runtime was found: give --runtime DIR, or set "
                "HOSTMEM_RUNTIME or DOTNET_ROOT.",
                ARCHITECTURE_BITS);
}
