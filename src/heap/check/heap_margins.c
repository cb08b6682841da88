/*
 * heap_margins.c: see heap_margins.h.
 *
 * Another thread may write here while one looks: a program that overruns a block, a free that mends
 * its block's margins, or a block that is handed out anew. So every access is a volatile one, of
 * one byte or one word, and what was found is looked at twice.
 */
#include "heap/check/heap_margins.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RACES_WITH_THE_PROGRAM __attribute__((no_sanitize("thread")))
#endif
#elif defined(__SANITIZE_THREAD__)
#define RACES_WITH_THE_PROGRAM __attribute__((no_sanitize("thread")))
#endif
#ifndef RACES_WITH_THE_PROGRAM
#define RACES_WITH_THE_PROGRAM
#endif

/* ------------------------------------------------------------------------------------------------
 * Bytes
 * --------------------------------------------------------------------------------------------- */

RACES_WITH_THE_PROGRAM static unsigned char read_byte(uintptr_t address)
{
    return *(const volatile unsigned char *)address;
}

RACES_WITH_THE_PROGRAM static size_t read_word(uintptr_t address)
{
    return *(const volatile size_t *)address;
}

/* The byte of a pattern that belongs to an address. */
static unsigned char byte_of(size_t pattern, uintptr_t address)
{
    return (unsigned char)(pattern >> 8 * (address % sizeof(size_t)));
}

static bool holds_word(uintptr_t begin, uintptr_t end)
{
    return begin % sizeof(size_t) == 0 && end - begin >= sizeof(size_t);
}

struct heap_change heap_find_change(uintptr_t begin, uintptr_t end, size_t pattern)
{
    struct heap_change change = {0, 0};

    while (begin < end) {
        if (holds_word(begin, end) && read_word(begin) == pattern) {
            begin += sizeof(size_t);
            continue;
        }
        if (read_byte(begin) != byte_of(pattern, begin)) {
            change.first = change.first ? change.first : begin;
            change.last = begin;
        }
        begin++;
    }
    return change;
}

RACES_WITH_THE_PROGRAM static void write_byte(uintptr_t address, size_t pattern)
{
    *(volatile unsigned char *)address = byte_of(pattern, address);
}

RACES_WITH_THE_PROGRAM static void write_word(uintptr_t address, size_t pattern)
{
    *(volatile size_t *)address = pattern;
}

static void lay(uintptr_t begin, uintptr_t end, size_t pattern)
{
    while (begin < end) {
        if (holds_word(begin, end)) {
            write_word(begin, pattern);
            begin += sizeof(size_t);
        } else {
            write_byte(begin++, pattern);
        }
    }
}

/* ------------------------------------------------------------------------------------------------
 * Whose they are
 * --------------------------------------------------------------------------------------------- */

/* True if what was changed between two blocks counts as the one behind's. */
static bool is_of_next(const struct heap_change *change, uintptr_t begin, uintptr_t end)
{
    return end - 1 - change->last < change->first - begin;
}

static struct heap_change in_head(const struct heap_margins *margins)
{
    struct heap_change change = heap_find_change(margins->head, margins->block, margins->pattern);

    if (margins->head_is_shared && !is_of_next(&change, margins->head, margins->block))
        return (struct heap_change){0, 0};
    return change;
}

static struct heap_change in_tail(const struct heap_margins *margins)
{
    struct heap_change change = heap_find_change(margins->tail, margins->end, margins->pattern);
    uintptr_t shared = margins->end - CLASS_MARGIN;

    if (margins->tail_is_shared && change.first >= shared &&
        is_of_next(&change, shared, margins->end))
        return (struct heap_change){0, 0};
    return change;
}

/* The head's, or if there is none the tail's. */
static struct heap_change find(const struct heap_margins *margins)
{
    struct heap_change change = in_head(margins);

    return change.first ? change : in_tail(margins);
}

uintptr_t heap_margins_damage(const struct heap_margins *margins)
{
    struct heap_change change, again = find(margins);

    do {
        change = again;
        again = change.first ? find(margins) : change;
    } while (again.first != change.first || again.last != change.last);
    return change.first;
}

/*
 * Of what two blocks share, the bytes that are farthest from the block whose damage it is become
 * whole first: a thread that looks meanwhile takes it for that block's all the while.
 */
void heap_margins_mend(const struct heap_margins *margins)
{
    struct heap_change change = in_head(margins);

    for (uintptr_t at = change.first; change.first && at <= change.last; at++)
        write_byte(at, margins->pattern);
    change = in_tail(margins);
    for (uintptr_t at = change.last; change.first && at >= change.first; at--)
        write_byte(at, margins->pattern);
}

/* ------------------------------------------------------------------------------------------------
 * Where they are
 * --------------------------------------------------------------------------------------------- */

/* True if the block has been handed out since the slab was made: what it shares may be its doing.
 */
static bool has_been_used(const struct slab *slab, uint32_t index)
{
    return LOAD_RELAXED(slab_history(slab, index)->life) != 0;
}

struct heap_margins heap_margins_of(const struct heap_space *space, const struct slab *slab,
                                    const struct slab_view *view, uint32_t index, uint32_t size)
{
    uintptr_t block = slab_block_address(view, index);

    return (struct heap_margins){
        .pattern = space->secrets.margin,
        .head = block - CLASS_MARGIN,
        .block = block,
        .tail = block + size,
        .end = block + view->size_class->block_size,
        .head_is_shared = index > 0 && has_been_used(slab, index - 1),
        .tail_is_shared = index + 1 < view->size_class->blocks && has_been_used(slab, index + 1),
    };
}

uintptr_t heap_margins_damage_of(const struct heap_space *space, const struct slab *slab,
                                 const struct slab_view *view, uint32_t index, uint32_t size,
                                 struct heap_margins *margins)
{
    struct heap_margins now = heap_margins_of(space, slab, view, index, size);
    uintptr_t damage;

    do {
        *margins = now;
        damage = heap_margins_damage(margins);
        atomic_thread_fence(memory_order_acquire);
        now = heap_margins_of(space, slab, view, index, size);
    } while (damage && (now.head_is_shared != margins->head_is_shared ||
                        now.tail_is_shared != margins->tail_is_shared));
    return damage;
}

static uintptr_t round_up(uintptr_t size, size_t unit)
{
    return (size + unit - 1) & ~(uintptr_t)(unit - 1);
}

struct heap_margins heap_margins_of_region(const struct heap_space *space,
                                           const struct region_facts *facts)
{
    const struct heap_options *options = &space->options;
    struct heap_margins margins = {.pattern = space->secrets.margin,
                                   .head = facts->block,
                                   .block = facts->block,
                                   .tail = facts->block + facts->requested,
                                   .end = facts->block + facts->requested};

    if (heap_has_margins(options))
        margins.head -= CLASS_MARGIN;
    if (facts->requested > options->guard_above)
        margins.end = round_up(margins.tail, OS_PAGE_SIZE);
    else if (heap_has_margins(options))
        margins.end = round_up(margins.tail + CLASS_MARGIN, OS_PAGE_SIZE);
    return margins;
}

bool heap_margins_room(const struct heap_options *options, size_t requested, struct heap_room *room)
{
    size_t margin = heap_has_margins(options) ? CLASS_MARGIN : 0;
    size_t size = requested ? requested : 1;
    size_t whole = round_up(size + margin, OS_PAGE_SIZE);

    *room = (struct heap_room){margin, size, requested > options->guard_above};
    if (!margin && !room->guard)
        return true;
    if (whole < size || whole > SIZE_MAX - 2 * OS_PAGE_SIZE)
        return false;
    room->size = size + 2 * margin;
    if (room->guard) {
        room->offset = whole - round_up(size, BLOCK_ALIGNMENT);
        room->size = whole + OS_PAGE_SIZE;
    }
    return true;
}

void heap_margins_lay_slab(const struct heap_space *space, const struct slab_view *view)
{
    size_t pattern = space->secrets.margin;
    uintptr_t block = view->base;

    lay(block - CLASS_MARGIN, block, pattern);
    for (uint32_t i = 0; i < view->size_class->blocks; i++) {
        block += view->size_class->block_size;
        lay(block - CLASS_MARGIN, block, pattern);
    }
}

void heap_margins_lay(const struct heap_margins *margins)
{
    lay(margins->head, margins->block, margins->pattern);
    lay(margins->tail, margins->end, margins->pattern);
}

void heap_margins_lay_rest(const struct heap_margins *margins)
{
    lay(margins->tail, margins->end - CLASS_MARGIN, margins->pattern);
}
