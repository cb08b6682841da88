/*
 * program.c: the memory calls of a program's run, in order.
 */
#include "program.h"

#include "assembly.h"
#include "caller.h"
#include "collections.h"
#include "pressure.h"
#include "scenario.h"
#include "suspension.h"

HRESULT program_run(const wchar_t *path)
{
    struct caller caller = {.level = eTaskCritical};
    HRESULT hr = assembly_load(path);

    if (hr != S_OK)
        return hr;
    compile_methods(&caller);
    collect(&caller);
    collect_with_frozen_threads(&caller);
    if (scenario_is(SCENARIO_PRESSURE))
        allocate_until_told(&caller);
    discard_methods(&caller);
    return caller_verdict(&caller);
}
