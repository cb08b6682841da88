/*
 * report_text_limits.c: the limits, refusals and notifications, and the verdict.
 */
#include "report/report_text_limits.h"

#include "base/quantity_text.h"
#include "report/labels.h"
#include "report/limit_verdict.h"
#include "report/report_table.h"

/* ------------------------------------------------------------------------------------------------
 * The limits
 * --------------------------------------------------------------------------------------------- */

static void write_limit(struct text *text, const char *name, const HOSTMEM_LIMIT *limit,
                        const HOSTMEM_GAUGE *gauge)
{
    uint64_t total = limit_total(limit);
    char number[QUANTITY_TEXT_MOST];

    if (!total)
        return;
    text_format(text, "  %-18s", name);
    report_table_bytes(text, total);
    report_table_bytes(text, gauge->Peak);
    text_format(text, "\n");
    if (limit->AppDomainReserve)
        text_format(text, "    of that %s for what the runtime needs to handle a refusal\n",
                    quantity_text_size(number, limit->AppDomainReserve));
}

static void write_count(struct text *text, const char *name, const HOSTMEM_FIRST_COUNT *count)
{
    char number[QUANTITY_TEXT_MOST];

    text_format(text, "  %-36s%11s", name, quantity_text_number(number, count->Count));
    if (count->Count)
        text_format(text, "%23llu.%03llu s", count->FirstMilliseconds / 1000,
                    count->FirstMilliseconds % 1000);
    text_format(text, "\n");
}

static void write_counts(struct text *text, const HOSTMEM_STATISTICS *statistics)
{
    static const char *const refused[] = {[eTaskCritical] = "refused, task-critical",
                                          [eAppDomainCritical] = "refused, app-domain-critical",
                                          [eProcessCritical] = "refused, process-critical"};
    static const char *const told[] = {[eMemoryAvailableLow - 1] = "told that memory is low",
                                       [eMemoryAvailableNeutral - 1] = "told that it is neither",
                                       [eMemoryAvailableHigh - 1] = "told that memory is ample"};

    text_format(text, "\n%-38s%11s%29s\n", "Refused and told", "how often", "first, since start");
    for (int level = 0; level <= eProcessCritical; level++)
        write_count(text, refused[level], &statistics->RefusedRequests[level]);
    for (int state = 0; state < eMemoryAvailableHigh; state++)
        write_count(text, told[state], &statistics->Notifications[state]);
}

void report_text_limits(struct text *text, const struct snapshot *snapshot)
{
    const HOSTMEM_STATISTICS *statistics = &snapshot->statistics;
    const HOSTMEM_LIMITS *limits = &snapshot->limits;

    if (!limit_verdict(limits, statistics).has_limit)
        return;
    text_format(text, "\n%-20s%29s%29s\n", "Limits", "limit", "peak");
    write_limit(text, "committed", &limits->Committed, &statistics->Committed);
    write_limit(text, "reserved", &limits->Reserved, &statistics->Reserved);
    write_counts(text, statistics);
}

/* ------------------------------------------------------------------------------------------------
 * The verdict
 * --------------------------------------------------------------------------------------------- */

static void write_share(struct text *text, const char *kind, const HOSTMEM_LIMIT *limit,
                        const HOSTMEM_GAUGE *gauge)
{
    unsigned permille;

    if (!limit_total(limit))
        return;
    permille = limit_permille(gauge->Peak, limit_total(limit));
    text_format(text, "; at most %u.%u %% %s", permille / 10, permille % 10, kind);
}

static void write_warning(struct text *text, const struct limit_verdict *verdict)
{
    char number[QUANTITY_TEXT_MOST];

    text_format(text, "       %s requests refused, ",
                quantity_text_number(number, verdict->refusals));
    switch (verdict->warning) {
    case LIMIT_WARNED_IN_TIME:
        text_format(text, "the first %llu ms after the first warning\n",
                    (unsigned long long)verdict->milliseconds);
        break;
    case LIMIT_WARNED_LATE:
        text_format(text, "the first %llu ms BEFORE the first warning\n",
                    (unsigned long long)verdict->milliseconds);
        break;
    default:
        text_format(text, "WITHOUT a warning\n");
        break;
    }
}

/* The limit was kept, and says little about the process. */
static void write_outside(struct text *text, const struct limit_outside *outside)
{
    char stacks[QUANTITY_TEXT_MOST], heaps[QUANTITY_TEXT_MOST], others[QUANTITY_TEXT_MOST];
    char mapped[QUANTITY_TEXT_MOST], inside[QUANTITY_TEXT_MOST];

    text_format(
        text,
        "       OUTSIDE the limit: %s of stacks, %s of heaps, %s of other\n"
        "       private memory, %s of mapped files and sections, against\n"
        "       %s inside; hostmem does not manage them\n",
        quantity_text_size(stacks, outside->stacks), quantity_text_size(heaps, outside->heaps),
        quantity_text_size(others, outside->others), quantity_text_size(mapped, outside->mapped),
        quantity_text_size(inside, outside->inside));
}

void report_text_limit_verdict(struct text *text, const struct snapshot *snapshot)
{
    const HOSTMEM_STATISTICS *statistics = &snapshot->statistics;
    const HOSTMEM_LIMITS *limits = &snapshot->limits;
    const struct limit_verdict verdict = limit_verdict(limits, statistics);
    const struct limit_outside outside = limit_outside(snapshot);

    if (!verdict.has_limit)
        return;
    text_format(text, "Limit: %s%s", verdict.is_kept ? "kept" : "EXCEEDED",
                outside.is_more ? " by what hostmem manages" : "");
    write_share(text, "of it committed", &limits->Committed, &statistics->Committed);
    write_share(text, "of it reserved", &limits->Reserved, &statistics->Reserved);
    text_format(text, verdict.refusals ? "\n" : "; nothing refused\n");
    if (verdict.refusals)
        write_warning(text, &verdict);
    if (outside.is_more)
        write_outside(text, &outside);
}
