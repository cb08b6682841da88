/*
 * pages_result.h: how a request for pages ended.
 */
#ifndef HOSTMEM_PAGES_PAGES_RESULT_H
#define HOSTMEM_PAGES_PAGES_RESULT_H

#include "budget/budget.h"

#include <stdint.h>

/* 0, a Win32 error number, or one of these. */
typedef uint32_t pages_result;
#define PAGES_OK 0u
#define PAGES_FOREIGN 0xf0000001u      /* not this manager's to free */
#define PAGES_CONTRADICTED 0xf0000002u /* the books and the system disagree */
#define PAGES_REFUSED 0xf0000003u      /* the budget does not allow it */
#define PAGES_DENIED 0xf0000004u       /* the host does not want it */

static inline pages_result pages_answer(enum budget_answer answer)
{
    switch (answer) {
    case BUDGET_CHARGED:
        return PAGES_OK;
    case BUDGET_DENIED:
        return PAGES_DENIED;
    default:
        return PAGES_REFUSED;
    }
}

#endif
