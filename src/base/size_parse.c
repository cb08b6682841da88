/*
 * size_parse.c: a number and its unit. KB and the like are refused: to some people K means 1,000.
 */
#include "base/size_parse.h"

#include <stddef.h>

static bool is_digit(char character)
{
    return character >= '0' && character <= '9';
}

static char lower(char character)
{
    return (char)(character >= 'A' && character <= 'Z' ? character - 'A' + 'a' : character);
}

static bool is_same(const char *text, const char *lower_case)
{
    while (*text && lower(*text) == *lower_case) {
        text++;
        lower_case++;
    }
    return !*text && !*lower_case;
}

/* By how many bits the unit shifts the number; -1: it is not a unit. */
static int shift_of(const char *unit)
{
    static const struct {
        const char *name;
        int shift;
    } units[] = {{"", 0},   {"b", 0},    {"k", 10}, {"kib", 10},
                 {"m", 20}, {"mib", 20}, {"g", 30}, {"gib", 30}};

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (is_same(unit, units[i].name))
            return units[i].shift;
    return -1;
}

bool size_parse(const char *text, uint64_t *size)
{
    uint64_t number = 0;
    int shift;

    if (!is_digit(*text))
        return false;
    for (; is_digit(*text); text++) {
        unsigned digit = (unsigned)(*text - '0');

        if (number > (UINT64_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    shift = shift_of(text);
    if (shift < 0 || number > UINT64_MAX >> shift)
        return false;
    *size = number << shift;
    return true;
}
