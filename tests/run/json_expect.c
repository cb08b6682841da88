/*
 * json_expect.c: see json_expect.h.
 */
#include "json_expect.h"

#include "support.h"

#include "report/json_build.h"
#include "report/report_json.h"

#include <string.h>

static struct arena arena;
static char report_bytes[256 * 1024];
static size_t report_length;

void json_expect_begin(void)
{
    json_build_begin(&arena);
}

/* A report_json_output. */
static bool take(void *context, const char *bytes, size_t length)
{
    (void)context;
    if (length > sizeof(report_bytes) - report_length)
        return false;
    memcpy(report_bytes + report_length, bytes, length);
    report_length += length;
    return true;
}

const json_t *json_expect_report(const struct snapshot *snapshot)
{
    const json_t *report;

    report_length = 0;
    assert_true(report_json_write(snapshot, &arena, take, NULL));
    report = json_loadb(report_bytes, report_length, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(report);
    return report;
}

const json_t *json_expect_member(const json_t *object, const char *name)
{
    const json_t *member = json_object_get(object, name);

    if (!member)
        fail_msg("there is no member %s", name);
    return member;
}

void json_expect(const json_t *value, const char *expected)
{
    char text[8192];
    json_t *wanted;

    assert_true(strlen(expected) < sizeof(text));
    strcpy(text, expected);
    for (char *at = text; *at; at++)
        if (*at == '\'')
            *at = '"';
    wanted = json_loads(text, JSON_DECODE_ANY, NULL);
    if (!wanted)
        fail_msg("the test expects what is no JSON: %s", text);
    if (!json_equal((json_t *)value, wanted))
        fail_msg("%s\n    instead of\n%s",
                 json_dumps(value, JSON_ENCODE_ANY | JSON_SORT_KEYS | JSON_COMPACT),
                 json_dumps(wanted, JSON_ENCODE_ANY | JSON_SORT_KEYS | JSON_COMPACT));
}
