/*
 * domain.c: _AppDomain, of which only ExecuteAssembly_3 does anything.
 */
#include "domain.h"

#include "assembly.h"
#include "output.h"
#include "program.h"
#include "runtime.h"
#include "scenario.h"

#include <oleauto.h>

#include <stdint.h>

/* ------------------------------------------------------------------------------------------------
 * ExecuteAssembly_3
 * --------------------------------------------------------------------------------------------- */

static HRESULT print_arguments(SAFEARRAY *arguments, LONG *count)
{
    BSTR *texts;
    HRESULT hr;
    VARTYPE type;
    LONG low, high;

    *count = 0;
    if (!arguments)
        return S_OK;
    if (SafeArrayGetDim(arguments) != 1 || FAILED(SafeArrayGetVartype(arguments, &type)) ||
        type != VT_BSTR || FAILED(SafeArrayGetLBound(arguments, 1, &low)) ||
        FAILED(SafeArrayGetUBound(arguments, 1, &high)))
        return E_INVALIDARG;
    hr = SafeArrayAccessData(arguments, (void **)&texts);
    if (FAILED(hr))
        return hr;
    *count = high - low + 1;
    for (LONG i = 0; i < *count; i++)
        output_line(L"argument ", texts[i] ? texts[i] : L"");
    SafeArrayUnaccessData(arguments);
    return S_OK;
}

/* An exception that is not caught: its message is set as COM's error information. */
static HRESULT throw_exception(void)
{
    static OLECHAR message[] = L"The stand-in's program throws.";
    ICreateErrorInfo *creation;
    IErrorInfo *information;

    if (SUCCEEDED(CreateErrorInfo(&creation))) {
        creation->lpVtbl->SetDescription(creation, message);
        if (SUCCEEDED(creation->lpVtbl->QueryInterface(creation, &IID_IErrorInfo,
                                                       (void **)&information))) {
            SetErrorInfo(0, information);
            information->lpVtbl->Release(information);
        }
        creation->lpVtbl->Release(creation);
    }
    return COR_E_INVALIDOPERATION;
}

static HRESULT STDMETHODCALLTYPE domain_ExecuteAssembly_3(clr_app_domain *iface, BSTR file,
                                                          IUnknown *evidence, SAFEARRAY *arguments,
                                                          LONG *exit_code)
{
    LONG count;
    HRESULT hr;

    (void)iface;
    (void)evidence;
    if (!file || !exit_code)
        return E_POINTER;
    if (!runtime_is_running())
        return HOST_E_CLRNOTAVAILABLE;
    hr = assembly_exists(file);
    if (hr != S_OK)
        return hr;
    output_line(L"Main of ", file);
    hr = print_arguments(arguments, &count);
    if (hr == S_OK)
        hr = program_run(file);
    if (hr != S_OK)
        return hr;
    if (scenario_is(SCENARIO_UNHANDLED))
        return throw_exception();
    if (scenario_is(SCENARIO_EXIT))
        runtime_exit_process(9);
    *exit_code = count + 40;
    return S_OK;
}

/* ------------------------------------------------------------------------------------------------
 * All the others
 * --------------------------------------------------------------------------------------------- */

/*
 * On x86 a method takes its arguments off the stack, so there is one for each number of words that
 * they and the object make up. A structure by value is as many words there; elsewhere it is of no
 * consequence.
 */
#define METHOD_OF(count)                                                                           \
    struct words_##count {                                                                         \
        uintptr_t word[count];                                                                     \
    };                                                                                             \
    static HRESULT STDMETHODCALLTYPE unused_##count(struct words_##count words)                    \
    {                                                                                              \
        (void)words;                                                                               \
        return E_NOTIMPL;                                                                          \
    }

METHOD_OF(2)
METHOD_OF(3)
METHOD_OF(4)
METHOD_OF(5)
METHOD_OF(6)
METHOD_OF(7)
METHOD_OF(8)
METHOD_OF(9)
METHOD_OF(10)
METHOD_OF(11)

#define UNUSED(count) (void (*)(void)) unused_##count

/* ------------------------------------------------------------------------------------------------
 * The object
 * --------------------------------------------------------------------------------------------- */

static HRESULT STDMETHODCALLTYPE domain_QueryInterface(clr_app_domain *iface, REFIID iid,
                                                       void **object)
{
    if (!object)
        return E_POINTER;
    *object = NULL;
    if (!IsEqualGUID(iid, &IID_IUnknown) && !IsEqualGUID(iid, &IID__AppDomain))
        return E_NOINTERFACE;
    *object = iface;
    return S_OK;
}

/* The object is static: references to it need no counting. */
static ULONG STDMETHODCALLTYPE domain_reference(clr_app_domain *iface)
{
    (void)iface;
    return 1;
}

static const clr_app_domain_vtbl domain_vtbl = {
    .QueryInterface = domain_QueryInterface,
    .AddRef = domain_reference,
    .Release = domain_reference,
    .unused =
        {
            /* GetTypeInfoCount, GetTypeInfo, GetIDsOfNames, Invoke */
            UNUSED(2),
            UNUSED(4),
            UNUSED(6),
            UNUSED(9),
            /* ToString, Equals (a VARIANT), GetHashCode, GetType */
            UNUSED(2),
            UNUSED(6),
            UNUSED(2),
            UNUSED(2),
            /* InitializeLifetimeService, GetLifetimeService, get_Evidence */
            UNUSED(2),
            UNUSED(2),
            UNUSED(2),
            /* Adding and removing handlers of DomainUnload, AssemblyLoad, ProcessExit, TypeResolve,
               ResourceResolve, AssemblyResolve and UnhandledException */
            UNUSED(2),
            UNUSED(2),
            UNUSED(2),
            UNUSED(2),
            UNUSED(2),
            UNUSED(2),
            UNUSED(2),
            UNUSED(2),
            UNUSED(2),
            UNUSED(2),
            UNUSED(2),
            UNUSED(2),
            UNUSED(2),
            UNUSED(2),
            /* DefineDynamicAssembly to DefineDynamicAssembly_9 */
            UNUSED(4),
            UNUSED(5),
            UNUSED(5),
            UNUSED(7),
            UNUSED(6),
            UNUSED(8),
            UNUSED(8),
            UNUSED(9),
            UNUSED(10),
            /* CreateInstance, CreateInstanceFrom, and _2 and _3 of both */
            UNUSED(4),
            UNUSED(4),
            UNUSED(5),
            UNUSED(5),
            UNUSED(11),
            UNUSED(11),
            /* Load to Load_7 */
            UNUSED(3),
            UNUSED(3),
            UNUSED(3),
            UNUSED(4),
            UNUSED(5),
            UNUSED(4),
            UNUSED(4),
            /* ExecuteAssembly, ExecuteAssembly_2 */
            UNUSED(4),
            UNUSED(3),
        },
    .ExecuteAssembly_3 = domain_ExecuteAssembly_3,
};

static clr_app_domain domain = {&domain_vtbl};

IUnknown *domain_unknown(void)
{
    return (IUnknown *)&domain;
}
