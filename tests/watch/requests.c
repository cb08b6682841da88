/*
 * requests.c: see requests.h.
 */
#include "requests.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    REQUEST_SIZE = 4096,
    PIPE_SIZE = 65536,
    ANSWER_MILLISECONDS = 60 * 1000,
    POLL_MILLISECONDS = 2
};

/* A text that grows. */
struct text {
    char *bytes;
    size_t length;
    size_t size;
};

/* Adds up to so many bytes from the pipe. */
static bool read_more(HANDLE from, struct text *text, DWORD most)
{
    DWORD read = 0;

    if (text->size < text->length + most + 1) {
        text->size = 2 * (text->length + most + 1);
        text->bytes = realloc(text->bytes, text->size);
        assert_non_null(text->bytes);
    }
    if (!ReadFile(from, text->bytes + text->length, most, &read, NULL))
        return false;
    text->length += read;
    text->bytes[text->length] = '\0';
    return true;
}

/* A pipe cannot be waited for; so it is looked at again and again. */
static bool hear_line(HANDLE from, struct text *text)
{
    for (int left = ANSWER_MILLISECONDS; left > 0;) {
        DWORD available = 0;

        if (!PeekNamedPipe(from, NULL, 0, NULL, &available, NULL))
            return false;
        if (!available) {
            Sleep(POLL_MILLISECONDS);
            left -= POLL_MILLISECONDS;
            continue;
        }
        if (!read_more(from, text, available))
            return false;
        if (text->bytes[text->length - 1] == '\n')
            return true;
    }
    return false;
}

static void ask(const struct run_process *process, void *context)
{
    struct requests *requests = context;
    struct text answers = {0};
    char line[REQUEST_SIZE];
    DWORD written;

    (void)process;
    answers.bytes = calloc(1, answers.size = PIPE_SIZE);
    assert_non_null(answers.bytes);
    for (int i = 0; i < requests->count; i++) {
        requests->say(i, line, sizeof(line));
        if (!WriteFile(requests->to, line, (DWORD)strlen(line), &written, NULL))
            break;
        if ((!requests->has_answer || requests->has_answer(i)) &&
            !hear_line(requests->from, &answers))
            break;
    }
    CloseHandle(requests->to);
    while (read_more(requests->from, &answers, PIPE_SIZE)) {
    }
    CloseHandle(requests->from);
    requests->answers = answers.bytes;
}

struct run_order order_of_requests(struct requests *requests)
{
    SECURITY_ATTRIBUTES inherited = {.nLength = sizeof(inherited), .bInheritHandle = TRUE};
    struct run_order order = {.meanwhile = ask, .context = requests};

    assert_true(CreatePipe(&order.input, &requests->to, &inherited, PIPE_SIZE));
    assert_true(CreatePipe(&requests->from, &order.output, &inherited, PIPE_SIZE));
    SetHandleInformation(requests->to, HANDLE_FLAG_INHERIT, 0);
    SetHandleInformation(requests->from, HANDLE_FLAG_INHERIT, 0);
    return order;
}
