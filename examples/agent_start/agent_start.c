/*
 * agent_start.c: a native host that makes itself visible to hostmem-top.
 *
 * What a service or a plug-in host does, which nobody starts by hostmem-run: it calls
 * HostMemAgentStart once, before its first runtime starts. From then on the memory that the program
 * and the runtimes in it ask the system for is in hostmem's books, under the limits that the host
 * has chosen. It links with hostmem-agent.dll alone (the CMake target hostmem::agent), which has
 * hostmem.dll's functions, too.
 *
 *   agent_start
 *       allocates 16 MiB, and waits for a line on stdin. Meanwhile, in another console:
 *       hostmem-top PID
 *   agent_start HOSTFXR PROGRAM.dll [arguments]
 *       runs a .NET program (3.0 and later) in this process by .NET's own host, hostfxr.dll: for
 *       instance "C:\Program Files\dotnet\host\fxr\10.0.0\hostfxr.dll". Its exit code is this
 *       program's.
 */
#define COBJMACROS
#include <initguid.h>

#include <hostmem/agent.h>

#include <stdint.h>
#include <stdio.h>

enum {
    OWN_MEMORY = 16 << 20,
    EXIT_CODE_FAILED = 120
};

static int failed(const char *what, HRESULT result)
{
    fprintf(stderr, "%s failed: 0x%08lx\n", what, (unsigned long)result);
    return EXIT_CODE_FAILED;
}

/* The limit of a process that should never need more than 2 GiB. A runtime in it is told when
 * memory is low.
 */
static HRESULT start_agent(IHostMemoryManager **manager)
{
    static const HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits),
                                          .Committed.Limit = (SIZE_T)1 << 31};
    static const HOSTMEM_OPTIONS of_manager = {.cbSize = sizeof(of_manager), .pLimits = &limits};
    static const HOSTMEM_AGENT_OPTIONS options = {.cbSize = sizeof(options),
                                                  .pManager = &of_manager};

    return HostMemAgentStart(&options, manager);
}

static void print_statistics(IHostMemoryManager *manager)
{
    HOSTMEM_STATISTICS statistics = {.cbSize = sizeof(statistics)};
    IHostMemInspection *inspection;

    if (IHostMemoryManager_QueryInterface(manager, &IID_IHostMemInspection, (void **)&inspection) !=
        S_OK)
        return;
    if (IHostMemInspection_GetStatistics(inspection, &statistics) == S_OK)
        printf("process %lu: %llu bytes committed at most, by %llu calls\n", GetCurrentProcessId(),
               (unsigned long long)statistics.Committed.Peak,
               (unsigned long long)statistics.Methods[HostMemVirtualAlloc].Calls);
    IHostMemInspection_Release(inspection);
}

/* ------------------------------------------------------------------------------------------------
 * What the host does
 * --------------------------------------------------------------------------------------------- */

static int hold_memory(IHostMemoryManager *manager)
{
    void *memory = VirtualAlloc(NULL, OWN_MEMORY, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

    if (!memory)
        return failed("VirtualAlloc", HRESULT_FROM_WIN32(GetLastError()));
    print_statistics(manager);
    fflush(stdout);
    getchar();
    VirtualFree(memory, 0, MEM_RELEASE);
    return 0;
}

typedef int32_t(__cdecl *initialize_function)(int argc, const wchar_t **argv,
                                              const void *parameters, void **context);
typedef int32_t(__cdecl *run_function)(void *context);
typedef int32_t(__cdecl *close_function)(void *context);

static void (*function_of(HMODULE module, const char *name))(void)
{
    return (void (*)(void))GetProcAddress(module, name);
}

/* As "Native hosting" among .NET's design documents has it. */
static int run_dotnet(IHostMemoryManager *manager, const wchar_t *path, int argc,
                      const wchar_t **argv)
{
    HMODULE hostfxr = LoadLibraryExW(path, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
    initialize_function initialize =
        (initialize_function)function_of(hostfxr, "hostfxr_initialize_for_dotnet_command_line");
    run_function run = (run_function)function_of(hostfxr, "hostfxr_run_app");
    close_function close = (close_function)function_of(hostfxr, "hostfxr_close");
    void *context = NULL;
    int32_t status;

    if (!hostfxr || !initialize || !run || !close)
        return failed("loading hostfxr.dll", HRESULT_FROM_WIN32(GetLastError()));
    status = initialize(argc, argv, NULL, &context);
    if (status < 0)
        return failed("hostfxr_initialize_for_dotnet_command_line", status);
    status = run(context);
    close(context);
    print_statistics(manager);
    return status;
}

int wmain(int argc, wchar_t **argv)
{
    IHostMemoryManager *manager;
    HRESULT result = start_agent(&manager);
    int code;

    if (result != S_OK)
        return failed("HostMemAgentStart", result);
    if (argc < 3)
        code = hold_memory(manager);
    else
        code = run_dotnet(manager, argv[1], argc - 2, (const wchar_t **)argv + 2);
    IHostMemoryManager_Release(manager);
    return code;
}
