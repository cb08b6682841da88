/*
 * agent_services.c: see agent_services.h.
 */
#include "agent/agent_services.h"

#include "agent/agent_state.h"
#include "agent/closing.h"

static struct agent_services services = {.redirect = agent_redirect, .close = closing_write};

struct agent_services *HostMemAgentServices(void)
{
    if (!agent.board)
        return NULL;
    services.board = agent.board;
    services.manager = agent.manager;
    services.inspection = agent.inspection;
    return &services;
}

void agent_services_module(const HOSTMEM_MODULE *module)
{
    if (services.module_callback)
        services.module_callback(services.module_context, module);
}
