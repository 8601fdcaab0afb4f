/*
 * list.h - first fit over a list of free regions in address order.
 *
 * Algorithm: D. E. Knuth, The Art of Computer Programming vol. 1, section 2.5, algorithms A and B;
 * the storage allocator of B. W. Kernighan and D. M. Ritchie, The C Programming Language, section
 * 8.7, is a well-known one of its kind.
 *
 * Every piece of the heap, a live block or a free region, begins with a header of 16 bytes. The
 * free regions are linked through it, lowest address first:
 *
 *     | header | block | header |  free  | header | block | header |    free     |
 *     first free ------^--------------------------------->^
 *
 * An allocation takes the first region in which the block fits at its alignment: what is left in
 * front of it and behind it stays in the list. A free finds its place in the list and joins the
 * region with the ones that touch it on either side, so that no two free regions touch. Both walk
 * the list: O(number of free regions).
 *
 * A block's header holds the size that was asked for and a seal made from that size and the
 * header's own address, so that a free needs no size, and double, interior and foreign frees are
 * refused. The seal is no secret: it does not protect against a caller who forges one, nor against
 * one who writes to memory that he has freed.
 */
#pragma once

#include "heap/layout.h"

enum { LIST_GRANULE = 16, LIST_HEADER = 16 };

/* A free region; `size` counts this header. */
struct list_region {
    size_t size;
    struct list_region *next; /* at a higher address; NULL for the last */
};

struct list {
    uintptr_t start, end;     /* addresses */
    struct list_region *free; /* the lowest */
    size_t allocated;         /* bytes in live blocks, headers too */
    size_t peak;              /* the most that `allocated` ever was */
    size_t live;              /* number of live blocks */
    size_t parked;            /* number of parked blocks: see below */
};

/*
 * Make a heap of [start, start + size), rounded inwards to granules. Returns false, with *list
 * unusable, where not one block fits. Memory that was a list heap before must be cleared first, as
 * the seals in it would still be good.
 */
bool list_init(struct list *list, void *start, size_t size);

/* Aligned to LIST_GRANULE at least. NULL where no region is large enough, or the layout is not
 * valid. */
void *list_alloc(struct list *list, struct layout layout);

/* Give back a block. `layout` has the size it was allocated with, or is LAYOUT_UNKNOWN. On an error
 * nothing is changed. */
enum free_result list_dealloc(struct list *list, void *block, struct layout layout);

/*
 * Change a live block to new_size bytes: in place where it shrinks or the memory behind it is free,
 * else by a copy. Returns NULL, with the block unchanged, where there is no memory, new_size is 0,
 * or `block` is not a live block of that layout.
 */
void *list_realloc(struct list *list, void *block, struct layout layout, size_t new_size);

/* What list_dealloc would say, without doing it. Where the answer is no, it takes a walk over the
 * whole heap to say why. */
enum free_result list_check(const struct list *list, const void *block, struct layout layout);

/* Bytes that were asked for; 0 where `block` is not the first byte of a live one. */
size_t list_block_size(const struct list *list, const void *block);

/* A region counts, with its header, as a free block of the power of two granules below it. */
void list_stats(const struct list *list, struct heap_stats *stats);

/* Walks over the whole heap and checks pieces, list and figures against each other. For tests. */
bool list_invariants_hold(const struct list *list);

/* Always false: it does not grow. */
static inline bool list_add_region(struct list *list, void *start, size_t size)
{
    return (void)list, (void)start, (void)size, false;
}

/* --- for a heap that is built on this one --- */

/* What list_realloc does without a copy: false, with the block unchanged, where it cannot grow.
 * `block` is live, new_size is that of a valid layout. */
bool list_resize(struct list *list, void *block, size_t new_size);

/*
 * Free a live block, but keep its memory in one piece and out of the list; take it back into use.
 * Such a block is free to whoever asks, only no allocation gets it. Its bytes are the caller's.
 */
void list_park(struct list *list, void *block);
void list_unpark(struct list *list, void *block);

/* Whether this is a parked block, of `size` bytes asked for. */
bool list_has_parked(const struct list *list, const void *block, size_t size);
