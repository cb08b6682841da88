/*
 * unloads.c: see unloads.h. LdrRegisterDllNotification is looked up, because no header declares it.
 */
#include "redirect/unloads.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* As ntdll has them: "LdrRegisterDllNotification function" in the Windows reference. */
#define UNLOADED 2u

/* The notice is a structure whose fourth member, like the two before it a pointer, is the module.
 */
#define MODULE 3u

typedef void CALLBACK notify(ULONG reason, const void *const *notice, void *context);
typedef LONG NTAPI register_notification(ULONG flags, notify *callback, void *context,
                                         void **cookie);

static _Atomic(unloaded_callback *) unloaded;

static void CALLBACK noticed(ULONG reason, const void *const *notice, void *context)
{
    (void)context;
    if (reason == UNLOADED)
        atomic_load_explicit(&unloaded, memory_order_acquire)(notice[MODULE]);
}

void unloads_begin(unloaded_callback *callback)
{
    HMODULE ntdll = NULL;
    register_notification *add = NULL;
    unloaded_callback *none = NULL;
    void *cookie;

    if (!atomic_compare_exchange_strong_explicit(&unloaded, &none, callback, memory_order_release,
                                                 memory_order_relaxed))
        return;
    if (GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, L"ntdll.dll", &ntdll))
        add =
            (register_notification *)(uintptr_t)GetProcAddress(ntdll, "LdrRegisterDllNotification");
    if (add)
        add(0, noticed, NULL, &cookie);
}
