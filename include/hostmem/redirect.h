/*
 * redirect.h: import redirection, which brings modern .NET to use a manager.
 *
 * Modern .NET never asks its host for a memory manager. A host redirects the runtime's modules
 * instead: their calls of Win32's memory functions then reach the manager.
 *
 * hostmem.h includes this header, and says what "suspension-safe" means. What this header says of a
 * Win32 function is based on the function's page in the Windows API reference; what it says of
 * import tables, on "PE Format" there.
 */
#ifndef HOSTMEM_REDIRECT_H
#define HOSTMEM_REDIRECT_H

#include <hostmem/clrhosting.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum HOSTMEM_MODULE_KIND {
    HostMemModuleRuntime = 1,   /* such as coreclr.dll */
    HostMemModuleJit = 2,       /* a JIT compiler, such as clrjit.dll */
    HostMemModuleCollector = 3, /* a garbage collector, such as clrgc.dll */
    HostMemModuleHost = 4,      /* hostfxr.dll, hostpolicy.dll: only their loads are followed */
    HostMemModuleNativeAot = 5, /* a library compiled by NativeAOT: its runtime is in it */
    HostMemModuleLibrary = 6    /* one by which others allocate, such as ucrtbase.dll */
} HOSTMEM_MODULE_KIND;

/* A module that a redirected one has loaded: see HOSTMEM_REDIRECT_FOLLOW. */
typedef struct HOSTMEM_MODULE {
    HMODULE hModule;
    HOSTMEM_MODULE_KIND Kind;
    HRESULT Result; /* S_OK: redirected; else HostMemRedirectModule's reason why not */
} HOSTMEM_MODULE;

/* HOSTMEM_OPTIONS.pfnModule. *pModule is valid until the callback returns. */
typedef void(CALLBACK *HOSTMEM_MODULE_CALLBACK)(void *pContext, const HOSTMEM_MODULE *pModule);

typedef enum HOSTMEM_ENDING_KIND {
    HostMemEndingExitProcess = 1,
    HostMemEndingTerminateProcess = 2, /* of this process, by itself */
    HostMemEndingFailFast = 3,         /* RaiseFailFastException */
    HostMemEndingUnhandledException = 4
} HOSTMEM_ENDING_KIND;

/* How a redirected module is about to end the process: see HOSTMEM_REDIRECT_ENDINGS. */
typedef struct HOSTMEM_ENDING {
    HOSTMEM_ENDING_KIND Kind;
    DWORD Code; /* ExitProcess, TerminateProcess: the exit code; else: the exception's code */
} HOSTMEM_ENDING;

/* HOSTMEM_OPTIONS.pfnEnding. *pEnding is valid until the callback returns. */
typedef void(CALLBACK *HOSTMEM_ENDING_CALLBACK)(void *pContext, const HOSTMEM_ENDING *pEnding);

/* HOSTMEM_OPTIONS.pfnStarted. */
typedef void(CALLBACK *HOSTMEM_STARTED_CALLBACK)(void *pContext);

typedef struct HOSTMEM_REDIRECTION HOSTMEM_REDIRECTION;

/* HostMemRedirectModule's dwFlags. */
#define HOSTMEM_REDIRECT_HEAP 0x1      /* also redirect the functions of Win32 heaps */
#define HOSTMEM_REDIRECT_NO_STATUS 0x2 /* do not redirect what reports the machine's memory */
#define HOSTMEM_REDIRECT_FOLLOW 0x4    /* also redirect the parts of a runtime that it loads */
#define HOSTMEM_REDIRECT_ENDINGS 0x8   /* also redirect what ends the process */
#define HOSTMEM_REDIRECT_NO_PAGES 0x10 /* do not redirect the functions of pages and views */
#define HOSTMEM_REDIRECT_LIBRARIES                                                                 \
    0x20 /* with _HEAP and _FOLLOW: also the libraries by which others allocate */

/*
 * Redirects a loaded module: rewrites its import address tables, ordinary and delay-loaded, so that
 * its calls of these functions reach the manager:
 *
 * - VirtualAlloc, VirtualAllocEx, VirtualAllocExNuma, VirtualFree, VirtualFreeEx, VirtualQuery,
 *   VirtualProtect;
 * - MapViewOfFile, MapViewOfFileEx, MapViewOfFileExNuma, UnmapViewOfFile, UnmapViewOfFileEx;
 * - where the system has them: VirtualAlloc2, VirtualAllocFromApp, VirtualAlloc2FromApp,
 *   VirtualProtectFromApp, MapViewOfFile3, MapViewOfFileFromApp, MapViewOfFile3FromApp,
 *   MapViewOfFileNuma2, UnmapViewOfFile2;
 * - CreateFileMappingA and W, CreateFileMappingNumaA and W, OpenFileMappingA and W, CloseHandle,
 *   DuplicateHandle; where the system has them, CreateFileMapping2, CreateFileMappingFromApp and
 *   OpenFileMappingFromApp.
 *
 * Only imports from kernel32.dll, kernelbase.dll or an api-ms-win-core-*.dll are rewritten; code
 * never is. The library's name may stand in the table without ".dll". A function is known by its
 * name or, in tables that lack the name, by its ordinal or its address. An entry that another
 * program has rewritten before is rewritten, and put back as it was; calls do not reach that
 * program meanwhile. A page of entries that holds code, too, can be executed all the time. Do not
 * redirect a module while a thread resolves its delay-loaded imports: both change the protection
 * of the page.
 *
 * Calls for another process, and frees of memory that the manager does not own, go to Win32. So do
 * calls for this process through a handle without PROCESS_VM_OPERATION, which Win32 refuses. So do
 * requests of VirtualAlloc2 and VirtualAlloc2FromApp for or in a placeholder
 * (MEM_RESERVE_PLACEHOLDER, MEM_REPLACE_PLACEHOLDER) or with an extended parameter other than a
 * single NUMA node, and requests of the functions ...FromApp for memory that can be executed. What
 * Win32 hands out there is not the manager's.
 *
 * A section of the paging file that the module makes is in the manager's books (HOSTMEM_SECTION),
 * and what it commits counts against the limits: a request beyond them fails with
 * ERROR_COMMITMENT_LIMIT, be it CreateFileMapping (SEC_COMMIT) or a commit inside a view
 * (SEC_RESERVE). If hostmem has no memory for its books, making, mapping or duplicating fails with
 * ERROR_NOT_ENOUGH_MEMORY. A view that is unmapped while another thread commits pages in it is
 * unmapped when that is done. Views of anything else are mapped ranges.
 *
 * GetProcAddress is redirected as well. If the module asks for a function that is redirected for
 * it, by name or by ordinal, it gets what its import would be rewritten to. The address found
 * decides: that of an export of kernel32.dll or kernelbase.dll, forwarders followed. Functions of
 * the same name elsewhere are left alone, and so is what the module asks ntdll.dll for, except
 * NtTerminateProcess and the functions of heaps that are named below. Managed code's platform
 * invocations are looked up in this way. A pointer that a module has got so stays good for the life
 * of the process: see HostMemRemoveRedirection.
 *
 * IHostMemInspection::SetRedirectedLevel decides how critical a request for memory is.
 *
 * If Win32 refuses for want of memory or address space what was passed on to it for this process
 * (a view, a heap or a block of Win32's own, moveable memory, pages of VirtualAlloc2), the manager
 * gives back what it holds without use, and Win32 is asked again. For a view it does so as
 * IHostMemoryManager::NeedsVirtualAddressSpace does, with the emergency reservation. A module that
 * cannot be loaded is not tried again, because its code may have run.
 *
 * With HOSTMEM_REDIRECT_NO_PAGES none of the functions of the first four items is redirected, and
 * what the module asks for by GetProcAddress is what else the flags name. That is for modules that
 * ask for their memory otherwise, such as .NET Framework's.
 *
 * Unless HOSTMEM_REDIRECT_NO_STATUS is given, these are redirected as well:
 *
 * - GlobalMemoryStatusEx reports no more memory than the limits allow, and no more available memory
 *   than is left below them. The load is the system's or the commit limit's, whichever is higher.
 *   The commit limit's is scaled for .NET's garbage collector, which treats 90 % as high: it is
 *   90 % at the threshold where memory becomes Low, and linear below and above. From the refusal of
 *   a task-critical request until the next one is granted, it is 89 % at most.
 *
 * - CreateMemoryResourceNotification makes a handle that is signalled while the manager's pressure
 *   is Low, or High; QueryMemoryResourceNotification reads it. From the first such handle on, the
 *   manager also watches the system, as with HOSTMEM_WATCH_SYSTEM. Once the manager is closed or an
 *   E_FAIL has latched, no such handle is signalled.
 *
 * With HOSTMEM_REDIRECT_HEAP, HeapAlloc, HeapReAlloc, HeapFree, HeapSize, HeapValidate, HeapCreate,
 * HeapDestroy and HeapWalk are redirected as well, and so are LocalAlloc, LocalReAlloc, LocalFree,
 * LocalSize, LocalLock, LocalUnlock, LocalHandle, LocalFlags, and the functions Global... of these
 * names. Of ntdll.dll these are RtlReAllocateHeap, RtlFreeHeap, RtlSizeHeap, RtlValidateHeap and
 * RtlDestroyHeap, which others pass blocks to, and RtlAllocateHeap, whose blocks stay Win32's. What
 * the module allocates from the process's heap, from heaps that it creates, and, if it is a C
 * run-time library, from that library's heap, then comes from an IHostMalloc of the manager.
 *
 * - A C run-time library in a DLL of its own (ucrtbase.dll, msvcrt.dll; it is known by its export
 *   _get_heap_handle) made its heap before any redirection. The handle that this function returns
 *   stands for a heap of the manager from then on. So what any module allocates by the library is
 *   in the books, whoever frees it. Of combase.dll or ole32.dll (CoTaskMemAlloc) and oleaut32.dll
 *   (SysAllocString) the same is true without more: they use the process's heap.
 * - If such a library's heap cannot be taken over, the library is not redirected: E_OUTOFMEMORY.
 *   Redirect no such library while another thread loads it: a heap that it is just making, and has
 *   not noted yet, is not seen.
 * - Other heaps that there were before, and heaps that a module gets from others, stay Win32's,
 *   because somebody who is not redirected may allocate and free by the same handle. What the
 *   module allocates or resizes in them is counted: HOSTMEM_STATISTICS.PassedHeapCalls.
 * - So are blocks of ntdll.dll's RtlAllocateHeap: a module may pass them to a function of ntdll.dll
 *   that frees them and is not redirected (RtlFreeUnicodeString, RtlFreeAnsiString,
 *   RtlMultipleFreeHeap). What HeapAlloc, LocalAlloc and GlobalAlloc give must not be passed to
 *   those.
 * - A module that is not redirected may allocate by the handle of a run-time library's heap: its
 *   blocks are Win32's, and may be freed by the library. It must not free the library's blocks.
 * - All flags are honoured. HEAP_NO_SERIALIZE changes nothing, because calls are never serialized.
 *   HEAP_REALLOC_IN_PLACE_ONLY fails with ERROR_NOT_ENOUGH_MEMORY if the block would have to move;
 *   that can happen for a smaller size, too.
 * - A handle is still that of a Win32 heap. HeapDestroy ends that heap and frees the manager's
 *   blocks of this handle; they are not reported as leaks. Heaps with a maximum size, and those
 *   beyond the first 64 that exist at once, are left to Win32. The heap of a library that a module
 *   which is not redirected destroys stays in the manager's books.
 * - Blocks that Win32 made, such as those from before the redirection, stay Win32's.
 * - An address in the manager's memory that is not a live block of the given heap (freed before,
 *   inside a block, a block of another heap) is refused with ERROR_INVALID_PARAMETER. Nothing is
 *   changed, and the call never reaches Win32.
 * - Fixed local and global memory (LMEM_FIXED, GMEM_FIXED) are blocks of the process's heap, and
 *   each of the functions for heaps, local and global memory takes what another of them has
 *   allocated. An address that is no live block is refused with ERROR_INVALID_HANDLE by the
 *   functions for local and global memory. LMEM_MODIFY changes nothing. A block that may not move
 *   can always be made smaller; LocalSize may then still tell its former size. Moveable memory, and
 *   requests with flags that fixed memory does not have, are left to Win32, and so are blocks with
 *   HEAP_SETTABLE_USER_VALUE or a user flag (0xf00 in all); they are counted as passed through.
 * - Only redirected modules know such a block. If the module passes one to a module that is not
 *   redirected with this flag, that module must not free, resize or measure it: Win32 would take
 *   what precedes the block for a header of its own. A block that Win32 or such a module has made,
 *   FormatMessage's buffer for one, may be freed by redirected modules.
 * - Once the manager is closed or an E_FAIL has latched, new blocks come from Win32. Blocks that
 *   the manager made can still be freed and resized.
 * - HeapWalk tells each live block of the heap, with PROCESS_HEAP_ENTRY_BUSY and no overhead, in an
 *   order of its own, and then what Win32 has under the handle. Blocks that come and go meanwhile
 *   may be met or missed.
 * - HeapLock, HeapUnlock, HeapSetInformation, HeapQueryInformation, HeapSummary, HeapCompact, and
 *   HeapValidate of a whole heap, are Win32's: they concern the Win32 heap behind the handle, and
 *   nothing of the manager's blocks. So a locked heap serves the module's threads all the same, and
 *   a summary is without the manager's blocks. GlobalFix, GlobalUnfix, GlobalWire, GlobalUnWire and
 *   LocalShrink are Win32's, too; they leave a fixed block as it is.
 * IHostMemInspection::Trim must not be under way while the module destroys a heap.
 *
 * With HOSTMEM_REDIRECT_FOLLOW, LoadLibraryA, LoadLibraryW, LoadLibraryExA and LoadLibraryExW are
 * redirected as well. The parts of a runtime that the module loads are redirected with the same
 * flags before the load returns, and so are the parts that those load in turn.
 *
 * - A module is part of a runtime by what it exports: coreclr_initialize or GetCLRRuntimeHost (a
 *   runtime, such as coreclr.dll), getJit (a JIT compiler, such as clrjit.dll), GC_Initialize or
 *   InitializeGarbageCollector (a garbage collector, such as clrgc.dll), DotNetRuntimeDebugHeader
 *   (a library compiled by NativeAOT). Other modules are left alone.
 * - Of hostfxr.dll and hostpolicy.dll (which export hostfxr_main and corehost_main) only the loads
 *   are followed, not the memory nor the endings; that goes for hModule, too. GetProcAddress gives
 *   them the redirected loads and nothing else.
 * - HOSTMEM_OPTIONS.pfnModule is called for each such module. A module that cannot be redirected is
 *   loaded all the same.
 * - Each such module stays loaded and redirected until the last redirection with this flag is
 *   removed.
 * - If the module imports none of the functions, the redirection stands all the same: the host may
 *   tell of modules by HostMemFollowModule.
 *
 * With HOSTMEM_REDIRECT_LIBRARIES, which needs HOSTMEM_REDIRECT_HEAP and HOSTMEM_REDIRECT_FOLLOW,
 * the libraries by which others allocate are redirected like parts of a runtime, but of their calls
 * only those for heaps. A library is known by what it exports itself, not by a forwarder:
 * _get_heap_handle, CoTaskMemAlloc or SysAllocString.
 *
 * - Those of the system's that are loaded already (ucrtbase.dll, msvcrt.dll, msvcr80.dll to
 *   msvcr120.dll, combase.dll, ole32.dll, oleaut32.dll) are redirected before HostMemRedirectModule
 *   returns; those that come with a module that a followed one loads, before that load returns;
 *   others when HostMemFollowModule tells of them.
 * - Of all of them that are there the functions that take a block are redirected before those that
 *   make one of any: one may free what another has made in the process's heap. A host that
 *   redirects libraries one by one does so before others use them.
 * - One that cannot be redirected is told to pfnModule once. It is tried again when following
 *   begins anew, or when HostMemFollowModule tells of it.
 * - All modules of the process use them, and all that is allocated by them counts against the
 *   limits. The manager's callbacks may then be called from inside any allocation of any module:
 *   they must take no lock that somebody holds while he allocates.
 *
 * With HOSTMEM_REDIRECT_ENDINGS, ExitProcess, TerminateProcess, RaiseFailFastException,
 * SetUnhandledExceptionFilter and ntdll.dll's NtTerminateProcess are redirected as well. Before the
 * module ends the process by one of them, HOSTMEM_OPTIONS.pfnEnding is called; then the process
 * ends as it would have.
 *
 * - pfnEnding is called once, by the thread that ends the process. If other threads end it at the
 *   same time, they wait until pfnEnding has returned, but no longer than two seconds. If Win32
 *   refuses to end the process, the next end is told again.
 * - pfnEnding may find other threads stopped at any place, and locks held. It may end the process.
 * - TerminateProcess and NtTerminateProcess are told for every handle of this process: the pseudo
 *   handle, handles with a right to query, and on Windows 10 and later all others. Earlier systems
 *   must let the handle be duplicated with PROCESS_QUERY_LIMITED_INFORMATION. A handle for which
 *   they refuse that is not recognised.
 * - An unhandled exception is told after the filter that the module has given to
 *   SetUnhandledExceptionFilter has run, unless the filter continues execution. It is not told if
 *   no redirected module has called SetUnhandledExceptionFilter, if another module has replaced
 *   the filter since, or if a debugger takes the exception.
 * - What other modules and processes do is not seen. A run-time library in a DLL of its own, which
 *   ends the process for exit or abort, is another module.
 *
 * With HOSTMEM_REDIRECT_ENDINGS, CreateProcessA and CreateProcessW are redirected as well, and
 * HOSTMEM_STATISTICS.ChildProcesses counts the processes that they start. The calls are passed on
 * as they are: such a process is not watched.
 *
 *   pManager       a manager made by HostMemCreateManager; referenced until the redirection ends.
 *   hModule        a module of this process; referenced until the redirection ends.
 *   dwFlags        a combination of HOSTMEM_REDIRECT_HEAP and so on, or 0.
 *   ppRedirection  out: what HostMemRemoveRedirection takes; NULL unless S_OK.
 * Returns
 *   S_OK;
 *   S_FALSE: the module imports none of these functions, not even GetProcAddress, or they are
 *   redirected already. With HOSTMEM_REDIRECT_FOLLOW, only if the module is redirected with that
 *   flag already;
 *   E_POINTER: pManager or ppRedirection is NULL;
 *   E_INVALIDARG: not a hostmem manager; not a loaded module; a module that the redirection itself
 *   relies on (hostmem's own, kernel32.dll, kernelbase.dll, ntdll.dll); unknown flags;
 *   HOSTMEM_REDIRECT_LIBRARIES without the two that it needs;
 *   HRESULT_FROM_WIN32(ERROR_BAD_EXE_FORMAT): the module's import tables make no sense;
 *   HRESULT_FROM_WIN32(ERROR_PROC_NOT_FOUND): the tables lack the names of imports from
 *   kernel32.dll or kernelbase.dll, and another program has rewritten an entry, so that nothing
 *   tells which function it is of; or they import from an api-ms-win-core-*.dll by an ordinal that
 *   may be that of a function to redirect, and the import is delay-loaded and not resolved yet;
 *   HRESULT_FROM_WIN32(ERROR_BUSY): modules of this process are redirected to another manager (one
 *   at a time is possible), or with HOSTMEM_REDIRECT_FOLLOW and other flags;
 *   E_OUTOFMEMORY;
 *   what VirtualProtect or GetModuleHandleEx reports, as HRESULT_FROM_WIN32.
 * Entries are rewritten one after the other, those of functions that give memory, a view or a
 * handle last; when a redirection ends they are put back first. So what the module's threads make
 * meanwhile they can give back.
 * A module that is redirected twice, with other flags each time, gets from GetProcAddress what
 * either of the two redirects. On failure nothing is rewritten, except that of a library by which
 * others allocate functions that take a block may stay so. Any thread. Not suspension-safe: it
 * calls the loader and may wait for another thread that redirects. Redirect a runtime's modules
 * before the runtime starts. The first redirection pins hostmem's own module for the life of the
 * process.
 */
HRESULT STDMETHODCALLTYPE HostMemRedirectModule(IHostMemoryManager *pManager, HMODULE hModule,
                                                DWORD dwFlags, HOSTMEM_REDIRECTION **ppRedirection);

/*
 * Tells hostmem of a module that was loaded by somebody who is not followed. If the module is part
 * of a runtime, it is redirected as if a redirected module had loaded it: see
 * HOSTMEM_REDIRECT_FOLLOW. A host that learns of all loads (LdrRegisterDllNotification) makes sure
 * in this way that no runtime of its process is missed.
 *   hModule  a module of this process whose imports have been resolved.
 * S_OK: it was redirected; S_FALSE: it is no part of a runtime, is redirected already, or no
 * redirection with HOSTMEM_REDIRECT_FOLLOW stands; E_INVALIDARG: hModule is NULL; else why it could
 * not be redirected, as HostMemRedirectModule says.
 * Any thread, also one that holds the loader's lock. Not suspension-safe.
 */
HRESULT STDMETHODCALLTYPE HostMemFollowModule(HMODULE hModule);

/*
 * How large the collector's heap of a runtime may be, so that the whole runtime keeps within the
 * manager's limit on committed memory. From .NET 7 on a collector must be told a limit in this
 * form; .NET Core 3.0 to .NET 6 live better with it. A host tells it before the runtime starts, as
 * the runtime's own documentation says ("Runtime configuration options for garbage collection"):
 * as the property System.GC.HeapHardLimit, a decimal number, among those of coreclr_initialize or
 * of hostfxr_set_runtime_property_value; or as the variable DOTNET_GCHeapHardLimit (before .NET 6
 * COMPlus_GCHeapHardLimit), hexadecimal, until pfnStarted is called. What the user or the
 * program's runtimeconfig.json has set should stay. hostmem-run and hostmem-agent.dll do this.
 *
 * Without it such a runtime meets the limit as refusals only: it collects when it is refused, and
 * not before. It survives that less often.
 *
 * The figure is the task-critical limit less what a runtime of that version was measured to commit
 * beside its collector, and a share of the limit for what the program's code and types add. It is
 * computed from the limit as it is now: SetLimits later on does not change what was told.
 *
 *   pManager  a manager made by HostMemCreateManager.
 *   hModule   a loaded module with a .NET runtime in it, such as coreclr.dll; redirected or not.
 *   dwFlags   HOSTMEM_REDIRECT_HEAP, if the runtime's heaps are redirected, too; else 0.
 *   pBytes    out: bytes; 0 unless the result says otherwise.
 * S_OK; S_FALSE: the manager has no such limit, or the collector knows no hard limit (before .NET
 * Core 3.0; all 32-bit ones): it is told by what GlobalMemoryStatusEx reports;
 * HRESULT_FROM_WIN32(ERROR_COMMITMENT_LIMIT): the limit is too small for the runtime to start;
 * *pBytes is the least task-critical limit with which it does; E_POINTER (pManager or pBytes is
 * NULL); E_INVALIDARG: not a hostmem manager, no .NET runtime, or unknown flags.
 * Any thread. Not suspension-safe: it calls the loader.
 */
HRESULT STDMETHODCALLTYPE HostMemGetHeapHardLimit(IHostMemoryManager *pManager, HMODULE hModule,
                                                  DWORD dwFlags, ULONGLONG *pBytes);

/*
 * Ends a redirection: puts the import address tables back. An entry that another program has
 * rewritten since then is left alone.
 *
 * Memory that the module still holds stays valid and in the manager's books, but what the module
 * does with it afterwards through its imports is not seen. If the module then frees a heap block of
 * the manager's through an import, it passes Win32 a block that Win32 does not know. So end the
 * runtime first.
 *
 * Nobody can end all users of a library by which others allocate. So of a library's imports those
 * of functions that take a block, or a heap, stay redirected for ever: its blocks are freed,
 * measured and resized by the manager that made them, and new ones come from Win32.
 *
 * If a module is redirected again, to this manager or to another one, memory of this manager is
 * recognised: frees and resizes of it, and commits in it, are done by this manager, and its books
 * stay exact. That is so while the manager lives. The host's references keep it alive, and so do
 * heaps with live blocks.
 *
 * Pointers that the module has got from GetProcAddress stay good. While any module is redirected,
 * they reach that module's manager. When none is, new requests through them go to Win32. Memory
 * that a manager has handed out is recognised all the same: once GetProcAddress has given out such
 * a pointer, a manager that holds memory when its last redirection ends stays alive for as long as
 * it does.
 *
 * What is let go when a redirection ends is let go then or, if a thread is inside a redirected
 * function, when one begins or ends later. A thread that was terminated inside of one delays
 * nothing. What a thread that was terminated in HostMemRedirectModule or in this function has left
 * half done is undone by the next call of either; then the redirection is no more.
 *
 * When the last redirection to a manager ends, the manager's heaps without live blocks end, too.
 * Heaps with live blocks stay and keep the manager alive. If modules are redirected to this manager
 * again, they find these heaps under the same handles. When those redirections end as well, the
 * same rule decides which heaps end and which stay.
 *
 *   pRedirection  what HostMemRedirectModule gave. It does not point to memory.
 * S_OK; S_FALSE: the module has been unloaded, by more calls of FreeLibrary than were due, so that
 * nothing was put back; E_POINTER (NULL); E_INVALIDARG (not a redirection, or removed before; the
 * pointer is not read); what VirtualProtect reports, as HRESULT_FROM_WIN32: other entries have been
 * put back.
 * Any thread. Not suspension-safe, for the reasons that HostMemRedirectModule gives.
 */
HRESULT STDMETHODCALLTYPE HostMemRemoveRedirection(HOSTMEM_REDIRECTION *pRedirection);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif
