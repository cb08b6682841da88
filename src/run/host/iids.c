/*
 * iids.c: the one file of hostmem-run that defines the interfaces' GUIDs.
 */
#include <initguid.h>

#include "run/host/coreclr_hosting.h"
#include "run/host/framework_hosting.h"

#include <hostmem/hostmem.h>
