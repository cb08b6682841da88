/*
 * coreclr_domain.c: where the program's domain finds assemblies and libraries.
 */
#include "run/host/coreclr/coreclr_domain.h"

#include "base/path.h"
#include "base/startup_alloc.h"
#include "base/wide.h"

#include <windows.h>

/* The paths of the runtime's libraries, each followed by a semicolon. */
struct path_list {
    wchar_t *text; /* NULL while only the length is counted */
    size_t length;
};

static void list_text(struct path_list *list, const wchar_t *text)
{
    size_t length = wcslen(text);

    if (list->text)
        wmemcpy(list->text + list->length, text, length);
    list->length += length;
}

static void list_libraries(struct path_list *list, const wchar_t *directory)
{
    WIN32_FIND_DATAW found;
    HANDLE listing = FindFirstFileW(path_join(directory, L"*.dll"), &found);

    if (listing == INVALID_HANDLE_VALUE)
        return;
    do {
        list_text(list, directory);
        list_text(list, L"\\");
        list_text(list, found.cFileName);
        list_text(list, L";");
    } while (FindNextFileW(listing, &found));
    FindClose(listing);
}

/*
 * Every library of the runtime is trusted. Native ones among them do no harm: the runtime looks
 * assemblies up in this list by name. The directory is listed twice: for the length, and for the
 * text.
 */
static wchar_t *trusted_assemblies(const wchar_t *directory)
{
    struct path_list list = {0};

    list_libraries(&list, directory);
    list.text = startup_alloc((list.length + 1) * sizeof(wchar_t));
    list.length = 0;
    list_libraries(&list, directory);
    return list.text;
}

void coreclr_domain_properties_make(struct domain_properties *properties,
                                    const struct runtime *runtime, const struct program *program)
{
    const struct domain_properties made = {
        .names = {L"TRUSTED_PLATFORM_ASSEMBLIES", L"APP_PATHS", L"APP_NI_PATHS",
                  L"NATIVE_DLL_SEARCH_DIRECTORIES", L"APP_CONTEXT_BASE_DIRECTORY",
                  L"AppDomainCompatSwitch"},
        .values = {trusted_assemblies(runtime->directory), program->directory, program->directory,
                   wide_concatenate(program->directory, L";", runtime->directory),
                   path_join(program->directory, L""), L"UseLatestBehaviorWhenTFMNotSpecified"}};

    *properties = made;
}
