/*
 * standard_error.c: a console is written to in UTF-16 pieces, a file or pipe in bytes.
 */
#include "base/standard_error.h"

#include <windows.h>

#include <stdbool.h>
#include <string.h>

enum {
    PIECE_BYTES = 1024
};

static HANDLE standard_error;

void standard_error_open(void)
{
    HANDLE process = GetCurrentProcess();
    HANDLE given = GetStdHandle(STD_ERROR_HANDLE);

    if (!DuplicateHandle(process, given, process, &standard_error, 0, FALSE, DUPLICATE_SAME_ACCESS))
        standard_error = given;
}

static void write_bytes(const char *bytes, DWORD count)
{
    DWORD written;

    while (count && WriteFile(standard_error, bytes, count, &written, NULL) && written) {
        bytes += written;
        count -= written;
    }
}

/* At most PIECE_BYTES, without cutting a character. */
static DWORD piece_length(const char *text, size_t left)
{
    DWORD length = PIECE_BYTES;

    if (left <= PIECE_BYTES)
        return (DWORD)left;
    while (length > 1 && ((unsigned char)text[length] & 0xC0) == 0x80)
        length--;
    return length;
}

static void write_characters(const char *text, size_t left)
{
    wchar_t characters[PIECE_BYTES];

    while (left) {
        DWORD bytes = piece_length(text, left);
        DWORD written;
        int count = MultiByteToWideChar(CP_UTF8, 0, text, (int)bytes, characters, (int)PIECE_BYTES);

        WriteConsoleW(standard_error, characters, (DWORD)count, &written, NULL);
        text += bytes;
        left -= bytes;
    }
}

void standard_error_write(const char *text)
{
    size_t length = strlen(text);
    DWORD mode;

    if (GetConsoleMode(standard_error, &mode))
        write_characters(text, length);
    else
        write_bytes(text, (DWORD)length);
}
