/*
 * process_look.c: see process_look.h.
 */
#include "run/snapshot/process_look.h"

#include "census/census.h"

static bool is_running(HANDLE process)
{
    DWORD code;

    return GetExitCodeProcess(process, &code) && code == STILL_ACTIVE;
}

void process_look_take(struct process_look *look, HANDLE process, const struct board *board,
                       IHostMemInspection *inspection)
{
    const struct census_subject subject = {process, inspection, &board->memory};
    static struct page_map map;

    if (!process)
        return;
    census_take(&map, &subject);
    if (!map.private_bytes || !is_running(process))
        return;
    look->map = map;
    look->taken = GetTickCount64();
    look->is_there = true;
}
