/*
 * moving.h - a heap for tests: slab, but what is freed is overwritten at once, and a reallocation
 * always moves the block. So whoever still uses an old address finds that out.
 */
#pragma once

#include <string.h>

#include "heap/slab.h"

struct moving {
    struct slab slab;
};

enum { MOVING_FREED = 0x5f };

static inline bool moving_init(struct moving *heap, void *start, size_t size)
{
    return slab_init(&heap->slab, start, size);
}

static inline bool moving_add_region(struct moving *heap, void *start, size_t size)
{
    return slab_add_region(&heap->slab, start, size);
}

static inline void *moving_alloc(struct moving *heap, struct layout layout)
{
    return slab_alloc(&heap->slab, layout);
}

static inline enum free_result moving_check(const struct moving *heap, const void *block,
                                            struct layout layout)
{
    return slab_check(&heap->slab, block, layout);
}

static inline enum free_result moving_dealloc(struct moving *heap, void *block,
                                              struct layout layout)
{
    if (moving_check(heap, block, layout) == FREE_OK)
        memset(block, MOVING_FREED, layout.size);
    return slab_dealloc(&heap->slab, block, layout);
}

static inline void *moving_realloc(struct moving *heap, void *block, struct layout layout,
                                   size_t new_size)
{
    void *const moved = moving_alloc(heap, (struct layout){new_size, layout.align});
    if (moved == NULL)
        return NULL;
    memcpy(moved, block, layout.size < new_size ? layout.size : new_size);
    moving_dealloc(heap, block, layout);
    return moved;
}

static inline size_t moving_block_size(const struct moving *heap, const void *block)
{
    return slab_block_size(&heap->slab, block);
}

static inline void moving_stats(const struct moving *heap, struct heap_stats *stats)
{
    slab_stats(&heap->slab, stats);
}

static inline bool moving_invariants_hold(const struct moving *heap)
{
    return slab_invariants_hold(&heap->slab);
}
