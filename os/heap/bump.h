/*
 * bump.h - the bump allocator, also called arena or region allocator.
 *
 * Algorithm: D. T. Ross, "The AED free storage package", CACM 10(8), 1967 (zones that are freed as
 * a whole); D. R. Hanson, "Fast allocation and deallocation of memory based on object lifetimes",
 * Software: Practice and Experience 20(1), 1990.
 *
 *     start            next                    end
 *     | live | gone | live |      never used      |
 *
 * `next` moves forward with every allocation and never back, but for two cases: when the last live
 * block goes, all memory is free again; and the block that ends at `next` grows and shrinks in
 * place. Alloc and free are a few instructions each and never get slower. What is freed while
 * others live stays lost until all are freed.
 *
 * It keeps no record of its blocks. So it finds frees that lie outside what was handed out, and
 * frees of which there are more than allocations, but neither a double nor an interior free as
 * such: one of those makes it forget a block that lives.
 */
#pragma once

#include "heap/layout.h"

struct bump {
    uintptr_t start, next, end; /* addresses */
    size_t live;                /* blocks handed out and not yet freed */
    size_t peak;                /* the most bytes that ever were behind `next` */
};

/* Make a heap of [start, start + size). Returns false where size is 0. */
bool bump_init(struct bump *bump, void *start, size_t size);

/* NULL where what is left is too small, or the layout is not valid. */
void *bump_alloc(struct bump *bump, struct layout layout);

/* Give back a block. `layout` is the one it was allocated with, or LAYOUT_UNKNOWN. On an error
 * nothing is changed. */
enum free_result bump_dealloc(struct bump *bump, void *block, struct layout layout);

/*
 * Change a block to new_size bytes: in place where it is the last one, or does not grow; else by a
 * copy, which leaves its old place lost. Returns NULL, with the block unchanged, where there is no
 * memory, new_size is 0, or bump_check says no. The layout must be known.
 */
void *bump_realloc(struct bump *bump, void *block, struct layout layout, size_t new_size);

/*
 * What bump_dealloc would say: FREE_FOREIGN outside the heap; FREE_TWICE where no block lives, or
 * from `next` on; FREE_MISALIGNED and FREE_WRONG_LAYOUT where no block of that layout can be.
 */
enum free_result bump_check(const struct bump *bump, const void *block, struct layout layout);

/* Always 0: a bump allocator does not know. */
size_t bump_block_size(const struct bump *bump, const void *block);

/* `allocated` counts all bytes behind `next`, lost ones too. */
void bump_stats(const struct bump *bump, struct heap_stats *stats);

/* For tests. */
bool bump_invariants_hold(const struct bump *bump);

/* Always false: it does not grow. */
static inline bool bump_add_region(struct bump *bump, void *start, size_t size)
{
    return (void)bump, (void)start, (void)size, false;
}
