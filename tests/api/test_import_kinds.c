/*
 * test_import_kinds.c: import tables as other linkers make them, and as other programs leave them:
 * each is redirected, or refused with a result that says so.
 */
#include "made_module.h"
#include "running_code.h"

static void redirect(const struct subject *subject, const struct made_module *made,
                     HOSTMEM_REDIRECTION **redirection)
{
    assert_hresult(HostMemRedirectModule(subject->manager, made->module, 0, redirection), S_OK);
}

static bool is_owned(const struct subject *subject, const void *address)
{
    HOSTMEM_REGION region;

    return IHostMemInspection_FindRegion(subject->inspection, address, &region) == S_OK;
}

/* The module's calls reach the manager. */
static void assert_reaches(const char *about, const struct subject *subject,
                           const struct made_module *made)
{
    void *memory = made_module_alloc(made, GRANULE);

    assert_non_null(memory);
    assert_figure_of(about, is_owned(subject, memory), true);
    assert_true(made_module_free(made, memory));
    assert_figure_of(about, statistics_of(subject).Regions.Now, 0);
}

static void assert_as_before(const char *about, const struct made_module *made)
{
    for (unsigned i = 0; i < MADE_IMPORTS; i++)
        assert_address_of(about, made->entries[i], made->originals[i]);
}

/* The module is redirected, works, and is put back; its pages stay protected as they were. */
static void assert_is_redirected(const char *about, const struct subject *subject,
                                 const struct made_module *made)
{
    DWORD protection = memory_protection((const void *)(uintptr_t)made->entries);
    HOSTMEM_REDIRECTION *redirection;

    redirect(subject, made, &redirection);
    assert_figure_of(about, memory_protection((const void *)(uintptr_t)made->entries), protection);
    assert_reaches(about, subject, made);
    assert_hresult(HostMemRemoveRedirection(redirection), S_OK);
    assert_as_before(about, made);
    assert_figure_of(about, memory_protection((const void *)(uintptr_t)made->entries), protection);
}

static void load_and_redirect(const char *about, const struct subject *subject,
                              const struct made_options *options)
{
    struct made_module made = made_module_load(options);

    assert_is_redirected(about, subject, &made);
    made_module_unload(&made);
}

/* ------------------------------------------------------------------------------------------------
 * As linkers make them
 * --------------------------------------------------------------------------------------------- */

/* The loader adds .dll where a name has no extension, and knows no case. */
static void libraries_are_known_however_the_table_writes_their_names(void **state)
{
    static const char *const names[] = {"kernel32.dll", "KERNEL32", "Kernel32.DLL", "kernelbase",
                                        "KERNELBASE.dll"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        load_and_redirect(names[i], *state,
                          &(struct made_options){.dll = names[i], .characteristics = MADE_PLAIN});
}

static void imports_by_ordinal_are_redirected(void **state)
{
    load_and_redirect("by ordinal", *state,
                      &(struct made_options){.dll = "kernel32.dll",
                                             .by_ordinal = true,
                                             .characteristics = MADE_PLAIN});
}

static void imports_whose_names_are_lost_are_known_by_their_addresses(void **state)
{
    load_and_redirect("without names", *state,
                      &(struct made_options){.dll = "kernel32.dll",
                                             .without_names = true,
                                             .characteristics = MADE_PLAIN});
}

static void bound_imports_are_redirected(void **state)
{
    load_and_redirect("bound", *state,
                      &(struct made_options){
                          .dll = "kernel32.dll", .is_bound = true, .characteristics = MADE_PLAIN});
}

static void delayed_imports_in_a_protected_section_are_redirected(void **state)
{
    for (int by_ordinal = 0; by_ordinal < 2; by_ordinal++) {
        struct made_module made =
            made_module_load(&(struct made_options){.dll = "kernel32.dll",
                                                    .is_delayed = true,
                                                    .by_ordinal = by_ordinal,
                                                    .characteristics = MADE_READ_ONLY});

        assert_is_redirected("not resolved yet", *state, &made);
        made_module_resolve(&made);
        assert_is_redirected("resolved", *state, &made);
        made_module_unload(&made);
    }
}

/* Which library an API set stands for only the loader knows, and so what a number there means. */
static void
delayed_imports_by_ordinal_from_an_api_set_are_refused_until_they_are_resolved(void **state)
{
    const struct subject *subject = *state;
    struct made_module made =
        made_module_load(&(struct made_options){.dll = "api-ms-win-core-memory-l1-1-0.dll",
                                                .is_delayed = true,
                                                .by_ordinal = true,
                                                .characteristics = MADE_PLAIN});
    HOSTMEM_REDIRECTION *redirection;

    assert_hresult(HostMemRedirectModule(subject->manager, made.module, 0, &redirection),
                   HRESULT_FROM_WIN32(ERROR_PROC_NOT_FOUND));
    assert_null(redirection);
    assert_as_before("refused", &made);
    assert_hresult(HostMemRedirectModule(subject->manager, made.module, HOSTMEM_REDIRECT_NO_PAGES,
                                         &redirection),
                   S_FALSE); /* they are not among what is to be redirected */
    made_module_resolve(&made);
    assert_is_redirected("resolved", subject, &made);
    made_module_unload(&made);
}

/* ------------------------------------------------------------------------------------------------
 * Beside code
 * --------------------------------------------------------------------------------------------- */

static void code_beside_the_entries_runs_while_they_are_rewritten(void **state)
{
    struct made_module made = made_module_load(
        &(struct made_options){.dll = "kernel32.dll", .characteristics = MADE_CODE});
    struct running_code running;

    running_code_begin(&running, made.code);
    for (int round = 0; round < 200; round++)
        assert_is_redirected("beside code", *state, &made);
    running_code_end(&running);
    made_module_unload(&made);
}

/* ------------------------------------------------------------------------------------------------
 * As other programs leave them
 * --------------------------------------------------------------------------------------------- */

static LPVOID WINAPI alloc_of_someone_else(LPVOID address, SIZE_T size, DWORD type, DWORD protect)
{
    return VirtualAlloc(address, size, type, protect);
}

static void entries_that_are_hooked_already_are_redirected_and_put_back_as_they_were(void **state)
{
    struct made_module made = made_module_load(
        &(struct made_options){.dll = "kernel32.dll", .characteristics = MADE_PLAIN});

    made.entries[MADE_ALLOC] = made.originals[MADE_ALLOC] =
        (void *)(uintptr_t)alloc_of_someone_else;
    assert_is_redirected("hooked already", *state, &made);
    made_module_unload(&made);
}

/* Nothing says what such an entry is: not its name, nor its address. */
static void a_hooked_entry_whose_name_is_lost_is_refused(void **state)
{
    const struct subject *subject = *state;
    struct made_module made = made_module_load(&(struct made_options){
        .dll = "kernel32.dll", .without_names = true, .characteristics = MADE_PLAIN});
    HOSTMEM_REDIRECTION *redirection = SOMETHING;

    made.entries[MADE_ALLOC] = made.originals[MADE_ALLOC] =
        (void *)(uintptr_t)alloc_of_someone_else;
    assert_hresult(HostMemRedirectModule(subject->manager, made.module, 0, &redirection),
                   HRESULT_FROM_WIN32(ERROR_PROC_NOT_FOUND));
    assert_null(redirection);
    assert_as_before("refused", &made);
    made_module_unload(&made);
}

/* ------------------------------------------------------------------------------------------------
 * Modules that are unloaded while they are redirected
 * --------------------------------------------------------------------------------------------- */

static const struct made_options plain = {.dll = "kernel32.dll", .characteristics = MADE_PLAIN};

/* Wine calls free address space of a 32-bit program reserved where it does not manage it. */
static void assert_no_image_at(const void *address)
{
    MEMORY_BASIC_INFORMATION information;

    assert_true(VirtualQuery(address, &information, sizeof(information)) != 0);
    assert_true(information.Type != MEM_IMAGE);
}

/* Frees a redirected module, once too often. */
static void unload_by_force(struct made_module *made)
{
    HMODULE module = made->module;

    made_module_unload(made);
    assert_true(FreeLibrary(module));
    assert_no_image_at(module);
}

static void removing_a_redirection_of_a_module_that_is_gone_is_s_false(void **state)
{
    struct made_module made = made_module_load(&plain);
    HOSTMEM_REDIRECTION *redirection;

    redirect(*state, &made, &redirection);
    unload_by_force(&made);
    assert_hresult(HostMemRemoveRedirection(redirection), S_FALSE);
    assert_hresult(HostMemRemoveRedirection(redirection), E_INVALIDARG);
}

static void a_module_at_the_address_of_one_that_is_gone_is_another_module(void **state)
{
    const struct subject *subject = *state;
    struct made_module made = made_module_load(&plain), other;
    HOSTMEM_REDIRECTION *gone, *redirection;
    HMODULE address = made.module;
    struct made_options same_place = plain;

    same_place.base = (DWORD)(uintptr_t)address;
    redirect(subject, &made, &gone);
    unload_by_force(&made);
    other = made_module_load(&same_place);
    assert_address(other.module, address);
    redirect(subject, &other, &redirection);
    assert_reaches("the second module", subject, &other);
    assert_hresult(HostMemRemoveRedirection(gone), S_FALSE);
    assert_reaches("after the first one's removal", subject, &other);
    assert_hresult(HostMemRemoveRedirection(redirection), S_OK);
    assert_as_before("after both", &other);
    made_module_unload(&other);
    assert_no_image_at(address);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        promise(libraries_are_known_however_the_table_writes_their_names),
        promise(imports_by_ordinal_are_redirected),
        promise(imports_whose_names_are_lost_are_known_by_their_addresses),
        promise(bound_imports_are_redirected),
        promise(delayed_imports_in_a_protected_section_are_redirected),
        promise(delayed_imports_by_ordinal_from_an_api_set_are_refused_until_they_are_resolved),
        promise(code_beside_the_entries_runs_while_they_are_rewritten),
        promise(entries_that_are_hooked_already_are_redirected_and_put_back_as_they_were),
        promise(a_hooked_entry_whose_name_is_lost_is_refused),
        promise(removing_a_redirection_of_a_module_that_is_gone_is_s_false),
        promise(a_module_at_the_address_of_one_that_is_gone_is_another_module),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
