/*
 * test_watch_azmcp.c: a program of others, one file with .NET 10 inside, gives the same answers
 * under hostmem-run as without.
 */
#include "requests.h"
#include "watched.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    SHORT_FORM_REQUESTS = 40,
    LONG_FORM_REQUESTS = 2000,
    SESSION_BEGIN = 2 /* lines that begin a session */
};

static const wchar_t *azmcp(void)
{
    return built(L"programs\\azmcp\\dist\\azmcp.exe");
}

/* How long it took differs from run to run, and so may the number of its digits. */
static void leave_out_duration(char *text)
{
    char *at = strstr(text, "\"duration\": ");
    char *end;

    if (!at)
        return;
    end = at + strcspn(at, "\n");
    memmove(at, end, strlen(end) + 1);
}

static void the_list_of_its_tools(void **state)
{
    struct run *watched = run_watched(L"\"%ls\" tools list", azmcp());
    struct run *plain = run_plain(L"\"%ls\" tools list", azmcp());

    (void)state;
    check_run(plain, strlen(plain->output) > 100000);
    leave_out_duration(watched->output);
    leave_out_duration(plain->output);
    check_run(watched, watched->exit_code == plain->exit_code);
    check_run(watched, !strcmp(watched->output, plain->output));
    check_whole_report(watched);
    check_redirected(watched, (const char *[]){"azmcp.exe", NULL});
    check_run(watched, !strcmp(report_text(watched, "runtime.family"), "CoreCLR"));
    check_run(watched, report_integer(watched, "statistics.methods.VirtualAlloc.calls") > 100);
    check_run(watched, report_integer(watched, "statistics.committed.peak") >= 4 << 20);
    run_free(watched);
    run_free(plain);
}

/* ------------------------------------------------------------------------------------------------
 * Requests
 * --------------------------------------------------------------------------------------------- */

static bool has_answer(int number)
{
    return number != 1;
}

static void say(int number, char *line, size_t size)
{
    static const char *const begin[SESSION_BEGIN] = {
        "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":"
        "\"2024-11-05\",\"capabilities\":{},\"clientInfo\":{\"name\":\"test\",\"version\":\"1\"}}}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}"};
    static const char *const methods[] = {
        "\"ping\"",
        "\"tools/call\",\"params\":{\"name\":\"acr\",\"arguments\":{\"learn\":true}}",
        "\"tools/call\",\"params\":{\"name\":\"none of its tools\",\"arguments\":{}}",
        "\"none of its methods\"",
    };

    if (number < SESSION_BEGIN)
        snprintf(line, size, "%s\n", begin[number]);
    else if (number == SESSION_BEGIN)
        snprintf(line, size, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"tools/list\"}\n", number);
    else
        snprintf(line, size, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":%s}\n", number,
                 methods[number % 4]);
}

static int count_of_requests(void)
{
    return SESSION_BEGIN + (is_long_form() ? LONG_FORM_REQUESTS : SHORT_FORM_REQUESTS);
}

static void check_answers(const struct run *watched, const struct requests *with,
                          const struct requests *without)
{
    int wanted = count_of_requests() - 1;
    int answers = occurrences(without->answers, "\n");
    int difference = first_difference(with->answers, without->answers);

    if (answers != wanted || difference)
        fprintf(stderr, "%d requests, %d answers, %d without hostmem; answer %d differs.\n", wanted,
                occurrences(with->answers, "\n"), answers, difference);
    check_run(watched, answers == wanted);
    check_run(watched, !difference);
}

static void its_answers_over_stdin(void **state)
{
    struct requests with = {say, has_answer, count_of_requests(), NULL, NULL, NULL};
    struct requests without = with;
    struct run *watched = order_watched(order_of_requests(&with), L"\"%ls\" server start", azmcp());
    struct run *plain = order_plain(order_of_requests(&without), L"\"%ls\" server start", azmcp());

    (void)state;
    check_answers(watched, &with, &without);
    check_run(watched, watched->exit_code == plain->exit_code);
    check_whole_report(watched);
    check_run(watched, report_integer(watched, "statistics.committed.peak") >= 8 << 20);
    free(with.answers);
    free(without.answers);
    run_free(watched);
    run_free(plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_list_of_its_tools),
        cmocka_unit_test(its_answers_over_stdin),
    };

    watched_begin();
    if (!is_there(azmcp()))
        return EXIT_CODE_SKIPPED;
    return cmocka_run_group_tests_name("azmcp answers as without hostmem", tests, NULL, NULL);
}
