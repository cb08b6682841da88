/*
 * limits.h: a manager's limits as the host sets them, and what a runtime is told of them.
 */
#ifndef HOSTMEM_HOSTING_LIMITS_H
#define HOSTMEM_HOSTING_LIMITS_H

#include "hosting/manager.h"

/* Before anything is handed out. S_OK; E_INVALIDARG (limits may be NULL); E_OUTOFMEMORY. */
HRESULT limits_init(struct manager *manager, const HOSTMEM_OPTIONS *options);
void limits_destroy(struct manager *manager);

/* S_OK; E_INVALIDARG. */
HRESULT limits_set(struct manager *manager, const HOSTMEM_LIMITS *limits);
void limits_get(const struct manager *manager, HOSTMEM_LIMITS *limits);

/* Has the system's low-memory notification watched from now on. False: the system has none. */
bool limits_watch_system(struct manager *manager);

/*
 * After each call that may have changed what is committed, and each that the budget `refused`:
 * tells the CLR and the listener if that is called for. Call it when the call is done with
 * everything: a callback may call any method. Suspension-safe, the callback's own doing apart; the
 * last error stays as it is.
 */
void limits_feel_pressure(struct manager *manager, bool refused);

/* What a runtime is to know of the machine that it runs on. Sizes are bytes. */
struct memory_load {
    uint32_t percent;   /* of physical memory, or of the limit: what is tighter */
    uint64_t available; /* likewise */
};

/* 0 or Win32's error number. */
uint32_t limits_memory_load(struct manager *manager, struct memory_load *load);

/* Narrows the system's own figures down to the limits; the load is raised to `most` at most. */
void limits_narrow(struct manager *manager, MEMORYSTATUSEX *status, uint32_t most);

#endif
