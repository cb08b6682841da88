/*
 * domain.h: the default domain, an object that lives as long as the stand-in does.
 */
#ifndef STANDIN_DOMAIN_H
#define STANDIN_DOMAIN_H

#include "run/host/framework_hosting.h"

IUnknown *domain_unknown(void);

#endif
