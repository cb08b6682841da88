/*
 * board_section.c: see board_section.h.
 */
#include "board/board_section.h"

#include <hostmem/version.h>

enum {
    NAME_LENGTH = 48,
    TOKEN_USER_SIZE = 256, /* a TOKEN_USER and the longest SID */
    ACL_SIZE = 256
};

/* L"Local\\hostmem-" and the number: the names of one session's processes. */
static void name_section(wchar_t name[NAME_LENGTH], DWORD process)
{
    static const wchar_t begin[] = L"Local\\hostmem-";
    wchar_t digits[12];
    int at = 0, digit = 0;

    for (; begin[at]; at++)
        name[at] = begin[at];
    do
        digits[digit++] = (wchar_t)(L'0' + process % 10);
    while ((process /= 10) != 0);
    while (digit)
        name[at++] = digits[--digit];
    name[at] = L'\0';
}

/* ------------------------------------------------------------------------------------------------
 * Who may open it
 * --------------------------------------------------------------------------------------------- */

struct protection {
    SECURITY_ATTRIBUTES attributes;
    SECURITY_DESCRIPTOR descriptor;
    _Alignas(8) char user[TOKEN_USER_SIZE];
    _Alignas(8) char acl[ACL_SIZE];
};

static bool find_user(struct protection *protection)
{
    HANDLE token;
    DWORD size;
    bool found;

    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
        return false;
    found = GetTokenInformation(token, TokenUser, protection->user, TOKEN_USER_SIZE, &size);
    CloseHandle(token);
    return found;
}

static bool protect(struct protection *protection)
{
    ACL *acl = (ACL *)protection->acl;

    if (!find_user(protection) ||
        !InitializeSecurityDescriptor(&protection->descriptor, SECURITY_DESCRIPTOR_REVISION) ||
        !InitializeAcl(acl, ACL_SIZE, ACL_REVISION) ||
        !AddAccessAllowedAce(acl, ACL_REVISION, SECTION_QUERY | SECTION_MAP_READ | READ_CONTROL,
                             ((TOKEN_USER *)protection->user)->User.Sid) ||
        !SetSecurityDescriptorDacl(&protection->descriptor, TRUE, acl, FALSE))
        return false;
    protection->attributes = (SECURITY_ATTRIBUTES){.nLength = sizeof(protection->attributes),
                                                   .lpSecurityDescriptor = &protection->descriptor};
    return true;
}

/* ------------------------------------------------------------------------------------------------
 * Making and opening
 * --------------------------------------------------------------------------------------------- */

static void identify(struct board *board, DWORD process)
{
    static const char version[] = HOSTMEM_VERSION_TEXT;

    board->magic = BOARD_MAGIC;
    board->layout = BOARD_LAYOUT;
    board->pointer_size = sizeof(void *);
    _Static_assert(sizeof(version) <= sizeof(board->version), "the version has room");
    for (size_t i = 0; i < sizeof(version); i++)
        board->version[i] = version[i];
    board->process = process;
}

static DWORD access_of(bool is_writable)
{
    return is_writable ? FILE_MAP_WRITE : FILE_MAP_READ;
}

struct board *board_section_map(HANDLE section, bool is_writable)
{
    return MapViewOfFile(section, access_of(is_writable), 0, 0, BOARD_SIZE);
}

void *board_section_map_books(HANDLE section, bool is_writable)
{
    return MapViewOfFile(section, access_of(is_writable), 0, BOARD_SIZE, HostMemGetBooksSize());
}

static struct board *make_board(HANDLE section)
{
    struct board *view = board_section_map(section, true);

    if (view && VirtualAlloc(view, BOARD_SIZE, MEM_COMMIT, PAGE_READWRITE))
        return view;
    if (view)
        UnmapViewOfFile(view);
    return NULL;
}

/*
 * What the system says of a name that is taken: the object may be of another kind, or the user may
 * not write to it, as to every section of a board.
 */
static DWORD error_of_taken(DWORD error)
{
    return error == ERROR_ACCESS_DENIED || error == ERROR_INVALID_HANDLE ? ERROR_ALREADY_EXISTS
                                                                         : error;
}

HANDLE board_section_create(DWORD process, struct board **board)
{
    uint64_t size = BOARD_SIZE + HostMemGetBooksSize();
    struct protection protection = {.user = {0}};
    wchar_t name[NAME_LENGTH];
    HANDLE section;

    if (!protect(&protection))
        return NULL;
    name_section(name, process);
    section =
        CreateFileMappingW(INVALID_HANDLE_VALUE, &protection.attributes,
                           PAGE_READWRITE | SEC_RESERVE, (DWORD)(size >> 32), (DWORD)size, name);
    if (!section) {
        SetLastError(error_of_taken(GetLastError()));
        return NULL;
    }
    *board = GetLastError() == ERROR_ALREADY_EXISTS ? NULL : make_board(section);
    if (!*board) {
        DWORD error = GetLastError();

        CloseHandle(section);
        SetLastError(error);
        return NULL;
    }
    identify(*board, process);
    return section;
}

HANDLE board_section_open(DWORD process)
{
    wchar_t name[NAME_LENGTH];

    name_section(name, process);
    return OpenFileMappingW(FILE_MAP_READ, FALSE, name);
}

bool board_is_of_this_version(const struct board *board)
{
    static const char version[] = HOSTMEM_VERSION_TEXT;

    for (size_t i = 0; i < sizeof(version); i++)
        if (board->version[i] != version[i])
            return false;
    return board->magic == BOARD_MAGIC && board->layout == BOARD_LAYOUT &&
           board->pointer_size == sizeof(void *);
}
