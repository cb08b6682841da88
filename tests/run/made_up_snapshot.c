/*
 * made_up_snapshot.c: see made_up_snapshot.h.
 */
#include "made_up_snapshot.h"

struct snapshot made_up_snapshot(void)
{
    return (struct snapshot){
        .subject = {.program = "Program.exe",
                    .ending = {ENDING_RETURN, true, 3},
                    .runtime_family = "CoreCLR",
                    .runtime_version = "2.0.0",
                    .runtime_directory = "C:\\runtime",
                    .architecture = "x64",
                    .has_host_control = true},
        .is_audited_inside = true,
        .has_process = true,
        .audit = {.TotalsCompared = TRUE, .Regions = 7, .CommittedBytes = 1234567},
    };
}

HOSTMEM_DIFFERENCE made_up_difference(HOSTMEM_DIFFERENCE_KIND kind, void *address)
{
    return (HOSTMEM_DIFFERENCE){
        .Kind = kind,
        .Address = address,
        .Region.Base = address ? (void *)(uintptr_t)0x10000 : NULL,
        .Books = 4096000,
        .System = 8192,
    };
}
