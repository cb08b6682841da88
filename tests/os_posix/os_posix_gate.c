/*
 * os_posix_gate.c: a mutex that signals cannot interrupt and that the thread sanitizer overlooks.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "os_posix/os_posix_gate.h"
#include "os/os.h"

#include <pthread.h>
#include <signal.h>

static pthread_mutex_t kernel = PTHREAD_MUTEX_INITIALIZER;

/* The signal mask of the thread that is inside, to be set again when it leaves. */
static sigset_t signals_outside;

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define GATE_UNDER_TSAN 1
#endif
#elif defined(__SANITIZE_THREAD__)
#define GATE_UNDER_TSAN 1
#endif

#ifdef GATE_UNDER_TSAN

#include <sanitizer/tsan_interface.h>

/* The runtime of the thread sanitizer has these; no header declares them. */
void AnnotateIgnoreSyncBegin(const char *file, int line);
void AnnotateIgnoreSyncEnd(const char *file, int line);
void AnnotateIgnoreReadsBegin(const char *file, int line);
void AnnotateIgnoreReadsEnd(const char *file, int line);
void AnnotateIgnoreWritesBegin(const char *file, int line);
void AnnotateIgnoreWritesEnd(const char *file, int line);

/*
 * The order from a free to the next handing out is kept by granule, so that it holds for any two
 * reservations that overlap and for no others. What is larger than MARKED would be too dear by
 * granule: its free comes before every later handing out, which at worst hides a race.
 */
#define MARKED ((uintptr_t)64 << 20)
static char everything;

static void lock(void)
{
    AnnotateIgnoreSyncBegin(__FILE__, __LINE__);
    pthread_mutex_lock(&kernel);
    AnnotateIgnoreSyncEnd(__FILE__, __LINE__);
    /*
     * The sanitizer does not see the order that the mutex makes, so it must not judge the accesses
     * inside. Memory that is mapped meanwhile begins a new history.
     */
    AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
}

static void unlock(void)
{
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
    AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
    AnnotateIgnoreSyncBegin(__FILE__, __LINE__);
    pthread_mutex_unlock(&kernel);
    AnnotateIgnoreSyncEnd(__FILE__, __LINE__);
}

void os_gate_give(uintptr_t begin, uintptr_t end)
{
    if (end - begin > MARKED) {
        __tsan_release(&everything);
        return;
    }
    for (uintptr_t granule = begin; granule < end; granule += OS_GRANULE_SIZE)
        __tsan_release((void *)granule);
}

void os_gate_take(uintptr_t begin, uintptr_t end)
{
    __tsan_acquire(&everything);
    if (end - begin > MARKED)
        end = begin + MARKED;
    for (uintptr_t granule = begin; granule < end; granule += OS_GRANULE_SIZE)
        __tsan_acquire((void *)granule);
}

#else

static void lock(void)
{
    pthread_mutex_lock(&kernel);
}

static void unlock(void)
{
    pthread_mutex_unlock(&kernel);
}

void os_gate_give(uintptr_t begin, uintptr_t end)
{
    (void)begin;
    (void)end;
}

void os_gate_take(uintptr_t begin, uintptr_t end)
{
    (void)begin;
    (void)end;
}

#endif

void os_gate_enter(void)
{
    sigset_t all;
    sigset_t own;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &own);
    lock();
    signals_outside = own;
}

void os_gate_leave(void)
{
    sigset_t own = signals_outside;

    unlock();
    pthread_sigmask(SIG_SETMASK, &own, NULL);
}
