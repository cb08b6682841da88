/*
 * agent_error.h: which argument of HostMemAgentStart was wrong, for HostMemAgentGetErrorInfo.
 */
#ifndef HOSTMEM_AGENT_AGENT_ERROR_H
#define HOSTMEM_AGENT_AGENT_ERROR_H

#include <hostmem/agent.h>

/*
 * Looks at a call's arguments; `manager` is its options for the manager. One thread at a time.
 * S_OK; E_INVALIDARG, and which it was is kept until the next call that is looked at.
 */
HRESULT agent_error_check(const HOSTMEM_AGENT_OPTIONS *options, const HOSTMEM_OPTIONS *manager);

#endif
