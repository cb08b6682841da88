/*
 * os_posix_kernel.h: the stand-in for Windows' memory manager: reservations and the states of
 * their pages, made of Linux's mappings.
 *
 * Every function but the first is called inside the gate (os_posix_gate.h), with ranges that
 * os_posix.c has checked and rounded, and returns 0 or Win32's error. A call that fails has changed
 * nothing.
 *
 * Addresses that the caller leaves open come from an arena, the lowest that fit: what has been
 * released is handed out again soon, as tests of address reuse need it. The arena is mapped without
 * access as a whole, so that a reservation in it costs no system call, whatever its size.
 */
#ifndef HOSTMEM_OS_POSIX_KERNEL_H
#define HOSTMEM_OS_POSIX_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct os_pages {
    uintptr_t begin;
    uintptr_t end;
};

/* unit is a power of two. */
static inline uintptr_t os_round_down(uintptr_t address, size_t unit)
{
    return address & ~(uintptr_t)(unit - 1);
}

static inline uintptr_t os_round_up(uintptr_t address, size_t unit)
{
    return os_round_down(address + unit - 1, unit);
}

/* Whether private memory can have the protection. */
bool os_kernel_has_protection(uint32_t protect);

/* anywhere: pages says only how many, and receives where. */
uint32_t os_kernel_reserve(struct os_pages *pages, bool anywhere, bool committed, uint32_t protect);
uint32_t os_kernel_commit(struct os_pages pages, uint32_t protect);
uint32_t os_kernel_reset(struct os_pages pages);
uint32_t os_kernel_protect(struct os_pages pages, uint32_t protect, uint32_t *old_protect);

/* whole: all of the reservation that begins where pages does. */
uint32_t os_kernel_decommit(struct os_pages pages, bool whole);
uint32_t os_kernel_release(uintptr_t address);

#endif
