/*
 * inject.c: the import directory in the program's header is pointed to a longer copy of it.
 *
 * Why this way: nothing of the program has run when the agent starts, no thread is made and no code
 * is written into the process, and the loader itself reports what goes wrong. Debuggers and other
 * tools start programs with their DLLs in this way, too.
 */
#include "run/watch/inject.h"

#include "board/injected.h"

#include <winternl.h>

#include <stdint.h>
#include <string.h>

enum {
    DESCRIPTORS_MOST = 4096,
    DESCRIPTORS_AT_ONCE = 64,
    PAGE = 0x1000,
    GRANULE = 0x10000,
    THUNKS = 4 /* two names and two addresses, each list with its end */
};

struct program {
    HANDLE process;
    char *image;
    char *headers; /* address of the IMAGE_NT_HEADERS in the process */
    IMAGE_NT_HEADERS nt;
    DWORD descriptors; /* how many imports it has */
};

/* ------------------------------------------------------------------------------------------------
 * The other process's memory
 * --------------------------------------------------------------------------------------------- */

static bool read_at(const struct program *program, const char *from, void *to, size_t size)
{
    SIZE_T done = 0;

    return ReadProcessMemory(program->process, from, to, size, &done) && done == size;
}

static bool write_at(const struct program *program, char *to, const void *from, size_t size)
{
    SIZE_T done = 0;
    DWORD before;
    bool written;

    if (!VirtualProtectEx(program->process, to, size, PAGE_READWRITE, &before))
        return false;
    written = WriteProcessMemory(program->process, to, from, size, &done) && done == size;
    VirtualProtectEx(program->process, to, size, before, &before);
    return written;
}

/* ------------------------------------------------------------------------------------------------
 * What is there
 * --------------------------------------------------------------------------------------------- */

/* The process environment block says where the program is mapped (its documented part ends before;
 * debuggers rely on it). */
static bool find_image(struct program *program)
{
    PROCESS_BASIC_INFORMATION basic;
    char *peb;

    if (NtQueryInformationProcess(program->process, ProcessBasicInformation, &basic, sizeof(basic),
                                  NULL) < 0)
        return false;
    peb = (char *)basic.PebBaseAddress;
    return read_at(program, peb + 2 * sizeof(void *), &program->image, sizeof(program->image));
}

static bool read_headers(struct program *program)
{
    IMAGE_DOS_HEADER dos;

    if (!read_at(program, program->image, &dos, sizeof(dos)) || dos.e_magic != IMAGE_DOS_SIGNATURE)
        return false;
    program->headers = program->image + dos.e_lfanew;
    return read_at(program, program->headers, &program->nt, sizeof(program->nt)) &&
           program->nt.Signature == IMAGE_NT_SIGNATURE &&
           program->nt.OptionalHeader.Magic == IMAGE_NT_OPTIONAL_HDR_MAGIC &&
           program->nt.OptionalHeader.NumberOfRvaAndSizes > IMAGE_DIRECTORY_ENTRY_IAT;
}

static IMAGE_DATA_DIRECTORY *directory(struct program *program, int index)
{
    return &program->nt.OptionalHeader.DataDirectory[index];
}

static char *descriptors_of(struct program *program)
{
    return program->image + directory(program, IMAGE_DIRECTORY_ENTRY_IMPORT)->VirtualAddress;
}

/* How many to read at once: those that lie in the address's page, or one. What is behind the last
 * descriptor need not be there. */
static DWORD descriptors_at_once(const char *at)
{
    DWORD left = PAGE - (DWORD)((uintptr_t)at % PAGE);
    DWORD count = left / (DWORD)sizeof(IMAGE_IMPORT_DESCRIPTOR);

    if (!count)
        return 1;
    return count < DESCRIPTORS_AT_ONCE ? count : DESCRIPTORS_AT_ONCE;
}

static bool count_descriptors(struct program *program)
{
    IMAGE_IMPORT_DESCRIPTOR descriptors[DESCRIPTORS_AT_ONCE];
    const char *at = descriptors_of(program);

    if (at == program->image)
        return true;
    while (program->descriptors < DESCRIPTORS_MOST) {
        DWORD count = descriptors_at_once(at);

        if (!read_at(program, at, descriptors, count * sizeof(*descriptors)))
            return false;
        for (DWORD i = 0; i < count; i++, program->descriptors++)
            if (!descriptors[i].Name || !descriptors[i].FirstThunk)
                return true;
        at += count * sizeof(*descriptors);
    }
    return false;
}

/* ------------------------------------------------------------------------------------------------
 * The block
 * --------------------------------------------------------------------------------------------- */

/* Offsets in an image have 32 bits and no sign: the block must lie in the 4 GiB above. */
static char *take_above(const struct program *program, size_t size)
{
    uintptr_t at = (uintptr_t)program->image + program->nt.OptionalHeader.SizeOfImage;
    const uintptr_t reach = UINT32_MAX - 16 * (uintptr_t)GRANULE;
    uintptr_t end = at > UINTPTR_MAX - reach ? UINTPTR_MAX - GRANULE : at + reach;
    MEMORY_BASIC_INFORMATION pages;

    while (at < end && VirtualQueryEx(program->process, (void *)at, &pages, sizeof(pages))) {
        uintptr_t next = (uintptr_t)pages.BaseAddress + pages.RegionSize;
        uintptr_t begin = (at + GRANULE - 1) / GRANULE * GRANULE;

        if (pages.State == MEM_FREE && begin < next && next - begin >= size) {
            char *taken = VirtualAllocEx(program->process, (void *)begin, size,
                                         MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

            if (taken)
                return taken;
        }
        if (next <= at)
            break;
        at = next;
    }
    return NULL;
}

struct layout {
    size_t descriptors; /* offsets in the block */
    size_t thunks;
    size_t path;
    size_t size;
};

static struct layout lay_out(const struct program *program, const char *dll)
{
    struct layout layout = {.descriptors = sizeof(struct injected)};

    layout.thunks =
        layout.descriptors + (program->descriptors + 2) * sizeof(IMAGE_IMPORT_DESCRIPTOR);
    layout.thunks = (layout.thunks + sizeof(uint64_t) - 1) / sizeof(uint64_t) * sizeof(uint64_t);
    layout.path = layout.thunks + THUNKS * sizeof(ULONG_PTR);
    layout.size = layout.path + strlen(dll) + 1;
    return layout;
}

static bool fill_block(struct program *program, char *bytes, const struct layout *layout,
                       const char *block, const char *dll, HANDLE board)
{
    struct injected *injected = (struct injected *)bytes;
    IMAGE_IMPORT_DESCRIPTOR *descriptors = (IMAGE_IMPORT_DESCRIPTOR *)(bytes + layout->descriptors);
    ULONG_PTR *thunks = (ULONG_PTR *)(bytes + layout->thunks);
    DWORD begin = (DWORD)(block - program->image);

    *injected = (struct injected){
        .magic = INJECTED_MAGIC,
        .board = (uintptr_t)board,
        .imports = *directory(program, IMAGE_DIRECTORY_ENTRY_IMPORT),
        .bound_imports = *directory(program, IMAGE_DIRECTORY_ENTRY_BOUND_IMPORT),
        .addresses = *directory(program, IMAGE_DIRECTORY_ENTRY_IAT),
    };
    descriptors->OriginalFirstThunk = begin + (DWORD)layout->thunks;
    descriptors->FirstThunk = descriptors->OriginalFirstThunk + 2 * (DWORD)sizeof(ULONG_PTR);
    descriptors->Name = begin + (DWORD)layout->path;
    thunks[0] = thunks[2] = IMAGE_ORDINAL_FLAG | INJECTED_ORDINAL;
    memcpy(bytes + layout->path, dll, strlen(dll) + 1);
    return !program->descriptors || read_at(program, descriptors_of(program), descriptors + 1,
                                            program->descriptors * sizeof(*descriptors));
}

/*
 * A program without imports, and some others, do not say where the loader writes addresses. Some
 * versions of the loader look then for the section that holds the import directory: there is none.
 */
static void point_to_addresses(struct program *program, DWORD thunks)
{
    IMAGE_DATA_DIRECTORY *addresses = directory(program, IMAGE_DIRECTORY_ENTRY_IAT);

    if (!addresses->VirtualAddress)
        *addresses = (IMAGE_DATA_DIRECTORY){.VirtualAddress = thunks,
                                            .Size = THUNKS * (DWORD)sizeof(ULONG_PTR)};
}

static bool write_block(struct program *program, const char *dll, HANDLE board)
{
    const struct layout layout = lay_out(program, dll);
    char *block = take_above(program, layout.size);
    char *bytes = block ? HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, layout.size) : NULL;
    bool written = bytes && fill_block(program, bytes, &layout, block, dll, board) &&
                   write_at(program, block, bytes, layout.size);

    if (bytes)
        HeapFree(GetProcessHeap(), 0, bytes);
    if (!written)
        return false;
    *directory(program, IMAGE_DIRECTORY_ENTRY_IMPORT) = (IMAGE_DATA_DIRECTORY){
        .VirtualAddress = (DWORD)(block - program->image) + (DWORD)layout.descriptors,
        .Size = (program->descriptors + 2) * (DWORD)sizeof(IMAGE_IMPORT_DESCRIPTOR)};
    *directory(program, IMAGE_DIRECTORY_ENTRY_BOUND_IMPORT) = (IMAGE_DATA_DIRECTORY){0};
    point_to_addresses(program, (DWORD)(block - program->image) + (DWORD)layout.thunks);
    return write_at(program, program->headers, &program->nt, sizeof(program->nt));
}

enum inject_result inject(HANDLE process, const char *dll, HANDLE board)
{
    struct program program = {.process = process};

    if (!find_image(&program))
        return INJECT_REFUSED;
    if (!read_headers(&program) || !count_descriptors(&program))
        return INJECT_BAD_IMAGE;
    return write_block(&program, dll, board) ? INJECT_OK : INJECT_REFUSED;
}
