/*
 * buddy.h - the binary buddy system.
 *
 * Algorithm: K. C. Knowlton, "A fast storage allocator", CACM 8(10), 1965; D. E. Knuth, The Art of
 * Computer Programming vol. 1, section 2.5, algorithms R and S.
 *
 * Memory is counted in granules: of 32 bytes in a heap, of 4 KiB where page frames are given out. A
 * block of order k is 2^k granules and begins at a
 * multiple of 2^k granules from the heap's base. Two blocks of order k whose granule numbers differ
 * in bit k alone are buddies: together they are a block of order k + 1. An allocation takes the
 * smallest free block that fits and halves it until it fits tightly; a free joins the block with
 * its buddy for as long as the buddy is free.
 *
 *     order 2  |               0               |      granule 0, 128 bytes
 *     order 1  |       0       |       2       |
 *     order 0  |   0   |   1   |   2   |   3   |
 *
 * A heap whose size is not a power of two is a row of top blocks, one for each bit set in its
 * number of granules, largest first; a block never grows beyond the top block it lies in.
 *
 * All state but the links of the free lists lies outside the blocks, in a map of one byte a granule
 * at the end of the region (1/33 of it): at the head of a block the byte holds the block's order
 * and whether it is free or live. Bytes inside a block mean nothing, except that none of them says
 * "live". So a free needs no size, finds the buddy's state with one load, and a pointer that is not
 * the head of a live block is refused.
 *
 * Both alloc and free take O(log n) steps at worst, n being the number of granules. Fragmentation:
 * J. M. Robson (JACM 21(3), 1974) bounds what any strategy that does not move blocks must need; the
 * buddy system may waste half of each block besides.
 *
 * It does not lock, does not clear memory, and is not protected against a caller who writes to
 * memory that he has freed.
 */
#pragma once

#include "heap/layout.h"
#include "lib/dlist.h"

enum { BUDDY_GRANULE = 32 };

struct buddy {
    struct dlist_node free[HEAP_ORDERS]; /* free blocks by order; the node is in the block */
    uintptr_t base;                      /* address of granule 0 */
    size_t granules;                     /* in the heap */
    uint8_t *map;                        /* map[granules]: see above */
    size_t available;                    /* bit k: free[k] is not empty */
    size_t inside;                       /* bytes in a granule - 1: its address bits */
    unsigned shift;                      /* a granule is 1 << shift bytes */
    struct buddy *next;                  /* the region that was added after this one, or NULL */
    size_t align_limit; /* bytes; no block is sure to be aligned better than the base is */
    size_t allocated;   /* granules in live blocks */
    size_t peak;        /* the most that `allocated` ever was */
    size_t live;        /* number of live blocks */
};

/*
 * Make a heap of [start, start + size). Its map is cut off the end; start is rounded up to a
 * granule. Returns false, with *buddy unusable, where not one granule fits. The memory belongs to
 * the heap until it is no longer used.
 */
bool buddy_init(struct buddy *buddy, void *start, size_t size);

/* The same with granules of another size: a power of two, BUDDY_GRANULE or more. */
bool buddy_init_granules(struct buddy *buddy, void *start, size_t size, size_t granule_size);

/*
 * Let the heap grow by [start, start + size), a region with granules of the same size and a map of
 * its own; its struct buddy stands at its end. Regions are tried in the order in which they were
 * added, and no block spans two of them. Returns false, with nothing changed, where the region is
 * too small.
 */
bool buddy_add_region(struct buddy *buddy, void *start, size_t size);

/*
 * Returns the smallest free block that fits, aligned to layout.align or better; NULL where there is
 * none, where the layout is not valid, or where the alignment is above the heap's own.
 */
void *buddy_alloc(struct buddy *buddy, struct layout layout);

/*
 * Give back a block. `layout` is the one it was allocated with, or LAYOUT_UNKNOWN. On an error
 * nothing is changed.
 */
enum free_result buddy_dealloc(struct buddy *buddy, void *block, struct layout layout);

/*
 * Change a live block of `layout` to new_size bytes, in place where the block is large enough or
 * the buddies above it are free, else by a copy. Returns NULL, with the block unchanged, where
 * there is no memory, new_size is 0, or `block` is not a live block of that layout.
 */
void *buddy_realloc(struct buddy *buddy, void *block, struct layout layout, size_t new_size);

/* What buddy_dealloc would say of this block and layout, without doing it. */
enum free_result buddy_check(const struct buddy *buddy, const void *block, struct layout layout);

/* Bytes that a live block has; 0 where `block` is not the first byte of a live one. */
size_t buddy_block_size(const struct buddy *buddy, const void *block);

/* Figures of all regions together; `peak` is the sum of their peaks. Walks the free lists: O(number
 * of free blocks). */
void buddy_stats(const struct buddy *buddy, struct heap_stats *stats);

/* Call visit for every free block; only in a traced kernel (heap/trace.h). */
void buddy_each_free(const struct buddy *buddy, void (*visit)(uintptr_t address, unsigned order));

/* Checks map, lists and figures against each other. For tests: O(size of the heap). */
bool buddy_invariants_hold(const struct buddy *buddy);
