/*
 * replaced.c: see replaced.h.
 */
#include "replaced.h"

#include "support.h"

#include "pe/import_table.h"
#include "pe/import_write.h"

struct search {
    const char *function;
    void *volatile *entry;
};

static bool find_entry(void *context, const struct import *import)
{
    struct search *search = context;

    if (!import->function || !import_text_is_equal(import->function, search->function))
        return true;
    search->entry = import->entry;
    return false;
}

void replace_import(struct replaced *replaced, const char *function, void *replacement)
{
    struct search search = {function, NULL};

    import_walk(GetModuleHandleW(NULL), find_entry, &search);
    if (!search.entry)
        print_error("no import of %s\n", function);
    assert_non_null(search.entry);
    replaced->entry = search.entry;
    replaced->original = *search.entry;
    assert_figure(import_write(replaced->entry, replacement), 0);
}

void put_import_back(const struct replaced *replaced)
{
    assert_figure(import_write(replaced->entry, replaced->original), 0);
}
