/*
 * bitmap.h - first fit over a map of one bit a granule.
 *
 * Algorithm: bitmapped fits, P. R. Wilson et al., "Dynamic storage allocation: a survey and
 * critical review", IWMM 1995, section 3.9; the roving pointer of next fit is D. E. Knuth's, The
 * Art of Computer Programming vol. 1, section 2.5, exercise 6.
 *
 * Memory is counted in granules of 16 bytes. Two maps at the end of the region (1/65 of it) say
 * all:
 *
 *     blocks   | A   A   A | B | - | - | C   C |
 *     used       1   1   1   1   0   0   1   1     the granule belongs to a live block
 *     last       0   0   1   1   0   0   0   1     and is that block's last
 *
 * A granule begins a block when it is used and the one before it is not, or is a last one. So a
 * free needs no size, a pointer that is not the first byte of a live block is refused, whatever
 * the blocks hold, and free neighbours need no joining: they are a run of zeros already.
 *
 * An allocation looks for a run of zeros from where the last one ended (`hint`), and then from the
 * start. It skips a word of 64 granules at a time, free or used: O(size of the heap / 1024 bytes),
 * and one step more for each run that is too short. A free takes O(size of the block / 1024).
 *
 * It does not lock, does not clear memory, and keeps all its state out of the blocks' reach but for
 * a caller who writes beyond the last one.
 */
#pragma once

#include "heap/layout.h"

enum { BITMAP_GRANULE_SHIFT = 4, BITMAP_GRANULE = 1 << BITMAP_GRANULE_SHIFT };

struct bitmap {
    uintptr_t base;   /* address of granule 0 */
    size_t granules;  /* in the heap */
    uint64_t *used;   /* granule i is bit i % 64 of word i / 64 */
    uint64_t *last;   /* likewise */
    size_t hint;      /* the granule to search from */
    size_t allocated; /* granules in live blocks */
    size_t peak;      /* the most that `allocated` ever was */
    size_t live;      /* number of live blocks */
};

/* Make a heap of [start, start + size), its maps at the end. Returns false, with *heap unusable,
 * where not one granule fits. */
bool bitmap_init(struct bitmap *heap, void *start, size_t size);

/* Aligned to BITMAP_GRANULE at least. NULL where no run of free granules is long enough, or the
 * layout is not valid. */
void *bitmap_alloc(struct bitmap *heap, struct layout layout);

/* Give back a block. `layout` has the size it was allocated with, rounded up to granules, or is
 * LAYOUT_UNKNOWN. On an error nothing is changed. */
enum free_result bitmap_dealloc(struct bitmap *heap, void *block, struct layout layout);

/*
 * Change a live block to new_size bytes: in place where it shrinks or the granules behind it are
 * free, else by a copy. Returns NULL, with the block unchanged, where there is no memory, new_size
 * is 0, or `block` is not a live block of that layout.
 */
void *bitmap_realloc(struct bitmap *heap, void *block, struct layout layout, size_t new_size);

/* What bitmap_dealloc would say, without doing it. */
enum free_result bitmap_check(const struct bitmap *heap, const void *block, struct layout layout);

/* Bytes that a live block has; 0 where `block` is not the first byte of a live one. */
size_t bitmap_block_size(const struct bitmap *heap, const void *block);

/* A run of free granules counts as a free block of the power of two granules below it. */
void bitmap_stats(const struct bitmap *heap, struct heap_stats *stats);

/* Checks the maps and the figures against each other. For tests: O(size of the heap). */
bool bitmap_invariants_hold(const struct bitmap *heap);

/* Always false: it does not grow. */
static inline bool bitmap_add_region(struct bitmap *heap, void *start, size_t size)
{
    return (void)heap, (void)start, (void)size, false;
}
