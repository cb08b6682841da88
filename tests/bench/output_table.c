/*
 * output_table.c: see output.h.
 */
#include "output.h"

#include <stdio.h>

const char *system_name(void)
{
    static char name[64];
    typedef const char *get_version(void);
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    get_version *version =
        ntdll ? (get_version *)(void (*)(void))GetProcAddress(ntdll, "wine_get_version") : NULL;

    if (version)
        snprintf(name, sizeof(name), "Wine %s", version());
    else
        snprintf(name, sizeof(name), "Windows");
    return name;
}

const char *mimalloc_version(void)
{
#ifdef HOSTMEM_BENCH_MIMALLOC
    static char version[32];

    snprintf(version, sizeof(version), "%d.%d.%d", mi_version() / 100, mi_version() / 10 % 10,
             mi_version() % 10);
    return version;
#else
    return NULL;
#endif
}

void table_begin(const struct effort *effort)
{
    const char *version = mimalloc_version();

    printf("hostmem %s on %s, %u processors.\n", HOSTMEM_VERSION_TEXT, system_name(), processors());
    if (version)
        printf("mimalloc is %s.\n", version);
    else
        puts("There is no mimalloc: this program was built without it.");
    printf(
        "Medians over %u rounds of %g ms on each side, in turn. Nanoseconds of one operation on\n"
        "one processor; of memory/..., bytes held for each byte live. The ratios are hostmem's to\n"
        "Win32 and to mimalloc in the same round; half of the rounds lay in the brackets.\n\n",
        effort->rounds, effort->seconds * 1e3);
    printf("%-31s %7s %10s %10s %10s %10s  %-22s %-22s\n", "", "threads", "Win32", "msvcrt",
           "mimalloc", "hostmem", "to Win32", "to mimalloc");
}

/* Three digits or so. */
static int decimals(double value)
{
    if (value < 0.1)
        return 3;
    return value < 10 ? 2 : value < 100;
}

static void print_value(double value)
{
    if (value > 0)
        printf(" %10.*f", decimals(value), value);
    else
        printf(" %10s", "-");
}

static void print_ratio(const struct spread *ratio, const char *end)
{
    char text[64];

    snprintf(text, sizeof(text), "-");
    if (ratio->median > 0)
        snprintf(text, sizeof(text), "%.*f (%.*f to %.*f)", decimals(ratio->median), ratio->median,
                 decimals(ratio->low), ratio->low, decimals(ratio->high), ratio->high);
    printf("  %-21s%s", text, end);
}

void table_line(const struct pattern *pattern, const struct figures *figures)
{
    printf("%-31s %7u", pattern->name, pattern->threads);
    for (enum side side = 0; side < SIDES; side++)
        print_value(figures->sides[side].median);
    print_ratio(&figures->to_win32, "");
    print_ratio(&figures->to_mimalloc, "\n");
    fflush(stdout);
}
