/*
 * report_file.c: see report_file.h.
 */
#include "run/watch/report_file.h"

#include "base/exit_code.h"
#include "base/wide.h"
#include "report/report_json.h"

static bool is_standard_output(const struct report_file *file)
{
    return file->path && !wcscmp(file->path, L"-");
}

static int cannot_write(const struct report_file *file)
{
    DWORD error = GetLastError();

    return fail(EXIT_CODE_REPORT_FILE, "the report cannot be written to %s (Windows error %lu).",
                is_standard_output(file) ? "standard output" : utf8_from_wide(file->path), error);
}

/* What MoveFileEx would refuse afterwards. */
static bool can_be_replaced(const wchar_t *path)
{
    DWORD attributes = GetFileAttributesW(path);

    if (attributes == INVALID_FILE_ATTRIBUTES ||
        !(attributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_READONLY)))
        return true;
    SetLastError(ERROR_ACCESS_DENIED);
    return false;
}

static int open_standard_output(struct report_file *file)
{
    file->handle = GetStdHandle(STD_OUTPUT_HANDLE);
    if (file->handle != NULL && file->handle != INVALID_HANDLE_VALUE)
        return GO_ON;
    SetLastError(ERROR_INVALID_HANDLE);
    return cannot_write(file);
}

int report_file_open(struct report_file *file, const wchar_t *path)
{
    wchar_t number[32];

    *file = (struct report_file){.path = path, .handle = INVALID_HANDLE_VALUE};
    if (!path)
        return GO_ON;
    if (is_standard_output(file))
        return open_standard_output(file);
    if (!can_be_replaced(path))
        return cannot_write(file);
    swprintf(number, sizeof(number) / sizeof(number[0]), L".%lu.part", GetCurrentProcessId());
    file->beside = wide_concatenate(path, number, L"");
    file->handle = CreateFileW(file->beside, GENERIC_WRITE | DELETE, FILE_SHARE_READ, NULL,
                               CREATE_ALWAYS, 0, NULL);
    return file->handle == INVALID_HANDLE_VALUE ? cannot_write(file) : GO_ON;
}

/* A report_json_output; the context is the file's handle. */
static bool write_bytes(void *file, const char *bytes, size_t length)
{
    DWORD written;

    return WriteFile(file, bytes, (DWORD)length, &written, NULL) && written == length;
}

static bool put_into_place(struct report_file *file)
{
    bool flushed = FlushFileBuffers(file->handle);

    CloseHandle(file->handle);
    file->handle = INVALID_HANDLE_VALUE;
    return flushed && MoveFileExW(file->beside, file->path, MOVEFILE_REPLACE_EXISTING);
}

int report_file_write(struct report_file *file, const struct snapshot *snapshot,
                      struct arena *arena)
{
    int code = GO_ON;

    if (!file->path)
        return GO_ON;
    if (!report_json_write(snapshot, arena, write_bytes, file->handle) ||
        (!is_standard_output(file) && !put_into_place(file)))
        code = cannot_write(file);
    if (code != GO_ON)
        report_file_discard(file);
    return code;
}

void report_file_discard(struct report_file *file)
{
    if (!file->beside)
        return;
    if (file->handle != INVALID_HANDLE_VALUE)
        CloseHandle(file->handle);
    file->handle = INVALID_HANDLE_VALUE;
    DeleteFileW(file->beside);
}
