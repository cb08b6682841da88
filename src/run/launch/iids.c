/*
 * iids.c: the one file of hostmem-run that defines the interfaces' GUIDs.
 */
#include <initguid.h>

#include "run/launch/coreclr_hosting.h"
#include "run/launch/framework_hosting.h"

#include <hostmem/hostmem.h>
