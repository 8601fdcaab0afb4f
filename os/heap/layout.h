/*
 * layout.h - what a caller of a heap asks for, and the words a heap answers with.
 *
 * Every allocator X in this folder is a plain struct X, with no globals, so that several live side
 * by side, and has the same verbs:
 *
 *     bool  X_init(struct X *, void *start, size_t size);     false: too little memory
 *     void *X_alloc(struct X *, struct layout);               NULL: no memory, or no such layout
 *     enum free_result X_dealloc(struct X *, void *block, struct layout);
 *     void *X_realloc(struct X *, void *block, struct layout, size_t new_size);
 *     bool  X_add_region(struct X *, void *start, size_t size);
 *         grow by memory that need not touch what X has; false, with nothing changed: too little
 *         memory, or X does not grow
 *     void  X_stats(const struct X *, struct heap_stats *);
 *
 * and, for those who look on,
 *
 *     enum free_result X_check(const struct X *, const void *block, struct layout);
 *         what X_dealloc would say, without doing it
 *     size_t X_block_size(const struct X *, const void *block);
 *         bytes that count as asked for where a free gives no size; 0 where X does not know
 *     bool X_invariants_hold(const struct X *);               for tests
 *
 * None of them locks: heap.h does that for the kernel's heap.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bits.h"

/* A request for `size` bytes at a multiple of `align`. */
struct layout {
    size_t size;  /* bytes, > 0 */
    size_t align; /* bytes, a power of two */
};

/* The layout of a type or of an expression's type. */
#define LAYOUT_OF(type) ((struct layout){sizeof(type), __alignof__(type)})

/* For a dealloc that does not know what was asked for: the heap looks it up. */
#define LAYOUT_UNKNOWN ((struct layout){0, 1})

/* No heap serves a layout for which this is false; X_alloc answers it with NULL. */
static inline bool layout_is_valid(struct layout layout)
{
    return layout.size > 0 && is_power_of_two(layout.align) &&
           layout.size <= (size_t)PTRDIFF_MAX - (layout.align - 1);
}

/* How a free ended. All but FREE_OK are errors of the caller; the heap is then unchanged. */
enum free_result {
    FREE_OK,
    FREE_FOREIGN,     /* not an address in this heap */
    FREE_MISALIGNED,  /* no block can begin at this address */
    FREE_TWICE,       /* the address lies in memory that is free already */
    FREE_INTERIOR,    /* inside a live block, but not its first byte */
    FREE_WRONG_LAYOUT /* a live block, but not of this layout */
};

const char *free_result_text(enum free_result result);

enum { HEAP_ORDERS = 40 };

/* A heap in figures. Sizes are bytes. */
struct heap_stats {
    size_t total;        /* that blocks can be made of: the heap without its own records */
    size_t user;         /* asked for by live blocks; known to heap.h, 0 from an X_stats */
    size_t allocated;    /* taken by live blocks */
    size_t peak;         /* the most that `allocated` ever was */
    size_t live;         /* number of live blocks */
    size_t largest_free; /* the largest block that is free now */
    size_t free_blocks[HEAP_ORDERS]; /* number of free blocks by order */
    size_t order_size;               /* size of a block of order 0 */
};

/* Share of the allocated bytes that nobody asked for, in 1/1000. */
static inline size_t heap_internal_fragmentation(const struct heap_stats *stats)
{
    return stats->allocated ? (stats->allocated - stats->user) * 1000 / stats->allocated : 0;
}

/* Share of the free bytes that lies outside the largest free block, in 1/1000. */
static inline size_t heap_external_fragmentation(const struct heap_stats *stats)
{
    const size_t free_bytes = stats->total - stats->allocated;
    return free_bytes ? (free_bytes - stats->largest_free) * 1000 / free_bytes : 0;
}
