/*
 * twin.c: see twin.h.
 */
#include "twin.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MOST_NOTES 32768
#define MOST_FIGURES 7

struct twin_note_entry {
    int line; /* of the scenario */
    const char *what;
    ULONGLONG figures[MOST_FIGURES];
};

struct twin_notes {
    size_t count;
    struct twin_note_entry entries[MOST_NOTES];
};

/* ------------------------------------------------------------------------------------------------
 * Notes
 * --------------------------------------------------------------------------------------------- */

static struct twin_note_entry *add_note(struct twin *twin, const char *what, int line)
{
    struct twin_note_entry *note = &twin->notes->entries[twin->notes->count];

    assert_in_range(twin->notes->count, 0, MOST_NOTES - 1);
    twin->notes->count++;
    *note = (struct twin_note_entry){.line = line, .what = what};
    return note;
}

void twin_do_note(struct twin *twin, const char *what, ULONGLONG figure, int line)
{
    add_note(twin, what, line)->figures[0] = figure;
}

static void print_note(const char *whose, const struct twin_notes *notes, size_t index)
{
    const struct twin_note_entry *note = &notes->entries[index];

    if (index >= notes->count) {
        print_error("    %s: the scenario has ended\n", whose);
        return;
    }
    print_error("    %s: line %d, %s:", whose, note->line, note->what);
    for (int i = 0; i < MOST_FIGURES; i++)
        print_error(" 0x%" PRIx64, (uint64_t)note->figures[i]);
    print_error("\n");
}

static bool is_same_note(const struct twin_note_entry *a, const struct twin_note_entry *b)
{
    return a->line == b->line && strcmp(a->what, b->what) == 0 &&
           memcmp(a->figures, b->figures, sizeof(a->figures)) == 0;
}

static void compare_notes(const struct twin_notes *ours, const struct twin_notes *theirs)
{
    for (size_t i = 0; i < ours->count || i < theirs->count; i++) {
        if (i < ours->count && i < theirs->count &&
            is_same_note(&ours->entries[i], &theirs->entries[i]))
            continue;
        print_error("answer %u differs\n", (unsigned)i);
        print_note("hostmem", ours, i);
        print_note("Win32", theirs, i);
        fail();
    }
}

/* An address as both twins note it. */
static ULONGLONG relative(const struct twin *twin, const void *address)
{
    return address ? (ULONGLONG)((const char *)address - twin->origin) : 0;
}

/* ------------------------------------------------------------------------------------------------
 * Answers
 * --------------------------------------------------------------------------------------------- */

struct answer {
    HRESULT hr;
    DWORD last_error; /* after a failure */
};

/* A request is about to be made: what must still be so if it fails. */
struct before {
    HOSTMEM_STATISTICS books;
};

static struct before begin_request(const struct twin *twin)
{
    struct before before;

    if (twin->subject)
        before.books = statistics_of(twin->subject);
    SetLastError(UNTOUCHED);
    return before;
}

static void assert_books_unchanged(const struct twin *twin, const struct before *before)
{
    HOSTMEM_STATISTICS now = statistics_of(twin->subject);

    assert_figure(now.Reserved.Now, before->books.Reserved.Now);
    assert_figure(now.Reserved.Peak, before->books.Reserved.Peak);
    assert_figure(now.Committed.Now, before->books.Committed.Now);
    assert_figure(now.Committed.Peak, before->books.Committed.Peak);
    assert_figure(now.Regions.Now, before->books.Regions.Now);
}

/* The answer of either: the manager's HRESULT, or Win32's success. */
static struct answer end_request(const struct twin *twin, const struct before *before, HRESULT hr,
                                 bool done)
{
    struct answer answer = {.last_error = GetLastError()};

    if (!twin->subject) {
        answer.hr = done ? S_OK : hresult_of_error(answer.last_error);
    } else {
        answer.hr = hr;
        if (hr == S_OK)
            assert_figure_of("the last error after a success", answer.last_error, UNTOUCHED);
        else
            assert_books_unchanged(twin, before);
    }
    if (answer.hr == S_OK)
        answer.last_error = 0;
    return answer;
}

static void note_answer(struct twin_note_entry *note, struct answer answer)
{
    note->figures[0] = (ULONG)answer.hr;
    note->figures[1] = answer.last_error;
}

/* ------------------------------------------------------------------------------------------------
 * Requests
 * --------------------------------------------------------------------------------------------- */

/* The extent of the allocation that holds the address, and how much of it is committed. */
static SIZE_T extent_of(const void *address, SIZE_T *committed)
{
    MEMORY_BASIC_INFORMATION range;
    const char *base, *at;

    *committed = 0;
    assert_true(VirtualQuery(address, &range, sizeof(range)) != 0);
    base = at = range.AllocationBase;
    while (VirtualQuery(at, &range, sizeof(range)) && range.AllocationBase == base) {
        if (range.State == MEM_COMMIT)
            *committed += range.RegionSize;
        at += range.RegionSize;
    }
    return (SIZE_T)(at - base);
}

/* What the manager handed out stands in the books as it does in Windows'. */
static void assert_in_the_books(const struct twin *twin, const void *memory, bool must_be_owned)
{
    MEMORY_BASIC_INFORMATION range;
    HOSTMEM_REGION region;
    SIZE_T size, committed;
    HRESULT hr = IHostMemInspection_FindRegion(twin->subject->inspection, memory, &region);

    if (!must_be_owned && hr == S_FALSE)
        return;
    assert_hresult(hr, S_OK);
    assert_true(VirtualQuery(memory, &range, sizeof(range)) != 0);
    size = extent_of(memory, &committed);
    assert_address(region.Base, range.AllocationBase);
    assert_figure(region.Size, size);
    assert_figure(region.Committed, committed);
}

char *twin_do_alloc(struct twin *twin, void *address, SIZE_T size, DWORD type, DWORD protect,
                    int line)
{
    void *memory = &memory;
    struct before before = begin_request(twin);
    struct answer answer;
    struct twin_note_entry *note;
    HRESULT hr = S_OK;

    if (twin->subject)
        hr = IHostMemoryManager_VirtualAlloc(twin->subject->manager, address, size, type, protect,
                                             eTaskCritical, &memory);
    else
        memory = VirtualAlloc(address, size, type, protect);
    answer = end_request(twin, &before, hr, memory != NULL);
    if (answer.hr != S_OK)
        assert_null(memory);
    else if (twin->subject)
        assert_in_the_books(twin, memory, !address || (type & MEM_RESERVE));
    note = add_note(twin, "VirtualAlloc (hr, last error, address, type, protect)", line);
    note_answer(note, answer);
    note->figures[2] = address ? relative(twin, memory) : 0;
    note->figures[3] = type;
    note->figures[4] = protect;
    return memory;
}

static struct answer answer_of_free(struct twin *twin, void *address, SIZE_T size, DWORD type)
{
    struct before before = begin_request(twin);
    HRESULT hr = S_OK;
    BOOL done = FALSE;

    if (twin->subject)
        hr = IHostMemoryManager_VirtualFree(twin->subject->manager, address, size, type);
    else
        done = VirtualFree(address, size, type);
    return end_request(twin, &before, hr, done);
}

bool twin_do_free(struct twin *twin, void *address, SIZE_T size, DWORD type, int line)
{
    struct answer answer = answer_of_free(twin, address, size, type);
    struct twin_note_entry *note = add_note(twin, "VirtualFree (hr, last error, size, type)", line);

    note_answer(note, answer);
    note->figures[2] = size;
    note->figures[3] = type;
    return answer.hr == S_OK;
}

void twin_do_free_refused(struct twin *twin, void *address, SIZE_T size, DWORD type, int line)
{
    struct answer answer = answer_of_free(twin, address, size, type);
    struct twin_note_entry *note = add_note(twin, "VirtualFree, refused (size, type)", line);

    if (twin->subject)
        assert_hresult(answer.hr, HOST_E_INVALIDOPERATION);
    else
        assert_true(FAILED(answer.hr));
    assert_true(answer.last_error != UNTOUCHED && answer.last_error != ERROR_SUCCESS);
    note->figures[0] = size;
    note->figures[1] = type;
}

bool twin_do_protect(struct twin *twin, void *address, SIZE_T size, DWORD protect, int line)
{
    struct before before = begin_request(twin);
    struct answer answer;
    struct twin_note_entry *note;
    DWORD old = 0;
    HRESULT hr = S_OK;
    BOOL done = FALSE;

    if (twin->subject)
        hr =
            IHostMemoryManager_VirtualProtect(twin->subject->manager, address, size, protect, &old);
    else
        done = VirtualProtect(address, size, protect, &old);
    answer = end_request(twin, &before, hr, done);
    note = add_note(twin, "VirtualProtect (hr, last error, old protection, size, protect)", line);
    note_answer(note, answer);
    note->figures[2] = answer.hr == S_OK ? old : 0;
    note->figures[3] = size;
    note->figures[4] = protect;
    return answer.hr == S_OK;
}

char *twin_do_make(struct twin *twin, SIZE_T size, DWORD type, DWORD protect, int line)
{
    char *memory = twin_do_alloc(twin, NULL, size, type, protect, line);

    assert_non_null(memory);
    twin->origin = memory;
    return memory;
}

void twin_do_look(struct twin *twin, void *address, SIZE_T size, int line)
{
    const char *at = address, *end = at + size;

    while (at < end) {
        struct twin_note_entry *note = add_note(
            twin, "look (base, allocation, its protect, size, state, protect, type)", line);
        MEMORY_BASIC_INFORMATION range;

        assert_true(VirtualQuery(at, &range, sizeof(range)) != 0);
        note->figures[4] = range.State;
        if (range.State == MEM_FREE)
            break; /* how far it is free depends on the neighbours */
        note->figures[0] = relative(twin, range.BaseAddress);
        note->figures[1] = relative(twin, range.AllocationBase);
        note->figures[2] = range.AllocationProtect;
        note->figures[3] = range.RegionSize;
        note->figures[5] = range.Protect;
        note->figures[6] = range.Type;
        at = (const char *)range.BaseAddress + range.RegionSize;
    }
}

/* ------------------------------------------------------------------------------------------------
 * Both
 * --------------------------------------------------------------------------------------------- */

static char *find_spot(void)
{
    char *spot = VirtualAlloc(NULL, TWIN_SPOT, MEM_RESERVE, PAGE_NOACCESS);

    assert_non_null(spot);
    assert_true(VirtualFree(spot, 0, MEM_RELEASE));
    return spot;
}

static void run(struct twin *twin, twin_scenario *scenario)
{
    twin->notes->count = 0;
    twin->origin = twin->spot;
    scenario(twin);
}

void twins_compare(const struct subject *subject, twin_scenario *scenario)
{
    static struct twin_notes our_notes, their_notes;
    struct twin ours = {.subject = subject, .notes = &our_notes};
    struct twin theirs = {.notes = &their_notes};

    ours.spot = theirs.spot = find_spot();
    run(&ours, scenario);
    assert_empty_books(subject);
    run(&theirs, scenario);
    compare_notes(&our_notes, &their_notes);
}
