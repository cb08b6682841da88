/*
 * inspection.h: IHostMemInspection, which shows what a manager has handed out, and what it shows.
 *
 * hostmem.h includes this header, and says what holds for all structures (cbSize, units) and what
 * "suspension-safe" means.
 */
#ifndef HOSTMEM_INSPECTION_H
#define HOSTMEM_INSPECTION_H

#include <hostmem/clrhosting.h>

#ifdef __cplusplus
extern "C" {
#endif

struct HOSTMEM_LIMITS; /* hostmem.h */

/* ----------------------------------------------------------------------------------------------
 * What the inspection interface shows
 * ------------------------------------------------------------------------------------------- */

/* The methods whose calls are counted: the index into HOSTMEM_STATISTICS.Methods. */
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
    HOSTMEM_METHODS /* the number of methods */
} HOSTMEM_METHOD;

typedef struct HOSTMEM_METHOD_COUNT {
    ULONGLONG Calls;    /* begun */
    ULONGLONG Failures; /* of these, those that returned anything but S_OK */
    ULONGLONG UnderWay; /* of these, those that have not returned; heaps': see CallsUnderWay */
} HOSTMEM_METHOD_COUNT;

/* Why IHostMalloc::Free refused: the index into HOSTMEM_STATISTICS.RefusedBlocks. */
typedef enum HOSTMEM_REFUSAL {
    HostMemRefusedForeign = 0, /* not in memory that this manager's heaps have now */
    HostMemRefusedInterior,    /* inside a live block, at an address where a block could start */
    HostMemRefusedMisaligned,  /* inside a live block, at an address where no block can start */
    HostMemRefusedFreed,       /* a block was there, or could have been, and none is live */
    HostMemRefusedOtherHeap,   /* a live block of another heap of this manager */
    HOSTMEM_REFUSALS           /* the number of reasons */
} HOSTMEM_REFUSAL;

/* A quantity now, and the highest that it has been. */
typedef struct HOSTMEM_GAUGE {
    ULONGLONG Now;
    ULONGLONG Peak;
} HOSTMEM_GAUGE;

/* How often something happened, and when it happened first. */
typedef struct HOSTMEM_FIRST_COUNT {
    ULONGLONG Count;
    ULONGLONG FirstMilliseconds; /* since the manager was made; 0 while Count is 0 */
    ULONGLONG FirstOrder;        /* 1 for the earliest of all such firsts, and so on; 0 likewise */
} HOSTMEM_FIRST_COUNT;

typedef enum HOSTMEM_STATUS {
    HostMemStatusOpen = 0,   /* serving */
    HostMemStatusBroken = 1, /* the books and the system disagreed: an E_FAIL has latched */
    HostMemStatusClosed = 2, /* the host has called Close */
    HostMemStatusEnded = 3   /* the manager is gone, and these are its last books (books.h) */
} HOSTMEM_STATUS;

typedef struct HOSTMEM_STATISTICS {
    DWORD cbSize;               /* sizeof(HOSTMEM_STATISTICS) */
    DWORD Status;               /* HOSTMEM_STATUS */
    HOSTMEM_GAUGE Reserved;     /* address space of all live regions, committed or not */
    HOSTMEM_GAUGE Committed;    /* committed bytes in them and in sections: what is limited */
    HOSTMEM_GAUGE Mapped;       /* mapped ranges: views of files, chiefly */
    HOSTMEM_GAUGE Regions;      /* number of live regions, those of heaps included */
    HOSTMEM_GAUGE MappedRanges; /* number of mapped ranges */
    HOSTMEM_GAUGE Heaps;        /* number of IHostMalloc heaps */
    HOSTMEM_GAUGE Blocks;       /* live heap blocks; Peak: the sum of the living heaps' peaks */
    HOSTMEM_GAUGE BlockBytes;   /* bytes asked for in them; Peak: likewise */
    HOSTMEM_GAUGE SlabBytes;    /* of the heaps' slabs of small blocks, empty slabs included */
    HOSTMEM_GAUGE Metadata;     /* committed bytes of hostmem's own bookkeeping */
    HOSTMEM_GAUGE Sections;     /* number of known sections of the paging file (HOSTMEM_SECTION) */
    HOSTMEM_GAUGE SectionBytes; /* committed bytes in them, each page once; part of Committed */
    HOSTMEM_GAUGE SectionViews; /* number of views of them that are mapped */
    HOSTMEM_GAUGE SectionViewBytes;            /* address space of these views, committed or not */
    ULONGLONG RefusedFrees;                    /* frees that returned HOST_E_INVALIDOPERATION */
    ULONGLONG RefusedBlocks[HOSTMEM_REFUSALS]; /* of these, IHostMalloc::Free's, by reason */
    ULONGLONG DamagedBlocks;   /* as many as HOSTMEM_DAMAGE_CALLBACK is called for */
    ULONGLONG ForeignCommits;  /* commits in neither regions nor known sections, forwarded */
    ULONGLONG PassedFrees;     /* frees of foreign memory passed to Win32 by a redirection */
    ULONGLONG PassedHeapCalls; /* of modules redirected with HOSTMEM_REDIRECT_HEAP, that got memory
                                  of a heap of Win32's: these blocks are not in the books */
    ULONGLONG PassedHeapBytes; /* bytes asked for in them; that they were freed is not taken off */
    ULONGLONG ChildProcesses;  /* started by modules redirected with HOSTMEM_REDIRECT_ENDINGS */
    ULONGLONG LeakedBlocks;    /* blocks still live at the last Release of their heap */
    ULONGLONG LeakedBytes;     /* bytes asked for in them */
    HOSTMEM_METHOD_COUNT Methods[HOSTMEM_METHODS];
    HOSTMEM_FIRST_COUNT RefusedRequests[3]; /* by a limit or pfnRequest: [EMemoryCriticalLevel] */
    HOSTMEM_FIRST_COUNT Notifications[3];   /* sent to a runtime: [EMemoryAvailable - 1] */
    DWORD Pressure;                         /* EMemoryAvailable: the state now */
    DWORD RedirectedLevel;                  /* EMemoryCriticalLevel: see SetRedirectedLevel */
    ULONGLONG CallsUnderWay; /* of all methods; heaps' Alloc and Free show here and nowhere else */
} HOSTMEM_STATISTICS;

/* A live region: what one reserving VirtualAlloc, or one or more heap blocks, took from Win32. */
typedef struct HOSTMEM_REGION {
    void *Base;
    SIZE_T Size;          /* reserved bytes, whole pages */
    SIZE_T Committed;     /* of these, committed now */
    DWORD AllocationType; /* flAllocationType as it was asked for */
    DWORD Protect;        /* flProtect as it was asked for */
    DWORD CriticalLevel;  /* EMemoryCriticalLevel as it was asked for */
    DWORD ThreadId;       /* the thread that asked */
    DWORD Heap;         /* number of the IHostMalloc that uses it; 0: VirtualAlloc's caller does */
    BOOL IsSlab;        /* TRUE: a slab of that heap, or a freed block; FALSE: one block of it */
    ULONGLONG Sequence; /* 1 for the manager's first region, and so on */
    ULONGLONG AgeMilliseconds;
    BOOL IsSpare; /* TRUE: the block of that heap was freed; its memory is kept for another one */
} HOSTMEM_REGION;

/*
 * A range that the CLR mapped without the manager and reported by AcquiredVirtualAddressSpace, or a
 * view that a redirected module mapped, of anything but a known section: a file, or a section of
 * which the manager has not seen how it was made.
 */
typedef struct HOSTMEM_MAPPED_RANGE {
    void *Base;
    SIZE_T Size;
    DWORD ThreadId;
    ULONGLONG Sequence; /* 1 for the manager's first range, and so on */
} HOSTMEM_MAPPED_RANGE;

/*
 * A known section of the paging file: one that a redirected module made by CreateFileMapping with
 * INVALID_HANDLE_VALUE. What is committed counts once, whatever number of views shows it: the whole
 * section from the start (SEC_COMMIT), or the pages that were committed inside its views
 * (SEC_RESERVE). It stays committed, because Win32 decommits nothing in views, until the last view
 * and the last handle are gone.
 * Known are the handles that redirected modules got from making the section and from duplicating
 * handles within the process, and the views that they mapped by these. Not known is what others do:
 * - A handle that is closed unseen keeps the section in the books until a redirected module closes
 *   the same value, or gets it from the system for another section, made or opened, or as a
 *   duplicate.
 * - A section that other processes hold (by duplicating, inheriting, or its name) leaves the books
 *   with the last known handle and view.
 * - A section that was opened by name, or existed when it was to be made, is none.
 */
typedef struct HOSTMEM_SECTION {
    ULONGLONG Size;      /* bytes, whole pages */
    ULONGLONG Committed; /* of these, committed now */
    BOOL Reserved;       /* TRUE: made with SEC_RESERVE */
    DWORD Protect;       /* flProtect as it was asked for */
    DWORD Handles;       /* that are known */
    DWORD Views;         /* likewise */
    const void *Caller;  /* the return address of the call that made it */
    DWORD ThreadId;      /* the thread that made it */
    ULONGLONG Sequence;  /* 1 for the manager's first section, and so on */
    ULONGLONG AgeMilliseconds;
} HOSTMEM_SECTION;

/*
 * A live block of an IHostMalloc. Its history (file, caller, thread, sequence, age) is kept for
 * blocks of DebugAlloc and for blocks that are regions of their own; with HOSTMEM_TRACK_BLOCKS and
 * the flags beside it, for all. Without a history these members are 0.
 */
typedef struct HOSTMEM_BLOCK {
    void *Address;
    SIZE_T Size;          /* bytes asked for */
    const char *FileName; /* DebugAlloc's, its first 1,023 bytes at most; NULL: none */
    const void *Caller;   /* the return address of the call; NULL: not kept */
    int Line;
    DWORD Heap; /* number of the heap, 1 for the manager's first */
    DWORD ThreadId;
    ULONGLONG Sequence; /* blocks and regions share one numbering; 0: no history is kept */
    ULONGLONG AgeMilliseconds;
} HOSTMEM_BLOCK;

/* What was found wrong with a heap block: see HOSTMEM_FILL_ON_ALLOC and HOSTMEM_FILL_ON_FREE. */
typedef enum HOSTMEM_DAMAGE_KIND {
    HostMemDamageAfterFree = 1, /* it was written to after it had been freed */
    HostMemDamageBehind = 2,    /* the bytes behind its end were written to: an overrun */
    HostMemDamageBefore = 3     /* the bytes before its beginning were written to: an underrun */
} HOSTMEM_DAMAGE_KIND;

typedef struct HOSTMEM_DAMAGE {
    HOSTMEM_BLOCK Block; /* as it is, or as it was while it was live */
    void *Address;       /* of the first byte that changed; before Block.Address, if the kind is */
    DWORD FreedBy; /* the identifier of the thread that has freed it; 0: nobody, or not kept */
    DWORD Kind;    /* HOSTMEM_DAMAGE_KIND */
} HOSTMEM_DAMAGE;

/* Whose a heap is. */
typedef enum HOSTMEM_HEAP_KIND {
    HostMemHeapOfHost = 0, /* CreateMalloc made it */
    /* The next two stand for heaps of Win32's, for redirected modules (HOSTMEM_REDIRECT_HEAP). */
    HostMemHeapOfProcess = 1, /* GetProcessHeap's: also local, global and COM task memory */
    HostMemHeapOfModule = 2   /* one that a module has made, or a run-time library's own */
} HOSTMEM_HEAP_KIND;

/* A heap: an IHostMalloc that has not been released. */
typedef struct HOSTMEM_HEAP {
    DWORD Number;              /* 1 for the manager's first */
    BOOL Executable;           /* made with MALLOC_EXECUTABLE */
    HOSTMEM_GAUGE Blocks;      /* live blocks; EnumHeaps says how exact the peak is */
    HOSTMEM_GAUGE BlockBytes;  /* bytes asked for in them */
    HOSTMEM_GAUGE SlabBytes;   /* of slabs, empty slabs included */
    HOSTMEM_GAUGE LargeBlocks; /* of Blocks, those that are regions of their own */
    HOSTMEM_GAUGE LargeBytes;  /* bytes asked for in them */
    ULONGLONG SpareBytes;      /* of SlabBytes, those of slabs in which no block is live: they are
                                  held without use, and given back before anything is refused */
    ULONGLONG Allocations;     /* blocks handed out since the heap was made */
    ULONGLONG AllocatedBytes;  /* bytes asked for in them */
    ULONGLONG Frees;           /* blocks taken back */
    ULONGLONG FreedBytes;
    ULONGLONG SpareLargeBytes; /* of regions that its freed large blocks have left (IsSpare), and of
                                  pages that regions of its live ones have more than they need */
    DWORD Kind;                /* HOSTMEM_HEAP_KIND */
    DWORD Unused;              /* 0 */
    const void *Handle;        /* Win32's heap that it stands for; NULL: none */
    const void *Module; /* HostMemHeapOfModule: an address in the module whose heap it is: that
                           of the library, or the return address of HeapCreate; else NULL */
} HOSTMEM_HEAP;

/* One size class of small blocks, and what its slabs hold. */
typedef struct HOSTMEM_SIZE_CLASS {
    SIZE_T BlockSize;
    SIZE_T SmallestRequest; /* requests from this size on fall into the class */
    SIZE_T LargestRequest;  /* up to this one */
    BOOL Tracked;           /* its slabs keep histories of their blocks */
    DWORD BlocksPerSlab;
    ULONGLONG Slabs;      /* in use */
    ULONGLONG Blocks;     /* live */
    ULONGLONG BlockBytes; /* bytes asked for in them */
} HOSTMEM_SIZE_CLASS;

/* What an audit can find: how the books differ from what VirtualQuery or counting says. */
typedef enum HOSTMEM_DIFFERENCE_KIND {
    HostMemOnlyInBooks = 1,      /* committed in the books, not for Win32 */
    HostMemOnlyInSystem = 2,     /* committed for Win32, not in the books */
    HostMemRegionMissing = 3,    /* for Win32 there is no such reservation */
    HostMemRegionLarger = 4,     /* Win32's reservation is larger than the books' */
    HostMemReservedTotal = 5,    /* the regions' sizes do not add up to Reserved.Now */
    HostMemCommittedTotal = 6,   /* the regions' pages do not add up to Committed.Now */
    HostMemRegionsTotal = 7,     /* the number of regions is not Regions.Now */
    HostMemBlocksTotal = 8,      /* the number of live blocks is not Blocks.Now */
    HostMemBlockBytesTotal = 9,  /* the bytes asked for in them do not add up to BlockBytes.Now */
    HostMemReservedCharge = 10,  /* the charge against the limit is not Reserved.Now */
    HostMemCommittedCharge = 11, /* the charge against the limit is not Committed.Now */
    HostMemSectionOnlyInBooks = 12,  /* in a view: committed in the books, not for Win32 */
    HostMemSectionOnlyInSystem = 13, /* in a view: committed for Win32, not in the books */
    HostMemViewMissing = 14,         /* for Win32 there is no such view of a section */
    HostMemSectionsTotal = 15,       /* the number of sections is not Sections.Now */
    HostMemSectionBytesTotal = 16,   /* what they have committed is not SectionBytes.Now */
    HostMemSectionViewsTotal = 17    /* the number of their views is not SectionViews.Now */
} HOSTMEM_DIFFERENCE_KIND;

typedef struct HOSTMEM_DIFFERENCE {
    HOSTMEM_DIFFERENCE_KIND Kind;
    HOSTMEM_REGION Region;   /* the region concerned; all zero if it is none */
    HOSTMEM_SECTION Section; /* the section concerned; all zero if it is none */
    void *Address;           /* where the difference starts */
    ULONGLONG Books;         /* bytes, regions or blocks that the books have there */
    ULONGLONG System;        /* the same as VirtualQuery says or as was counted */
} HOSTMEM_DIFFERENCE;

typedef struct HOSTMEM_AUDIT {
    DWORD cbSize;            /* sizeof(HOSTMEM_AUDIT) */
    BOOL TotalsCompared;     /* FALSE: other threads were changing the books */
    ULONGLONG Regions;       /* regions compared, be it in part */
    ULONGLONG Busy;          /* those of which other threads kept changing a part: it is left out */
    ULONGLONG BusyBytes;     /* how much of them was left out */
    ULONGLONG ReservedBytes; /* by VirtualQuery, in what was compared */
    ULONGLONG CommittedBytes;
    ULONGLONG Differences;
    ULONGLONG CallsUnderWay;  /* when the audit ended */
    ULONGLONG Sections;       /* sections of which a view was compared */
    ULONGLONG SectionsUnseen; /* those that no view shows, or in which threads kept committing */
    ULONGLONG SectionBytes;   /* committed by VirtualQuery; a page counts with each view of it */
} HOSTMEM_AUDIT;

/*
 * Callbacks of the enumerations. Return S_OK to go on; any other value ends the enumeration, which
 * then returns that value. The structure that is passed is valid until the callback returns. A
 * callback may call every method of the manager.
 */
typedef HRESULT(CALLBACK *HOSTMEM_REGION_CALLBACK)(void *pContext, const HOSTMEM_REGION *pRegion);
typedef HRESULT(CALLBACK *HOSTMEM_MAPPED_RANGE_CALLBACK)(void *pContext,
                                                         const HOSTMEM_MAPPED_RANGE *pRange);
typedef HRESULT(CALLBACK *HOSTMEM_SECTION_CALLBACK)(void *pContext,
                                                    const HOSTMEM_SECTION *pSection);
typedef HRESULT(CALLBACK *HOSTMEM_BLOCK_CALLBACK)(void *pContext, const HOSTMEM_BLOCK *pBlock);
typedef HRESULT(CALLBACK *HOSTMEM_DIFFERENCE_CALLBACK)(void *pContext,
                                                       const HOSTMEM_DIFFERENCE *pDifference);
typedef HRESULT(CALLBACK *HOSTMEM_HEAP_CALLBACK)(void *pContext, const HOSTMEM_HEAP *pHeap);
typedef HRESULT(CALLBACK *HOSTMEM_SIZE_CLASS_CALLBACK)(void *pContext,
                                                       const HOSTMEM_SIZE_CLASS *pSizeClass);

/* Called by the thread that finds a damaged block. The result is ignored. */
typedef HRESULT(CALLBACK *HOSTMEM_DAMAGE_CALLBACK)(void *pContext, const HOSTMEM_DAMAGE *pDamage);

/* ----------------------------------------------------------------------------------------------
 * IHostMemInspection
 * ------------------------------------------------------------------------------------------- */

/*
 * QueryInterface on a manager gives its IHostMemInspection. Any thread may call any method at any
 * time, also after Close. All are suspension-safe, but for what the caller's callbacks do.
 */
DEFINE_GUID(IID_IHostMemInspection, 0xf3c42d0b, 0x6a0e, 0x4a55, 0x9d, 0x57, 0x1c, 0x5e, 0x9b, 0x40,
            0xe7, 0xa1);

/*
 * GetStatistics(pStatistics)
 *   Fills *pStatistics. Each figure is exact for some moment during the call; while no other thread
 *   calls the manager, all are exact for the same moment.
 *   S_OK; E_POINTER; E_INVALIDARG (cbSize).
 *
 * EnumRegions(pfnCallback, pContext)
 *   Calls back for each live region. A region that is live during the whole call is shown once; a
 *   region that comes or goes during the call may be shown.
 *   S_OK; E_POINTER; what the callback returned.
 *
 * EnumMappedRanges(pfnCallback, pContext)
 *   The same for mapped ranges.
 *
 * EnumBlocks(dwHeap, pfnCallback, pContext)
 *   The same for live heap blocks: those of the heap with that number, or all if dwHeap is 0.
 *
 * FindRegion(pAddress, pRegion)
 *   Finds the live region of this manager that holds an address. Any address may be asked about; it
 *   is not touched.
 *   S_OK and *pRegion filled; S_FALSE and *pRegion all zero: there is none; E_POINTER (pRegion is
 *   NULL).
 *
 * Audit(pAudit, pfnCallback, pContext)
 *   Walks every live region, and every view of a known section, with VirtualQuery and compares what
 *   it finds with the books. What no view of a section shows is not compared. Calls pfnCallback
 *   (may be NULL) for each difference. A part of a region that another thread changes meanwhile is
 *   compared again, a few times, and then left out: that shows in Busy and BusyBytes, not as a
 *   difference. Totals are compared only if nothing was left out and no call of the manager was
 *   under way. Of copied books (HostMemReadBooks) a busy region is left out whole, and BusyBytes is
 *   0.
 *   Looks for damaged heap blocks before, if the manager's flags say what to look for (hostmem.h).
 *   Damage goes to pfnDamage, and is no difference. Of copied books it does not.
 *   S_OK: no difference; S_FALSE: there are differences, pAudit->Differences says how many;
 *   E_POINTER; E_INVALIDARG (cbSize); what the callback returned.
 *
 * Close()
 *   The host declares that the runtime is gone. From now on every call of the manager and of its
 *   heaps returns HOST_E_CLRNOTAVAILABLE. Inspection goes on. Nothing is freed. Looks for damaged
 *   heap blocks, as Audit does.
 *   S_OK, also when the manager was closed before.
 *
 * EnumHeaps(pfnCallback, pContext)
 *   As EnumRegions, for heaps. A heap's figures are exact while no other thread uses the heap. Its
 *   peaks of Blocks and BlockBytes are exact while one thread uses it. With several threads they
 *   are never too high; they may be too low by 8 blocks and 4,096 bytes for each thread, and by
 *   what the threads did while the sum was taken.
 *
 * EnumSizeClasses(dwHeap, pfnCallback, pContext)
 *   As EnumRegions, for the size classes in which the heap with that number (0: any heap) has
 *   slabs, the smallest first.
 *
 * FindBlock(pAddress, pBlock)
 *   Finds the live heap block that holds an address. Any address may be asked about; it is not
 *   touched.
 *   S_OK and *pBlock filled; S_FALSE and *pBlock all zero: there is none; E_POINTER.
 *
 * Trim(pBytes)
 *   Gives the memory of all empty slabs of all heaps, and what freed large blocks have left, back
 *   to the system. *pBytes (pBytes may be NULL) is the number of committed bytes given back. Looks
 *   for damaged heap blocks before, as Audit does.
 *   S_OK; S_FALSE: nothing went back. S_OK and *pBytes 0: address space alone did, which freed
 *   large blocks of hardened heaps (HOSTMEM_HARDEN) leave.
 *
 * SetLimits(pLimits)
 *   Sets all limits and thresholds. A limit may be lower than what is used: nothing is taken away,
 *   memory becomes Low, and requests are refused until less is used. If the pressure state changes,
 *   the calling thread notifies the runtime. If two threads call at once, some of the figures may
 *   be those of one call and some those of the other.
 *   S_OK; E_POINTER; E_INVALIDARG (cbSize, a threshold above 100, HighPercent not below LowPercent,
 *   Unused not 0).
 *
 * GetLimits(pLimits)
 *   The limits and thresholds in force. A default threshold is given as its percentage, not as 0.
 *   S_OK; E_POINTER; E_INVALIDARG (cbSize).
 *
 * SetRedirectedLevel(level)
 *   Sets how critical the requests of redirected modules are, because modern .NET does not say. The
 *   host sets eProcessCritical before it starts the runtime and eTaskCritical, which is the
 *   default, when Start has returned.
 *   With eTaskCritical, only requests that make the collector's heap grow are task-critical: those
 *   that reserve 8 MiB or more, and those that commit pages in such a region, except up to 2 MiB
 *   from the region's start or at most two pages behind it. All other requests are
 *   app-domain-critical, because the runtime makes them while it handles the refusal of a
 *   task-critical one. So give a limit an AppDomainReserve.
 *   S_OK; E_INVALIDARG (no such level).
 *
 * EnumSections(pfnCallback, pContext)
 *   As EnumRegions, for known sections of the paging file.
 *
 * FindSection(pAddress, pSection)
 *   Finds the known section of which a view holds an address. Any address may be asked about; it is
 *   not touched.
 *   S_OK and *pSection filled; S_FALSE and *pSection all zero: there is none; E_POINTER (pSection
 * is NULL).
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
    virtual HRESULT STDMETHODCALLTYPE SetLimits(const struct HOSTMEM_LIMITS *pLimits) = 0;
    virtual HRESULT STDMETHODCALLTYPE GetLimits(struct HOSTMEM_LIMITS * pLimits) = 0;
    virtual HRESULT STDMETHODCALLTYPE SetRedirectedLevel(EMemoryCriticalLevel level) = 0;
    virtual HRESULT STDMETHODCALLTYPE EnumSections(HOSTMEM_SECTION_CALLBACK pfnCallback,
                                                   void *pContext) = 0;
    virtual HRESULT STDMETHODCALLTYPE FindSection(const void *pAddress,
                                                  HOSTMEM_SECTION *pSection) = 0;
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
    (IHostMemInspection *This, const struct HOSTMEM_LIMITS *pLimits);
    HRESULT(STDMETHODCALLTYPE *GetLimits)(IHostMemInspection *This, struct HOSTMEM_LIMITS *pLimits);
    HRESULT(STDMETHODCALLTYPE *SetRedirectedLevel)
    (IHostMemInspection *This, EMemoryCriticalLevel level);
    HRESULT(STDMETHODCALLTYPE *EnumSections)
    (IHostMemInspection *This, HOSTMEM_SECTION_CALLBACK pfnCallback, void *pContext);
    HRESULT(STDMETHODCALLTYPE *FindSection)
    (IHostMemInspection *This, const void *pAddress, HOSTMEM_SECTION *pSection);
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
#define IHostMemInspection_EnumSections(This, pfnCallback, pContext)                               \
    (This)->lpVtbl->EnumSections(This, pfnCallback, pContext)
#define IHostMemInspection_FindSection(This, pAddress, pSection)                                   \
    (This)->lpVtbl->FindSection(This, pAddress, pSection)
#endif

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif
