/*
 * os_posix_system.c: the parts of src/os/os.h on Linux that do not hand out memory: memory for
 * hostmem's own bookkeeping, and facts about the system. As on Win32, nothing here takes a lock.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "os/os.h"
#include "os/os_fault.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* ------------------------------------------------------------------------------------------------
 * Memory for the bookkeeping. It is mapped with one page more below it, which keeps the length:
 * munmap needs it, and Win32's callers do not pass it.
 * --------------------------------------------------------------------------------------------- */

struct metadata_header {
    size_t length; /* with the header's page */
};

static struct metadata_header *header_of(void *metadata)
{
    return (struct metadata_header *)((char *)metadata - OS_PAGE_SIZE);
}

/* Cuts a mapping down to what begins a page below the first whole granule in it. */
static void *trim(char *mapped, size_t mapped_length, size_t length)
{
    uintptr_t first = (uintptr_t)mapped + OS_PAGE_SIZE;
    size_t before = (size_t)(-first & (OS_GRANULE_SIZE - 1));
    char *kept = mapped + before;

    if (before)
        munmap(mapped, before);
    if (mapped_length > before + length)
        munmap(kept + length, mapped_length - before - length);
    return kept;
}

void *os_metadata_reserve(size_t size)
{
    size_t length = ((size + OS_PAGE_SIZE - 1) & ~(OS_PAGE_SIZE - 1)) + OS_PAGE_SIZE;
    size_t mapped_length = length + OS_GRANULE_SIZE;
    struct metadata_header *header;
    void *mapped;

    if (OS_FAULT_STRIKES(OS_FAULT_METADATA) || size == 0 || mapped_length < size)
        return NULL;
    mapped =
        mmap(NULL, mapped_length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED)
        return NULL;
    header = trim(mapped, mapped_length, length);
    if (mprotect(header, OS_PAGE_SIZE, PROT_READ | PROT_WRITE) != 0) {
        munmap(header, length);
        return NULL;
    }
    header->length = length;
    return (char *)header + OS_PAGE_SIZE;
}

bool os_metadata_commit(void *address, size_t size)
{
    uintptr_t begin = (uintptr_t)address & ~(uintptr_t)(OS_PAGE_SIZE - 1);

    if (OS_FAULT_STRIKES(OS_FAULT_METADATA))
        return false;
    return mprotect((void *)begin, (uintptr_t)address + size - begin, PROT_READ | PROT_WRITE) == 0;
}

void os_metadata_release(void *address)
{
    struct metadata_header *header = header_of(address);

    munmap(header, header->length);
}

/* ------------------------------------------------------------------------------------------------
 * The system
 * --------------------------------------------------------------------------------------------- */

uint32_t os_thread_id(void)
{
    return (uint32_t)gettid();
}

uint64_t os_tick_milliseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The figure in KiB that follows the name in the text of /proc/meminfo, in bytes; 0 if none. */
static uint64_t figure(const char *text, const char *name)
{
    const char *found = strstr(text, name);

    return found ? strtoull(found + strlen(name), NULL, 10) * 1024 : 0;
}

uint32_t os_memory_load(uint32_t *percent, uint64_t *available)
{
    char text[1024]; /* both figures are among the first */
    int file = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
    ssize_t length;
    uint64_t total;

    if (file < 0)
        return OS_ERROR_NO_SYSTEM_RESOURCES;
    length = read(file, text, sizeof(text) - 1);
    close(file);
    text[length > 0 ? length : 0] = '\0';
    total = figure(text, "MemTotal:");
    if (!total)
        return OS_ERROR_NO_SYSTEM_RESOURCES;
    *available = figure(text, "MemAvailable:");
    *percent = (uint32_t)((total - *available) * 100 / total);
    return 0;
}

bool os_has_known_granularity(void)
{
    return (size_t)sysconf(_SC_PAGESIZE) == OS_PAGE_SIZE; /* granules are emulated anyway */
}
