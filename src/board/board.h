/*
 * board.h: what hostmem-run and the agent tell each other, in the first pages of a section whose
 * rest holds the manager's books.
 *
 * hostmem-run writes the orders before the program runs. The agent, which lives in the program,
 * writes the rest: how its start went, which modules there are, how the program ends. Readers
 * outside see what was written, whatever becomes of the program.
 *
 * Protocol. Each part has a word that says whether it is there; its writer sets that word last, by
 * release, and a reader loads it first, by acquire. A part that is there does not change, but for
 * counters and the fields that say otherwise. The list of modules grows by fetch-add of
 * `module_count`; a module is there when its `is_there` is set. Readers believe nothing: they copy
 * the board (board_copy.h) and check what they use.
 */
#ifndef HOSTMEM_BOARD_BOARD_H
#define HOSTMEM_BOARD_BOARD_H

#include "board/memory_notes.h"
#include "board/page_owner.h"

#include <hostmem/hostmem.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define BOARD_MAGIC UINT64_C(0x647261426d6d4868)
#define BOARD_LAYOUT 3u
#define BOARD_SIZE ((SIZE_T)0x40000) /* the books begin here; a multiple of 64 KiB */

enum {
    BOARD_TEXT = 260,        /* bytes of a path or name, the zero included; longer ones are cut */
    BOARD_MODULES = 256,     /* further modules are counted, not listed */
    BOARD_DIFFERENCES = 64,  /* further ones are counted */
    BOARD_DAMAGES = 20,      /* likewise */
    BOARD_WANTED_MODULES = 8 /* --module */
};

/* ------------------------------------------------------------------------------------------------
 * From hostmem-run
 * --------------------------------------------------------------------------------------------- */

/*
 * The variable by which CoreCLR is told, while it starts, whether memory that can be executed may
 * not be written. It is in the environment until the JIT compiler is loaded: by then it was read. A
 * runtime that has the compiler in its own file keeps it.
 */
#define BOARD_VARIABLE L"DOTNET_EnableWriteXorExecute"

struct board_orders {
    DWORD redirect_flags; /* HostMemRedirectModule's */
    DWORD manager_flags;  /* HOSTMEM_OPTIONS.dwFlags */
    SIZE_T guard_above;   /* HOSTMEM_OPTIONS.GuardAbove */
    HOSTMEM_LIMITS limits;
    bool is_host;                 /* the program is hostmem-host.exe, which redirects for itself */
    bool is_runtime;              /* the program has the runtime in its own file */
    bool is_native_aot;           /* likewise: code that was compiled ahead of time */
    bool has_variable;            /* hostmem-run has set BOARD_VARIABLE for the runtime */
    bool program_has_heap_limit;  /* its own settings limit the collector's heap */
    bool program_has_region_size; /* likewise: the regions that the heap consists of */
    uint64_t started;             /* handle of the event that the agent sets when it has started */
    wchar_t wanted_modules[BOARD_WANTED_MODULES][BOARD_TEXT]; /* to be redirected when loaded */
    uint32_t wanted_module_count;
};

/* ------------------------------------------------------------------------------------------------
 * From the agent
 * --------------------------------------------------------------------------------------------- */

enum board_stage {
    BOARD_NOT_STARTED, /* the agent has not come so far */
    BOARD_STARTED,     /* the manager is there, and the program redirected */
    BOARD_FAILED,      /* the agent has ended the program: see failed_step, failed_result */
    BOARD_NOT_RUN      /* hostmem-host could not run the program, and has said why */
};

struct board_module {
    _Atomic uint32_t is_there;
    _Atomic uint32_t is_unloaded;
    uint64_t base;
    uint64_t size;
    char name[BOARD_TEXT]; /* of its file, UTF-8 */
};

/* A module that was redirected, or should have been. */
struct board_redirected {
    _Atomic uint32_t is_there;
    uint32_t kind; /* HOSTMEM_MODULE_KIND; 0: the program's own module */
    HRESULT result;
    char name[BOARD_TEXT];
    char path[4 * BOARD_TEXT];
};

struct board_damage {
    _Atomic uint32_t is_there;
    HOSTMEM_DAMAGE damage; /* its pointers are figures */
    char file[BOARD_TEXT]; /* the text of damage.Block.FileName */
};

/* How the program ended, as the agent saw it. */
struct board_ending {
    _Atomic uint32_t claimed; /* id of the thread that writes it */
    _Atomic uint32_t is_there;
    _Atomic uint32_t kind; /* enum ending_kind; ENDING_CONSOLE_CONTROL can be corrected later */
};

/* What only the process itself can say of its memory, taken when it ends. */
struct board_closing {
    _Atomic uint32_t claimed; /* id of the thread that writes it */
    _Atomic uint32_t is_there;
    HRESULT audit_result;
    HOSTMEM_AUDIT audit;
    HOSTMEM_DIFFERENCE differences[BOARD_DIFFERENCES];
    uint32_t difference_count; /* of those listed */
    struct page_map pages;
};

/* Which runtime hostmem-host hosts. */
struct board_runtime {
    _Atomic uint32_t is_there;
    HRESULT host_control; /* what SetHostControl returned */
    char family[BOARD_TEXT];
    char version[BOARD_TEXT];
    char directory[4 * BOARD_TEXT];
};

struct board {
    /*
     * Up to failed_step all is at the same place in every layout, so that hostmem-run and an agent
     * of different versions can say that they are.
     */
    uint64_t magic;
    uint32_t layout;
    uint32_t pointer_size;
    char version[16];       /* of hostmem-run: HOSTMEM_VERSION_TEXT */
    char agent_version[16]; /* written where the two versions differ */
    _Atomic uint32_t stage;
    HRESULT failed_result;
    char failed_step[64];

    uint32_t process;
    char program[4 * BOARD_TEXT]; /* its path */
    struct board_orders orders;

    uint32_t not_run_code; /* hostmem-host's exit code */

    uint64_t heap_limit; /* bytes: the hard limit that a collector was told; 0: none */

    /*
     * Not 0: the limit is too small for the runtime, and the agent has ended the program. Bytes:
     * the least HOSTMEM_LIMIT.Limit with which it starts.
     */
    _Atomic uint64_t least_limit;

    _Atomic uint32_t module_count;
    _Atomic uint32_t redirected_count;
    _Atomic uint32_t damage_count;
    struct memory_notes memory;
    struct board_runtime runtime;
    struct board_ending ending;
    struct board_closing closing;
    struct board_redirected redirected[32];
    struct board_damage damages[BOARD_DAMAGES];
    struct board_module modules[BOARD_MODULES];
};

_Static_assert(sizeof(struct board) <= BOARD_SIZE, "the board does not fit before the books");

#endif
