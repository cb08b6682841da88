/*
 * print.c: see print.h.
 */
#include "print.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void put(struct printed *printed, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put(struct printed *printed, const char *format, ...)
{
    size_t room = printed->room - printed->length;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(printed->text + printed->length, room, format, arguments);
    va_end(arguments);
    if (length > 0)
        printed->length += (size_t)length < room ? (size_t)length : room - 1;
}

/* ------------------------------------------------------------------------------------------------
 * Numbers
 * --------------------------------------------------------------------------------------------- */

struct flag {
    DWORD value;
    const char *name;
};

#define FLAG(name)                                                                                 \
    {                                                                                              \
        name, #name                                                                                \
    }

static const struct flag types[] = {
    FLAG(MEM_RESERVE),     FLAG(MEM_COMMIT),   FLAG(MEM_DECOMMIT),
    FLAG(MEM_RELEASE),     FLAG(MEM_RESET),    FLAG(MEM_TOP_DOWN),
    FLAG(MEM_WRITE_WATCH), FLAG(MEM_PHYSICAL), FLAG(MEM_RESET_UNDO),
};

static const struct flag protections[] = {
    FLAG(PAGE_NOACCESS),          FLAG(PAGE_READONLY),          FLAG(PAGE_READWRITE),
    FLAG(PAGE_WRITECOPY),         FLAG(PAGE_EXECUTE),           FLAG(PAGE_EXECUTE_READ),
    FLAG(PAGE_EXECUTE_READWRITE), FLAG(PAGE_EXECUTE_WRITECOPY), FLAG(PAGE_GUARD),
    FLAG(PAGE_NOCACHE),           FLAG(PAGE_WRITECOMBINE),
};

/* Names for the bits that have one, a number for the rest. */
static void put_flags(struct printed *printed, DWORD value, const struct flag *flags, size_t count)
{
    const char *separator = "";

    for (size_t i = 0; i < count; i++) {
        if (value & flags[i].value) {
            put(printed, "%s%s", separator, flags[i].name);
            value &= ~flags[i].value;
            separator = " | ";
        }
    }
    if (value || !*separator)
        put(printed, "%s0x%lx", separator, (unsigned long)value);
}

static void put_type(struct printed *printed, DWORD type)
{
    put_flags(printed, type, types, COUNT_OF(types));
}

static void put_protection(struct printed *printed, DWORD protect)
{
    put_flags(printed, protect, protections, COUNT_OF(protections));
}

static void put_number(struct printed *printed, ULONGLONG number)
{
    put(printed, "0x%" PRIx64, (uint64_t)number);
}

/* ------------------------------------------------------------------------------------------------
 * The table
 * --------------------------------------------------------------------------------------------- */

static const char *const kind_names[STEP_KINDS] = {
    [STEP_ALLOC] = "STEP_ALLOC",
    [STEP_FREE] = "STEP_FREE",
    [STEP_PROTECT] = "STEP_PROTECT",
    [STEP_QUERY] = "STEP_QUERY",
    [STEP_WRITE] = "STEP_WRITE",
    [STEP_GET_WATCH] = "STEP_GET_WATCH",
    [STEP_RESET_WATCH] = "STEP_RESET_WATCH",
    [STEP_ALLOC_ALIEN] = "STEP_ALLOC_ALIEN",
    [STEP_FREE_ALIEN] = "STEP_FREE_ALIEN",
};

static const char *const place_names[] = {
    [PLACE_WINDOW] = "PLACE_WINDOW",
    [PLACE_MADE] = "PLACE_MADE",
    [PLACE_ANYWHERE] = "PLACE_ANYWHERE",
};

void print_steps(struct printed *printed, const struct sequence *sequence)
{
    put(printed, "static const struct step steps[] = {\n");
    for (size_t i = 0; i < sequence->count; i++) {
        const struct step *step = &sequence->steps[i];

        put(printed, "    {%s, %s, %u, ", kind_names[step->kind], place_names[step->place],
            step->made);
        put_number(printed, step->offset);
        put(printed, ", ");
        put_number(printed, step->size);
        put(printed, ", ");
        put_type(printed, step->type);
        put(printed, ", ");
        if (step->kind == STEP_GET_WATCH)
            put_number(printed, step->protect);
        else
            put_protection(printed, step->protect);
        put(printed, "},\n");
    }
    put(printed, "};\n");
}

/* ------------------------------------------------------------------------------------------------
 * The calls
 * --------------------------------------------------------------------------------------------- */

static void put_address(struct printed *printed, const struct step *step, const char *whose)
{
    if (step->place == PLACE_WINDOW)
        put(printed, "%s + ", whose);
    else if (step->place == PLACE_MADE)
        put(printed, "%s_made[%u] + ", whose, step->made);
    else
        put(printed, "(void *)");
    put_number(printed, step->offset);
}

static void put_answer(struct printed *printed, enum step_kind kind, const struct answer *answer)
{
    const char *name;

    if (!answer->given) {
        put(printed, "\n    /* could not be asked */\n");
        return;
    }
    put(printed, "\n    /* 0x%08lx", (unsigned long)answer->hr);
    if (answer->last_error != UNTOUCHED)
        put(printed, ", last error %lu", (unsigned long)answer->last_error);
    for (unsigned i = 0; (name = answer_figure_name(kind, i)) != NULL; i++) {
        put(printed, ", %s ", name);
        put_number(printed, answer->figures[i]);
    }
    put(printed, " */\n");
}

/* "(address, size", after the name of the function. */
static void put_call(struct printed *printed, const char *manager_call, const char *win32_call,
                     const struct step *step, bool ours)
{
    if (ours && manager_call)
        put(printed, "%s(manager, ", manager_call);
    else
        put(printed, "%s(", win32_call);
    put_address(printed, step, ours ? "ours" : "theirs");
}

static void put_alloc(struct printed *printed, const struct step *step, bool ours)
{
    bool by_manager = ours && step->kind == STEP_ALLOC;

    put(printed, by_manager ? "    hr = " : "    memory = ");
    put_call(printed, step->kind == STEP_ALLOC ? "IHostMemoryManager_VirtualAlloc" : NULL,
             "VirtualAlloc", step, ours);
    put(printed, ", ");
    put_number(printed, step->size);
    put(printed, ", ");
    put_type(printed, step->type);
    put(printed, ", ");
    put_protection(printed, step->protect);
    put(printed, by_manager ? ", eTaskCritical, &memory);" : ");");
}

static void put_free(struct printed *printed, const struct step *step, bool ours)
{
    put(printed, ours && step->kind == STEP_FREE ? "    hr = " : "    done = ");
    put_call(printed, step->kind == STEP_FREE ? "IHostMemoryManager_VirtualFree" : NULL,
             "VirtualFree", step, ours);
    put(printed, ", ");
    put_number(printed, step->size);
    put(printed, ", ");
    put_type(printed, step->type);
    put(printed, ");");
}

static void put_protect(struct printed *printed, const struct step *step, bool ours)
{
    put(printed, ours ? "    hr = " : "    done = ");
    put_call(printed, "IHostMemoryManager_VirtualProtect", "VirtualProtect", step, ours);
    put(printed, ", ");
    put_number(printed, step->size);
    put(printed, ", ");
    put_protection(printed, step->protect);
    put(printed, ", &old);");
}

static void put_query(struct printed *printed, const struct step *step, bool ours)
{
    put(printed, ours ? "    hr = " : "    bytes = ");
    put_call(printed, "IHostMemoryManager_VirtualQuery", "VirtualQuery", step, ours);
    put(printed, ours ? ", &range, sizeof(range), &bytes);" : ", &range, sizeof(range));");
}

static void put_get_watch(struct printed *printed, const struct step *step, bool ours)
{
    put(printed, "    count = %lu;\n    result = ", (unsigned long)step->protect);
    put(printed, "GetWriteWatch(0x%lx, ", (unsigned long)step->type);
    put_address(printed, step, ours ? "ours" : "theirs");
    put(printed, ", ");
    put_number(printed, step->size);
    put(printed, ", written, &count, &granularity);");
}

static void put_touch(struct printed *printed, const struct step *step, bool ours)
{
    if (step->kind == STEP_WRITE) {
        put(printed, "    (*(volatile unsigned char *)(");
        put_address(printed, step, ours ? "ours" : "theirs");
        put(printed, "))++;");
        return;
    }
    put(printed, "    result = ");
    put_call(printed, NULL, "ResetWriteWatch", step, ours);
    put(printed, ", ");
    put_number(printed, step->size);
    put(printed, ");");
}

static void put_step(struct printed *printed, const struct step *step, bool ours)
{
    switch (step->kind) {
    case STEP_ALLOC:
    case STEP_ALLOC_ALIEN:
        put_alloc(printed, step, ours);
        break;
    case STEP_FREE:
    case STEP_FREE_ALIEN:
        put_free(printed, step, ours);
        break;
    case STEP_PROTECT:
        put_protect(printed, step, ours);
        break;
    case STEP_QUERY:
        put_query(printed, step, ours);
        break;
    case STEP_GET_WATCH:
        put_get_watch(printed, step, ours);
        break;
    default:
        put_touch(printed, step, ours);
        break;
    }
}

/* A region that was made at NULL is spoken of later. */
static void put_made(struct printed *printed, const struct step *step, const char *whose)
{
    if (step->kind == STEP_ALLOC && step->place == PLACE_ANYWHERE && !step->offset)
        put(printed, "    %s_made[%u] = memory;\n", whose, step->made);
}

static void put_both(struct printed *printed, const struct step *step, const struct answer *ours,
                     const struct answer *expected)
{
    put_step(printed, step, true);
    put_answer(printed, step->kind, ours);
    put_made(printed, step, "ours");
    if (step->kind == STEP_FREE && expected->hr == HOST_E_INVALIDOPERATION) {
        put(printed, "    /* not the manager's to free: 0x%08lx is right, and Win32 not asked */\n",
            (unsigned long)expected->hr);
        return;
    }
    put_step(printed, step, false);
    put_answer(printed, step->kind, expected);
    put_made(printed, step, "theirs");
}

void print_calls(struct printed *printed, const struct sequence *sequence,
                 const struct outcome *outcome)
{
    put(printed,
        "/* ours and theirs: windows of free address space of 68 MiB, 2 MiB before a multiple of\n"
        "   64 MiB, of which the first and the last 64 KiB are reserved. */\n"
        "static void replay(IHostMemoryManager *manager, char *ours, char *theirs)\n"
        "{\n"
        "    char *ours_made[%u] = {0}, *theirs_made[%u] = {0};\n"
        "    MEMORY_BASIC_INFORMATION range;\n"
        "    void *memory = NULL, *written[%u];\n"
        "    HRESULT hr = S_OK;\n"
        "    BOOL done = FALSE;\n"
        "    DWORD old = 0;\n"
        "    SIZE_T bytes = 0;\n"
        "    ULONG_PTR count = 0;\n"
        "    ULONG granularity = 0;\n"
        "    UINT result = 0;\n\n",
        MADE, MADE, 64);
    for (size_t i = 0; i < sequence->count; i++)
        put_both(printed, &sequence->steps[i], &outcome->ours[i], &outcome->expected[i]);
    put(printed, "    (void)ours_made, (void)theirs_made, (void)range, (void)memory;\n"
                 "    (void)written, (void)hr, (void)done, (void)old, (void)bytes;\n"
                 "    (void)count, (void)granularity, (void)result;\n"
                 "}\n");
}

/* ------------------------------------------------------------------------------------------------
 * The difference
 * --------------------------------------------------------------------------------------------- */

void print_difference(struct printed *printed, const struct sequence *sequence,
                      const struct outcome *outcome)
{
    const struct difference *difference = &outcome->difference;

    put(printed, "/* after step %u of %u, %s\n   is 0x%" PRIx64 ", expected 0x%" PRIx64,
        (unsigned)outcome->step + 1, (unsigned)sequence->count, difference->what,
        (uint64_t)difference->actual, (uint64_t)difference->expected);
    if (difference->place == PLACE_WINDOW)
        put(printed, ", at 0x%" PRIx64 " of the window", (uint64_t)difference->offset);
    else if (difference->place == PLACE_MADE)
        put(printed, ", at 0x%" PRIx64 " of made[%u]", (uint64_t)difference->offset,
            difference->made);
    put(printed, " */\n");
}
