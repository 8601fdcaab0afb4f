/*
 * guard.h - a guarded heap: catches memory errors, and explains them.
 *
 * A layer over the design that HEAP= chooses, with the same verbs (heap/layout.h), so that heap.c
 * takes it for one more design. Each object gets more than it asked for:
 *
 *     block of the design                                                   its end
 *     | gap | struct guard_object | red zone | object | red zone            |
 *       |     header: size, who     16 bytes   what     16 to 31 bytes
 *       |     allocated, who freed             was asked for
 *       alignments above 16 alone
 *
 * A freed object goes into the quarantine, a queue of at most QUARANTINE_BYTES (config.h), where
 * its memory is not used again, so that a late use of it can be told from a right one. From there
 * the oldest are given back to the design; before an allocation fails, all of them.
 *
 * What catches a wrong access is a kind of guard, one file each, of which the Makefile picks one:
 *
 *     canary.c   HEAP_DEBUG=1: known bytes in red zones and freed objects, looked at later
 *     shadow.c   SANITIZE=kasan: a map of all memory, looked at on every access
 *
 * A free of anything but a live object is an error with either, and so is one with a wrong layout.
 * The first error ends in a panic that explains it (report.h); a verb's result is never an error.
 */
#pragma once

#include "arch/memlayout.h"
#include "heap/layout.h"
#include "lib/dlist.h"

#include GUARDED_HEAP_HEADER

enum {
    GUARD_RED_ZONE = 16, /* bytes in front of an object, and behind it at least */
    GUARD_ALIGN = 16, /* of all objects, at least: a multiple of what a byte of shadow stands for */
    GUARD_DEPTH = 8,  /* return addresses kept of a stack */
    GUARD_NEAR = 4096, /* bytes; a wrong address further away has nothing to do with it */
};

/* Who called whom: return addresses as offsets from stext, innermost first, 0 behind the last. */
struct guard_trace {
    uint32_t callers[GUARD_DEPTH];
};

/* An object's header. */
struct guard_object {
    struct dlist_node link; /* among the live or in the quarantine, newest first */
    uintptr_t magic;        /* see guard_magic */
    size_t size;            /* bytes asked for */
    uint32_t align;         /* at least GUARD_ALIGN */
    uint32_t number;        /* of this allocation; the first is 1 */
    bool is_freed;          /* in the quarantine */
    bool is_told;           /* counted in the leak report */
    struct guard_trace allocated, freed;
} __attribute__((aligned(GUARD_ALIGN)));

struct guarded {
    struct dlist_node live, quarantine;
    uintptr_t start, end; /* what the heap's regions lie in */
    size_t quarantined;   /* bytes in the quarantine, guards included */
    size_t allocated;     /* bytes in live objects, guards included */
    size_t peak;          /* the most that `allocated` ever was */
    size_t live_count;    /* objects */
    uint32_t number;      /* of the last allocation */
    unsigned operations;  /* since the whole heap was last checked */
    struct GUARDED_HEAP design;
};

/* The verbs; see heap/layout.h. Sizes in figures are those with guards. */
bool guarded_init(struct guarded *heap, void *start, size_t size);
bool guarded_add_region(struct guarded *heap, void *start, size_t size);
void *guarded_alloc(struct guarded *heap, struct layout layout);
enum free_result guarded_dealloc(struct guarded *heap, void *block, struct layout layout);
void *guarded_realloc(struct guarded *heap, void *block, struct layout layout, size_t new_size);
enum free_result guarded_check(struct guarded *heap, const void *block, struct layout layout);
size_t guarded_block_size(const struct guarded *heap, const void *block);
void guarded_stats(const struct guarded *heap, struct heap_stats *stats);
bool guarded_invariants_hold(struct guarded *heap);

/* The kernel's heap, for reports; NULL until it is made. */
extern struct guarded *guard_heap;

static inline uintptr_t guard_start(const struct guard_object *object)
{
    return (uintptr_t)object + sizeof *object + GUARD_RED_ZONE;
}

static inline uintptr_t guard_end(const struct guard_object *object)
{
    return guard_start(object) + object->size;
}

/* Bytes of red zone behind the object: at least GUARD_RED_ZONE, up to a multiple of it. */
static inline size_t guard_behind(size_t size)
{
    return align_up(size, GUARD_RED_ZONE) - size + GUARD_RED_ZONE;
}

/* The live or quarantined object nearest to this address; NULL for none within GUARD_NEAR. */
const struct guard_object *guard_near(uintptr_t address);

/* Print what is still allocated, a line for each place that it was allocated at:
 * `leak: N bytes in M blocks still allocated at FILE:LINE in FUNCTION`. */
void guard_report_leaks(void);

/* --- what a kind of guard does; heap's lock held ------------------------------------------------
 */

extern const char guard_name[];          /* what its reports begin with */
extern const unsigned guard_check_every; /* operations between checks of the whole heap; 0: never */

void guard_cover_heap(uintptr_t start, uintptr_t end); /* a region; nothing is allocated there */
void guard_cover_live(const struct guard_object *object);
void guard_cover_freed(const struct guard_object *object);
void guard_uncover(const struct guard_object *object); /* its memory goes back to the design */

/* The first byte around or in the object that somebody wrote to who must not; 0: none is known. */
uintptr_t guard_broken_byte(const struct guard_object *object);
