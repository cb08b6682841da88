/*
 * memory_status_hooks.h: what a redirected module calls instead of GlobalMemoryStatusEx. The hook
 * reports no more memory than the manager's limits allow: hosting/parts/memory_status.c decides the
 * figures.
 */
#ifndef HOSTMEM_REDIRECT_HOOKS_MEMORY_STATUS_HOOKS_H
#define HOSTMEM_REDIRECT_HOOKS_MEMORY_STATUS_HOOKS_H

#include "redirect/hooks/hook_table.h"

extern const struct hook_table memory_status_hooks;

#endif
