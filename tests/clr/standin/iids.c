/*
 * iids.c: the interface identifiers that the stand-in knows.
 */
#include <initguid.h>

#include <hostmem/clrhosting.h>

#include "run/host/framework_hosting.h"
