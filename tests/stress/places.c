/*
 * places.c: see places.h.
 */
#include "places.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HOSTMEM 0
#define PROGRAM 1

static HMODULE module_of(const void *address)
{
    MEMORY_BASIC_INFORMATION range;

    assert_true(VirtualQuery(address, &range, sizeof(range)) != 0);
    return range.AllocationBase;
}

void places_load(struct places *places, const IHostMemoryManager *manager)
{
    static const WCHAR *const names[] = {L"ntdll", L"kernel32", L"kernelbase", L"msvcrt"};
    static const char *const texts[] = {"ntdll.dll", "kernel32.dll", "kernelbase.dll",
                                        "msvcrt.dll"};

    *places = (struct places){.met = NULL};
    module_load(&places->modules[HOSTMEM], module_of(manager->lpVtbl), "hostmem.dll");
    module_load(&places->modules[PROGRAM], GetModuleHandleW(NULL), "the program");
    for (unsigned i = 0; i < COUNT_OF(names); i++)
        module_load(&places->modules[2 + i], GetModuleHandleW(names[i]), texts[i]);
    places->met =
        VirtualAlloc(NULL, places->modules[HOSTMEM].size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    assert_non_null(places->met);
}

bool thread_position(HANDLE thread, uintptr_t *instruction, uintptr_t *stack)
{
    CONTEXT context;

    memset(&context, 0, sizeof(context));
    context.ContextFlags = CONTEXT_CONTROL;
    if (!GetThreadContext(thread, &context))
        return false;
#ifdef _WIN64
    *instruction = (uintptr_t)context.Rip;
    *stack = (uintptr_t)context.Rsp;
#else
    *instruction = context.Eip;
    *stack = context.Esp;
#endif
    return true;
}

enum place places_of(const struct places *places, uintptr_t address)
{
    if (module_holds(&places->modules[HOSTMEM], address))
        return PLACE_HOSTMEM;
    return module_holds(&places->modules[PROGRAM], address) ? PLACE_PROGRAM : PLACE_SYSTEM;
}

void places_count(struct places *places, enum method method, uintptr_t instruction)
{
    const enum place place = places_of(places, instruction);

    places->frozen[method][place]++;
    if (place == PLACE_HOSTMEM)
        places->met[instruction - places->modules[HOSTMEM].base] = 1;
}

ULONGLONG places_frozen(const struct places *places, enum place place, bool in_a_method)
{
    ULONGLONG sum = 0;

    if (!in_a_method)
        return places->frozen[NO_METHOD][place];
    for (int method = NO_METHOD + 1; method < METHODS; method++)
        sum += places->frozen[method][place];
    return sum;
}

/* ------------------------------------------------------------------------------------------------
 * The table
 * --------------------------------------------------------------------------------------------- */

/*
 * Counts the instructions of hostmem at which a thread was frozen, and the functions that they are
 * in.
 */
static void count_met(const struct places *places, unsigned *instructions, unsigned *functions)
{
    const struct module *hostmem = &places->modules[HOSTMEM];
    uintptr_t last = 0;

    *instructions = *functions = 0;
    for (SIZE_T i = 0; i < hostmem->size; i++) {
        uintptr_t begin;
        unsigned length;

        if (!places->met[i])
            continue;
        ++*instructions;
        module_function(hostmem, hostmem->base + i, &begin, &length);
        *functions += begin != last;
        last = begin;
    }
}

static void print_row(const char *name, const ULONGLONG frozen[PLACES])
{
    print_message("  %-36s %9" PRIu64 " %9" PRIu64 " %9" PRIu64 "\n", name,
                  (uint64_t)frozen[PLACE_HOSTMEM], (uint64_t)frozen[PLACE_SYSTEM],
                  (uint64_t)frozen[PLACE_PROGRAM]);
}

void places_print(const struct places *places)
{
    ULONGLONG sums[PLACES];
    unsigned instructions, functions;

    print_message("  %-36s %9s %9s %9s\n", "frozen in a call of", "hostmem", "system", "program");
    for (int method = NO_METHOD + 1; method < METHODS; method++)
        print_row(method_names[method], places->frozen[method]);
    for (int place = 0; place < PLACES; place++)
        sums[place] = places_frozen(places, (enum place)place, true);
    print_row("any of these", sums);
    print_row(method_names[NO_METHOD], places->frozen[NO_METHOD]);
    count_met(places, &instructions, &functions);
    print_message("  at %u different instructions in %u functions of hostmem.dll\n", instructions,
                  functions);
}

/* ------------------------------------------------------------------------------------------------
 * Names
 * --------------------------------------------------------------------------------------------- */

void places_name(const struct places *places, uintptr_t address, char name[PLACE_NAME])
{
    for (unsigned i = 0; i < MODULES; i++) {
        const struct module *module = &places->modules[i];
        uintptr_t begin;
        unsigned length;
        const char *function;

        if (!module_holds(module, address))
            continue;
        function = module_function(module, address, &begin, &length);
        if (!function)
            snprintf(name, PLACE_NAME, "%s+0x%" PRIxPTR, module->name, address - module->base);
        else
            snprintf(name, PLACE_NAME, "%s+0x%" PRIxPTR " (%.*s+0x%" PRIxPTR ")", module->name,
                     address - module->base, (int)length, function, address - begin);
        return;
    }
    snprintf(name, PLACE_NAME, "no module that is known");
}

/* call rel32, or call r/m with a ModRM byte and up to four bytes of displacement. */
static bool is_behind_call(const unsigned char *address)
{
    if (address[-5] == 0xe8)
        return true;
    for (int length = 2; length <= 7; length++) {
        if (address[-length] == 0xff && (address[1 - length] & 0x38) == 0x10)
            return true;
    }
    return false;
}

bool places_is_return(const struct places *places, uintptr_t address)
{
    for (int i = HOSTMEM; i <= PROGRAM; i++) {
        if (module_holds_code(&places->modules[i], address - 8) &&
            module_holds_code(&places->modules[i], address))
            return is_behind_call((const unsigned char *)address);
    }
    return false;
}
