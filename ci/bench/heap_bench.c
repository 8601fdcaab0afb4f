/*
 * heap_bench.c - replays a trace of allocs and frees against an allocator, for callgrind to count.
 *
 *     heap_bench ALLOCATOR TRACE [N]
 *
 * The trace is made first, and knows nothing of the allocator. Its first part, the warm-up, brings
 * the heap into the state wanted; measure() replays the part that counts. Run it as `valgrind
 * --tool=callgrind --toggle-collect=measure*`: what the calls of X_alloc and X_dealloc take is the
 * cost of the allocator. No free knows the block's size.
 *
 * Traces:
 *     log-uniform      8 B to 32 KiB, log-uniform, about half of the heap live: a random walk of
 *                      allocs and frees of random blocks that turns round at 45 % and 55 %
 *     comb-aside N     one free, with N free blocks of one size that cannot be joined; the block
 *                      that is freed cannot be joined either
 *     comb-join N      ... the block that is freed is joined with one of the N, anywhere among them
 *     comb-teardown N  ... all live blocks are freed in random order, and everything is joined
 *
 * Prints how many allocs and frees were measured, as `allocs=N frees=N`: callgrind counts the calls
 * of the warm-up, too, though not their cost. Exit status 1 where an alloc failed, a free was
 * refused, the heap is no longer sound, or a comb was not as described.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap/buddy.h"

enum { ARENA_SIZE = 16 << 20, MAX_SLOTS = 1 << 17, MAX_OPERATIONS = 1 << 20 };
enum { WARM_UP = 100000, MEASURED = 400000, COMB_BLOCK = 32, COMB_ROUNDS = 16 };

/* --- allocators --- */

struct allocator {
    const char *name;
    void *heap; /* its struct X */
    bool (*init)(void *heap, void *start, size_t size);
    void *(*alloc)(void *heap, struct layout layout);
    enum free_result (*dealloc)(void *heap, void *block, struct layout layout);
    void (*stats)(const void *heap, struct heap_stats *stats);
    bool (*invariants_hold)(const void *heap);
};

/* The verbs of an allocator X under types that all have in common. What these wrappers take is not
 * counted: the cost is that of the calls of X_alloc and X_dealloc. */
/* clang-format off */
#define ALLOCATOR(X)                                                                               \
    static struct X X##_heap;                                                                      \
    static bool X##_init_any(void *heap, void *start, size_t size)                                 \
    {                                                                                              \
        return X##_init(heap, start, size);                                                        \
    }                                                                                              \
    static void *X##_alloc_any(void *heap, struct layout layout)                                   \
    {                                                                                              \
        return X##_alloc(heap, layout);                                                            \
    }                                                                                              \
    static enum free_result X##_dealloc_any(void *heap, void *block, struct layout layout)         \
    {                                                                                              \
        return X##_dealloc(heap, block, layout);                                                   \
    }                                                                                              \
    static void X##_stats_any(const void *heap, struct heap_stats *stats)                          \
    {                                                                                              \
        X##_stats(heap, stats);                                                                    \
    }                                                                                              \
    static bool X##_invariants_hold_any(const void *heap)                                          \
    {                                                                                              \
        return X##_invariants_hold(heap);                                                          \
    }
#define ENTRY(X)                                                                                   \
    {#X, &X##_heap, X##_init_any, X##_alloc_any, X##_dealloc_any, X##_stats_any,                   \
     X##_invariants_hold_any}
/* clang-format on */

ALLOCATOR(buddy)

static const struct allocator allocators[] = {ENTRY(buddy)};

static const struct allocator *allocator_named(const char *name)
{
    for (size_t i = 0; i < sizeof allocators / sizeof allocators[0]; i++)
        if (strcmp(name, allocators[i].name) == 0)
            return &allocators[i];
    fprintf(stderr, "heap_bench: no such allocator: %s\n", name);
    exit(2);
}

/* --- traces --- */

/* size > 0: alloc that many bytes into the slot; 0: free what the slot holds. */
struct operation {
    uint32_t slot, size, align;
};

static struct {
    struct operation operations[MAX_OPERATIONS];
    size_t length;
    size_t warm_up; /* the operations from here on are measured */
} trace;

static uint64_t random_state;

/* splitmix64: S. Vigna, 2015, public domain. */
static uint64_t random_bits(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static uint32_t random_below(uint32_t limit)
{
    return (uint32_t)((random_bits() >> 32) * limit >> 32);
}

static uint32_t log_uniform(double low, double high)
{
    const double unit = (double)(random_bits() >> 11) * 0x1p-53;
    return (uint32_t)floor(exp(log(low) + unit * (log(high) - log(low))));
}

static void add_alloc(uint32_t slot, uint32_t size, uint32_t align)
{
    trace.operations[trace.length++] = (struct operation){slot, size, align};
}

static void add_free(uint32_t slot)
{
    trace.operations[trace.length++] = (struct operation){slot, 0, 1};
}

static void make_log_uniform(void)
{
    static uint32_t size_of[MAX_SLOTS], live[MAX_SLOTS], unused[MAX_SLOTS];
    const size_t low = (size_t)ARENA_SIZE * 45 / 100, high = (size_t)ARENA_SIZE * 55 / 100;
    size_t live_bytes = 0;
    uint32_t live_count = 0, unused_count = 0;

    while (unused_count < MAX_SLOTS) {
        unused[unused_count] = MAX_SLOTS - 1 - unused_count;
        unused_count++;
    }
    trace.warm_up = WARM_UP;
    while (trace.length < WARM_UP + MEASURED) {
        if (live_bytes < low || (live_bytes <= high && random_bits() >> 63)) {
            const uint32_t slot = unused[--unused_count];
            size_of[slot] = log_uniform(8, 32768);
            live_bytes += size_of[slot];
            live[live_count++] = slot;
            add_alloc(slot, size_of[slot], 8);
        } else {
            const uint32_t victim = random_below(live_count), slot = live[victim];
            live[victim] = live[--live_count];
            live_bytes -= size_of[slot];
            unused[unused_count++] = slot;
            add_free(slot);
        }
    }
}

/* Two rows of live blocks of one size; then every other one of the first n pairs is freed. */
static void make_comb(uint32_t n, uint32_t spare)
{
    for (uint32_t slot = 0; slot < 2 * (n + spare); slot++)
        add_alloc(slot, COMB_BLOCK, 8);
    for (uint32_t slot = 0; slot < 2 * n; slot += 2)
        add_free(slot);
    trace.warm_up = trace.length;
}

static void make_comb_aside(uint32_t n)
{
    make_comb(n, 1);
    add_free(2 * n);
}

static void make_comb_join(uint32_t n)
{
    make_comb(n, 0);
    add_free(2 * random_below(n) + 1);
}

static void make_comb_teardown(uint32_t n)
{
    make_comb(n, 0);
    for (uint32_t slot = 1; slot < 2 * n; slot += 2)
        add_free(slot);
    for (uint32_t left = n; left > 1; left--) {
        struct operation *const a = &trace.operations[trace.warm_up + left - 1];
        struct operation *const b = &trace.operations[trace.warm_up + random_below(left)];
        const struct operation swapped = *a;
        *a = *b;
        *b = swapped;
    }
}

/* --- replay --- */

static void *slots[MAX_SLOTS];
static size_t failures, measured_operations, measured_allocs;

__attribute__((noinline)) static void replay(const struct allocator *allocator, size_t from,
                                             size_t to)
{
    for (size_t i = from; i < to; i++) {
        const struct operation *const operation = &trace.operations[i];
        void **const slot = &slots[operation->slot];
        if (operation->size != 0) {
            const struct layout layout = {operation->size, operation->align};
            *slot = allocator->alloc(allocator->heap, layout);
            failures += *slot == NULL;
        } else {
            failures += allocator->dealloc(allocator->heap, *slot, LAYOUT_UNKNOWN) != FREE_OK;
        }
    }
}

/* callgrind collects from the call of this function to its return. */
__attribute__((noinline)) static void measure(const struct allocator *allocator)
{
    replay(allocator, trace.warm_up, trace.length);
    __asm__ volatile("" : : : "memory"); /* no tail call */
}

/* Replays the trace in a fresh heap; false where the heap did not do what it must. The figures are
 * those at the moment when measuring begins. */
static bool run(const struct allocator *allocator, void *arena, struct heap_stats *stats)
{
    if (!allocator->init(allocator->heap, arena, ARENA_SIZE))
        return false;
    replay(allocator, 0, trace.warm_up);
    allocator->stats(allocator->heap, stats);
    measure(allocator);
    for (size_t i = trace.warm_up; i < trace.length; i++)
        measured_allocs += trace.operations[i].size != 0;
    measured_operations += trace.length - trace.warm_up;
    return failures == 0 && allocator->invariants_hold(allocator->heap);
}

static bool run_log_uniform(const struct allocator *allocator, void *arena)
{
    struct heap_stats stats;

    make_log_uniform();
    return run(allocator, arena, &stats);
}

static bool run_comb(const struct allocator *allocator, void *arena, void (*make)(uint32_t n),
                     uint32_t n)
{
    bool sound = true;

    for (unsigned round = 0; round < COMB_ROUNDS && sound; round++) {
        struct heap_stats stats;
        bool is_comb = false;
        trace.length = 0;
        make(n);
        sound = run(allocator, arena, &stats);
        for (unsigned order = 0; order < HEAP_ORDERS; order++)
            is_comb = is_comb || stats.free_blocks[order] == n;
        sound = sound && is_comb;
    }
    return sound;
}

static const struct {
    const char *name;
    void (*make)(uint32_t n);
} combs[] = {
    {"comb-aside", make_comb_aside},
    {"comb-join", make_comb_join},
    {"comb-teardown", make_comb_teardown},
};

static bool run_named(const struct allocator *allocator, void *arena, const char *name, long n)
{
    if (strcmp(name, "log-uniform") == 0)
        return run_log_uniform(allocator, arena);
    for (size_t i = 0; i < sizeof combs / sizeof combs[0]; i++)
        if (strcmp(name, combs[i].name) == 0 && n > 0 && n <= MAX_SLOTS / 4)
            return run_comb(allocator, arena, combs[i].make, (uint32_t)n);
    fprintf(stderr, "heap_bench: no such trace: %s %ld\n", name, n);
    return false;
}

int main(int argc, char **argv)
{
    void *const arena = aligned_alloc(ARENA_SIZE, ARENA_SIZE);

    if (argc < 3 || arena == NULL) {
        fprintf(stderr, "usage: heap_bench ALLOCATOR TRACE [N]\n");
        return 2;
    }
    const struct allocator *const allocator = allocator_named(argv[1]);
    if (!run_named(allocator, arena, argv[2], argc > 3 ? atol(argv[3]) : 0))
        return 1;
    printf("allocs=%zu frees=%zu\n", measured_allocs, measured_operations - measured_allocs);
    return 0;
}
