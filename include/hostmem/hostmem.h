/*
 * hostmem.h: hostmem's own interface: options, factories, inspection, import redirection.
 *
 * The memory manager itself is IHostMemoryManager, declared in clrhosting.h and described in the
 * .NET Framework hosting reference. What is declared here makes one, looks into it, and brings
 * modern .NET, which never asks its host for a memory manager, to use it all the same.
 *
 * Units are bytes unless a name says otherwise. Every structure that a caller passes starts with
 * its own size in cbSize, so that it can grow: hostmem reads and writes no more than that.
 *
 * "Suspension-safe" below means: takes no lock, waits for nothing, calls neither the loader nor a
 * heap, and lets every other thread make progress while the calling thread is frozen inside it.
 */
#ifndef HOSTMEM_HOSTMEM_H
#define HOSTMEM_HOSTMEM_H

#include <hostmem/clrhosting.h>
#include <hostmem/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ----------------------------------------------------------------------------------------------
 * What the inspection interface tells
 * ------------------------------------------------------------------------------------------- */

/* The methods whose calls are counted; the index into HOSTMEM_STATISTICS.Methods. */
typedef enum HOSTMEM_METHOD {
    HostMemCreateMalloc = 0,
    HostMemVirtualAlloc,
    HostMemVirtualFree,
    HostMemVirtualQuery,
    HostMemVirtualProtect,
    HostMemGetMemoryLoad,
    HostMemRegisterMemoryNotificationCallback,
    HostMemNeedsVirtualAddressSpace,
    HostMemAcquiredVirtualAddressSpace,
    HostMemReleasedVirtualAddressSpace,
    HostMemMallocAlloc,
    HostMemMallocDebugAlloc,
    HostMemMallocFree,
    HOSTMEM_METHODS /* how many there are */
} HOSTMEM_METHOD;

typedef struct HOSTMEM_METHOD_COUNT {
    ULONGLONG Calls;    /* begun */
    ULONGLONG Failures; /* of these, ended with anything but S_OK */
} HOSTMEM_METHOD_COUNT;

/* Why IHostMalloc::Free refused; the index into HOSTMEM_STATISTICS.RefusedBlocks. */
typedef enum HOSTMEM_REFUSAL {
    HostMemRefusedForeign = 0, /* no memory of this manager's heaps, as far as the books go back */
    HostMemRefusedInterior,    /* inside a live block, at an address where a block could be */
    HostMemRefusedMisaligned,  /* inside a live block, at an address that no block can have */
    HostMemRefusedFreed,       /* where a block has been, or could be, and none is live */
    HostMemRefusedOtherHeap,   /* a live block of another heap of this manager */
    HOSTMEM_REFUSALS           /* how many there are */
} HOSTMEM_REFUSAL;

/* A quantity now, and the most that it has been. */
typedef struct HOSTMEM_GAUGE {
    ULONGLONG Now;
    ULONGLONG Peak;
} HOSTMEM_GAUGE;

/* How often something happened, and when first. */
typedef struct HOSTMEM_FIRST_COUNT {
    ULONGLONG Count;
    ULONGLONG FirstMilliseconds; /* after the manager was made; 0 while Count is 0 */
    ULONGLONG FirstOrder;        /* 1 for what happened first of all that is counted so; likewise */
} HOSTMEM_FIRST_COUNT;

typedef enum HOSTMEM_STATUS {
    HostMemStatusOpen = 0,   /* serving */
    HostMemStatusBroken = 1, /* an E_FAIL latched: the books were found contradicted */
    HostMemStatusClosed = 2  /* the host has called Close */
} HOSTMEM_STATUS;

typedef struct HOSTMEM_STATISTICS {
    DWORD cbSize;               /* in: sizeof(HOSTMEM_STATISTICS); out: how much was written */
    DWORD Status;               /* HOSTMEM_STATUS */
    HOSTMEM_GAUGE Reserved;     /* address space of all live regions, committed or not */
    HOSTMEM_GAUGE Committed;    /* committed bytes in them */
    HOSTMEM_GAUGE Mapped;       /* ranges told by AcquiredVirtualAddressSpace */
    HOSTMEM_GAUGE Regions;      /* number of live regions, those of heaps included */
    HOSTMEM_GAUGE MappedRanges; /* number of mapped ranges */
    HOSTMEM_GAUGE Heaps;        /* number of IHostMalloc heaps */
    HOSTMEM_GAUGE Blocks;       /* live heap blocks; Peak: what the living heaps' peaks add up to */
    HOSTMEM_GAUGE BlockBytes;   /* bytes asked for in them; likewise */
    HOSTMEM_GAUGE SlabBytes;    /* of heaps' slabs of small blocks, spare ones included */
    HOSTMEM_GAUGE Metadata;     /* committed bytes of hostmem's own bookkeeping */
    ULONGLONG RefusedFrees;     /* answered with HOST_E_INVALIDOPERATION */
    ULONGLONG RefusedBlocks[HOSTMEM_REFUSALS]; /* of these, by IHostMalloc::Free, and why */
    ULONGLONG DamagedBlocks;  /* written to after they were freed (HOSTMEM_FILL_ON_FREE) */
    ULONGLONG ForeignCommits; /* commits forwarded for memory of someone else */
    ULONGLONG PassedFrees;    /* frees of foreign memory passed to Win32 by a redirection */
    ULONGLONG LeakedBlocks;   /* blocks still live at the last Release of their heap */
    ULONGLONG LeakedBytes;    /* bytes asked for in them */
    HOSTMEM_METHOD_COUNT Methods[HOSTMEM_METHODS];
    HOSTMEM_FIRST_COUNT RefusedRequests[3]; /* for pages, by the limits: by EMemoryCriticalLevel */
    HOSTMEM_FIRST_COUNT Notifications[3];   /* told to a runtime: by EMemoryAvailable less 1 */
    DWORD Pressure;                         /* EMemoryAvailable: what was told, or would be */
    DWORD RedirectedLevel;                  /* EMemoryCriticalLevel, as SetRedirectedLevel has it */
} HOSTMEM_STATISTICS;

/* ----------------------------------------------------------------------------------------------
 * Limits
 * ------------------------------------------------------------------------------------------- */

/*
 * A limit, and who may exceed it. Task-critical requests are refused above Limit.
 * App-domain-critical ones may also use the first reserve above it, process-critical ones the
 * second on top of that. A runtime may not survive that a process-critical request is refused:
 * their reserve is without end unless it is given.
 */
typedef struct HOSTMEM_LIMIT {
    ULONGLONG Limit; /* bytes; 0: none, and the reserves mean nothing */
    ULONGLONG AppDomainReserve;
    ULONGLONG ProcessReserve; /* 0: without end; HOSTMEM_NO_RESERVE: none */
} HOSTMEM_LIMIT;

#define HOSTMEM_NO_RESERVE 0xffffffffffffffffull
#define HOSTMEM_DEFAULT_LOW_PERCENT 90u
#define HOSTMEM_DEFAULT_HIGH_PERCENT 70u

typedef struct HOSTMEM_LIMITS {
    DWORD cbSize;            /* sizeof(HOSTMEM_LIMITS) */
    DWORD LowPercent;        /* of Committed.Limit: Low above; 0: 90 */
    DWORD HighPercent;       /* of Committed.Limit: High below; less than LowPercent; 0: 70 */
    DWORD Unused;            /* 0 */
    HOSTMEM_LIMIT Committed; /* on committed bytes of regions */
    HOSTMEM_LIMIT Reserved;  /* on address space of regions, committed or not */
} HOSTMEM_LIMITS;

/* A live region: what one reserving VirtualAlloc, or one heap block, took from Win32. */
typedef struct HOSTMEM_REGION {
    void *Base;
    SIZE_T Size;          /* reserved bytes, whole pages */
    SIZE_T Committed;     /* of these, committed now */
    DWORD AllocationType; /* flAllocationType as it was asked for */
    DWORD Protect;        /* flProtect as it was asked for */
    DWORD CriticalLevel;  /* EMemoryCriticalLevel as it was asked for */
    DWORD ThreadId;       /* who asked */
    DWORD Heap;           /* number of the IHostMalloc it serves; 0: handed out by VirtualAlloc */
    BOOL IsSlab;          /* of that heap's small blocks; FALSE: it is a block */
    ULONGLONG Sequence;   /* 1 for the manager's first region, and so on */
    ULONGLONG AgeMilliseconds;
} HOSTMEM_REGION;

/* A range that the CLR took from the operating system itself and told the manager about. */
typedef struct HOSTMEM_MAPPED_RANGE {
    void *Base;
    SIZE_T Size;
    DWORD ThreadId;
    ULONGLONG Sequence; /* 1 for the manager's first range, and so on */
} HOSTMEM_MAPPED_RANGE;

/*
 * A live block of an IHostMalloc. Its history (file, caller, thread, sequence, age) is kept for
 * blocks of DebugAlloc, for blocks that are regions of their own, and with HOSTMEM_TRACK_BLOCKS for
 * all; else these members are 0.
 */
typedef struct HOSTMEM_BLOCK {
    void *Address;
    SIZE_T Size;          /* bytes asked for */
    const char *FileName; /* as DebugAlloc was told, at most 1,023 bytes of it; NULL: not told */
    const void *Caller;   /* the return address of the call; NULL: not kept */
    int Line;
    DWORD Heap; /* number of the heap, 1 for the manager's first */
    DWORD ThreadId;
    ULONGLONG Sequence; /* one numbering with that of regions; 0: no history is kept */
    ULONGLONG AgeMilliseconds;
} HOSTMEM_BLOCK;

/* A block that was written to after it had been freed. */
typedef struct HOSTMEM_DAMAGE {
    HOSTMEM_BLOCK Block; /* as it was when it lived */
    void *Address;       /* of the first byte that changed */
    DWORD FreedBy;       /* thread */
} HOSTMEM_DAMAGE;

typedef enum HOSTMEM_MODULE_KIND {
    HostMemModuleRuntime = 1, /* such as coreclr.dll */
    HostMemModuleJit = 2,     /* such as clrjit.dll */
    HostMemModuleCollector = 3,
    HostMemModuleHost = 4 /* hostfxr.dll, hostpolicy.dll: only what they load is of interest */
} HOSTMEM_MODULE_KIND;

/* A module that a redirected one has loaded: see HOSTMEM_REDIRECT_FOLLOW. */
typedef struct HOSTMEM_MODULE {
    HMODULE hModule;
    HOSTMEM_MODULE_KIND Kind;
    HRESULT Result; /* S_OK; else why it could not be redirected, as HostMemRedirectModule has it */
} HOSTMEM_MODULE;

/* An IHostMalloc that lives. */
typedef struct HOSTMEM_HEAP {
    DWORD Number;              /* 1 for the manager's first */
    BOOL Executable;           /* made with MALLOC_EXECUTABLE */
    HOSTMEM_GAUGE Blocks;      /* live; see the note on peaks at EnumHeaps */
    HOSTMEM_GAUGE BlockBytes;  /* bytes asked for in them */
    HOSTMEM_GAUGE SlabBytes;   /* of slabs, spare ones included */
    HOSTMEM_GAUGE LargeBlocks; /* of Blocks, those that are regions of their own */
    HOSTMEM_GAUGE LargeBytes;  /* bytes asked for in them */
    ULONGLONG SpareBytes;      /* of SlabBytes, empty slabs kept for the next that is needed */
    ULONGLONG Allocations;     /* blocks handed out since the heap was made */
    ULONGLONG AllocatedBytes;  /* bytes asked for in them */
    ULONGLONG Frees;           /* blocks taken back */
    ULONGLONG FreedBytes;
} HOSTMEM_HEAP;

/* What the slabs of one size class hold. */
typedef struct HOSTMEM_SIZE_CLASS {
    SIZE_T BlockSize;
    SIZE_T SmallestRequest; /* bytes; blocks of these requests share slabs */
    SIZE_T LargestRequest;
    BOOL Tracked; /* these slabs keep histories of their blocks */
    DWORD BlocksPerSlab;
    ULONGLONG Slabs;      /* in use */
    ULONGLONG Blocks;     /* live */
    ULONGLONG BlockBytes; /* bytes asked for in them */
} HOSTMEM_SIZE_CLASS;

/* What an audit can find. */
typedef enum HOSTMEM_DIFFERENCE_KIND {
    HostMemOnlyInBooks = 1,     /* committed in the books, not for Win32 */
    HostMemOnlyInSystem = 2,    /* committed for Win32, not in the books */
    HostMemRegionMissing = 3,   /* Win32 knows no such reservation there */
    HostMemRegionLarger = 4,    /* Win32's reservation is larger than the books' */
    HostMemReservedTotal = 5,   /* the regions' sizes do not add up to Reserved.Now */
    HostMemCommittedTotal = 6,  /* the regions' pages do not add up to Committed.Now */
    HostMemRegionsTotal = 7,    /* the regions' number is not Regions.Now */
    HostMemBlocksTotal = 8,     /* the heaps' live blocks are not as many as Blocks.Now */
    HostMemBlockBytesTotal = 9, /* the bytes asked for in them do not add up to BlockBytes.Now */
    HostMemReservedCharge = 10, /* what is charged against the limit is not Reserved.Now */
    HostMemCommittedCharge = 11 /* what is charged against the limit is not Committed.Now */
} HOSTMEM_DIFFERENCE_KIND;

typedef struct HOSTMEM_DIFFERENCE {
    HOSTMEM_DIFFERENCE_KIND Kind;
    HOSTMEM_REGION Region; /* the region concerned; all zero for the totals */
    void *Address;         /* where the difference starts */
    ULONGLONG Books;       /* bytes (or regions) by the books, in this range */
    ULONGLONG System;      /* the same by VirtualQuery, or by counting, in this range */
} HOSTMEM_DIFFERENCE;

typedef struct HOSTMEM_AUDIT {
    DWORD cbSize;            /* in: sizeof(HOSTMEM_AUDIT) */
    BOOL TotalsCompared;     /* FALSE: other threads changed the books meanwhile */
    ULONGLONG Regions;       /* regions compared */
    ULONGLONG Busy;          /* regions that other threads were changing all the time */
    ULONGLONG ReservedBytes; /* by VirtualQuery, in the regions compared */
    ULONGLONG CommittedBytes;
    ULONGLONG Differences;
} HOSTMEM_AUDIT;

/*
 * Callbacks of the enumerations. Return S_OK to go on; anything else ends the enumeration, which
 * then returns that value. The structures are the callback's only while it runs. A callback may
 * call every method of the manager.
 */
typedef HRESULT(CALLBACK *HOSTMEM_REGION_CALLBACK)(void *pContext, const HOSTMEM_REGION *pRegion);
typedef HRESULT(CALLBACK *HOSTMEM_MAPPED_RANGE_CALLBACK)(void *pContext,
                                                         const HOSTMEM_MAPPED_RANGE *pRange);
typedef HRESULT(CALLBACK *HOSTMEM_BLOCK_CALLBACK)(void *pContext, const HOSTMEM_BLOCK *pBlock);
typedef HRESULT(CALLBACK *HOSTMEM_DIFFERENCE_CALLBACK)(void *pContext,
                                                       const HOSTMEM_DIFFERENCE *pDifference);
typedef HRESULT(CALLBACK *HOSTMEM_HEAP_CALLBACK)(void *pContext, const HOSTMEM_HEAP *pHeap);
typedef HRESULT(CALLBACK *HOSTMEM_SIZE_CLASS_CALLBACK)(void *pContext,
                                                       const HOSTMEM_SIZE_CLASS *pSizeClass);

/* Called when a damaged block is found, by the thread that finds it. The result is ignored. */
typedef HRESULT(CALLBACK *HOSTMEM_DAMAGE_CALLBACK)(void *pContext, const HOSTMEM_DAMAGE *pDamage);

/* Called when a module has been loaded and redirected: HOSTMEM_OPTIONS.pfnModule. */
typedef void(CALLBACK *HOSTMEM_MODULE_CALLBACK)(void *pContext, const HOSTMEM_MODULE *pModule);

/* ----------------------------------------------------------------------------------------------
 * IHostMemInspection
 * ------------------------------------------------------------------------------------------- */

/*
 * Got from a manager by QueryInterface. All methods may be called on any thread at any time, also
 * after Close; all are suspension-safe, the callbacks' own doing apart. None blocks the others.
 */
DEFINE_GUID(IID_IHostMemInspection, 0xf3c42d0b, 0x6a0e, 0x4a55, 0x9d, 0x57, 0x1c, 0x5e, 0x9b, 0x40,
            0xe7, 0xa1);

/*
 * GetStatistics(pStatistics)
 *   Fills *pStatistics up to its cbSize. Each figure is exact for some moment during the call; at a
 *   quiet moment they belong together.
 *   S_OK; E_POINTER; E_INVALIDARG (cbSize does not even hold cbSize and Status).
 *
 * EnumRegions(pfnCallback, pContext)
 *   Calls back for each live region. A region that is live during the whole call is shown once; one
 *   that comes or goes meanwhile may be.
 *   S_OK; E_POINTER; what the callback returned.
 *
 * EnumMappedRanges(pfnCallback, pContext)
 *   The same for mapped ranges.
 *
 * EnumBlocks(dwHeap, pfnCallback, pContext)
 *   The same for live heap blocks: of the heap of that number, or of all when dwHeap is 0.
 *
 * FindRegion(pAddress, pRegion)
 *   Whose is this address? Any address may be asked about; it is not touched.
 *   S_OK and *pRegion filled: it lies in a live region of this manager; S_FALSE and *pRegion all
 *   zero: it does not; E_POINTER (pRegion is NULL).
 *
 * Audit(pAudit, pfnCallback, pContext)
 *   Walks every live region with VirtualQuery and compares with the books. pfnCallback (may be
 * NULL) is called for each difference. A region that other threads change during its own walk is
 * walked again, a few times, and then counted as busy, not as different; the totals are compared
 * only if no call of the manager was under way. S_OK: no difference; S_FALSE: differences, their
 * number in pAudit->Differences; E_POINTER; E_INVALIDARG (cbSize); what the callback returned.
 *
 * EnumHeaps(pfnCallback, pContext)
 *   The same as EnumRegions for the heaps that live. Figures of a heap are exact when none of its
 *   calls is under way. The peaks of Blocks and BlockBytes are exact while one thread uses the
 *   heap; with several they are never too high, and may fall short by 8 blocks and 4,096 bytes
 *   for each of them, and by what they did while the sum was taken.
 *
 * EnumSizeClasses(dwHeap, pfnCallback, pContext)
 *   The same for the size classes of small blocks in which the heap of that number (0: any) has
 *   slabs, smallest first.
 *
 * FindBlock(pAddress, pBlock)
 *   The live heap block that holds the address. Any address may be asked about; it is not touched.
 *   S_OK and *pBlock filled; S_FALSE and *pBlock all zero: it is in none; E_POINTER.
 *
 * Trim(pBytes)
 *   Gives the memory of all empty slabs of all heaps back to the system: *pBytes (may be NULL) says
 *   how much it was. Any thread at any time.
 *   S_OK; S_FALSE: there was none.
 *
 * SetLimits(pLimits)
 *   Sets all limits and thresholds anew. A limit may be lower than what is used: nothing is taken
 *   away, pressure becomes Low, and requests are refused until use falls. The calling thread tells
 *   the runtime if the state changes. Two calls at once may each set some of the figures.
 *   S_OK; E_POINTER; E_INVALIDARG (cbSize, thresholds above 100 or not apart, Unused).
 *
 * GetLimits(pLimits)
 *   The limits that hold; thresholds are given in full.
 *   S_OK; E_POINTER; E_INVALIDARG (cbSize).
 *
 * SetRedirectedLevel(level)
 *   Modern .NET does not say how critical a request is: from now on what redirected modules ask for
 *   is of that level. The host sets eProcessCritical before it starts the runtime, and
 *   eTaskCritical, which it is at first, when Start has returned. Even then only what makes the
 *   collector's heap grow is task-critical: pages in a region of 8 MiB or more, but for the first
 *   2 MiB committed at its start. All else is app-domain-critical, because the runtime needs it to
 *   handle the refusal of such a request: give it a reserve.
 *   S_OK; E_INVALIDARG (no such level).
 *
 * Close()
 *   The host declares the runtime gone: from now on every call of the manager and of its heaps
 *   returns HOST_E_CLRNOTAVAILABLE. Inspection goes on. Nothing is freed.
 *   S_OK, also when it was closed before.
 */
typedef interface IHostMemInspection IHostMemInspection;

#if defined(__cplusplus) && !defined(CINTERFACE)

} /* extern "C" */

MIDL_INTERFACE("f3c42d0b-6a0e-4a55-9d57-1c5e9b40e7a1")
IHostMemInspection : public IUnknown
{
    virtual HRESULT STDMETHODCALLTYPE GetStatistics(HOSTMEM_STATISTICS * pStatistics) = 0;
    virtual HRESULT STDMETHODCALLTYPE EnumRegions(HOSTMEM_REGION_CALLBACK pfnCallback,
                                                  void *pContext) = 0;
    virtual HRESULT STDMETHODCALLTYPE EnumMappedRanges(HOSTMEM_MAPPED_RANGE_CALLBACK pfnCallback,
                                                       void *pContext) = 0;
    virtual HRESULT STDMETHODCALLTYPE EnumBlocks(DWORD dwHeap, HOSTMEM_BLOCK_CALLBACK pfnCallback,
                                                 void *pContext) = 0;
    virtual HRESULT STDMETHODCALLTYPE FindRegion(const void *pAddress, HOSTMEM_REGION *pRegion) = 0;
    virtual HRESULT STDMETHODCALLTYPE Audit(
        HOSTMEM_AUDIT * pAudit, HOSTMEM_DIFFERENCE_CALLBACK pfnCallback, void *pContext) = 0;
    virtual HRESULT STDMETHODCALLTYPE Close() = 0;
    virtual HRESULT STDMETHODCALLTYPE EnumHeaps(HOSTMEM_HEAP_CALLBACK pfnCallback,
                                                void *pContext) = 0;
    virtual HRESULT STDMETHODCALLTYPE EnumSizeClasses(
        DWORD dwHeap, HOSTMEM_SIZE_CLASS_CALLBACK pfnCallback, void *pContext) = 0;
    virtual HRESULT STDMETHODCALLTYPE FindBlock(const void *pAddress, HOSTMEM_BLOCK *pBlock) = 0;
    virtual HRESULT STDMETHODCALLTYPE Trim(SIZE_T * pBytes) = 0;
    virtual HRESULT STDMETHODCALLTYPE SetLimits(const HOSTMEM_LIMITS *pLimits) = 0;
    virtual HRESULT STDMETHODCALLTYPE GetLimits(HOSTMEM_LIMITS * pLimits) = 0;
    virtual HRESULT STDMETHODCALLTYPE SetRedirectedLevel(EMemoryCriticalLevel level) = 0;
};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IHostMemInspection, 0xf3c42d0b, 0x6a0e, 0x4a55, 0x9d, 0x57, 0x1c, 0x5e, 0x9b, 0x40,
                0xe7, 0xa1)
#endif

extern "C" {

#else

typedef struct IHostMemInspectionVtbl {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)
    (IHostMemInspection *This, REFIID riid, void **ppvObject);
    ULONG(STDMETHODCALLTYPE *AddRef)(IHostMemInspection *This);
    ULONG(STDMETHODCALLTYPE *Release)(IHostMemInspection *This);
    HRESULT(STDMETHODCALLTYPE *GetStatistics)
    (IHostMemInspection *This, HOSTMEM_STATISTICS *pStatistics);
    HRESULT(STDMETHODCALLTYPE *EnumRegions)
    (IHostMemInspection *This, HOSTMEM_REGION_CALLBACK pfnCallback, void *pContext);
    HRESULT(STDMETHODCALLTYPE *EnumMappedRanges)
    (IHostMemInspection *This, HOSTMEM_MAPPED_RANGE_CALLBACK pfnCallback, void *pContext);
    HRESULT(STDMETHODCALLTYPE *EnumBlocks)
    (IHostMemInspection *This, DWORD dwHeap, HOSTMEM_BLOCK_CALLBACK pfnCallback, void *pContext);
    HRESULT(STDMETHODCALLTYPE *FindRegion)
    (IHostMemInspection *This, const void *pAddress, HOSTMEM_REGION *pRegion);
    HRESULT(STDMETHODCALLTYPE *Audit)
    (IHostMemInspection *This, HOSTMEM_AUDIT *pAudit, HOSTMEM_DIFFERENCE_CALLBACK pfnCallback,
     void *pContext);
    HRESULT(STDMETHODCALLTYPE *Close)(IHostMemInspection *This);
    HRESULT(STDMETHODCALLTYPE *EnumHeaps)
    (IHostMemInspection *This, HOSTMEM_HEAP_CALLBACK pfnCallback, void *pContext);
    HRESULT(STDMETHODCALLTYPE *EnumSizeClasses)
    (IHostMemInspection *This, DWORD dwHeap, HOSTMEM_SIZE_CLASS_CALLBACK pfnCallback,
     void *pContext);
    HRESULT(STDMETHODCALLTYPE *FindBlock)
    (IHostMemInspection *This, const void *pAddress, HOSTMEM_BLOCK *pBlock);
    HRESULT(STDMETHODCALLTYPE *Trim)(IHostMemInspection *This, SIZE_T *pBytes);
    HRESULT(STDMETHODCALLTYPE *SetLimits)
    (IHostMemInspection *This, const HOSTMEM_LIMITS *pLimits);
    HRESULT(STDMETHODCALLTYPE *GetLimits)(IHostMemInspection *This, HOSTMEM_LIMITS *pLimits);
    HRESULT(STDMETHODCALLTYPE *SetRedirectedLevel)
    (IHostMemInspection *This, EMemoryCriticalLevel level);
} IHostMemInspectionVtbl;

interface IHostMemInspection
{
    const IHostMemInspectionVtbl *lpVtbl;
};

#endif

#ifdef COBJMACROS
#define IHostMemInspection_QueryInterface(This, riid, ppvObject)                                   \
    (This)->lpVtbl->QueryInterface(This, riid, ppvObject)
#define IHostMemInspection_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IHostMemInspection_Release(This) (This)->lpVtbl->Release(This)
#define IHostMemInspection_GetStatistics(This, pStatistics)                                        \
    (This)->lpVtbl->GetStatistics(This, pStatistics)
#define IHostMemInspection_EnumRegions(This, pfnCallback, pContext)                                \
    (This)->lpVtbl->EnumRegions(This, pfnCallback, pContext)
#define IHostMemInspection_EnumMappedRanges(This, pfnCallback, pContext)                           \
    (This)->lpVtbl->EnumMappedRanges(This, pfnCallback, pContext)
#define IHostMemInspection_EnumBlocks(This, dwHeap, pfnCallback, pContext)                         \
    (This)->lpVtbl->EnumBlocks(This, dwHeap, pfnCallback, pContext)
#define IHostMemInspection_FindRegion(This, pAddress, pRegion)                                     \
    (This)->lpVtbl->FindRegion(This, pAddress, pRegion)
#define IHostMemInspection_Audit(This, pAudit, pfnCallback, pContext)                              \
    (This)->lpVtbl->Audit(This, pAudit, pfnCallback, pContext)
#define IHostMemInspection_Close(This) (This)->lpVtbl->Close(This)
#define IHostMemInspection_EnumHeaps(This, pfnCallback, pContext)                                  \
    (This)->lpVtbl->EnumHeaps(This, pfnCallback, pContext)
#define IHostMemInspection_EnumSizeClasses(This, dwHeap, pfnCallback, pContext)                    \
    (This)->lpVtbl->EnumSizeClasses(This, dwHeap, pfnCallback, pContext)
#define IHostMemInspection_FindBlock(This, pAddress, pBlock)                                       \
    (This)->lpVtbl->FindBlock(This, pAddress, pBlock)
#define IHostMemInspection_Trim(This, pBytes) (This)->lpVtbl->Trim(This, pBytes)
#define IHostMemInspection_SetLimits(This, pLimits) (This)->lpVtbl->SetLimits(This, pLimits)
#define IHostMemInspection_GetLimits(This, pLimits) (This)->lpVtbl->GetLimits(This, pLimits)
#define IHostMemInspection_SetRedirectedLevel(This, level)                                         \
    (This)->lpVtbl->SetRedirectedLevel(This, level)
#endif

/* ----------------------------------------------------------------------------------------------
 * Factories
 * ------------------------------------------------------------------------------------------- */

/*
 * HOSTMEM_OPTIONS.dwFlags. The first four are for looking into what uses the heaps. Each of them
 * costs time and memory: they keep the histories of all small blocks, some 56 bytes each. There is
 * room for 4 GiB of histories on x64 and for 16 MiB on x86; blocks beyond that are like others.
 */

/* No more than that, and each block's caller. */
#define HOSTMEM_TRACK_BLOCKS 0x1

/* Fill blocks with 0xCD when they are handed out. */
#define HOSTMEM_FILL_ON_ALLOC 0x2

/*
 * Fill small blocks with 0xDD when they are freed, and look whether they have changed when their
 * memory is used again or given back.
 */
#define HOSTMEM_FILL_ON_FREE 0x4

/* Use a small block again after 256 further frees at the earliest. */
#define HOSTMEM_DELAY_REUSE 0x8

/*
 * Pressure is Low also while the system itself is short of memory, as its low-memory resource
 * notification has it; it is looked at, at most once a second, by calls of the manager.
 */
#define HOSTMEM_WATCH_SYSTEM 0x10

typedef struct HOSTMEM_OPTIONS {
    DWORD cbSize;  /* sizeof(HOSTMEM_OPTIONS), of this version or an earlier one */
    DWORD dwFlags; /* HOSTMEM_TRACK_BLOCKS and so on */

    /*
     * Address space, in bytes, that the manager holds back, reserved but not committed, to give up
     * when the CLR says by NeedsVirtualAddressSpace that it could not map a file, or when a
     * redirected module could not. Taken again when a mapped range or a region is released, as
     * soon as there is room. 0: none. Useful in 32-bit processes.
     */
    SIZE_T EmergencyReservation;

    /*
     * Called for each block that is still live at the last Release of its IHostMalloc, by the
     * thread that made it, before the block's memory is given back. NULL: leaks are only counted.
     */
    HOSTMEM_BLOCK_CALLBACK pfnLeak;
    void *pLeakContext;

    /*
     * Heap blocks of more than that many bytes are followed by a page that no access is allowed to:
     * a block whose size is a multiple of 16 ends where that page begins. 0: none are.
     */
    SIZE_T GuardAbove;

    /* Called for each damaged block that HOSTMEM_FILL_ON_FREE finds. NULL: they are only counted.
     */
    HOSTMEM_DAMAGE_CALLBACK pfnDamage;
    void *pDamageContext;

    /* NULL: no limits, and the usual thresholds. Read while the manager is made. */
    const HOSTMEM_LIMITS *pLimits;

    /*
     * Called for each module that HOSTMEM_REDIRECT_FOLLOW has brought to the manager, or could not,
     * by the thread that loads it, when it is redirected and before the load returns. NULL: nobody
     * is told.
     */
    HOSTMEM_MODULE_CALLBACK pfnModule;
    void *pModuleContext;
} HOSTMEM_OPTIONS;

/*
 * Makes a memory manager.
 *   pOptions   NULL: the defaults, which are all zero.
 *   ppManager  out: the manager, with one reference; NULL on failure.
 * S_OK; E_POINTER (ppManager is NULL); E_INVALIDARG (cbSize or dwFlags not known to this version,
 * or pLimits that SetLimits refuses); E_OUTOFMEMORY.
 * Any thread. The manager's last Release gives its bookkeeping back and leaves the memory that it
 * handed out as it is: a runtime may still be running on it.
 *
 * As long as the manager lives, an IHostMalloc or IHostControl of its that is used after its own
 * last Release says so, until the next one that is made takes its place: AddRef and Release return
 * 0, QueryInterface and GetHostManager E_NOINTERFACE, Free of anything but NULL, Alloc, DebugAlloc
 * and SetAppDomainManager HOST_E_INVALIDOPERATION.
 */
HRESULT STDMETHODCALLTYPE HostMemCreateManager(const HOSTMEM_OPTIONS *pOptions,
                                               IHostMemoryManager **ppManager);

/*
 * Makes the IHostControl that hands the manager to the CLR: pass it to
 * ICLRRuntimeHost::SetHostControl before Start.
 *   pManager   a manager made by HostMemCreateManager; the control keeps a reference.
 *   pInner     the host's own IHostControl, or NULL. It is asked for every other host manager, and
 *              told of SetAppDomainManager; the control keeps a reference.
 *   ppControl  out: the control, with one reference; NULL on failure.
 * S_OK; E_POINTER (pManager or ppControl is NULL); E_INVALIDARG (pManager is not hostmem's);
 * E_OUTOFMEMORY.
 */
HRESULT STDMETHODCALLTYPE HostMemCreateHostControl(IHostMemoryManager *pManager,
                                                   IHostControl *pInner, IHostControl **ppControl);

/* ----------------------------------------------------------------------------------------------
 * Import redirection, for modern .NET
 * ------------------------------------------------------------------------------------------- */

typedef struct HOSTMEM_REDIRECTION HOSTMEM_REDIRECTION;

/* HostMemRedirectModule's dwFlags. */
#define HOSTMEM_REDIRECT_HEAP 0x1      /* the module's calls of the system's heaps, too */
#define HOSTMEM_REDIRECT_NO_STATUS 0x2 /* not what it is told of the machine's memory */
#define HOSTMEM_REDIRECT_FOLLOW 0x4    /* what it loads of a runtime, too */

/*
 * Rewrites a loaded module's import address tables, ordinary and delay-loaded, so that its calls
 * of VirtualAlloc, VirtualAllocEx, VirtualAllocExNuma, VirtualFree, VirtualFreeEx, VirtualQuery,
 * VirtualProtect, MapViewOfFile, MapViewOfFileEx, MapViewOfFileExNuma, UnmapViewOfFile and
 * UnmapViewOfFileEx reach the manager. Only imports by name, from kernel32.dll, kernelbase.dll or
 * an api-ms-win-core-memory-*.dll, are rewritten; no code is. Calls for another process, and frees
 * of memory that the manager does not own, go to Win32. What the module finds by GetProcAddress it
 * calls directly.
 *
 * Requests for memory are as critical as IHostMemInspection::SetRedirectedLevel says. A view that
 * cannot be mapped for want of address space is tried again when the manager has given some back,
 * as NeedsVirtualAddressSpace does.
 *
 * Unless HOSTMEM_REDIRECT_NO_STATUS is given, also, from these and from an
 * api-ms-win-core-sysinfo-*.dll:
 *
 * - GlobalMemoryStatusEx tells no larger figures than the limits, nor of more room than is left
 *   below them. The load is the larger of the system's and that of the limit on committed bytes,
 *   which is 90 % where memory becomes Low and goes straight below and above: a collector takes
 *   90 % for high. While a task-critical request stands refused it is 89 % at most.
 *
 * - CreateMemoryResourceNotification makes a handle that is signalled while the manager's pressure
 *   is Low, or High, and QueryMemoryResourceNotification tells so. The manager watches the system's
 *   own notification from then on, as with HOSTMEM_WATCH_SYSTEM. After Close, or an E_FAIL that
 *   latched, neither is signalled.
 *
 * With HOSTMEM_REDIRECT_HEAP also HeapAlloc, HeapReAlloc, HeapFree, HeapSize, HeapValidate,
 * HeapCreate and HeapDestroy, from these and from an api-ms-win-core-heap-*.dll: what the module
 * allocates from the process's heap, and from heaps that it creates, comes from an IHostMalloc of
 * the manager.
 *
 * - Every flag is honoured; HEAP_NO_SERIALIZE changes nothing, because no call is ever serialized.
 *   HEAP_REALLOC_IN_PLACE_ONLY fails with ERROR_NOT_ENOUGH_MEMORY where the new size needs another
 *   place, which a smaller one can, too.
 * - A handle stays that of a real heap. HeapDestroy frees what lives in both; these blocks are no
 *   leaks. Heaps with a maximum size, and those beyond the first 64 at a time, are Win32's alone.
 * - Blocks from elsewhere, such as those from before the redirection, and other heaps go to Win32.
 * - What lies in the manager's memory and is no live block of the heap that is named (freed before,
 *   an address inside a block, a block of another heap) is refused with ERROR_INVALID_PARAMETER and
 *   touches nothing. It never reaches Win32.
 * - A block is known to redirected modules alone: one that the module gives away must not be freed,
 *   resized or measured by a module that is not redirected so.
 * - After Close, or an E_FAIL that latched, new blocks are Win32's; those that there are can be
 *   freed and resized as before.
 * No IHostMemInspection::Trim may be under way while the module destroys a heap.
 *
 * With HOSTMEM_REDIRECT_FOLLOW also LoadLibraryA, LoadLibraryW, LoadLibraryExA and LoadLibraryExW,
 * from these and from an api-ms-win-core-libraryloader-*.dll: what the module loads of a runtime is
 * redirected with the same flags before the load returns, and what that loads in turn.
 *
 * - Of a runtime are: one itself (it exports coreclr_initialize or GetCLRRuntimeHost), a JIT
 *   compiler (getJit) and a collector of its own (GC_Initialize, InitializeGarbageCollector), such
 *   as coreclr.dll, clrjit.dll and clrgc.dll. All other modules are left alone.
 * - Of hostfxr.dll and hostpolicy.dll, which export hostfxr_main and corehost_main, only the loads
 *   are followed; that goes for hModule, too. Their memory is their own.
 * - HOSTMEM_OPTIONS.pfnModule is told of each. A module that cannot be redirected is loaded all the
 *   same.
 * - A module that was loaded so is referenced, and its redirection stays, until the last
 * redirection with this flag is removed.
 *
 *   pManager       a manager made by HostMemCreateManager; referenced until the redirection ends.
 *   hModule        a module of this process; referenced until the redirection ends.
 *   dwFlags        a combination of HOSTMEM_REDIRECT_HEAP, _NO_STATUS and _FOLLOW, or 0.
 *   ppRedirection  out: what HostMemRemoveRedirection takes; NULL unless S_OK.
 * S_OK; S_FALSE (the module imports none of these, or they are redirected already); E_POINTER;
 * E_INVALIDARG (not a hostmem manager, not a loaded module, a module that the redirection itself
 * relies on (hostmem's own, kernel32.dll, kernelbase.dll, ntdll.dll), or unknown flags);
 * HRESULT_FROM_WIN32(ERROR_BAD_EXE_FORMAT) (its import tables make no sense);
 * HRESULT_FROM_WIN32(ERROR_BUSY) (modules of this process are redirected to another manager, one at
 * a time, or with HOSTMEM_REDIRECT_FOLLOW and other flags); E_OUTOFMEMORY; what VirtualProtect
 * says. On failure nothing is rewritten. Not suspension-safe: it calls the loader. Redirect a
 * runtime's modules before it is started. The first redirection pins hostmem's own module for the
 * life of the process.
 */
HRESULT STDMETHODCALLTYPE HostMemRedirectModule(IHostMemoryManager *pManager, HMODULE hModule,
                                                DWORD dwFlags, HOSTMEM_REDIRECTION **ppRedirection);

/*
 * Puts the import address tables back. An entry that someone else rewrote afterwards is left
 * alone. Memory that the module still holds stays in the manager's books, but what the module does
 * with it from then on is not seen: end the runtime first.
 * That goes for heap blocks, too: they stay valid and in the books, but a module that frees one
 * from then on gives Win32 what is not Win32's.
 * With the last redirection to a manager, those heaps behind handles end in which no block lives.
 * The others are kept, and keep the manager alive. If modules are redirected to it again, they find
 * these heaps under the same handles; when that ends, it is looked at them again.
 *
 * S_OK; E_POINTER; E_INVALIDARG (no redirection, or removed before; the pointer is not read); what
 * VirtualProtect says.
 */
HRESULT STDMETHODCALLTYPE HostMemRemoveRedirection(HOSTMEM_REDIRECTION *pRedirection);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif
