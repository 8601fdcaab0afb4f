/*
 * block.h - blocks of fixed sizes, also called buckets or segregated free lists.
 *
 * Algorithm: "simple segregated storage" of P. R. Wilson et al., "Dynamic storage allocation: a
 * survey and critical review", IWMM 1995, section 3.6; W. T. Comfort, "Multiword list items", CACM
 * 7(6), 1964, is the earliest.
 *
 * Requests of up to 2048 bytes are rounded up to a power of two, and each power has a list of free
 * blocks of just that size: alloc takes its first, free puts one in front, a few instructions each.
 * Where a list is empty, and for what is larger or aligned to more than 16, the block comes from a
 * fallback heap, the linked list of list.h.
 *
 *        8 | -> block -> block
 *       16 | -> block
 *       32 |
 *      ... |
 *     2048 | -> block -> block -> block
 *
 * A free block of a class never goes back to the fallback heap: memory once cut into one size does
 * not serve another. There it counts as parked, which is how its second free is found out.
 *
 * Which list a block goes to is told by the size that the fallback was asked for: a class's size
 * for a block of that class, and never for any other.
 */
#pragma once

#include "heap/list.h"

enum { BLOCK_CLASSES = 9, BLOCK_SMALLEST = 8, BLOCK_LARGEST = 2048 };

/* A free block of a class. */
struct block_node {
    struct block_node *next;
};

struct block {
    struct list fallback;
    struct block_node *free[BLOCK_CLASSES]; /* free[k]: of BLOCK_SMALLEST << k bytes */
};

/* Make a heap of [start, start + size), as list_init does and on its conditions. */
bool block_init(struct block *heap, void *start, size_t size);

/* NULL where the class's list is empty and the fallback has no memory, or the layout is not valid.
 */
void *block_alloc(struct block *heap, struct layout layout);

/* Give back a block. `layout` is the one it was allocated with, or another of its class, or
 * LAYOUT_UNKNOWN. On an error nothing is changed. */
enum free_result block_dealloc(struct block *heap, void *block, struct layout layout);

/*
 * Change a live block to new_size bytes: in place where it keeps its class or shrinks, or the
 * memory behind it belongs to no block, else by a copy. Returns NULL, with the block unchanged,
 * where there is no memory, new_size is 0, or `block` is not a live block of that layout.
 */
void *block_realloc(struct block *heap, void *block, struct layout layout, size_t new_size);

/* What block_dealloc would say, without doing it. */
enum free_result block_check(const struct block *heap, const void *block, struct layout layout);

/* The class's size, or what the fallback was asked for; 0 where `block` is not the first byte of a
 * live one. */
size_t block_block_size(const struct block *heap, const void *block);

/* Free blocks are those of the classes, order k being free[k], and the regions of the fallback. */
void block_stats(const struct block *heap, struct heap_stats *stats);

/* Checks the fallback, and the lists against it. For tests: O(size of the heap). */
bool block_invariants_hold(const struct block *heap);

/* Always false: it does not grow. */
static inline bool block_add_region(struct block *heap, void *start, size_t size)
{
    return (void)heap, (void)start, (void)size, false;
}
