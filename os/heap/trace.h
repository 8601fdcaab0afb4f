/*
 * trace.h - what a heap did, one event after another, in a ring.
 *
 * A kernel built with -DHEAP_TRACE=1 (make WORKLOAD=trace) keeps the last TRACE_EVENTS events in a
 * static array. In any other kernel what is written in TRACE(...) is not there at all, so heaps
 * write
 *
 *     TRACE(trace_alloc(block, layout.size, block_size, figures_now);)
 *
 * with the heap's lock held, and the code without traces is the same to the instruction.
 *
 * Parts of an operation come before the operation: splits, then the alloc; merges, then the free.
 * Time is trace_time() less what the recorder itself has used up.
 *
 * trace_print writes the ring as text, which ci/heapviz/heapviz.py reads. A line an item; numbers
 * are decimal but for addresses, sizes are bytes:
 *
 *     heap-trace 1 allocator=NAME base=0xN size=N granule=N time=UNIT dropped=N
 *     A time 0xaddress size block user allocated largest f1,f2      alloc
 *     F time 0xaddress size block user allocated largest f1,f2      free
 *     R time 0xold size block 0xnew size block user allocated largest f1,f2      realloc
 *     X time size f1,f2                  an alloc or a realloc failed
 *     S time 0xaddress order             the block of this order there was halved
 *     M time 0xaddress order             two halves there became one block of this order
 *     T time 0xaddress bytes object      a slab for objects of this size was made; 0: a block of
 *                                        the buddy system was set apart, to be cut or used again
 *     U time 0xaddress bytes             a slab, or a block that was set apart, was given back
 *     G time 0xaddress size              the heap grew by this region
 *     B 0xaddress order                  a block that is free now, after all events
 *     K 0xaddress bytes object           a slab, or a block set apart, that is there now
 *     stats total=N user=N allocated=N peak=N live=N largest_free=N free=oN:N,oN:N
 *     heap-trace-end events=N
 *
 * user, allocated and largest are struct trace_figures after the event; f1,f2 are the functions on
 * the stack, innermost first, or `-`. An order is a power of two of granules. B and K lines give
 * the end, from which the reader goes back: the beginning may have been dropped. A slab is a block
 * of the buddy system, or lies in one that is set apart, as other live blocks may. Where no block
 * is free, free= is `none`. A heap without orders has no S, M and B lines; its free= is `-`.
 *
 * It does not lock, and says nothing of blocks that were live before the oldest event kept.
 */
#pragma once

#include "heap/layout.h"

#ifndef HEAP_TRACE
#define HEAP_TRACE 0
#endif

#ifndef TRACE_EVENTS
#define TRACE_EVENTS 16384 /* events in the ring, 120 bytes each */
#endif

enum { TRACE_DEPTH = 8 }; /* functions kept of a stack */

#if HEAP_TRACE
#define TRACE(...) __VA_ARGS__
#else
#define TRACE(...)
#endif

/* The heap right after an event, in bytes; see struct heap_stats. */
struct trace_figures {
    size_t user, allocated, largest_free;
};

/* Reads the heap; called by the recorder with the heap's lock held, outside the time told. */
typedef struct trace_figures trace_figures_reader(void);

struct trace_event {
    uint64_t time;
    uintptr_t address;
    size_t size, block; /* asked for, and taken; T: the slab's and an object's */
    struct {
        uintptr_t address;
        size_t size, block;
    } old; /* what a realloc began with */
    struct trace_figures figures;
    uint32_t callers[TRACE_DEPTH]; /* return addresses as offsets, innermost first */
    uint8_t kind;                  /* the letter of the event's line */
    uint8_t order, depth;          /* depth: of callers[] */
};

/* Prints the B and K lines of a design; NULL for one without orders. */
typedef void trace_block_printer(const void *design);

/* What trace_print is told about the heap. */
struct trace_report {
    const char *allocator;   /* its name */
    const char *time_unit;   /* of trace_time: "instructions" */
    struct heap_stats stats; /* now; order_size is the granule, free_blocks by order */
    const void *design;      /* for print_blocks */
    trace_block_printer *print_blocks;
    const char *(*name)(uint32_t offset); /* the function of a return address; NULL: unknown */
    void (*print)(const char *format, ...) __attribute__((format(printf, 1, 2)));
};

/* For arch/ (and ci/host) to give: a clock that never goes back, and the return addresses of the
 * function that calls and of its callers, at most `most`, as offsets that `name` knows. */
uint64_t trace_time(void);
unsigned trace_callers(uint32_t *offsets, unsigned most);

/* Keeps a copy of *event with time and, given `figures`, figures and callers; the oldest event
 * makes room. An event outside of the heap's regions is not kept: it is one of another buddy
 * system, such as that of the frames. */
void trace_record(const struct trace_event *event, trace_figures_reader *figures);

/* Forget all events: here is a heap that begins, with this region. */
void trace_start(uintptr_t start, size_t size);

/* The heap has a region more. */
void trace_grow(uintptr_t start, size_t size);

/* Print the ring and the end. Nobody may use the heap meanwhile. */
void trace_print(const struct trace_report *report);

/* For a trace_block_printer alone: a block that is free now; a slab, or a block set apart. */
void trace_print_free(uintptr_t address, unsigned order);
void trace_print_slab(uintptr_t address, size_t bytes, size_t object_size);

struct buddy;
struct slab;

/* All printers (trace_blocks.c), and the one for the design that `heap` points to. */
trace_block_printer buddy_trace_blocks, slab_trace_blocks;
#define TRACE_BLOCKS_OF(heap)                                                                      \
    _Generic((heap), struct buddy *                                                                \
             : buddy_trace_blocks, struct slab *                                                   \
             : slab_trace_blocks, default                                                          \
             : NULL)

/* `size` bytes were asked for and a block of block_size bytes was handed out. */
static inline void trace_alloc(const void *block, size_t size, size_t block_size,
                               trace_figures_reader *figures)
{
    trace_record(
        &(struct trace_event){
            .kind = 'A', .address = (uintptr_t)block, .size = size, .block = block_size},
        figures);
}

/* A block was given back; the sizes are what they were. */
static inline void trace_free(const void *block, size_t size, size_t block_size,
                              trace_figures_reader *figures)
{
    trace_record(
        &(struct trace_event){
            .kind = 'F', .address = (uintptr_t)block, .size = size, .block = block_size},
        figures);
}

/* A block was made larger or smaller, in place or not. */
static inline void trace_realloc(uintptr_t old, size_t old_size, size_t old_block,
                                 const void *block, size_t size, size_t block_size,
                                 trace_figures_reader *figures)
{
    trace_record(&(struct trace_event){.kind = 'R',
                                       .address = (uintptr_t)block,
                                       .size = size,
                                       .block = block_size,
                                       .old = {old, old_size, old_block}},
                 figures);
}

/* An allocation or reallocation of `size` bytes failed. */
static inline void trace_fail(size_t size, trace_figures_reader *figures)
{
    trace_record(&(struct trace_event){.kind = 'X', .size = size}, figures);
}

/* The block of `order` was halved: a free one, or one that a realloc makes smaller. */
static inline void trace_split(uintptr_t address, unsigned order)
{
    trace_record(&(struct trace_event){.kind = 'S', .address = address, .order = (uint8_t)order},
                 NULL);
}

/* Two buddies became one block of `order`: free ones, or a live one took a free one in. */
static inline void trace_merge(uintptr_t address, unsigned order)
{
    trace_record(&(struct trace_event){.kind = 'M', .address = address, .order = (uint8_t)order},
                 NULL);
}

/* A slab was made, of a block of the buddy system or in one that is set apart; or, with object_size
 * 0, a block of the buddy system is set apart. */
static inline void trace_slab_take(const void *slab, size_t bytes, size_t object_size)
{
    trace_record(
        &(struct trace_event){
            .kind = 'T', .address = (uintptr_t)slab, .size = bytes, .block = object_size},
        NULL);
}

/* A slab, or a block that was set apart, was given back, or is used otherwise now. */
static inline void trace_slab_give(uintptr_t slab, size_t bytes)
{
    trace_record(&(struct trace_event){.kind = 'U', .address = slab, .size = bytes}, NULL);
}
