/*
 * frama_c_buddy.c - the buddy system under Frama-C EVA, which proves that no execution of this
 * program has undefined behaviour: no read or write outside the heap and its map, no shift too
 * wide, no signed overflow. It also proves that the invariant holds at the end of each execution.
 *
 * The executions are: heaps of up to 7 granules from any byte on, with one block; any layout at
 * all; and every sequence of four operations on a heap of 7 granules, with any size for an alloc or
 * a realloc and any address for a free. What memory holds at first is not known.
 *
 *     frama-c -eva -eva-slevel 1000000 -eva-split-return full -machdep gcc_x86_64 \
 *         -cpp-extra-args='-I os' -absolute-valid-range 0x100000-0x100106 \
 *         -eva-warn-undefined-pointer-comparison none -eva-no-show-progress \
 *         -eva-msg-key=-initial-state,-final-states \
 *         ci/host/frama_c_buddy.c os/heap/buddy.c os/lib/string.c
 *
 * The memory stands at an absolute address, and nothing around it can be touched: so addresses are
 * numbers, and EVA knows them exactly. Only their comparison with the addresses of list heads,
 * which are variables, is not known to it: hence the option about comparisons. choose() keeps a
 * state for each choice, so no two executions are mixed up.
 */
#include "__fc_builtin.h"

#include "heap/buddy.h"

enum {
    MEMORY = 0x100000, /* as in the command */
    GRANULES = 7,
    MEMORY_SIZE = (GRANULES + 1) * (BUDDY_GRANULE + 1) - 1,
    BASE = MEMORY + BUDDY_GRANULE, /* a heap from here on ends where the memory does */
    HEAP_BYTES = GRANULES * BUDDY_GRANULE,
    OPERATIONS = 4,
    SMALL_SIZES = 5, /* classes of sizes: up to twice what the heap has, and */
    ALL_SIZES = 61,  /* up to the end of the address space */
};

static struct buddy buddy;

int __builtin_clzll(unsigned long long n)
{
    int zeros = 0;
    while (n >> (63 - zeros) == 0)
        zeros++;
    return zeros;
}

int __builtin_ctzll(unsigned long long n)
{
    int zeros = 0;
    while ((n >> zeros & 1) == 0)
        zeros++;
    return zeros;
}

/* 0 .. choices - 1, each in a state of its own. */
static unsigned choose(unsigned choices)
{
    unsigned choice = 0;
    while (choice < choices - 1 && Frama_C_interval(0, 1))
        choice++;
    return choice;
}

/* Any size of one of the first `classes` classes: 0, 1 to 32, 33 to 64, 65 to 128, ... */
static size_t any_size(unsigned classes)
{
    const unsigned class = choose(classes);
    if (class == 0)
        return 0;
    const size_t low = class == 1 ? 1 : ((size_t)16 << (class - 1)) + 1;
    const size_t high = class < 60 ? (size_t)16 << class : SIZE_MAX;
    return Frama_C_size_t_interval(low, high);
}

/* Any power of two, or any number. */
static size_t any_align(void)
{
    const unsigned bit = choose(65);
    return bit < 64 ? (size_t)1 << bit : Frama_C_size_t_interval(0, SIZE_MAX);
}

/* Below the heap, beyond it, at the first byte of a granule, or at another byte of it. */
static void *any_address(void)
{
    const unsigned granule = choose(GRANULES + 2);
    const uintptr_t address = BASE + (uintptr_t)granule * BUDDY_GRANULE;

    if (granule == GRANULES)
        return (void *)Frama_C_size_t_interval(0, BASE - 1);
    if (granule > GRANULES)
        return (void *)Frama_C_size_t_interval(BASE + HEAP_BYTES, UINTPTR_MAX);
    if (choose(2))
        return (void *)address;
    return (void *)Frama_C_size_t_interval(address + 1, address + BUDDY_GRANULE - 1);
}

static void reallocate(void)
{
    void *const block = (void *)(BASE + (uintptr_t)choose(GRANULES) * BUDDY_GRANULE);
    const size_t size = buddy_block_size(&buddy, block);
    if (size != 0)
        buddy_realloc(&buddy, block, (struct layout){size, 1}, any_size(SMALL_SIZES));
}

static void operate(void)
{
    switch (choose(4)) {
    case 0:
        buddy_alloc(&buddy, (struct layout){any_size(SMALL_SIZES), 1});
        break;
    case 1:
        buddy_dealloc(&buddy, any_address(), LAYOUT_UNKNOWN);
        break;
    case 2:
        buddy_dealloc(&buddy, any_address(), (struct layout){any_size(SMALL_SIZES), 1});
        break;
    default:
        reallocate();
    }
}

/* From `skipped` to the end of the memory. */
static bool make_heap(size_t skipped)
{
    return buddy_init(&buddy, (void *)(MEMORY + skipped), MEMORY_SIZE - skipped);
}

static void run(void)
{
    struct heap_stats stats;

    switch (choose(3)) {
    case 0:
        if (!make_heap(choose(MEMORY_SIZE + 1)))
            return;
        buddy_alloc(&buddy, (struct layout){any_size(SMALL_SIZES), 1});
        break;
    case 1:
        make_heap(0);
        buddy_alloc(&buddy, (struct layout){any_size(ALL_SIZES), any_align()});
        break;
    default:
        make_heap(BASE - MEMORY);
        for (int i = 0; i < OPERATIONS; i++)
            operate();
    }
    buddy_stats(&buddy, &stats);
    //@ assert figures_agree: stats.allocated <= stats.peak <= stats.total;
    const bool hold = buddy_invariants_hold(&buddy);
    //@ assert invariants_hold: hold == 1;
}

int main(void)
{
    run();
    return 0;
}
