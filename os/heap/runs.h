/*
 * runs.h - runs of units over a buddy system.
 *
 * A chunk is a block of the buddy system of 64 KiB, cut into 64 units of 1 KiB, with a bit for each
 * unit in one word: so a run of 5 KiB takes 5 KiB and not 8, and a place for it is found by a few
 * shifts of that word (H. S. Warren, Hacker's Delight, 2nd ed., 6-3: a string of 1-bits of a given
 * length).
 *
 *     chunk   [ 5 units ][ 3 units ][ - - ][ 4 units ][ - - - - - .. ]
 *     used      1 1 1 1 1  1 1 1     0 0    1 1 1 1    0 0 0 0 0 ..
 *     starts    1 0 0 0 0  1 0 0     0 0    1 0 0 0    0 0 0 0 0 ..
 *
 * The chunks that have room are in lists by the longest run that they have free, and a run is taken
 * from the chunk where that is shortest: best fit by chunk, the first place within it. A chunk
 * comes from the buddy system when none has room, and goes back when its last run does. The end of
 * the region, too small for a chunk, is one of fewer units that never goes back.
 *
 * What takes more than 63 units is a block of the buddy system itself.
 */
#pragma once

#include "heap/buddy.h"

enum {
    RUN_UNIT = 1024,
    RUN_UNITS = 64, /* in a chunk; a run has fewer */
    RUN_CHUNK = RUN_UNITS * RUN_UNIT,
};

/* The record of a chunk, in a table at the end of the region. */
struct run_chunk {
    struct dlist_node link; /* in with_room[longest], where `longest` is not 0 */
    uint64_t used;          /* units that runs have; 0: not a chunk, but part of a free block or of
                               a live one of the buddy system */
    uint64_t starts;        /* units where a run begins */
    unsigned longest;       /* units in the longest run that is free */
} __attribute__((aligned(64)));

struct runs {
    struct buddy buddy;                     /* granules are chunks */
    struct run_chunk *chunks;               /* chunks[buddy.granules + 1]; the last is the end */
    unsigned rest;                          /* units in that */
    size_t size;                            /* bytes from the base to the last unit's end */
    struct dlist_node with_room[RUN_UNITS]; /* chunks by their longest free run */
    uint64_t lengths;                       /* bit n: with_room[n] is not empty */
    size_t units;                           /* in runs */
};

/* As buddy_init. */
bool runs_init(struct runs *runs, void *start, size_t size);

/* A run of 1 to 63 units at a multiple of `align` units, a power of two up to 32; NULL: no memory.
 */
void *runs_take(struct runs *runs, unsigned units, unsigned align);

/* Give back a run of so many units. */
void runs_give(struct runs *runs, void *run, unsigned units);

/* Make a run longer or shorter where it stands; false: it cannot be longer. */
bool runs_resize(struct runs *runs, const void *run, unsigned units, unsigned wanted);

/* The run that an address in the heap lies in: its first byte, or 0 if it lies in none. */
uintptr_t runs_find(const struct runs *runs, uintptr_t address);

bool runs_invariants_hold(const struct runs *runs);
