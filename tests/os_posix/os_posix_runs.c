/*
 * os_posix_runs.c: the treap of runs.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "os_posix/os_posix_runs.h"
#include "os/os.h"

#include <assert.h>
#include <sys/mman.h>

struct node {
    struct os_run run; /* the key is run.begin */
    uint64_t priority; /* no node's is lower than that of a node below it */
    struct node *left;
    struct node *right; /* also the next one in stock */

    /* Of the subtree: where it begins and ends (in whole granules), and its largest inner hole. */
    uintptr_t lowest;
    uintptr_t highest;
    size_t hole;
};

static struct node *root;

static struct {
    struct node *first;
    size_t count;
} stock;

/* ------------------------------------------------------------------------------------------------
 * Nodes
 * --------------------------------------------------------------------------------------------- */

/* A replacement cuts one run in three before it takes any away. */
#define NODES_NEEDED 2
#define STOCK_BLOCK OS_GRANULE_SIZE

static void give_node(struct node *node)
{
    node->right = stock.first;
    stock.first = node;
    stock.count++;
}

static struct node *take_node(void)
{
    struct node *node = stock.first;

    assert(node);
    stock.first = node->right;
    stock.count--;
    return node;
}

bool os_runs_stock(void)
{
    struct node *block;

    if (stock.count >= NODES_NEEDED)
        return true;
    block = mmap(NULL, STOCK_BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED)
        return false;
    for (size_t i = 0; i < STOCK_BLOCK / sizeof(*block); i++)
        give_node(&block[i]);
    return true;
}

/* Well mixed, and the same in every run of a test: the treap needs no better random numbers. */
static uint64_t priority_of(uintptr_t address)
{
    uint64_t mixed = (uint64_t)address * UINT64_C(0x9e3779b97f4a7c15);

    mixed ^= mixed >> 32;
    mixed *= UINT64_C(0xd6e8feb86659fd93);
    return mixed ^ (mixed >> 32);
}

/* ------------------------------------------------------------------------------------------------
 * The treap
 * --------------------------------------------------------------------------------------------- */

/* Windows lets no two reservations share a granule, so a hole begins with a whole one. */
static uintptr_t room_after(const struct os_run *run)
{
    return (run->end + OS_GRANULE_SIZE - 1) & ~(uintptr_t)(OS_GRANULE_SIZE - 1);
}

static size_t hole_between(uintptr_t begin, uintptr_t end)
{
    return end > begin ? end - begin : 0;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static void summarize(struct node *node)
{
    node->lowest = node->run.begin;
    node->highest = room_after(&node->run);
    node->hole = 0;
    if (node->left) {
        node->lowest = node->left->lowest;
        node->hole = larger(node->left->hole, hole_between(node->left->highest, node->run.begin));
    }
    if (node->right) {
        size_t before = hole_between(node->highest, node->right->lowest);

        node->highest = node->right->highest;
        node->hole = larger(node->hole, larger(node->right->hole, before));
    }
}

/* low receives the runs that begin below the address, high the others. */
static void split(struct node *tree, uintptr_t address, struct node **low, struct node **high)
{
    if (!tree) {
        *low = NULL;
        *high = NULL;
        return;
    }
    if (tree->run.begin < address) {
        split(tree->right, address, &tree->right, high);
        *low = tree;
    } else {
        split(tree->left, address, low, &tree->left);
        *high = tree;
    }
    summarize(tree);
}

/* Every run of low lies below every run of high. */
static struct node *merge(struct node *low, struct node *high)
{
    if (!low)
        return high;
    if (!high)
        return low;
    if (low->priority >= high->priority) {
        low->right = merge(low->right, high);
        summarize(low);
        return low;
    }
    high->left = merge(low, high->left);
    summarize(high);
    return high;
}

static void add(const struct os_run *run)
{
    struct node *node = take_node();
    struct node *low;
    struct node *high;

    *node = (struct node){.run = *run, .priority = priority_of(run->begin)};
    summarize(node);
    split(root, run->begin, &low, &high);
    root = merge(merge(low, node), high);
}

static void give_tree(struct node *tree)
{
    if (!tree)
        return;
    give_tree(tree->left);
    give_tree(tree->right);
    give_node(tree);
}

/* Takes away the runs that begin within the range. */
static void take_away(uintptr_t begin, uintptr_t end)
{
    struct node *low;
    struct node *middle;
    struct node *high;

    split(root, begin, &low, &middle);
    split(middle, end, &middle, &high);
    give_tree(middle);
    root = merge(low, high);
}

const struct os_run *os_runs_at(uintptr_t address)
{
    const struct node *node = root;

    while (node && !(node->run.begin <= address && address < node->run.end))
        node = address < node->run.begin ? node->left : node->right;
    return node ? &node->run : NULL;
}

const struct os_run *os_runs_from(uintptr_t address)
{
    const struct node *node = root;
    const struct node *best = NULL;

    while (node) {
        if (node->run.begin >= address) {
            best = node;
            node = node->left;
        } else {
            node = node->right;
        }
    }
    return best ? &best->run : NULL;
}

/* ------------------------------------------------------------------------------------------------
 * Holes
 * --------------------------------------------------------------------------------------------- */

/* The tree is known to have such a hole inside. */
static uintptr_t lowest_inner_hole(const struct node *tree, size_t size)
{
    for (;;) {
        const struct node *left = tree->left;

        assert(tree->hole >= size);
        if (left && left->hole >= size)
            tree = left;
        else if (left && hole_between(left->highest, tree->run.begin) >= size)
            return left->highest;
        else if (hole_between(room_after(&tree->run), tree->right->lowest) >= size)
            return room_after(&tree->run);
        else
            tree = tree->right;
    }
}

static uintptr_t lowest_hole(const struct node *tree, uintptr_t lower, uintptr_t upper, size_t size)
{
    uintptr_t last = tree ? tree->highest : lower;

    if (tree && hole_between(lower, tree->lowest) >= size)
        return lower;
    if (tree && tree->hole >= size)
        return lowest_inner_hole(tree, size);
    return hole_between(last, upper) >= size ? last : 0;
}

uintptr_t os_runs_hole(uintptr_t lower, uintptr_t upper, size_t size)
{
    struct node *low;
    struct node *middle;
    struct node *high;
    uintptr_t hole;

    split(root, lower, &low, &middle);
    split(middle, upper, &middle, &high);
    hole = lowest_hole(middle, lower, upper, size);
    root = merge(low, merge(middle, high));
    return hole;
}

/* ------------------------------------------------------------------------------------------------
 * Changes
 * --------------------------------------------------------------------------------------------- */

/* A run that goes on across the address becomes two. */
static void cut(uintptr_t address)
{
    const struct os_run *across = os_runs_at(address);
    struct os_run low;
    struct os_run high;

    if (!across || across->begin == address)
        return;
    low = *across;
    high = *across;
    low.end = address;
    high.begin = address;
    take_away(across->begin, across->begin + 1);
    add(&low);
    add(&high);
}

static bool are_alike(const struct os_run *neighbour, const struct os_run *run)
{
    return neighbour && neighbour->allocation_begin == run->allocation_begin &&
           neighbour->protect == run->protect;
}

void os_runs_add(const struct os_run *reservation)
{
    add(reservation);
}

void os_runs_replace(uintptr_t begin, uintptr_t end, uint32_t protect)
{
    struct os_run run = *os_runs_at(begin);
    const struct os_run *neighbour;

    assert(begin < end && end <= run.allocation_end);
    cut(begin);
    cut(end);
    run.begin = begin;
    run.end = end;
    run.protect = protect;
    neighbour = os_runs_at(begin - 1);
    if (are_alike(neighbour, &run))
        run.begin = neighbour->begin;
    neighbour = os_runs_at(end);
    if (are_alike(neighbour, &run))
        run.end = neighbour->end;
    take_away(run.begin, run.end);
    add(&run);
}

void os_runs_remove(uintptr_t allocation_begin, uintptr_t allocation_end)
{
    take_away(allocation_begin, allocation_end);
}
