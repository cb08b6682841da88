/*
 * version.c: compares versions part by part. Numbers are compared as strings of digits, so that no
 * number is too large.
 */
#include "base/version.h"

#include <wctype.h>

static size_t digits(const wchar_t *text)
{
    return wcsspn(text, L"0123456789");
}

bool version_is_one(const wchar_t *text)
{
    for (int part = 0; part < 3; part++) {
        size_t length = digits(text);

        if (!length)
            return false;
        text += length;
        if (part < 2 && *text++ != L'.')
            return false;
    }
    return *text == L'\0' || *text == L'-' || *text == L'+';
}

/* A part ends at a dot. The last one ends at the build metadata, which does not count. */
static size_t part_length(const wchar_t *text)
{
    return wcscspn(text, L".+");
}

static int sign(long long difference)
{
    return (difference > 0) - (difference < 0);
}

static int compare_numbers(const wchar_t *a, size_t a_length, const wchar_t *b, size_t b_length)
{
    for (; a_length > 1 && *a == L'0'; a_length--)
        a++;
    for (; b_length > 1 && *b == L'0'; b_length--)
        b++;
    if (a_length != b_length)
        return a_length > b_length ? 1 : -1;
    return sign(wcsncmp(a, b, a_length));
}

static int compare_words(const wchar_t *a, size_t a_length, const wchar_t *b, size_t b_length)
{
    int order = wcsncmp(a, b, a_length < b_length ? a_length : b_length);

    return order ? sign(order) : sign((long long)a_length - (long long)b_length);
}

/* A number is older than a word. */
static int compare_parts(const wchar_t *a, size_t a_length, const wchar_t *b, size_t b_length)
{
    bool a_is_number = a_length && digits(a) >= a_length;
    bool b_is_number = b_length && digits(b) >= b_length;

    if (a_is_number && b_is_number)
        return compare_numbers(a, a_length, b, b_length);
    if (a_is_number != b_is_number)
        return a_is_number ? -1 : 1;
    return compare_words(a, a_length, b, b_length);
}

/* Compares pre-release names part by part; of two that agree, the longer one is newer. */
static int compare_prereleases(const wchar_t *a, const wchar_t *b)
{
    for (;;) {
        size_t a_length = part_length(a);
        size_t b_length = part_length(b);
        int order = compare_parts(a, a_length, b, b_length);

        if (order)
            return order;
        a += a_length;
        b += b_length;
        if (*a != L'.' || *b != L'.')
            return (*a == L'.') - (*b == L'.');
        a++;
        b++;
    }
}

int version_compare(const wchar_t *a, const wchar_t *b)
{
    for (int part = 0; part < 3; part++) {
        size_t a_length = digits(a);
        size_t b_length = digits(b);
        int order = compare_numbers(a, a_length, b, b_length);

        if (order)
            return order;
        a += a_length + (part < 2);
        b += b_length + (part < 2);
    }
    if (*a == L'-' && *b == L'-')
        return compare_prereleases(a + 1, b + 1);
    return (*b == L'-') - (*a == L'-');
}
