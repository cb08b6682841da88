/*
 * shared_sections.c: see shared_world.h: sections, as a redirected module makes and uses them.
 */
#include "shared_world.h"

void shared_sections_make(struct world *world)
{
    struct looker *looker = &world->looker;
    FARPROC function;

    looker->subject = world->subject;
    looker->module = LoadLibraryW(L"redirect_lookup.dll");
    assert_non_null(looker->module);
    function = GetProcAddress(looker->module, REDIRECT_LOOKUP_EXPORT);
    assert_true(function != NULL);
    looker->calls = ((redirect_lookup_function *)(any_function *)function)();
    looker_begin(looker);
    world->section_calls = (struct section_calls){
        LOOKED_UP(looker, CreateFileMappingW), LOOKED_UP(looker, DuplicateHandle),
        LOOKED_UP(looker, CloseHandle),        LOOKED_UP(looker, MapViewOfFileEx),
        LOOKED_UP(looker, UnmapViewOfFile),    LOOKED_UP(looker, VirtualAlloc)};
    assert_true(world->section_calls.make != CreateFileMappingW);
    world->section = world->section_calls.make(INVALID_HANDLE_VALUE, NULL,
                                               PAGE_READWRITE | SEC_RESERVE, 0, SECTION_SIZE, NULL);
    assert_non_null(world->section);
}

void shared_sections_end(struct world *world)
{
    HOSTMEM_STATISTICS statistics;

    for (unsigned i = 0; i < SHARED_VIEWS; i++) {
        if (world->views[i])
            assert_true(world->section_calls.unmap(world->views[i]));
    }
    assert_true(world->section_calls.close(world->section));
    statistics = statistics_of(&world->subject);
    assert_figure(statistics.Sections.Now, 0);
    assert_figure(statistics.SectionViews.Now, 0);
    assert_figure(statistics.SectionBytes.Now, 0);
    looker_end(&world->looker);
    assert_true(FreeLibrary(world->looker.module));
}

void hand_over_view(struct world *world, struct caller *caller, uint64_t random)
{
    SIZE_T from = random % 3 * GRANULE;
    char *view = call_map_view(caller, world->section, from, SECTION_SIZE - from);
    void *other;

    /* Wine 8 forgets the last page of a view that is unmapped. */
    if (view)
        call_commit_in_view(caller, view + (random >> 8) % 15 * PAGE, PAGE * (1 + random % 2) - 1);
    other = InterlockedExchangePointer(&world->views[random / 4096 % SHARED_VIEWS], view);
    if (other)
        call_unmap_view(caller, other);
}

/* What the books have of a section with one page committed, no handle, and so many views. */
static void expect_section(struct caller *caller, const char *view, SIZE_T committed,
                           unsigned views)
{
    const HOSTMEM_SECTION section = call_find_section(caller, view);

    expect(caller, "Size of a section", section.Size, SECTION_SIZE);
    expect(caller, "Committed in a section", section.Committed, committed);
    expect(caller, "Handles of a section", section.Handles, 0);
    expect(caller, "Views of a section", section.Views, views);
}

static void use_views(struct caller *caller, char *writing, char *other, uint64_t random)
{
    const SIZE_T size = (1 + random % 8) * PAGE;

    expect_section(caller, writing + SECTION_SIZE - 1, 0, 2);
    if (!call_commit_in_view(caller, writing + GRANULE, size))
        return;
    expect_section(caller, writing, size, 2);
    expect(caller, "the state of a page in another view", call_query(caller, other).State,
           MEM_COMMIT);
    *(volatile uint64_t *)(writing + GRANULE) = random;
    expect(caller, "what stands in another view", *(volatile uint64_t *)other, random);
    expect(caller, "a commit of what is committed",
           call_commit_in_view(caller, writing + GRANULE, PAGE), TRUE);
    expect_section(caller, writing, size, 2);
}

void live_a_section_s_life(struct caller *caller, uint64_t random)
{
    HANDLE handle = call_make_section(caller, SECTION_SIZE);
    HANDLE duplicate;
    char *writing, *other;

    if (!handle)
        return;
    duplicate = call_duplicate_handle(caller, handle);
    call_close_handle(caller, handle);
    writing = call_map_view(caller, duplicate, 0, 0);
    other = call_map_view(caller, duplicate, GRANULE, 2 * GRANULE);
    call_close_handle(caller, duplicate);
    if (writing && other)
        use_views(caller, writing, other, random);
    expect(caller, "no section is shown", call_enum_sections(caller) == 0, FALSE);
    call_unmap_view(caller, other);
    expect_section(caller, writing, call_find_section(caller, writing).Committed, 1);
    call_unmap_view(caller, writing);
}
