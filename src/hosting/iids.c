/*
 * iids.c: the one place that defines the interface identifiers.
 */
#include <initguid.h>

#include <hostmem/hostmem.h>
