/*
 * framework_error.h: what became of a program that .NET Framework did not run to a good end.
 */
#ifndef HOSTMEM_RUN_LAUNCH_FRAMEWORK_FRAMEWORK_ERROR_H
#define HOSTMEM_RUN_LAUNCH_FRAMEWORK_FRAMEWORK_ERROR_H

#include "run/launch/launch.h"

/*
 * ExecuteAssembly or ExecuteInDefaultAppDomain failed with that result. If the program threw,
 * that is announced, *exit_code is EXIT_CODE_UNHANDLED, the report has been made, and the result is
 * GO_ON: it did run. Else the exit code of the failure, which is announced, too.
 */
int framework_error_of_main(const struct launch *launch, HRESULT result, DWORD *exit_code);
int framework_error_of_call(const struct launch *launch, HRESULT result, DWORD *exit_code);

#endif
