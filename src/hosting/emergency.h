/*
 * emergency.h: address space held back for the moment in which a file cannot be mapped.
 *
 * Reserved, not committed, and in no region: who swaps the pointer out owns it. Suspension-safe.
 */
#ifndef HOSTMEM_HOSTING_EMERGENCY_H
#define HOSTMEM_HOSTING_EMERGENCY_H

#include "hosting/manager.h"

/* Holds the size that the manager's options ask for. False: there is no room. */
bool emergency_hold(struct manager *manager);

/* Gives it to whoever is quickest. False: it is not held. */
bool emergency_give(struct manager *manager);

/* A mapped range has gone: holds it again if it was given and there is room. */
void emergency_restore(struct manager *manager);

/*
 * A region has gone: the same, but not within the second after it was given, which belongs to the
 * one who needs it.
 */
void emergency_restore_later(struct manager *manager);

#endif
