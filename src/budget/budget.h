/*
 * budget.h: how much address space and how much committed memory may be used, and how much is.
 *
 * Each of these two kinds has two figures. `granted` is what is held; `charged` is that, and what
 * is being asked of the system. A request is charged before the system is asked, if it fits. If the
 * system grants it, it is noted as granted; if not, its charge is returned. So what is refused, by
 * the budget or by the system, never shows in `granted`, not even in its peak.
 *
 * Protocol: `charged` grows by compare-and-swap from a value to which the request can still be
 * added. So of any number of threads, no two get the same last byte. A request for both kinds is
 * charged for either only when both have been seen to have room, so that a request which does not
 * fit causes no other one to be refused. All else is fetch-add. A refund takes from `granted` first
 * and from `charged` last, when the system has the memory back: what the system holds is never more
 * than what is charged. Once all calls have returned, the two are equal and exactly what the system
 * holds.
 *
 * Only two kinds of program get beyond a limit: one that commits and decommits the same page at the
 * same time, and one that commits memory that it does not hold and so reaches a region made
 * meanwhile. What the system then holds is found out afterwards, and charged whatever the
 * limit (budget_force).
 *
 * Requests made at once are each charged in full. If two threads commit the same page at once, one
 * is charged for it in the end, but near the limit one of them may be refused.
 *
 * Limits may change at any time. A request is judged by one word, the bound of its level: never
 * by parts of two settings. Figures are bytes. All that is charged at once is less than 2^63, so
 * that a figure that is negative for a moment can be told from a large one.
 */
#ifndef HOSTMEM_BUDGET_BUDGET_H
#define HOSTMEM_BUDGET_BUDGET_H

#include "counters/gauge.h"

#include <stdbool.h>
#include <stdint.h>

/* In the order of EMemoryCriticalLevel. */
enum budget_level {
    BUDGET_TASK_CRITICAL,
    BUDGET_APP_DOMAIN_CRITICAL,
    BUDGET_PROCESS_CRITICAL,
    BUDGET_LEVELS
};

#define BUDGET_ENDLESS UINT64_MAX

/* Task-critical requests may go to the limit, the others into reserves above it. */
struct budget_limit {
    uint64_t limit;              /* BUDGET_ENDLESS: none */
    uint64_t app_domain_reserve; /* above it, for app-domain-critical requests and above */
    uint64_t process_reserve;    /* above both, for process-critical ones; may be BUDGET_ENDLESS */
};

struct budget_kind {
    struct gauge granted;
    _Atomic uint64_t charged;
    _Atomic uint64_t bounds[BUDGET_LEVELS]; /* how far requests of each level may go */
    _Atomic uint64_t app_domain_reserve;    /* as set; the bounds follow from them */
    _Atomic uint64_t process_reserve;
};

/* Bytes of the two kinds. */
struct budget_charge {
    uint64_t reserved;
    uint64_t committed;
};

/* What is to be charged, and for what. */
struct budget_request {
    struct budget_charge charge;
    enum budget_level level;
    uint32_t heap; /* whose pages they are; 0: no heap's */
    bool section;
    const void *address; /* where, or NULL */
};

/* The host's own decision about a request. False: it is denied. */
typedef bool budget_decision(void *context, const struct budget_request *request);

struct budget {
    struct budget_kind reserved;
    struct budget_kind committed;
    budget_decision *decide; /* NULL: none. Set before the first request */
    void *decide_context;
};

enum budget_answer {
    BUDGET_CHARGED,
    BUDGET_REFUSED, /* it does not fit */
    BUDGET_DENIED   /* the host does not want it */
};

/* No limits. */
void budget_init(struct budget *budget);

/* If several threads call this at once, each bound is one that one of them set. */
void budget_set_limit(struct budget_kind *kind, const struct budget_limit *limit);
struct budget_limit budget_get_limit(const struct budget_kind *kind);

/* The most that may be charged for requests of that level to be granted. */
uint64_t budget_bound(const struct budget_kind *kind, enum budget_level level);

/* What is granted now. The gauge may be negative for a moment; this never is. */
uint64_t budget_used(const struct budget_kind *kind);

/* What is charged now: what is granted, and what is being asked for. */
uint64_t budget_charged(const struct budget_kind *kind);

/* Charges what the system is to be asked for. False: it does not fit, and nothing is charged. */
bool budget_ask(struct budget *budget, struct budget_charge charge, enum budget_level level);

/*
 * The same, if the host allows it: that is asked first, and may change the limits. A request that
 * charges nothing is not asked about. Anything but BUDGET_CHARGED: nothing is charged.
 */
enum budget_answer budget_request(struct budget *budget, const struct budget_request *request);

/* Of what was charged, the system has granted that much (note), or has not (return). */
void budget_note(struct budget *budget, struct budget_charge charge);
void budget_return(struct budget *budget, struct budget_charge charge);

/* Charges and notes what the system already holds, whatever the limits. */
void budget_force(struct budget *budget, struct budget_charge charge);

/* Takes back a note: the amount stays charged, and the caller has to note or return it. */
void budget_unnote(struct budget *budget, struct budget_charge charge);

/* The system has that much back. */
void budget_refund(struct budget *budget, struct budget_charge charge);

#endif
