/*
 * budget.h: how much may be used, of address space and of committed memory, and how much is.
 *
 * Of each kind there are two figures. `charged` is what has been asked of the system or is held;
 * `granted` is what is held. A request is charged before the system is asked, if it fits; it is
 * noted as granted when the system has granted it, or its charge returned when the system has not.
 * So what is refused, by whomever, never shows in what was granted, not even in a peak.
 *
 * Protocol: `charged` grows by compare-and-swap from a value that the request still fits on: of any
 * number of threads, no two are let in to the same last byte, and nobody is refused for a moment's
 * charge of one that does not fit itself: a request for both kinds is charged for one only when it
 * has been seen to fit on both. All else is fetch-add. A refund takes from `granted` first and from
 * `charged` last, when the system has the memory back: what the system holds is never more than
 * what is charged. Once all calls have returned, the two are equal and exactly what the system
 * holds.
 *
 * The only ways beyond a limit are a program that commits and decommits the same page at the same
 * time, and one that commits what it does not hold and reaches a region made meanwhile: what the
 * system has made of that is found out afterwards, and booked as it is (budget_force).
 *
 * What threads ask for at once counts for each of them. So of two that commit the same page at
 * once, of which one will be charged for it in the end, one may be refused near the limit.
 *
 * Limits may change at any time. A request goes by one word, the bound of its level that it meets:
 * never by parts of two settings. Figures are bytes; all that is charged at once is less than 2^63,
 * so that a figure that is negative for a moment is known as that.
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

/* Who may go how far: task-critical requests to the limit, the others into reserves above it. */
struct budget_limit {
    uint64_t limit;              /* BUDGET_ENDLESS: none */
    uint64_t app_domain_reserve; /* above it, for app-domain-critical requests and above */
    uint64_t process_reserve;    /* above both, for process-critical ones; may be BUDGET_ENDLESS */
};

struct budget_kind {
    struct gauge granted;
    _Atomic uint64_t charged;
    _Atomic uint64_t bounds[BUDGET_LEVELS]; /* how far requests of each level may go */
    _Atomic uint64_t app_domain_reserve;    /* as they were set; bounds say what follows */
    _Atomic uint64_t process_reserve;
};

struct budget {
    struct budget_kind reserved;
    struct budget_kind committed;
};

/* Bytes of the two kinds. */
struct budget_charge {
    uint64_t reserved;
    uint64_t committed;
};

/* No limits. */
void budget_init(struct budget *budget);

/* Of calls at once, each bound that holds in the end is one of theirs. */
void budget_set_limit(struct budget_kind *kind, const struct budget_limit *limit);
struct budget_limit budget_get_limit(const struct budget_kind *kind);

/* How far requests of that level may go. */
uint64_t budget_bound(const struct budget_kind *kind, enum budget_level level);

/* What is granted now; never negative, as the gauge may be for a moment. */
uint64_t budget_used(const struct budget_kind *kind);

/* What is charged now: what is granted, and what is being asked for. */
uint64_t budget_charged(const struct budget_kind *kind);

/* Charges what the system is to be asked for. False: it does not fit, and nothing is charged. */
bool budget_ask(struct budget *budget, struct budget_charge charge, enum budget_level level);

/* Part of what was charged has been granted; or has not. */
void budget_note(struct budget *budget, struct budget_charge charge);
void budget_return(struct budget *budget, struct budget_charge charge);

/* What the system holds that nobody was asked about: charged and granted, whatever the limits. */
void budget_force(struct budget *budget, struct budget_charge charge);

/* What was granted is to be booked anew: it stays charged, and the caller has to note or return it.
 */
void budget_unnote(struct budget *budget, struct budget_charge charge);

/* What the system has back. */
void budget_refund(struct budget *budget, struct budget_charge charge);

#endif
