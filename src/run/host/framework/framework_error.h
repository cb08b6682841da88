/*
 * framework_error.h: why a call that runs a program on .NET Framework failed.
 */
#ifndef HOSTMEM_RUN_HOST_FRAMEWORK_FRAMEWORK_ERROR_H
#define HOSTMEM_RUN_HOST_FRAMEWORK_FRAMEWORK_ERROR_H

#include "run/host/launch.h"

/*
 * Announce that ExecuteAssembly (framework_error_of_main) or ExecuteInDefaultAppDomain
 * (framework_error_of_call) failed with result. If the program did not handle an exception, it did
 * run: *exit_code becomes EXIT_CODE_UNHANDLED, launch->program_ended is called, and GO_ON is
 * returned. Else the exit code of the failure is returned.
 */
int framework_error_of_main(const struct launch *launch, HRESULT result, DWORD *exit_code);
int framework_error_of_call(const struct launch *launch, HRESULT result, DWORD *exit_code);

#endif
