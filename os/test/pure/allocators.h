/*
 * allocators.h - all heaps of heap/ in one table, for what is said of every one of them.
 *
 * allocators[LIST].alloc(heap, layout) is list_alloc(heap, layout), and so on; `heap` points to a
 * union any_heap or to a struct list.
 */
#pragma once

#include "heap/bitmap.h"
#include "heap/block.h"
#include "heap/buddy.h"
#include "heap/bump.h"
#include "heap/dummy.h"
#include "heap/list.h"
#include "heap/slab.h"

union any_heap {
    struct dummy dummy;
    struct bump bump;
    struct list list;
    struct block block;
    struct bitmap bitmap;
    struct buddy buddy;
    struct slab slab;
};

struct allocator {
    const char *name;
    size_t struct_size;
    bool (*init)(void *heap, void *start, size_t size);
    void *(*alloc)(void *heap, struct layout layout);
    enum free_result (*dealloc)(void *heap, void *block, struct layout layout);
    void *(*realloc)(void *heap, void *block, struct layout layout, size_t new_size);
    enum free_result (*check)(const void *heap, const void *block, struct layout layout);
    size_t (*block_size)(const void *heap, const void *block);
    bool (*add_region)(void *heap, void *start, size_t size);
    void (*stats)(const void *heap, struct heap_stats *stats);
    bool (*invariants_hold)(const void *heap);
};

/* The verbs of X, by a pointer that does not say whose heap it is. They differ from the verbs they
 * call in nothing but its type: what they take themselves is no cost of the heap. */
#define MEASURED_VERBS(X)                                                                          \
    static inline void *any_##X##_alloc(void *heap, struct layout layout)                          \
    {                                                                                              \
        return X##_alloc(heap, layout);                                                            \
    }                                                                                              \
    static inline enum free_result any_##X##_dealloc(void *heap, void *block,                      \
                                                     struct layout layout)                         \
    {                                                                                              \
        return X##_dealloc(heap, block, layout);                                                   \
    }                                                                                              \
    static inline void *any_##X##_realloc(void *heap, void *block, struct layout layout,           \
                                          size_t new_size)                                         \
    {                                                                                              \
        return X##_realloc(heap, block, layout, new_size);                                         \
    }

#define ALLOCATOR_VERBS(X)                                                                         \
    MEASURED_VERBS(X)                                                                              \
    static inline bool any_##X##_init(void *heap, void *start, size_t size)                        \
    {                                                                                              \
        return X##_init(heap, start, size);                                                        \
    }                                                                                              \
    static inline enum free_result any_##X##_check(const void *heap, const void *block,            \
                                                   struct layout layout)                           \
    {                                                                                              \
        return X##_check(heap, block, layout);                                                     \
    }                                                                                              \
    static inline size_t any_##X##_block_size(const void *heap, const void *block)                 \
    {                                                                                              \
        return X##_block_size(heap, block);                                                        \
    }                                                                                              \
    static inline bool any_##X##_add_region(void *heap, void *start, size_t size)                  \
    {                                                                                              \
        return X##_add_region(heap, start, size);                                                  \
    }                                                                                              \
    static inline void any_##X##_stats(const void *heap, struct heap_stats *stats)                 \
    {                                                                                              \
        X##_stats(heap, stats);                                                                    \
    }                                                                                              \
    static inline bool any_##X##_invariants_hold(const void *heap)                                 \
    {                                                                                              \
        return X##_invariants_hold(heap);                                                          \
    }

#define ALLOCATOR(X)                                                                               \
    {                                                                                              \
#X, sizeof(struct X), any_##X##_init, any_##X##_alloc, any_##X##_dealloc,                  \
            any_##X##_realloc, any_##X##_check, any_##X##_block_size, any_##X##_add_region,        \
            any_##X##_stats, any_##X##_invariants_hold                                             \
    }

ALLOCATOR_VERBS(dummy)
ALLOCATOR_VERBS(bump)
ALLOCATOR_VERBS(list)
ALLOCATOR_VERBS(block)
ALLOCATOR_VERBS(bitmap)
ALLOCATOR_VERBS(buddy)
ALLOCATOR_VERBS(slab)

enum { DUMMY, BUMP, LIST, BLOCK, BITMAP, BUDDY, SLAB, ALLOCATORS };

static const struct allocator allocators[ALLOCATORS] = {
    [DUMMY] = ALLOCATOR(dummy), [BUMP] = ALLOCATOR(bump),     [LIST] = ALLOCATOR(list),
    [BLOCK] = ALLOCATOR(block), [BITMAP] = ALLOCATOR(bitmap), [BUDDY] = ALLOCATOR(buddy),
    [SLAB] = ALLOCATOR(slab),
};
