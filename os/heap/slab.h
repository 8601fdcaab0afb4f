/*
 * slab.h - slabs over a buddy system.
 *
 * Idea: J. Bonwick, "The Slab Allocator: An Object-Caching Kernel Memory Allocator", USENIX Summer
 * 1994, with the state of the objects in bitmaps outside of them.
 *
 * Small objects, up to 2048 bytes, come in classes. Up to 256 bytes there is one for each multiple
 * of 16; above, one for each number of objects that a page of 4 KiB can be cut into. A slab is a
 * page cut into objects of one class; pages come from a buddy system whose granule is the page, and
 * go back to it. What is larger than 2048 bytes is a block of the buddy system.
 *
 *     pages   [ 48 48 48 .. 48 ][ block of 4 pages ][ 512 512 .. ][ free  ][ 48 48 .. ]
 *     records [ class, bits   ][ -  ][ - ][ - ][ - ][ class, bits ][  -   ][ class, bits ]
 *
 * Each page has a record of 64 bytes in a table at the end of the region, with a bit for each of
 * its objects: 1 is live. A free finds the record by the address alone, the object by a
 * multiplication with the reciprocal of the size, and then the bit; so it needs no size, takes
 * constant time, and refuses whatever is not the first byte of a live object.
 *
 * In front of each class stands a cache: one word of such bits, up to 64 objects of one page, from
 * which objects are taken until all are live. Then the cache moves on: to another word of its page,
 * to a page of the class that has free objects, or to a new page. A page is in its class's list
 * while it has free objects and no cache is on it.
 *
 * A page whose last object goes is given back, if no cache is on it. Up to SLAB_PARKED freed blocks
 * of each of the lowest orders wait to be used again, without being joined with their buddies.
 * Before an allocation fails, all that waits in caches and among the parked is given back, and it
 * is tried once more.
 *
 * A heap of less than SLAB_SMALLEST_HEAP is too small for a page of every class: it has no slabs,
 * and all its blocks are those of a buddy system with granules of 32 bytes.
 */
#pragma once

#include "heap/buddy.h"

enum {
    SLAB_PAGE = 4096,
    SLAB_LARGEST = 2048, /* bytes of an object in a slab, at most */
    SLAB_CLASSES = 32,
    SLAB_PARKED = 4,        /* blocks of an order that wait to be used again, at most */
    SLAB_PARKED_ORDERS = 4, /* orders for which blocks wait: 1 to 8 pages */
    SLAB_SMALLEST_HEAP = 256 * 1024,
};

/* The record of a page. Of a block of the buddy system only the first page's counts. */
struct slab_page {
    struct dlist_node link; /* in its class's list, where it is `listed` but not `cached` */
    uint64_t live[4];       /* bit i of word w: object 64 * w + i is live; a block: live[0] is 1 */
    uint32_t reciprocal;    /* 2^32 / size, rounded up; 0: the page is no slab */
    uint16_t size;          /* bytes an object */
    uint16_t capacity;      /* objects */
    uint16_t least;         /* bytes, the smallest request for an object of this size */
    uint8_t size_class;     /* a block: its order, in pages */
    bool listed;            /* in its class's list, or under a cache */
    bool cached;            /* under a cache */
};

_Static_assert(sizeof(struct slab_page) == 64, "a record is a cache line");

/* Up to 64 objects of one page to take from. */
struct slab_cache {
    uint64_t *live;  /* the word of the page's record */
    uint64_t mask;   /* bits of that word that are objects; 0: the cache is on no page */
    uintptr_t first; /* address of the word's first object */
    size_t size;     /* bytes an object */
};

struct slab {
    struct slab_cache cache[SLAB_CLASSES];
    struct dlist_node partial[SLAB_CLASSES]; /* pages with free objects and no cache, by class */
    uintptr_t base;                          /* address of page 0 */
    size_t page_count;                       /* 0 in a small heap */
    struct slab_page *pages;                 /* pages[page_count] */
    size_t allocated;                        /* bytes in live objects and blocks */
    size_t peak;                             /* the most that `allocated` ever was */
    uint64_t nothing_live;                   /* what a cache on no page looks at */
    uint8_t class_of[SLAB_LARGEST / 16 + 1]; /* by (size + 15) / 16 */
    uint16_t class_size[SLAB_CLASSES];       /* bytes an object; ascending */
    struct buddy buddy;                      /* the pages */
    void *parked[SLAB_PARKED_ORDERS][SLAB_PARKED]; /* freed blocks of 1 << i pages */
    uint8_t parked_count[SLAB_PARKED_ORDERS];
};

bool slab_init(struct slab *slab, void *start, size_t size);
void *slab_alloc(struct slab *slab, struct layout layout);
enum free_result slab_dealloc(struct slab *slab, void *block, struct layout layout);
void *slab_realloc(struct slab *slab, void *block, struct layout layout, size_t new_size);
enum free_result slab_check(const struct slab *slab, const void *block, struct layout layout);
size_t slab_block_size(const struct slab *slab, const void *block);
void slab_stats(const struct slab *slab, struct heap_stats *stats);
bool slab_invariants_hold(const struct slab *slab);

/* Always false: it does not grow. */
static inline bool slab_add_region(struct slab *slab, void *start, size_t size)
{
    return (void)slab, (void)start, (void)size, false;
}
