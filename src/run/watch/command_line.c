/*
 * command_line.c: see command_line.h.
 */
#include "run/watch/command_line.h"

#include "base/wide.h"

#include <stdbool.h>

static bool is_blank(wchar_t character)
{
    return character == L' ' || character == L'\t';
}

/* The program's name knows no backslash that quotes. */
static const wchar_t *skip_name(const wchar_t *at)
{
    bool quoted = false;

    for (; *at && (quoted || !is_blank(*at)); at++)
        if (*at == L'"')
            quoted = !quoted;
    return at;
}

/* 2n backslashes and a quotation mark: it begins or ends a quotation; 2n + 1: it is a character. */
static const wchar_t *skip_argument(const wchar_t *at)
{
    bool quoted = false;

    while (*at && (quoted || !is_blank(*at))) {
        size_t backslashes = wcsspn(at, L"\\");

        at += backslashes;
        if (*at != L'"') {
            at += *at && !backslashes;
            continue;
        }
        if (backslashes % 2 == 0) {
            if (quoted && at[1] == L'"')
                at++; /* two marks in a quotation are one character */
            else
                quoted = !quoted;
        }
        at++;
    }
    return at;
}

static const wchar_t *skip_blanks(const wchar_t *at)
{
    while (is_blank(*at))
        at++;
    return at;
}

const wchar_t *command_line_from(const wchar_t *line, int number)
{
    const wchar_t *at = line;

    for (int i = 0; i < number; i++)
        at = skip_blanks(i ? skip_argument(at) : skip_name(at));
    return at;
}

wchar_t *command_line_with(const wchar_t *program, const wchar_t *rest)
{
    return wide_concatenate(wide_concatenate(L"\"", program, L"\""), *rest ? L" " : L"", rest);
}
