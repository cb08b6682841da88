/*
 * runtime.h: the one runtime of the process: its version, and whether it has started and stopped.
 */
#ifndef STANDIN_RUNTIME_H
#define STANDIN_RUNTIME_H

#include "run/host/framework_hosting.h"

#include <corerror.h>

#include <stdbool.h>

#ifndef CLR_E_SHIM_RUNTIMELOAD
#define CLR_E_SHIM_RUNTIMELOAD ((HRESULT)0x80131700)
#endif
#ifndef CLR_E_SHIM_LEGACYRUNTIMEALREADYBOUND
#define CLR_E_SHIM_LEGACYRUNTIMEALREADYBOUND ((HRESULT)0x80131704)
#endif

/* The two interfaces to it, each an object of its own as in a CLR. They live as long as the DLL. */
ICLRRuntimeHost *runtime_clr_host(void);
ICorRuntimeHost *runtime_cor_host(void);

/* S_OK; E_INVALIDARG (NULL); E_ACCESSDENIED (it has started); E_FAIL and E_UNEXPECTED. */
HRESULT runtime_set_host_control(IHostControl *control);

/*
 * Start and Stop are counted, and the last Stop is what stops it; then it cannot be started again.
 * Both: HOST_E_CLRNOTAVAILABLE where they cannot be.
 */
HRESULT runtime_start(void);
HRESULT runtime_stop(void);

bool runtime_has_started(void); /* and, perhaps, stopped again */
bool runtime_is_running(void);

/* The default domain; HOST_E_CLRNOTAVAILABLE unless the runtime is running. */
HRESULT runtime_default_domain(IUnknown **domain);

/* ExecuteInDefaultAppDomain. */
HRESULT runtime_call_method(LPCWSTR path, LPCWSTR type, LPCWSTR method, LPCWSTR argument,
                            DWORD *result);

/* The process is about to end: gives back what is still held, and writes the trace. */
void runtime_detach(void);

/* Ends the process as a program does that asks for it. */
void runtime_exit_process(UINT exit_code);

#endif
