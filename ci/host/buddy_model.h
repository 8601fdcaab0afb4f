/*
 * buddy_model.h - a buddy heap beside a model of it that knows nothing of maps and lists.
 *
 * The model is the list of live blocks. Which blocks are free follows from it by geometry alone: a
 * block is free when no live one overlaps it and none that contains it is free. Each operation is
 * done on the heap and compared with what the model says of it; model_check() then compares the
 * whole state. Whoever includes this has a model_fail() that says which run it was.
 */
#pragma once

#include <stdint.h>
#include <string.h>

#include "heap/buddy.h"

_Noreturn void model_fail(const char *file, int line, const char *what);

#define MODEL_CHECK(condition)                                                                     \
    do {                                                                                           \
        if (!(condition))                                                                          \
            model_fail(__FILE__, __LINE__, #condition);                                            \
    } while (0)

enum { MODEL_GRANULES = 256, MODEL_GRANULE = 32 };

struct model_block {
    uint8_t *start;
    struct layout layout;
    size_t granule, span; /* both in granules */
    uint8_t stamp;        /* its bytes are stamp, stamp + 1, ... */
};

struct model {
    struct buddy heap;
    uint8_t *base; /* of granule 0 */
    size_t granules, live_count, peak;
    struct model_block live[MODEL_GRANULES];
    bool used[MODEL_GRANULES];      /* lies in a live block */
    int free_order[MODEL_GRANULES]; /* of the free block that it lies in; -1: in a live one */
    size_t free_blocks[HEAP_ORDERS];
};

static inline bool model_range_is_free(const struct model *model, size_t granule, size_t span)
{
    if (span > model->granules || granule > model->granules - span)
        return false;
    for (size_t i = granule; i < granule + span; i++)
        if (model->used[i])
            return false;
    return true;
}

/* Find all free blocks: from left to right, each as large as its place and the live ones allow. */
static inline void model_find_free(struct model *model)
{
    memset(model->free_blocks, 0, sizeof model->free_blocks);
    for (size_t granule = 0, span; granule < model->granules; granule += span) {
        int order = model->used[granule] ? -1 : 0;
        for (span = 1; order >= 0 && granule % (2 * span) == 0 &&
                       model_range_is_free(model, granule, 2 * span);
             span *= 2)
            order++;
        for (size_t i = granule; i < granule + span; i++)
            model->free_order[i] = order;
        if (order >= 0)
            model->free_blocks[order]++;
    }
}

static inline void model_mark(struct model *model, size_t granule, size_t span, bool used)
{
    for (size_t i = granule; i < granule + span; i++)
        model->used[i] = used;
    model_find_free(model);
}

static inline size_t model_allocated(const struct model *model)
{
    size_t granules = 0;
    for (size_t i = 0; i < model->granules; i++)
        granules += model->used[i];
    return granules;
}

/* Granules in the block for a layout; more than the heap has where none is large enough; 0 for a
 * layout that cannot be. */
static inline size_t model_span(const struct model *model, struct layout layout)
{
    size_t span = 1;
    if (layout.size == 0 || layout.align == 0 || (layout.align & (layout.align - 1)) != 0)
        return 0;
    while (span <= model->granules &&
           (span * MODEL_GRANULE < layout.size || span * MODEL_GRANULE < layout.align))
        span *= 2;
    return span;
}

/* The order of the smallest free block that has `span` granules; -1 for none. */
static inline int model_best_fit(const struct model *model, size_t span)
{
    for (int order = 0; order < HEAP_ORDERS; order++)
        if ((size_t)1 << order >= span && model->free_blocks[order] > 0)
            return order;
    return -1;
}

static inline void model_fill(struct model_block *block, uint8_t stamp)
{
    block->stamp = stamp;
    for (size_t i = 0; i < block->layout.size; i++)
        block->start[i] = (uint8_t)(stamp + i);
}

static inline bool model_keeps(const struct model_block *block, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (block->start[i] != (uint8_t)(block->stamp + i))
            return false;
    return true;
}

/* The whole state of the heap against the model's. */
static inline void model_check(struct model *model)
{
    struct heap_stats stats;
    const size_t allocated = model_allocated(model);

    if (model->peak < allocated)
        model->peak = allocated;
    MODEL_CHECK(buddy_invariants_hold(&model->heap));
    buddy_stats(&model->heap, &stats);
    MODEL_CHECK(stats.total == model->granules * MODEL_GRANULE);
    MODEL_CHECK(stats.allocated == allocated * MODEL_GRANULE);
    MODEL_CHECK(stats.peak == model->peak * MODEL_GRANULE);
    MODEL_CHECK(stats.live == model->live_count);
    MODEL_CHECK(memcmp(stats.free_blocks, model->free_blocks, sizeof stats.free_blocks) == 0);
    size_t largest = 0;
    for (int order = 0; order < HEAP_ORDERS; order++)
        if (model->free_blocks[order] > 0)
            largest = (size_t)MODEL_GRANULE << order;
    MODEL_CHECK(stats.largest_free == largest);
}

/* A heap over region[size], which has at most MODEL_GRANULES granules. False: it is too small, and
 * buddy_init said so. */
static inline bool model_init(struct model *model, uint8_t *region, size_t size)
{
    size_t gap = 0;

    memset(model, 0, sizeof *model);
    while (((uintptr_t)region + gap) % MODEL_GRANULE != 0)
        gap++;
    model->base = region + gap;
    model->granules = size < gap ? 0 : (size - gap) / (MODEL_GRANULE + 1);
    const bool made = buddy_init(&model->heap, region, size);
    MODEL_CHECK(made == (model->granules > 0));
    if (!made)
        return false;
    model_find_free(model);
    model_check(model);
    return true;
}

/* Checks that a new block lies where one can, and takes it into the list. */
static inline struct model_block *model_take(struct model *model, uint8_t *start,
                                             struct layout layout)
{
    struct model_block *const block = &model->live[model->live_count++];

    MODEL_CHECK(start >= model->base && (start - model->base) % MODEL_GRANULE == 0);
    *block = (struct model_block){.start = start, .layout = layout};
    block->granule = (size_t)(start - model->base) / MODEL_GRANULE;
    block->span = model_span(model, layout);
    MODEL_CHECK(block->granule % block->span == 0);
    MODEL_CHECK(model_range_is_free(model, block->granule, block->span));
    MODEL_CHECK((uintptr_t)start % layout.align == 0);
    MODEL_CHECK(buddy_block_size(&model->heap, start) == block->span * MODEL_GRANULE);
    return block;
}

static inline void model_alloc(struct model *model, struct layout layout, uint8_t stamp)
{
    const size_t span = model_span(model, layout);
    const bool possible = span != 0 && (uintptr_t)model->base % layout.align == 0;
    const int order = possible ? model_best_fit(model, span) : -1;
    uint8_t *const start = buddy_alloc(&model->heap, layout);

    MODEL_CHECK((start != NULL) == (order >= 0));
    if (start != NULL) {
        struct model_block *const block = model_take(model, start, layout);
        MODEL_CHECK(model->free_order[block->granule] == order);
        model_mark(model, block->granule, block->span, true);
        model_fill(block, stamp);
    }
    model_check(model);
}

static inline void model_drop(struct model *model, size_t index)
{
    const struct model_block block = model->live[index];
    model->live[index] = model->live[--model->live_count];
    model_mark(model, block.granule, block.span, false);
}

static inline void model_free(struct model *model, size_t index, bool layout_is_known)
{
    const struct model_block *const block = &model->live[index];
    const struct layout layout = layout_is_known ? block->layout : LAYOUT_UNKNOWN;

    MODEL_CHECK(model_keeps(block, block->layout.size));
    MODEL_CHECK(buddy_dealloc(&model->heap, block->start, layout) == FREE_OK);
    model_drop(model, index);
    model_check(model);
}

/* Whether live[index] can have `span` granules where it is. */
static inline bool model_has_room(struct model *model, const struct model_block *block, size_t span)
{
    if (span <= block->span)
        return true;
    if (block->granule % span != 0)
        return false;
    model_mark(model, block->granule, block->span, false);
    const bool room = model_range_is_free(model, block->granule, span);
    model_mark(model, block->granule, block->span, true);
    return room;
}

static inline void model_resize(struct model *model, size_t index, uint8_t *start, size_t size)
{
    const struct layout layout = {size, model->live[index].layout.align};
    const uint8_t stamp = model->live[index].stamp;

    model_drop(model, index);
    struct model_block *const block = model_take(model, start, layout);
    model_mark(model, block->granule, block->span, true);
    model_fill(block, stamp);
}

/* Checks the peak, too: a move holds both blocks for a moment. */
static inline void model_realloc(struct model *model, size_t index, size_t new_size)
{
    const struct model_block block = model->live[index];
    const size_t span = model_span(model, (struct layout){new_size, block.layout.align});
    const bool stays = span != 0 && model_has_room(model, &block, span);
    const bool moves = span != 0 && !stays && model_best_fit(model, span) >= 0;
    uint8_t *const start = buddy_realloc(&model->heap, block.start, block.layout, new_size);

    MODEL_CHECK((start == block.start) == stays);
    MODEL_CHECK((start != NULL) == (stays || moves));
    if (moves && model->peak < model_allocated(model) + span)
        model->peak = model_allocated(model) + span;
    struct model_block kept = block;
    if (start != NULL)
        kept.start = start;
    MODEL_CHECK(model_keeps(
        &kept, start != NULL && new_size < block.layout.size ? new_size : block.layout.size));
    if (start != NULL)
        model_resize(model, index, start, new_size);
    model_check(model);
}

/* What a free of this address must say. */
static inline enum free_result model_free_result(const struct model *model, uintptr_t address,
                                                 struct layout layout)
{
    const size_t offset = address - (uintptr_t)model->base;

    if (address < (uintptr_t)model->base || offset >= model->granules * MODEL_GRANULE)
        return FREE_FOREIGN;
    for (size_t i = 0; i < model->live_count; i++) {
        const struct model_block *const block = &model->live[i];
        if (address < (uintptr_t)block->start ||
            address >= (uintptr_t)block->start + block->span * MODEL_GRANULE)
            continue;
        if (address == (uintptr_t)block->start)
            return layout.size == 0 || model_span(model, layout) == block->span ? FREE_OK
                                                                                : FREE_WRONG_LAYOUT;
        return offset % MODEL_GRANULE != 0 ? FREE_MISALIGNED : FREE_INTERIOR;
    }
    return FREE_TWICE;
}

/* A free that must be refused, as it must be by buddy_check. Does nothing where it would be right.
 */
static inline void model_bad_free(struct model *model, uintptr_t address, struct layout layout)
{
    const enum free_result expected = model_free_result(model, address, layout);

    MODEL_CHECK(buddy_check(&model->heap, (void *)address, layout) == expected);
    if (expected == FREE_OK)
        return;
    MODEL_CHECK(buddy_dealloc(&model->heap, (void *)address, layout) == expected);
    MODEL_CHECK(expected == FREE_WRONG_LAYOUT ||
                buddy_block_size(&model->heap, (void *)address) == 0);
    model_check(model);
}
