/*
 * calls_sections.c: see calls.h: sections of the paging file.
 */
#include "calls.h"

#include "calls_note.h"

static HRESULT result_of(bool done)
{
    return done ? S_OK : hresult_of_error(GetLastError());
}

HANDLE call_make_section(struct caller *caller, SIZE_T size)
{
    HANDLE handle;

    note_begin(caller, CALL_MAKE_SECTION);
    handle = caller->sections->make(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE | SEC_RESERVE, 0,
                                    (DWORD)size, NULL);
    note_end(caller, result_of(handle != NULL), ACCEPT_REFUSED);
    return handle;
}

HANDLE call_duplicate_handle(struct caller *caller, HANDLE handle)
{
    HANDLE process = GetCurrentProcess(), duplicate = NULL;

    NOTE(caller, CALL_DUPLICATE_HANDLE, 0,
         result_of(caller->sections->duplicate(process, handle, process, &duplicate, 0, FALSE,
                                               DUPLICATE_SAME_ACCESS) != 0));
    return duplicate;
}

void call_close_handle(struct caller *caller, HANDLE handle)
{
    NOTE(caller, CALL_CLOSE_HANDLE, 0, result_of(caller->sections->close(handle) != 0));
}

static char *map_view(struct caller *caller, unsigned accepted, HANDLE section, SIZE_T offset,
                      SIZE_T size, void *address)
{
    char *view;

    note_begin(caller, CALL_MAP_VIEW);
    view = caller->sections->map(section, FILE_MAP_WRITE, 0, (DWORD)offset, size, address);
    note_end(caller, result_of(view != NULL), accepted);
    return view;
}

char *call_map_view(struct caller *caller, HANDLE section, SIZE_T offset, SIZE_T size)
{
    return map_view(caller, 0, section, offset, size, NULL);
}

bool call_map_view_contested(struct caller *caller, HANDLE section, void *address, SIZE_T size)
{
    return map_view(caller, ACCEPT_NOBODYS, section, 0, size, address) != NULL;
}

static bool commit(struct caller *caller, unsigned accepted, void *address, SIZE_T size)
{
    return NOTE(
        caller, CALL_COMMIT_IN_VIEW, accepted,
        result_of(caller->sections->alloc(address, size, MEM_COMMIT, PAGE_READWRITE) != NULL));
}

bool call_commit_in_view(struct caller *caller, void *address, SIZE_T size)
{
    return commit(caller, ACCEPT_REFUSED, address, size);
}

void call_commit_in_view_contested(struct caller *caller, void *address, SIZE_T size)
{
    commit(caller, ACCEPT_REFUSED | ACCEPT_NOBODYS, address, size);
}

void call_unmap_view(struct caller *caller, void *view)
{
    NOTE(caller, CALL_UNMAP_VIEW, 0, result_of(caller->sections->unmap(view) != 0));
}

static HRESULT CALLBACK count_section(void *context, const HOSTMEM_SECTION *section)
{
    (void)section;
    ++*(unsigned *)context;
    return S_OK;
}

unsigned call_enum_sections(struct caller *caller)
{
    unsigned found = 0;

    NOTE(caller, CALL_ENUM_SECTIONS, 0,
         IHostMemInspection_EnumSections(caller->inspection, count_section, &found));
    return found;
}

HOSTMEM_SECTION call_find_section(struct caller *caller, const void *address)
{
    HOSTMEM_SECTION section = {0};

    NOTE(caller, CALL_FIND_SECTION, ACCEPT_NOTHING,
         IHostMemInspection_FindSection(caller->inspection, address, &section));
    return section;
}
