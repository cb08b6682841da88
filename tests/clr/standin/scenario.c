/*
 * scenario.c: the words of STANDIN_CLR.
 */
#include "scenario.h"

#include <windows.h>

#include <wchar.h>

static const wchar_t *const words[SCENARIOS] = {
    [SCENARIO_NONE] = L"none",
    [SCENARIO_V2] = L"v2",
    [SCENARIO_UNLOADABLE] = L"unloadable",
    [SCENARIO_START_FAILS] = L"start-fails",
    [SCENARIO_REFUSES_CONTROL] = L"refuses-control",
    [SCENARIO_UNHANDLED] = L"unhandled",
    [SCENARIO_NO_METHOD] = L"no-method",
    [SCENARIO_NO_TYPE] = L"no-type",
    [SCENARIO_EXIT] = L"exit",
    [SCENARIO_LEAK] = L"leak",
    [SCENARIO_PRESSURE] = L"pressure",
};

static bool chosen[SCENARIOS];

static bool has_word(const wchar_t *text, const wchar_t *word)
{
    const size_t length = wcslen(word);

    for (;;) {
        const size_t next = wcscspn(text, L";");

        if (next == length && wcsncmp(text, word, length) == 0)
            return true;
        if (!text[next])
            return false;
        text += next + 1;
    }
}

void scenario_read(void)
{
    wchar_t text[256] = L"";
    const DWORD length = GetEnvironmentVariableW(L"STANDIN_CLR", text, ARRAYSIZE(text));

    if (length >= ARRAYSIZE(text)) /* longer than all of the words together */
        text[0] = L'\0';
    for (int i = 0; i < SCENARIOS; i++)
        chosen[i] = has_word(text, words[i]);
}

bool scenario_is(enum scenario scenario)
{
    return chosen[scenario];
}
