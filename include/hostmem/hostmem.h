/*
 * hostmem.h: what every host needs: limits, options, and the functions that make a manager.
 *
 * The memory manager itself is IHostMemoryManager, declared in clrhosting.h and described in the
 * .NET Framework hosting reference. This header makes one. It includes seven others, so that a
 * program needs no more than this one:
 * - clrhosting.h: the interfaces between a host and the CLR.
 * - errors.h: what an HRESULT means, and which argument was wrong.
 * - inspection.h: IHostMemInspection, which shows what a manager has handed out.
 * - notify.h: what a manager tells its host, and what it asks it.
 * - books.h: reading a manager's books from another process.
 * - redirect.h: import redirection, which brings modern .NET to use a manager.
 * - version.h: the version of these headers.
 *
 * All sizes are in bytes unless a name says otherwise.
 *
 * A structure that a caller fills or passes starts with cbSize, which must be exactly the
 * structure's size. Structures grow with later versions; from the first release on, the sizes of
 * earlier releases stay accepted.
 *
 * "Suspension-safe" means that a function may be called by a thread that has suspended others. It
 * takes no lock, waits for nothing, calls neither the loader nor a heap, and every other thread can
 * make progress while the calling thread is frozen inside it.
 *
 * Callbacks and references. While an object calls back, into a callback of these headers or into an
 * interface that it was given, it stays whole: the callback may take and give back references of
 * every object, the last ones included. An object whose last reference is given back so ends when
 * the call that called back is done. A callback that runs because an object ends may keep a
 * reference of it: pfnLeak of the heap, the last Release of a notification callback of the manager,
 * that of an inner IHostControl of the control. The object then lives on, without what it has
 * released; a heap whose blocks were reported reports them again at its next last Release.
 *
 * The module. hostmem.dll, or the module that the static library is linked into, stays loaded while
 * a manager, a heap, a control or an inspection lives, also after FreeLibrary. It is unloaded when
 * the last of them, and all references of the module, have been given back, in any order. Two
 * exceptions stay loaded to the process's end: a module that has redirected others (redirect.h),
 * and one whose last object was released by a callback inside a call of that object. So a last
 * Release of a manager may call the loader: it is not suspension-safe, nor is that of a heap or a
 * control that keeps the manager alive.
 */
#ifndef HOSTMEM_HOSTMEM_H
#define HOSTMEM_HOSTMEM_H

#include <hostmem/books.h>
#include <hostmem/clrhosting.h>
#include <hostmem/errors.h>
#include <hostmem/inspection.h>
#include <hostmem/notify.h>
#include <hostmem/redirect.h>
#include <hostmem/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The version of the hostmem.dll that is loaded, to be compared with HOSTMEM_VERSION, the version
 * of these headers.
 * Returns major << 24 | minor << 16 | patch: 0x01020003 is 1.2.3.
 * Any thread at any time; suspension-safe.
 */
DWORD STDMETHODCALLTYPE HostMemGetVersion(void);

/* ----------------------------------------------------------------------------------------------
 * Limits
 * ------------------------------------------------------------------------------------------- */

/*
 * A limit, and the requests that may exceed it. EMemoryCriticalLevel (the hosting reference,
 * "EMemoryCriticalLevel Enumeration") decides:
 * - eTaskCritical: refused above Limit.
 * - eAppDomainCritical: may also use AppDomainReserve, above Limit.
 * - eProcessCritical: may also use ProcessReserve, above both. A runtime may not survive the
 *   refusal of such a request; by default this reserve is without end.
 */
typedef struct HOSTMEM_LIMIT {
    ULONGLONG Limit; /* bytes; 0: none, and the reserves mean nothing */
    ULONGLONG AppDomainReserve;
    ULONGLONG ProcessReserve; /* 0: without end; HOSTMEM_NO_RESERVE: none */
} HOSTMEM_LIMIT;

#define HOSTMEM_NO_RESERVE 0xffffffffffffffffull

/* The thresholds of memory pressure, in percent, where HOSTMEM_LIMITS gives none. */
#define HOSTMEM_DEFAULT_LOW_PERCENT 90
#define HOSTMEM_DEFAULT_HIGH_PERCENT 70

typedef struct HOSTMEM_LIMITS {
    DWORD cbSize;            /* sizeof(HOSTMEM_LIMITS) */
    DWORD LowPercent;        /* of Committed.Limit: memory is Low above; 0: the default */
    DWORD HighPercent;       /* of Committed.Limit: High below; less than LowPercent; 0: default */
    DWORD Unused;            /* 0 */
    HOSTMEM_LIMIT Committed; /* on committed bytes of regions */
    HOSTMEM_LIMIT Reserved;  /* on address space of regions, committed or not */
} HOSTMEM_LIMITS;

/* ----------------------------------------------------------------------------------------------
 * Options
 * ------------------------------------------------------------------------------------------- */

/*
 * HOSTMEM_OPTIONS.dwFlags. All but HOSTMEM_WATCH_SYSTEM make heaps keep a history of each small
 * block (see HOSTMEM_BLOCK): some 56 bytes a block, and time. There is room for 4 GiB of histories
 * on x64 and for 256 MiB on x86 (15 MiB in pBooks); blocks beyond that have no history.
 */
#define HOSTMEM_TRACK_BLOCKS 0x1 /* nothing but the histories, callers included */

/*
 * Blocks are filled with 0xCD when they are handed out, and the bytes around them are checked:
 * before and behind each block are at least 16 bytes that are nobody's (behind one with a guard
 * page the 0 to 15 before that page), all those up to the end of its room, filled with 0xFD. They
 * are looked at when the block is freed, or moved by HeapReAlloc; and those of all live blocks by
 * Audit, Trim and Close, at the last Release of their IHostMalloc, by HeapValidate of a redirected
 * module, and for hostmem-run's report. What was changed is told to pfnDamage, once for each block.
 * Two small blocks side by side share 16 bytes: a change there is told of the block that is nearer
 * to it.
 *
 * Not found: reads; writes that leave these bytes as they are, because they go farther or write the
 * same; what happens around blocks that have no history; after one change around a block, further
 * ones, also if they are its neighbour's in the 16 bytes that the two share. A write before a block
 * that covers 16 bytes or more is told of the block before it.
 *
 * Costs 16 bytes a small block, and what the next larger size class has more (docs/SECURITY.md);
 * 32 bytes to a page a larger one. Sizes, statistics and leaks are told as asked for. HeapReAlloc
 * moves a block that changes its size, unless it shrinks and must not be moved, or there is no
 * memory: then what the block leaves is checked from now on.
 */
#define HOSTMEM_FILL_ON_ALLOC 0x2

/*
 * Freed blocks are filled with 0xDD, and checked before their memory is used again or goes back to
 * the system, and by those who look at live blocks (above). A large block waits for that: up to 64
 * of them, and 4 MiB and an eighth of what lives. One that is larger, or has pages that cannot be
 * written, goes back to the system at once: a late write to it faults, as long as nobody else has
 * the address. Blocks whose pages the program protects after the free are not looked at, but for
 * a small one that is handed out again: that faults. Waiting blocks are given back before anything
 * is refused, and by Trim.
 */
#define HOSTMEM_FILL_ON_FREE 0x4

/*
 * Freed small blocks wait before they are used again, and come back in an order that nobody can
 * tell: after 1,024 further frees on average, of all heaps together. At most 1 MiB and an eighth of
 * what lives waits. Blocks that wait are given back before anything is refused, and by Trim.
 */
#define HOSTMEM_DELAY_REUSE 0x8

/*
 * Memory is also Low while the system itself is short of it, as its low-memory resource
 * notification says (Win32: CreateMemoryResourceNotification). Calls of the manager query that, at
 * most once a second.
 */
#define HOSTMEM_WATCH_SYSTEM 0x10

/*
 * Heaps are hardened: bugs of the program are harder to make use of. docs/SECURITY.md says what
 * that stops and what not, and what it costs.
 * - Which block of its size a request gets is chosen by chance.
 * - Freed small blocks are zeroed and wait as HOSTMEM_DELAY_REUSE says. A block that is not zero
 *   when it is handed out again is told to pfnDamage, and zeroed.
 * - Freed large blocks lose their pages at once. Their addresses are not used again before some 64
 *   further ones were freed, or 4 MiB and an eighth of what lives: what touches them faults.
 * - The bytes around blocks are checked as HOSTMEM_FILL_ON_ALLOC says, filled with bytes that are
 *   chosen by chance for each manager.
 * - Behind every slab of small blocks is a page that cannot be accessed, and behind every large
 *   block one, as GuardAbove says. Slabs take twice the address space.
 * With HOSTMEM_FILL_ON_FREE, freed blocks are filled and kept as that says, not zeroed. Each small
 * block has a history, and blocks beyond the room for histories (above) are not hardened.
 */
#define HOSTMEM_HARDEN 0x20

typedef struct HOSTMEM_OPTIONS {
    DWORD cbSize;  /* sizeof(HOSTMEM_OPTIONS) */
    DWORD dwFlags; /* HOSTMEM_TRACK_BLOCKS and so on */

    /*
     * Bytes of address space that the manager reserves at once and gives up when a file cannot be
     * mapped: when the CLR says so by NeedsVirtualAddressSpace, or when a redirected module fails
     * to map one. The manager reserves them again after a mapped range or a region has been
     * released, as soon as there is room. 0: none. Useful in 32-bit processes.
     */
    SIZE_T EmergencyReservation;

    /*
     * Called for each block that is still live at the last Release of its IHostMalloc, by the
     * releasing thread, before any block's memory is given back. NULL: leaks are only counted.
     * Blocks that the callbacks free are not counted as leaked.
     */
    HOSTMEM_BLOCK_CALLBACK pfnLeak;
    void *pLeakContext;

    /*
     * A heap block of more than this many bytes is followed by a page that cannot be accessed. If
     * the block's size is a multiple of 16, it ends where that page begins; the up to 15 bytes
     * before the page are checked as HOSTMEM_FILL_ON_ALLOC says, also without that flag. 0: no
     * block is.
     */
    SIZE_T GuardAbove;

    /*
     * Called for each damaged block (HOSTMEM_FILL_ON_ALLOC, HOSTMEM_FILL_ON_FREE,
     * HOSTMEM_HARDEN), by the thread that finds it, in whatever call. NULL: they are only counted.
     * While it runs for a block that an Audit, Trim or the like has found, the memory around that
     * block stays committed, also if the block is freed meanwhile.
     */
    HOSTMEM_DAMAGE_CALLBACK pfnDamage;
    void *pDamageContext;

    /* NULL: no limits, and the default thresholds. Read while the manager is made. */
    const HOSTMEM_LIMITS *pLimits;

    /*
     * Called for each module that HOSTMEM_REDIRECT_FOLLOW finds, whether it could be redirected or
     * not, by the thread that loads the module, before the load returns. NULL: nothing is called.
     */
    HOSTMEM_MODULE_CALLBACK pfnModule;
    void *pModuleContext;

    /*
     * Memory that the manager keeps its books in, so that another process can read them (books.h):
     * a writable view of all of a section that the paging file backs, SEC_RESERVE or SEC_COMMIT,
     * filled with zeros, at least HostMemGetBooksSize() bytes. The manager commits in it, and
     * never unmaps it: unmap it after the manager's last Release, or leave it to the process's
     * end. NULL and 0: the manager reserves memory of its own.
     */
    void *pBooks;
    SIZE_T cbBooks; /* the view's size */

    /*
     * Called before a module that is redirected with HOSTMEM_REDIRECT_ENDINGS ends the process, by
     * the thread that does so. NULL: nothing is called.
     */
    HOSTMEM_ENDING_CALLBACK pfnEnding;
    void *pEndingContext;

    /*
     * The host's own callbacks for memory pressure, for refused requests, and for requests that it
     * wants to decide itself: see notify.h. NULL: nothing is called.
     */
    HOSTMEM_PRESSURE_CALLBACK pfnPressure;
    void *pPressureContext;
    HOSTMEM_REFUSED_CALLBACK pfnRefused;
    void *pRefusedContext;
    HOSTMEM_REQUEST_CALLBACK pfnRequest;
    void *pRequestContext;

    /*
     * Called when a redirected .NET runtime has read its settings, by the thread that starts it,
     * and before any managed code runs: when the module calls CreateMemoryResourceNotification for
     * low memory. What was set for the runtime alone (HostMemGetHeapHardLimit) may go from the
     * environment now. Not called for modules with HOSTMEM_REDIRECT_NO_STATUS. NULL: nothing is
     * called.
     */
    HOSTMEM_STARTED_CALLBACK pfnStarted;
    void *pStartedContext;
} HOSTMEM_OPTIONS;

/*
 * How much there can be of everything, for each manager. What would be more is refused with
 * E_OUTOFMEMORY. The third figure is for x86 with books in pBooks, where all has its place from the
 * start; otherwise the bounds cost nothing.
 *
 *                                                  x64         x86     x86, pBooks
 *   regions at once                         16,777,216      65,536      65,536
 *   heaps at once                               16,384       4,096         256
 *   slabs of small blocks at once               64 GiB       4 GiB       1 GiB
 *   histories of blocks                          4 GiB     256 MiB      15 MiB
 *   mapped ranges at once                       65,536      65,536      65,536
 *   sections at once                            65,536       4,096       4,096
 *   views of sections at once                  262,144      16,384      16,384
 *   committed in reserved sections, at best      2 TiB      32 GiB      32 GiB
 *   controls at once                             4,096       4,096       4,096
 *   callbacks of RegisterMemoryNotificationCallback, different ones: 4,096
 *   file names of DebugAlloc                      64 MiB      16 MiB       1 MiB
 *   what regions need beside their records         2 GiB      64 MiB       2 MiB
 *
 * Books begin with some 10 MiB of address space on x64 and 2.25 MiB on x86, high in the address
 * space, and reserve more as they grow, doubling each time. In pBooks they take all of
 * HostMemGetBooksSize() from the start. Windows keeps 8 bytes of paged pool for each page of a
 * section, reserved or not: some 19 MiB for books in a section on x64, and 100 KiB on x86.
 */

/* ----------------------------------------------------------------------------------------------
 * Factories
 * ------------------------------------------------------------------------------------------- */

/*
 * Makes a memory manager ("IHostMemoryManager Interface" in the hosting reference).
 *   pOptions   NULL: the defaults, which are all zero.
 *   ppManager  out: the manager, with one reference; NULL on failure.
 * S_OK; E_POINTER (ppManager is NULL); E_INVALIDARG (cbSize or dwFlags not known to this version,
 * pLimits that SetLimits refuses, or pBooks that is too small, not a view's start, not writable, or
 * holds books already); E_OUTOFMEMORY.
 * Any thread. Not suspension-safe: make managers before the runtime is started.
 *
 * The manager's last Release gives its bookkeeping back; in pBooks it stays, for readers. The
 * memory that it handed out stays as it is: a runtime may still be running on it. An object of the
 * manager must not be used after its own last Release, as COM has it: such a call may fail or
 * fault.
 */
HRESULT STDMETHODCALLTYPE HostMemCreateManager(const HOSTMEM_OPTIONS *pOptions,
                                               IHostMemoryManager **ppManager);

/*
 * Makes the IHostControl that hands the manager to the CLR ("IHostControl Interface" in the hosting
 * reference). Pass it to ICLRRuntimeHost::SetHostControl before Start.
 *   pManager   a manager made by HostMemCreateManager; the control keeps a reference.
 *   pInner     the host's own IHostControl, or NULL; the control keeps a reference. It is asked for
 *              every other host manager, and is passed every SetAppDomainManager.
 *   ppControl  out: the control, with one reference; NULL on failure.
 * S_OK; E_POINTER (pManager or ppControl is NULL); E_INVALIDARG (pManager is not hostmem's);
 * E_OUTOFMEMORY.
 * Any thread. Not suspension-safe: it calls pInner.
 */
HRESULT STDMETHODCALLTYPE HostMemCreateHostControl(IHostMemoryManager *pManager,
                                                   IHostControl *pInner, IHostControl **ppControl);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif
