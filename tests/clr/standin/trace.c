/*
 * trace.c: the counters, and the file that they end in.
 */
#include "trace.h"

#include <stdatomic.h>
#include <stdio.h>

#define MOST_MANAGERS 32

static const char *const names[TRACED_METHODS] = {
    [TRACED_CONTROL_ADD_REF] = "IHostControl.AddRef",
    [TRACED_GET_HOST_MANAGER] = "IHostControl.GetHostManager",
    [TRACED_CREATE_MALLOC] = "IHostMemoryManager.CreateMalloc",
    [TRACED_VIRTUAL_ALLOC] = "IHostMemoryManager.VirtualAlloc",
    [TRACED_VIRTUAL_FREE] = "IHostMemoryManager.VirtualFree",
    [TRACED_VIRTUAL_QUERY] = "IHostMemoryManager.VirtualQuery",
    [TRACED_VIRTUAL_PROTECT] = "IHostMemoryManager.VirtualProtect",
    [TRACED_GET_MEMORY_LOAD] = "IHostMemoryManager.GetMemoryLoad",
    [TRACED_REGISTER_CALLBACK] = "IHostMemoryManager.RegisterMemoryNotificationCallback",
    [TRACED_NEEDS_ADDRESS_SPACE] = "IHostMemoryManager.NeedsVirtualAddressSpace",
    [TRACED_ACQUIRED_ADDRESS_SPACE] = "IHostMemoryManager.AcquiredVirtualAddressSpace",
    [TRACED_RELEASED_ADDRESS_SPACE] = "IHostMemoryManager.ReleasedVirtualAddressSpace",
    [TRACED_ALLOC] = "IHostMalloc.Alloc",
    [TRACED_DEBUG_ALLOC] = "IHostMalloc.DebugAlloc",
    [TRACED_FREE] = "IHostMalloc.Free",
};

/* Nothing else is published by the counters, so relaxed order is enough for them. */
static atomic_uint calls[TRACED_METHODS];
static atomic_uint failures[TRACED_METHODS];

static struct {
    IID iid;
    BOOL taken;
} managers[MOST_MANAGERS];
static unsigned manager_count;

HRESULT trace_call(enum traced_method method, HRESULT hr)
{
    atomic_fetch_add_explicit(&calls[method], 1, memory_order_relaxed);
    if (hr != S_OK)
        atomic_fetch_add_explicit(&failures[method], 1, memory_order_relaxed);
    return hr;
}

void trace_manager(REFIID iid, BOOL taken)
{
    if (manager_count == MOST_MANAGERS)
        return;
    managers[manager_count].iid = *iid;
    managers[manager_count].taken = taken;
    manager_count++;
}

/* ------------------------------------------------------------------------------------------------
 * The file
 * --------------------------------------------------------------------------------------------- */

static void write_line(HANDLE file, const char *name, unsigned count, unsigned failed)
{
    char line[128];
    DWORD written;
    const int length = snprintf(line, sizeof(line), "%s %u %u\n", name, count, failed);

    if (length > 0)
        WriteFile(file, line, (DWORD)length, &written, NULL);
}

static void write_manager(HANDLE file, const IID *iid, BOOL taken)
{
    const unsigned char *rest = iid->Data4;
    char name[40];

    snprintf(name, sizeof(name), "%08lx-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x",
             (unsigned long)iid->Data1, iid->Data2, iid->Data3, rest[0], rest[1], rest[2], rest[3],
             rest[4], rest[5], rest[6], rest[7]);
    write_line(file, name, 1, !taken);
}

void trace_write(void)
{
    wchar_t path[MAX_PATH];
    const DWORD length = GetEnvironmentVariableW(L"STANDIN_TRACE", path, ARRAYSIZE(path));
    HANDLE file;

    if (length == 0 || length >= ARRAYSIZE(path))
        return;
    file = CreateFileW(path, GENERIC_WRITE, FILE_SHARE_READ, NULL, CREATE_ALWAYS,
                       FILE_ATTRIBUTE_NORMAL, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return;
    for (int i = 0; i < TRACED_METHODS; i++)
        write_line(file, names[i], atomic_load_explicit(&calls[i], memory_order_relaxed),
                   atomic_load_explicit(&failures[i], memory_order_relaxed));
    for (unsigned i = 0; i < manager_count; i++)
        write_manager(file, &managers[i].iid, managers[i].taken);
    CloseHandle(file);
}
