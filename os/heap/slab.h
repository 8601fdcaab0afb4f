/*
 * slab.h - slabs over a buddy system.
 *
 * Idea: J. Bonwick, "The Slab Allocator: An Object-Caching Kernel Memory Allocator", USENIX Summer
 * 1994, with magazines as in J. Bonwick and J. Adams, "Magazines and Vmem", USENIX 2001; the state
 * of the objects is kept outside of them.
 *
 * Small objects, up to 2 KiB, come in classes: a multiple of 8 bytes up to 128, and eight sizes in
 * each octave above. A slab is a run of units (runs.h) cut into objects of one class. What is
 * larger is a run of its own, and from 64 KiB on a block of the buddy system.
 *
 *     slab    [ 48 | 48 | 48 | 48 | 48 | 48 | 48 | 48 | 48 | 48 | 48 | 48 | .. ]
 *     live      1    1    0    1    1    1    0    1    1    1    1    1
 *     cache   (addresses of free objects, the last freed first)
 *
 * Each line of 512 bytes has a record in a table at the end of the region: a bit for each 8 bytes,
 * set where a live object begins, and the class. A free finds the record by the address alone, so
 * it needs no size, takes constant time, and refuses whatever is not the first byte of a live
 * object.
 *
 * In front of each class stands a cache of addresses of free objects, to allocate from and to free
 * into. A full cache forgets what is freed: the slab is then listed as one that has free objects
 * which no cache knows. An empty one is filled from the first slab listed, or from a new one. So
 * most operations touch a cache and one record, and nothing else. Runs of up to 32 units have
 * caches, too: those are not given back while the cache has room.
 *
 * A slab whose last object goes is given back, but for one empty slab in each class, so that an
 * object that comes and goes alone does not cost a slab each time. What is kept, slabs as well as
 * runs, is given back bit by bit as blocks are asked for, and all of it before an allocation fails.
 *
 * Caches belong to harts: each of HEAP_HARTS has a set, so that a hart is given the objects that it
 * freed last, while all use the heap under its lock. What one hart's cache knows, another one may
 * find in a listed slab and give out; so an object that is live by then is passed over.
 *
 * A heap of less than SLAB_SMALLEST_HEAP is too small for a slab of every class: it has none, and
 * all its blocks are those of a buddy system with granules of 32 bytes.
 */
#pragma once

#include "config.h"
#include "heap/runs.h"

enum {
    SLAB_SIZES = 47,                   /* classes of objects in slabs */
    SLAB_OBJECT = 2048,                /* bytes of an object in a slab, at most */
    SLAB_RUN = SLAB_SIZES - 3,         /* + units: the class of a run, of 3 units or more */
    SLAB_CLASSES = SLAB_RUN + 33,      /* with a cache: slabs, and runs of up to 32 units */
    SLAB_BLOCK = SLAB_RUN + RUN_UNITS, /* + order: the class of a block of the buddy system */
    SLAB_QUICK = (SLAB_CLASSES - 1 - SLAB_RUN) * RUN_UNIT, /* bytes in what is cached, at most */
    SLAB_CACHED = 27,                                      /* objects in a cache, at most */
    SLAB_GRAIN = 8,                                        /* objects begin at multiples of this */
    SLAB_LINE = 64 * SLAB_GRAIN,                           /* bytes to a record */
    SLAB_SMALLEST_HEAP = 3 << 19,                          /* bytes */
};

#define SLAB_NONE     UINT32_MAX /* no such line, no such grain */
#define SLAB_UNLISTED (UINT32_MAX - 1)

/* The record of a line. */
struct slab_line {
    uint64_t live;      /* bit i: a live object begins at grain i of the line */
    uint8_t size_class; /* of the slab that has the line, or of what begins there */
    uint8_t first;      /* the grain where the line's first object begins; 64: none does */
    uint8_t number;     /* of the line in its slab */
    bool kept;          /* the slab, or the run in a cache, stays when it is empty */
    uint32_t link;      /* a slab's first and second line: numbers of the first lines of the slabs
                           behind and before it in the list. Or SLAB_NONE; SLAB_UNLISTED in the first
                           line of a slab that is not listed */
};

_Static_assert(sizeof(struct slab_line) == 16, "16 bytes of record for 512 of memory");

/* Free objects to allocate from, by class: numbers of the grains where they begin, counted from the
 * region's base. */
struct slab_cache {
    uint32_t *top[SLAB_CLASSES];                    /* the last object there */
    uint32_t *end[SLAB_CLASSES];                    /* where the last one can be */
    uint32_t object[SLAB_CLASSES][SLAB_CACHED + 1]; /* object[][0] is SLAB_NONE */
};

struct slab_class {
    uint64_t starts; /* bits 0, d, 2 d, .. where d is the size in grains */
    uint32_t listed; /* first line of the first slab in the list, or SLAB_NONE */
    uint32_t kept;   /* first line of the slab that stays when it is empty, or SLAB_NONE */
    uint32_t runs;   /* of a class of runs: how many there are, live or in caches */
    uint16_t size;   /* bytes an object */
    uint16_t units;  /* in a slab, or in the run */
    uint16_t end;    /* bytes in all objects of a slab */
};

struct slab {
    struct slab_cache cache[HEAP_HARTS];
    uint8_t class_of[SLAB_QUICK / SLAB_GRAIN]; /* by (size - 1) / SLAB_GRAIN */
    uintptr_t base;                            /* address of grain 0 */
    size_t grains;                             /* in the region; 0 in a small heap */
    struct slab_line *lines;                   /* lines[grains / 64] */
    struct slab_class classes[SLAB_CLASSES];
    uint64_t keeping;      /* bit i: there is a slab that class i keeps */
    uint64_t running;      /* bit i: there are runs of class SLAB_SIZES + i */
    unsigned next_to_trim; /* the class whose kept slab is looked at next */
    size_t blocks;         /* units in blocks of the buddy system that were asked for */
    size_t peak;           /* the most units that slabs, runs and blocks ever had */
    struct runs runs;
    struct slab *next; /* the region that was added after this one, or NULL */
};

bool slab_init(struct slab *slab, void *start, size_t size);
bool slab_add_region(struct slab *slab, void *start, size_t size);
void *slab_alloc(struct slab *slab, struct layout layout);
enum free_result slab_dealloc(struct slab *slab, void *block, struct layout layout);
void *slab_realloc(struct slab *slab, void *block, struct layout layout, size_t new_size);
enum free_result slab_check(const struct slab *slab, const void *block, struct layout layout);
size_t slab_block_size(const struct slab *slab, const void *block);

/* `total` has the buddy system's map in it, which lies among the units; `peak` counts slabs whole,
 * with the objects in them that are free. Walks all records. */
void slab_stats(const struct slab *slab, struct heap_stats *stats);
bool slab_invariants_hold(const struct slab *slab);
