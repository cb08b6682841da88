/*
 * host_control.h: the IHostControl object that hands a manager to the CLR.
 */
#ifndef HOSTMEM_HOSTING_HOST_CONTROL_H
#define HOSTMEM_HOSTING_HOST_CONTROL_H

#include "hosting/manager.h"

struct host_control {
    struct pool_link link;
    _Atomic uint32_t references;
    IHostControl IHostControl_iface;
    struct manager *manager; /* referenced */
    IHostControl *inner;     /* the host's own, referenced; NULL: none */
    uint32_t index;          /* in the manager's pool */
};

#endif
