/*
 * iids.c: the one file of hostmem-run in which the interfaces' names are defined.
 */
#include <initguid.h>

#include "run/launch/coreclr/coreclr_hosting.h"
#include "run/launch/framework/framework_hosting.h"

#include <hostmem/hostmem.h>
