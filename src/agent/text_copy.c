/*
 * text_copy.c: see text_copy.h.
 */
#include "agent/text_copy.h"

void text_copy(char *to, size_t size, const char *text)
{
    size_t at = 0;

    for (; text && text[at] && at < size - 1; at++)
        to[at] = text[at];
    to[at] = '\0';
}

void text_copy_wide(char *to, size_t size, const wchar_t *text)
{
    int length = 0, written = 0;

    while (text[length])
        length++;
    /* A text that does not fit is cut by characters, never inside one. */
    while (length && (written = WideCharToMultiByte(CP_UTF8, 0, text, length, to, (int)size - 1,
                                                    NULL, NULL)) == 0)
        length--;
    to[written] = '\0';
}

const wchar_t *text_file_name(const wchar_t *path)
{
    const wchar_t *name = path;

    for (; *path; path++)
        if (*path == L'\\' || *path == L'/')
            name = path + 1;
    return name;
}
