/*
 * traces.h - what programs ask of a heap: allocs, frees and reallocs in order, made by rule.
 *
 * A trace knows nothing of the heap that will serve it. It is made with integers and a generator
 * of pseudo-random numbers that begins at the same place each time, so the host and the kernel
 * replay the same one. Its first part, the warm-up, brings the heap into the state wanted; the
 * operations behind it are the ones that count.
 *
 * Traces (sizes in bytes):
 *     kernel        what a small kernel asks for, with xv6's structures as the model: 62 % strings,
 *                   names, nodes (16-128, any size); open files 40, inodes 136, processes 360,
 *                   pipes 552, cached disk blocks 1,112; 6 % buffers of 256-1,024; 1.5 % pages and
 *                   0.3 % stacks (4, 8 or 16 KiB), these page-aligned. About 2 MiB live for long,
 *                   replaced at random; between the replacements, calls that allocate 1-8 blocks
 *                   and free them in reverse, as a system call does
 *     boxvec        on an empty heap: a box of 8, a vector grown 32, 64 ... 4,096 by realloc, both
 *                   freed; again and again
 *     boxvec-move   the same, where the vector grows as Rust's default realloc has it: a new block,
 *                   then the old one is freed
 *     lifo          a stack of blocks of 16-2,048 (log-uniform) that grows to 1,000 and shrinks
 *     fifo          a queue of 512 blocks of 16-2,048 (log-uniform)
 *     small         20,000 live blocks of 16-128 (uniform), replaced at random
 *     log-uniform   8-32,768, log-uniform, about half of the arena live: a random walk of allocs
 *                   and frees of random blocks that turns round at 45 % and 55 %
 *     align         512 live blocks of 16-1,024 (log-uniform) aligned to 16, 32 ... 4,096
 *     realloc       the two realloc traces of the CS:APP malloc lab: one block grown by 128 to 600
 *                   KiB, then one by 5 to 28 KiB, each step between small blocks that come and go
 *     extremes      what is worst for one operation: one block of each size on an empty heap; 300
 *                   blocks of one size filled and emptied forwards, backwards and in halves; the
 *                   heap filled until nothing is left, where allocs fail, then emptied at random
 *
 * and with N free blocks of one size, 32 or (NAME-large) 4,096, that cannot be joined:
 *     comb-aside    frees of blocks that cannot be joined either, and allocs of that size
 *     comb-join     frees of blocks that are joined with one of the N, and allocs of twice the size
 *     comb-beyond   allocs of three times the size, which none of the N can serve, and their frees
 *     comb-teardown all live blocks are freed in random order, and everything is joined
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TRACE_MAX_SLOTS = 40000, TRACE_PAGE = 4096, TRACE_VERBS = 3 };

enum trace_verb { TRACE_ALLOC, TRACE_FREE, TRACE_REALLOC };

/* `size` and `align` mean nothing for a free; `align` means nothing for a realloc. */
struct trace_op {
    uint16_t verb;
    uint16_t align; /* bytes */
    uint32_t slot;  /* which block */
    uint32_t size;  /* bytes */
};

/* How long a trace is to be, and for what heap. Traces whose length is in their nature, such as the
 * combs, heed the arena alone. */
struct trace_scale {
    size_t arena;      /* bytes */
    uint32_t warm_up;  /* operations, about */
    uint32_t measured; /* operations, about */
    uint32_t blocks;   /* the N of a comb, from 16 to TRACE_MAX_SLOTS / 2 - 16 */
};

struct trace {
    struct trace_op *ops; /* the maker's caller owns it */
    size_t capacity;      /* in operations */
    size_t length;
    size_t warm_up;  /* ops[warm_up] is the first that counts */
    bool may_fail;   /* an alloc may find no memory; its slot is then left alone */
    bool overflowed; /* ops were left out, for want of capacity */
};

/* Names of all traces but the combs, and of all combs; both end in NULL. */
extern const char *const trace_names[];
extern const char *const trace_comb_names[];

/* Make a trace in trace->ops[capacity]; sets the other members. Returns false where there is no
 * trace of that name, the scale does not suit it, or it does not fit. Not reentrant. */
bool trace_make(struct trace *trace, const char *name, const struct trace_scale *scale);

/* The most bytes that are asked for at one time, with all blocks served. Not reentrant. The slots
 * of the trace must be below `slots`, and size_of[slots] be the caller's to lend. */
size_t trace_peak(const struct trace *trace, uint32_t *size_of, size_t slots);
