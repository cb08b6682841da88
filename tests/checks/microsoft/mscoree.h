/*
 * mscoree.h: a stand-in for the one of Microsoft's .NET Framework SDK, as far as hostmem's headers
 * can tell: the hosting interfaces that they need, with the guards and in the form that MIDL gives
 * them. Written for headers.cmake; no program should be built with it.
 */
#ifndef HOSTMEM_CHECKS_MICROSOFT_MSCOREE_H
#define HOSTMEM_CHECKS_MICROSOFT_MSCOREE_H

#include <unknwn.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum EMemoryAvailableOfMidl {
    eMemoryAvailableLow = 1,
    eMemoryAvailableNeutral = 2,
    eMemoryAvailableHigh = 3
} EMemoryAvailable;

typedef enum EMemoryCriticalLevelOfMidl {
    eTaskCritical = 0,
    eAppDomainCritical = 1,
    eProcessCritical = 2
} EMemoryCriticalLevel;

typedef enum MallocTypeOfMidl {
    MALLOC_THREADSAFE = 1,
    MALLOC_EXECUTABLE = 2
} MALLOC_TYPE;

typedef interface ICLRMemoryNotificationCallback ICLRMemoryNotificationCallback;
typedef interface IHostMalloc IHostMalloc;
typedef interface IHostMemoryManager IHostMemoryManager;
typedef interface IHostControl IHostControl;

EXTERN_C const IID IID_ICLRMemoryNotificationCallback;
EXTERN_C const IID IID_IHostMalloc;
EXTERN_C const IID IID_IHostMemoryManager;
EXTERN_C const IID IID_IHostControl;

#define __ICLRMemoryNotificationCallback_INTERFACE_DEFINED__
#define __IHostMalloc_INTERFACE_DEFINED__
#define __IHostMemoryManager_INTERFACE_DEFINED__
#define __IHostControl_INTERFACE_DEFINED__

#if defined(__cplusplus) && !defined(CINTERFACE)

MIDL_INTERFACE("47EB8E57-0846-4546-AF76-6F42FCFC2649")
ICLRMemoryNotificationCallback : public IUnknown
{
    virtual HRESULT STDMETHODCALLTYPE OnMemoryNotification(EMemoryAvailable eMemoryAvailable) = 0;
};

MIDL_INTERFACE("1831991C-CC53-4A31-B218-04E910446479")
IHostMalloc : public IUnknown
{
    virtual HRESULT STDMETHODCALLTYPE Alloc(SIZE_T cbSize, EMemoryCriticalLevel eCriticalLevel,
                                            void **ppMem) = 0;
};

MIDL_INTERFACE("7BC698D1-F9E3-4460-9CDE-D04248E9FA25")
IHostMemoryManager : public IUnknown
{
    virtual HRESULT STDMETHODCALLTYPE CreateMalloc(DWORD dwMallocType, IHostMalloc * *ppMalloc) = 0;
};

MIDL_INTERFACE("02CA073C-7079-4860-880A-C2F7A449C991")
IHostControl : public IUnknown
{
    virtual HRESULT STDMETHODCALLTYPE GetHostManager(REFIID riid, void **ppObject) = 0;
};

#else

typedef struct IHostMallocVtbl {
    BEGIN_INTERFACE
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(IHostMalloc *This, REFIID riid, void **ppvObject);
    END_INTERFACE
} IHostMallocVtbl;

interface IHostMalloc
{
    CONST_VTBL struct IHostMallocVtbl *lpVtbl;
};

#ifdef COBJMACROS
#define IHostMalloc_QueryInterface(This, riid, ppvObject)                                          \
    ((This)->lpVtbl->QueryInterface(This, riid, ppvObject))
#endif

#endif

#ifdef __cplusplus
}
#endif

#endif
