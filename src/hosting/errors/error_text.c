/*
 * error_text.c: HostMemErrorText.
 */
#include <hostmem/hostmem.h>

#include <stdint.h>

struct text {
    uint32_t hr;
    const char *text;
};

/* hostmem's own, and those that COM and Win32 give hostmem to answer. */
static const struct text own[] = {
    {0x00000000, "S_OK: The call did what it was asked to do."},
    {0x00000001, "S_FALSE: The call succeeded, and there was nothing to do or to find."},
    {0x80004001, "E_NOTIMPL: The function is not implemented."},
    {0x80004002, "E_NOINTERFACE: The object does not have that interface."},
    {0x80004003, "E_POINTER: A pointer that must not be NULL is NULL."},
    {0x80004004, "E_ABORT: The operation was aborted."},
    {0x80004005, "E_FAIL: hostmem has found its books contradicted by the system, and serves no "
                 "more; or a runtime failed without a reason."},
    {0x8000ffff, "E_UNEXPECTED: The call was made in a state in which it cannot be."},
    {0x80070002, "ERROR_FILE_NOT_FOUND: A file, or an assembly that the program refers to, does "
                 "not exist."},
    {0x80070003, "ERROR_PATH_NOT_FOUND: A directory does not exist."},
    {0x80070005, "E_ACCESSDENIED: Access is denied; or a runtime that runs already does not take "
                 "a host control any more."},
    {0x80070006, "E_HANDLE: The handle is not valid."},
    {0x80070008, "ERROR_NOT_ENOUGH_MEMORY: There is not enough memory."},
    {0x8007000b, "COR_E_BADIMAGEFORMAT: The file is no program for this runtime, or one of the "
                 "other bitness."},
    {0x8007000d, "ERROR_INVALID_DATA: There are no books, or they are too damaged to be read."},
    {0x8007000e, "E_OUTOFMEMORY: A limit refuses the request, or the system has no memory or "
                 "address space for it."},
    {0x80070015, "ERROR_NOT_READY: The manager whose books are to be read is being made."},
    {0x80070020, "ERROR_SHARING_VIOLATION: Another program is using the file."},
    {0x80070032, "ERROR_NOT_SUPPORTED: The system does not support the request."},
    {0x80070057, "E_INVALIDARG: An argument is wrong; HostMemGetErrorInfo tells which."},
    {0x8007007e, "ERROR_MOD_NOT_FOUND: A DLL, or one that it needs, was not found."},
    {0x8007007f, "ERROR_PROC_NOT_FOUND: A DLL does not have a function that is needed."},
    {0x800700aa, "ERROR_BUSY: The process is redirected to another manager, or with other flags."},
    {0x800700b7, "ERROR_ALREADY_EXISTS: An object of the name of the process's books exists."},
    {0x800700c1, "ERROR_BAD_EXE_FORMAT: The module's headers or import tables make no sense."},
    {0x800701e7, "ERROR_INVALID_ADDRESS: The address is not one for which Win32 does that."},
    {0x800703e6, "ERROR_NOACCESS: Memory that the call should use cannot be accessed."},
    {0x800704df, "ERROR_ALREADY_INITIALIZED: The process has an agent."},
    {0x8007051a, "ERROR_REVISION_MISMATCH: The books, or the agent, are of another version of "
                 "hostmem, or of a process of the other bitness."},
    {0x800705af, "ERROR_COMMITMENT_LIMIT: The system's commit limit is reached."},
};

/* What a host answers the CLR, and what a runtime answers its host. */
static const struct text runtimes[] = {
    {0x80008081, "InvalidArgFailure: .NET's host was called with wrong arguments."},
    {0x80008082, "CoreHostLibLoadFailure: .NET's host could not load hostpolicy.dll or another "
                 "part of itself."},
    {0x80008083, "CoreHostLibMissingFailure: A part of .NET's host is missing."},
    {0x80008085, "CoreHostCurHostFindFailure: .NET's host could not find itself."},
    {0x80008087, "CoreClrResolveFailure: .NET's host did not find coreclr.dll."},
    {0x80008088, "CoreClrBindFailure: .NET's host could not load coreclr.dll."},
    {0x80008089, "CoreClrInitFailure: coreclr.dll could not be started; with a limit, it may be "
                 "too small for it."},
    {0x8000808a, "CoreClrExeFailure: The program's Main could not be run."},
    {0x8000808b, "ResolverInitFailure: .NET's host could not read the program's dependencies."},
    {0x8000808c, "ResolverResolveFailure: A file that the program's deps.json names is missing."},
    {0x80008093, "InvalidConfigFile: The runtimeconfig.json or deps.json cannot be used."},
    {0x80008096, "FrameworkMissingFailure: The framework that the program asks for is not "
                 "installed."},
    {0x80131014, "COR_E_APPDOMAINUNLOADED: The application domain has been unloaded."},
    {0x80131018, "COR_E_ASSEMBLYEXPECTED: The file has no assembly's manifest."},
    {0x8013101b, "COR_E_NEWER_RUNTIME: The assembly was built for a newer runtime."},
    {0x80131020, "HOST_E_DEADLOCK: The host has chosen this wait to end a deadlock."},
    {0x80131021, "HOST_E_INTERRUPTED: The host has interrupted the wait."},
    {0x80131022, "HOST_E_INVALIDOPERATION: The memory is not this manager's or heap's to free, or "
                 "the object does not do that."},
    {0x80131023, "HOST_E_CLRNOTAVAILABLE: The manager serves no more: it was closed, or its books "
                 "were contradicted."},
    {0x80131024, "HOST_E_TIMEOUT: The host's wait took too long."},
    {0x80131025, "HOST_E_NOT_OWNER: The caller does not own the lock."},
    {0x80131026, "HOST_E_ABANDONED: The event was abandoned."},
    {0x80131027, "HOST_E_EXITPROCESS_THREADABORT: The process ends because a thread was aborted."},
    {0x80131028, "HOST_E_EXITPROCESS_ADUNLOAD: The process ends because a domain was unloaded."},
    {0x80131029, "HOST_E_EXITPROCESS_TIMEOUT: The process ends because of a timeout."},
    {0x80131040, "FUSION_E_REF_DEF_MISMATCH: An assembly of another version or name was found."},
    {0x80131044, "FUSION_E_PRIVATE_ASM_DISALLOWED: The assembly needs a strong name."},
    {0x80131047, "FUSION_E_INVALID_NAME: The assembly's name is not valid."},
    {0x80131500, "COR_E_EXCEPTION: An exception was not handled."},
    {0x80131506, "COR_E_EXECUTIONENGINE: The runtime has found an error in itself."},
    {0x80131509, "COR_E_INVALIDOPERATION: An object was used in a state in which it cannot be."},
    {0x80131512, "COR_E_MISSINGMEMBER: The type has no such member."},
    {0x80131513, "COR_E_MISSINGMETHOD: The type has no such method."},
    {0x80131522, "COR_E_TYPELOAD: The assembly has no such type, or it cannot be loaded."},
    {0x80131523, "COR_E_ENTRYPOINTNOTFOUND: The program has no Main, or a DLL no such function."},
    {0x80131604, "COR_E_TARGETINVOCATION: The method that was called did not handle an exception."},
    {0x80131621, "COR_E_FILELOAD: An assembly cannot be loaded."},
    {0x80131623, "COR_E_FAILFAST: The program has ended itself by Environment.FailFast."},
    {0x80131700, "CLR_E_SHIM_RUNTIMELOAD: No installed runtime can run the program."},
    {0x80131701, "CLR_E_SHIM_RUNTIMEEXPORT: The runtime lacks a function that is needed."},
};

static const char *find(const struct text *texts, size_t count, uint32_t hr)
{
    for (size_t i = 0; i < count; i++) {
        if (texts[i].hr == hr)
            return texts[i].text;
    }
    return NULL;
}

const char *STDMETHODCALLTYPE HostMemErrorText(HRESULT hr)
{
    const char *text = find(own, sizeof(own) / sizeof(own[0]), (uint32_t)hr);

    return text ? text : find(runtimes, sizeof(runtimes) / sizeof(runtimes[0]), (uint32_t)hr);
}
