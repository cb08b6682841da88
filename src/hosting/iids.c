/*
 * iids.c: defines the interface identifiers.
 */
#include <initguid.h>

#include <hostmem/hostmem.h>
