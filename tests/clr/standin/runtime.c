/*
 * runtime.c: the runtime's life.
 */
#include "runtime.h"

#include "assembly.h"
#include "domain.h"
#include "engine.h"
#include "host.h"
#include "output.h"
#include "program.h"
#include "scenario.h"
#include "trace.h"

#include <stdatomic.h>

enum state {
    STATE_NEW,
    STATE_STARTED,
    STATE_STOPPED /* for good */
};

/*
 * One thread starts and stops the runtime, as a host does; other threads may read the state.
 * Release and acquire, so that a thread that sees the runtime started sees the engine's heaps, too.
 */
static atomic_int state;
static unsigned starts; /* that no Stop has answered */

static enum state current_state(void)
{
    return (enum state)atomic_load_explicit(&state, memory_order_acquire);
}

static void enter_state(enum state next)
{
    atomic_store_explicit(&state, (int)next, memory_order_release);
}

bool runtime_has_started(void)
{
    return current_state() != STATE_NEW;
}

bool runtime_is_running(void)
{
    return current_state() == STATE_STARTED;
}

HRESULT runtime_set_host_control(IHostControl *control)
{
    if (!control)
        return E_INVALIDARG;
    if (runtime_has_started())
        return E_ACCESSDENIED;
    if (scenario_is(SCENARIO_REFUSES_CONTROL))
        return E_FAIL;
    return host_take(control);
}

/* ------------------------------------------------------------------------------------------------
 * Start and stop
 * --------------------------------------------------------------------------------------------- */

HRESULT runtime_start(void)
{
    HRESULT hr = S_OK;

    if (current_state() == STATE_STOPPED)
        return HOST_E_CLRNOTAVAILABLE;
    if (scenario_is(SCENARIO_START_FAILS))
        return COR_E_EXECUTIONENGINE;
    if (current_state() == STATE_NEW)
        hr = engine_start();
    if (hr != S_OK)
        return hr;
    enter_state(STATE_STARTED);
    starts++;
    return S_OK;
}

HRESULT runtime_stop(void)
{
    struct caller caller = {.level = eProcessCritical};

    if (!runtime_is_running())
        return HOST_E_CLRNOTAVAILABLE;
    if (--starts > 0)
        return S_OK;
    engine_stop(&caller);
    enter_state(STATE_STOPPED);
    trace_write();
    return caller_verdict(&caller);
}

void runtime_detach(void)
{
    struct caller caller = {.level = eProcessCritical};

    if (current_state() == STATE_STOPPED)
        return;
    engine_stop(&caller); /* if that fails there is no caller left to report it to */
    enter_state(STATE_STOPPED);
    trace_write();
}

void runtime_exit_process(UINT exit_code)
{
    trace_write();
    ExitProcess(exit_code);
}

/* ------------------------------------------------------------------------------------------------
 * Programs
 * --------------------------------------------------------------------------------------------- */

HRESULT runtime_default_domain(IUnknown **domain)
{
    *domain = NULL;
    if (!runtime_is_running())
        return HOST_E_CLRNOTAVAILABLE;
    *domain = domain_unknown();
    return S_OK;
}

HRESULT runtime_call_method(LPCWSTR path, LPCWSTR type, LPCWSTR method, LPCWSTR argument,
                            DWORD *result)
{
    wchar_t line[1024];
    HRESULT hr;

    if (!runtime_is_running())
        return HOST_E_CLRNOTAVAILABLE;
    if (!path || !type || !method)
        return E_POINTER;
    hr = assembly_exists(path);
    if (hr != S_OK)
        return hr;
    if (scenario_is(SCENARIO_NO_TYPE))
        return COR_E_TYPELOAD;
    if (scenario_is(SCENARIO_NO_METHOD))
        return COR_E_MISSINGMETHOD;
    if (swprintf(line, ARRAYSIZE(line), L"%ls.%ls of ", type, method) < 0)
        return E_INVALIDARG;
    output_line(line, path);
    if (argument)
        output_line(L"argument ", argument);
    hr = program_run(path);
    if (hr == S_OK && result)
        *result = 7;
    return hr;
}
