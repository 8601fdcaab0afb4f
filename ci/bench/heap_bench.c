/*
 * heap_bench.c - plays the traces of os/test/bench/ on a heap, on this machine.
 *
 *     heap_bench list                    the names of the heaps, of the traces and of the combs
 *     heap_bench count HEAP TRACE [N]    for callgrind: counts each operation behind the warm-up
 *     heap_bench fit HEAP TRACE          prints the trace's peak of live bytes, and the smallest
 *                                        arena that serves it, to 1 %
 *     heap_bench waste HEAP TRACE        prints the bytes asked for and taken as the warm-up ends
 *
 * N is the number of free blocks of a comb, or a file of operations where TRACE is `file` (an array
 * of struct trace_op, without warm-up). The heap `malloc` is the C library's, or whatever
 * LD_PRELOAD put in its place.
 *
 * count is run as `valgrind --tool=callgrind --instr-atstart=no --toggle-collect=counted*`: each
 * operation ends with a dump of callgrind's counters, whose trigger names the verb. The first three
 * dumps are those of replay_nothing(), for what a call takes by itself.
 *
 * Exit status: 1 where the heap is broken, 2 for a request that makes no sense, 3 where the heap
 * has no memory for the trace.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <valgrind/callgrind.h>

#include "test/bench/replay.h"

enum { ARENA_SIZE = 16 << 20, ARENA_ALIGN = 64 << 20 };
enum { WARM_UP = 60000, MEASURED = 20000, MAX_OPS = 1 << 20, MAX_SLOTS = 1 << 20 };
enum { SCANNED = 4 };
enum { BROKEN = 1, BAD_REQUEST = 2, NO_MEMORY = 3 };
#define LARGEST_ARENA (4ull << 30)

static struct trace_op ops[MAX_OPS];
static struct replay_slot slots[MAX_SLOTS];

/* --- the C library's heap --- */

static void *malloc_alloc(void *heap, struct layout layout)
{
    (void)heap;
    return layout.align <= 16 ? malloc(layout.size) : aligned_alloc(layout.align, layout.size);
}

static enum free_result malloc_dealloc(void *heap, void *block, struct layout layout)
{
    (void)heap;
    (void)layout;
    free(block);
    return FREE_OK;
}

static void *malloc_realloc(void *heap, void *block, struct layout layout, size_t new_size)
{
    (void)heap;
    (void)layout;
    return realloc(block, new_size);
}

static const struct allocator c_library = {
    .name = "malloc",
    .alloc = malloc_alloc,
    .dealloc = malloc_dealloc,
    .realloc = malloc_realloc,
};

static const struct allocator *allocator_named(const char *name)
{
    if (strcmp(name, c_library.name) == 0)
        return &c_library;
    for (const struct allocator *a = &allocators[BUMP]; a < &allocators[ALLOCATORS]; a++)
        if (strcmp(name, a->name) == 0)
            return a;
    fprintf(stderr, "no such heap: %s\n", name);
    exit(BAD_REQUEST);
}

/* --- traces --- */

/* Reads operations; the slots of all are below MAX_SLOTS. */
static bool read_trace(struct trace *trace, const char *path)
{
    FILE *const file = fopen(path, "rb");
    if (file == NULL)
        return false;
    *trace = (struct trace){.ops = ops, .capacity = MAX_OPS};
    trace->length = fread(ops, sizeof ops[0], MAX_OPS, file);
    const bool whole = fgetc(file) == EOF && feof(file);
    fclose(file);
    for (size_t i = 0; i < trace->length; i++)
        if (ops[i].slot >= MAX_SLOTS || ops[i].verb >= TRACE_VERBS)
            return false;
    return whole;
}

static size_t power_of_two_from(size_t size)
{
    size_t power = ARENA_SIZE;
    while (power < size)
        power *= 2;
    return power;
}

/* The trace, and the arena in which its costs are counted; a comb of pages gets as much as it
 * takes. */
static struct trace trace_named(const char *name, const char *argument, size_t *arena)
{
    static uint32_t size_of[MAX_SLOTS];
    struct trace_scale scale = {ARENA_SIZE, WARM_UP, MEASURED, (uint32_t)atol(argument)};
    struct trace trace = {.ops = ops, .capacity = MAX_OPS};
    const bool is_file = strcmp(name, "file") == 0;

    if (is_file ? !read_trace(&trace, argument) : !trace_make(&trace, name, &scale)) {
        fprintf(stderr, "no such trace: %s %s\n", name, argument);
        exit(BAD_REQUEST);
    }
    *arena = ARENA_SIZE;
    if (is_file || strstr(name, "-large") != NULL)
        *arena = power_of_two_from(trace_peak(&trace, size_of, MAX_SLOTS) * 2);
    return trace;
}

/* --- what is asked for --- */

static void end_of_operation(enum trace_verb verb)
{
    if (verb == TRACE_ALLOC)
        CALLGRIND_DUMP_STATS_AT("alloc");
    else if (verb == TRACE_FREE)
        CALLGRIND_DUMP_STATS_AT("free");
    else
        CALLGRIND_DUMP_STATS_AT("realloc");
}

static void begin_operation(void)
{
}

static const struct meter meter = {begin_operation, end_of_operation};

/* Memory that costs nothing until it is used; the same address for each size. */
static void *memory(void)
{
    static void *start;

    if (start == NULL) {
        char *const reserved = mmap(NULL, LARGEST_ARENA + ARENA_ALIGN, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (reserved == MAP_FAILED) {
            perror("mmap");
            exit(BAD_REQUEST);
        }
        start = reserved + (-(uintptr_t)reserved & (ARENA_ALIGN - 1));
    }
    return start;
}

static enum replay_end play_warm_up(const struct allocator *allocator, const struct trace *trace,
                                    size_t arena)
{
    if (allocator->init != NULL && !allocator->init(&replayed, memory(), arena))
        return REPLAY_NO_MEMORY;
    return replay(allocator, trace, slots, 0, trace->warm_up, NULL);
}

static int judge(const struct allocator *allocator, enum replay_end end)
{
    if (end == REPLAY_NO_MEMORY)
        return NO_MEMORY;
    if (end == REPLAY_DONE &&
        (allocator->invariants_hold == NULL || allocator->invariants_hold(&replayed)))
        return 0;
    fprintf(stderr, "%s breaks on this trace\n", allocator->name);
    return BROKEN;
}

static int count(const struct allocator *allocator, const struct trace *trace, size_t arena)
{
    enum replay_end end = play_warm_up(allocator, trace, arena);

    if (end == REPLAY_DONE) {
        CALLGRIND_START_INSTRUMENTATION;
        replay_nothing(&meter);
        end = replay(allocator, trace, slots, trace->warm_up, trace->length, &meter);
        CALLGRIND_STOP_INSTRUMENTATION;
    }
    return judge(allocator, end);
}

/* Whether an arena of this size serves the whole trace. */
static bool serves(const struct allocator *allocator, const struct trace *trace, size_t arena)
{
    memset(slots, 0, sizeof slots[0] * TRACE_MAX_SLOTS);
    if (!allocator->init(&replayed, memory(), arena))
        return false;
    return replay(allocator, trace, slots, 0, trace->length, NULL) == REPLAY_DONE;
}

/* Arenas in steps of 1/128 from the peak on: a larger one need not serve what a smaller one does,
 * so that halving the interval might miss the smallest. Beyond SCANNED times the peak it must do.
 */
static int fit(const struct allocator *allocator, const struct trace *trace)
{
    static uint32_t size_of[MAX_SLOTS];
    const size_t peak = trace_peak(trace, size_of, MAX_SLOTS);
    size_t too_small = peak - peak / 128, enough = peak;

    while (!serves(allocator, trace, enough)) {
        if (enough > LARGEST_ARENA / 2)
            return NO_MEMORY;
        too_small = enough;
        enough += enough < SCANNED * peak ? (enough + 127) / 128 : enough;
    }
    while (enough - too_small > enough / 100) {
        const size_t middle = too_small + (enough - too_small) / 2;
        if (serves(allocator, trace, middle))
            enough = middle;
        else
            too_small = middle;
    }
    printf("peak=%zu arena=%zu\n", peak, enough);
    return 0;
}

static int waste(const struct allocator *allocator, const struct trace *trace, size_t arena)
{
    const enum replay_end end = play_warm_up(allocator, trace, arena);
    struct heap_stats stats;
    size_t asked = 0;

    for (size_t i = 0; i < MAX_SLOTS; i++)
        asked += slots[i].block != NULL ? slots[i].layout.size : 0;
    if (end == REPLAY_DONE) {
        allocator->stats(&replayed, &stats);
        printf("asked=%zu taken=%zu\n", asked, stats.allocated);
    }
    return judge(allocator, end);
}

static int list(void)
{
    printf("heaps");
    for (const struct allocator *a = &allocators[BUMP]; a < &allocators[ALLOCATORS]; a++)
        printf(" %s", a->name);
    printf("\ntraces");
    for (size_t i = 0; trace_names[i] != NULL; i++)
        printf(" %s", trace_names[i]);
    printf("\ncombs");
    for (size_t i = 0; trace_comb_names[i] != NULL; i++)
        printf(" %s", trace_comb_names[i]);
    printf("\n");
    return 0;
}

int main(int argc, char **argv)
{
    const char *const what = argc > 1 ? argv[1] : "";

    if (strcmp(what, "list") == 0)
        return list();
    if (argc >= 4) {
        size_t arena;
        const struct allocator *const allocator = allocator_named(argv[2]);
        const struct trace trace = trace_named(argv[3], argc > 4 ? argv[4] : "0", &arena);
        if (strcmp(what, "count") == 0)
            return count(allocator, &trace, arena);
        if (strcmp(what, "fit") == 0 && allocator->init != NULL)
            return fit(allocator, &trace);
        if (strcmp(what, "waste") == 0 && allocator->init != NULL)
            return waste(allocator, &trace, arena);
    }
    fprintf(stderr, "usage: heap_bench list | {count|fit|waste} HEAP TRACE [N|FILE]\n");
    return BAD_REQUEST;
}
