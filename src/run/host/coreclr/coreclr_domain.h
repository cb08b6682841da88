/*
 * coreclr_domain.h: the properties of the domain that CoreCLR makes for the program.
 */
#ifndef HOSTMEM_RUN_HOST_CORECLR_CORECLR_DOMAIN_H
#define HOSTMEM_RUN_HOST_CORECLR_CORECLR_DOMAIN_H

#include "run/launch/program.h"
#include "run/host/runtime.h"

enum {
    DOMAIN_PROPERTIES = 6
};

struct domain_properties {
    const wchar_t *names[DOMAIN_PROPERTIES];
    const wchar_t *values[DOMAIN_PROPERTIES];
};

void coreclr_domain_properties_make(struct domain_properties *properties,
                                    const struct runtime *runtime, const struct program *program);

#endif
