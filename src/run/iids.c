/*
 * iids.c: the one file of hostmem-run in which the interfaces' names are defined.
 */
#include <initguid.h>

#include "coreclr_hosting.h"
#include "framework_hosting.h"

#include <hostmem/hostmem.h>
