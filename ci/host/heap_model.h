/*
 * heap_model.h - any heap beside a model of it that knows nothing of maps, headers and lists.
 *
 * The model is the list of live blocks. Each operation is done on the heap and compared with what
 * the model says of it, and then the whole heap is checked. What a model can say depends on the
 * design. Of each but bump it knows how many bytes a block takes. Where the free memory follows
 * from the live blocks by geometry alone, it also knows which requests must be served, where, which
 * blocks can grow in place, and every free block:
 *
 *   - list and bitmap: a free block is the gap between two live ones;
 *   - buddy: a block is free when no live one overlaps it and none that contains it is free.
 *
 * Whoever includes this has a model_fail() that says which run it was.
 */
#pragma once

#include <stdint.h>
#include <string.h>

#include "test/pure/allocators.h"

_Noreturn void model_fail(const char *file, int line, const char *what);

#define MODEL_CHECK(condition)                                                                     \
    do {                                                                                           \
        if (!(condition))                                                                          \
            model_fail(__FILE__, __LINE__, #condition);                                            \
    } while (0)

#ifndef MODEL_UNITS
#define MODEL_UNITS 512 /* granules in a heap whose next_gap is known, and live blocks, at most */
#endif

struct model;

/* A free block, in granules; span 0: there is none. */
struct model_gap {
    size_t first, span;
};

/* What is known of a design. */
struct model_design {
    const struct allocator *verbs;
    size_t granule;                        /* bytes; blocks begin and end at multiples of it */
    size_t base;                           /* bytes; the first granule begins at a multiple of it */
    size_t header;                         /* bytes in front of a block that count as its own */
    bool peak_is_larger;                   /* than what was live: slabs count as a whole */
    size_t (*taken)(struct layout layout); /* bytes, with the header; NULL: not known */
    size_t (*asked)(struct layout layout); /* what a free's layout must have the same of */
    /* The free block that begins first at granule `from` or behind it; NULL: not known. */
    struct model_gap (*next_gap)(const struct model *model, size_t from);
    enum { FIRST_GAP, ANY_GAP, SMALLEST_GAP } takes_from; /* if next_gap is known */
};

struct model_block {
    uint8_t *start;
    struct layout layout;
    size_t first, span; /* in granules, with the header */
    uint8_t stamp;      /* its bytes are stamp, stamp + 1, ... */
};

struct model {
    const struct model_design *design;
    union any_heap heap;
    uint8_t *base; /* of granule 0 */
    size_t granules, live_count, peak;
    struct model_block live[MODEL_UNITS];
    bool used[MODEL_UNITS]; /* by granule: lies in a live block; if next_gap is known */
};

/* --- what is known of each design --- */

static inline bool model_range_is_free(const struct model *model, size_t first, size_t span)
{
    if (first > model->granules || span > model->granules - first)
        return false;
    return memchr(model->used + first, true, span) == NULL;
}

static inline struct model_gap model_gap_between(const struct model *model, size_t from)
{
    while (from < model->granules && model->used[from])
        from++;
    struct model_gap gap = {from, 0};
    while (from + gap.span < model->granules && !model->used[from + gap.span])
        gap.span++;
    return gap;
}

/* As large as its place and the live blocks allow. */
static inline struct model_gap model_gap_of_tree(const struct model *model, size_t from)
{
    while (from < model->granules && model->used[from])
        from++;
    struct model_gap gap = {from, from < model->granules};
    while (gap.span > 0 && gap.first % (2 * gap.span) == 0 &&
           model_range_is_free(model, gap.first, 2 * gap.span))
        gap.span *= 2;
    return gap;
}

static inline size_t model_whole_16s(size_t size)
{
    return (size + 15) / 16 * 16;
}

static inline size_t model_power_of_two(size_t at_least, size_t smallest)
{
    size_t size = smallest;
    while (size < at_least && size <= SIZE_MAX / 2)
        size *= 2;
    return size;
}

static inline size_t model_asked_of_list(struct layout layout)
{
    return layout.size;
}

static inline size_t model_taken_by_list(struct layout layout)
{
    return 16 + model_whole_16s(layout.size);
}

/* A class's size for a small block, and for no other. */
static inline size_t model_asked_of_block(struct layout layout)
{
    const size_t class_size = model_power_of_two(layout.size, 8);
    if (class_size > 2048)
        return layout.size;
    return layout.align <= 16 ? class_size : layout.size + (layout.size == class_size);
}

static inline size_t model_taken_by_block(struct layout layout)
{
    return 16 + model_whole_16s(model_asked_of_block(layout));
}

static inline size_t model_taken_by_bitmap(struct layout layout)
{
    return model_whole_16s(layout.size);
}

static inline size_t model_taken_by_buddy(struct layout layout)
{
    return model_power_of_two(layout.size > layout.align ? layout.size : layout.align, 32);
}

/* What the size rounded up to the alignment takes: multiples of 8, then eighths of the power of two
 * below, then units of 1 KiB, then powers of two. */
static inline size_t model_taken_by_slab(struct layout layout)
{
    const size_t size = (layout.size + layout.align - 1) / layout.align * layout.align;
    size_t step = 8;

    if (size <= 16)
        return 16;
    if (size > 63 * 1024)
        return model_power_of_two(size, 65536);
    if (size > 128)
        step = size > 2048 ? 1024 : model_power_of_two(size, 1) / 16;
    return (size + step - 1) / step * step;
}

enum {
    MODEL_BUMP,
    MODEL_LIST,
    MODEL_BLOCK,
    MODEL_BITMAP,
    MODEL_BUDDY,
    MODEL_SMALL_SLAB, /* a buddy heap inside */
    MODEL_SLAB,       /* of SLAB_SMALLEST_HEAP or more */
    MODEL_DESIGNS
};

static const struct model_design model_designs[MODEL_DESIGNS] = {
    [MODEL_BUMP] = {.verbs = &allocators[BUMP], .granule = 1, .base = 1},
    [MODEL_LIST] = {.verbs = &allocators[LIST],
                    .granule = 16,
                    .base = 16,
                    .header = 16,
                    .taken = model_taken_by_list,
                    .asked = model_asked_of_list,
                    .next_gap = model_gap_between,
                    .takes_from = FIRST_GAP},
    [MODEL_BLOCK] = {.verbs = &allocators[BLOCK],
                     .granule = 16,
                     .base = 16,
                     .header = 16,
                     .taken = model_taken_by_block,
                     .asked = model_asked_of_block},
    [MODEL_BITMAP] = {.verbs = &allocators[BITMAP],
                      .granule = 16,
                      .base = 16,
                      .taken = model_taken_by_bitmap,
                      .asked = model_taken_by_bitmap,
                      .next_gap = model_gap_between,
                      .takes_from = ANY_GAP},
    [MODEL_BUDDY] = {.verbs = &allocators[BUDDY],
                     .granule = 32,
                     .base = 32,
                     .taken = model_taken_by_buddy,
                     .asked = model_taken_by_buddy,
                     .next_gap = model_gap_of_tree,
                     .takes_from = SMALLEST_GAP},
    [MODEL_SMALL_SLAB] = {.verbs = &allocators[SLAB],
                          .granule = 32,
                          .base = 32,
                          .taken = model_taken_by_buddy,
                          .asked = model_taken_by_buddy,
                          .next_gap = model_gap_of_tree,
                          .takes_from = SMALLEST_GAP},
    [MODEL_SLAB] = {.verbs = &allocators[SLAB],
                    .granule = SLAB_GRAIN,
                    .base = RUN_CHUNK,
                    .peak_is_larger = true,
                    .taken = model_taken_by_slab,
                    .asked = model_taken_by_slab},
};

/* --- the live blocks --- */

static inline size_t model_span(const struct model *model, struct layout layout)
{
    const struct model_design *const design = model->design;
    return design->taken != NULL ? design->taken(layout) / design->granule : 0;
}

static inline void model_mark(struct model *model, const struct model_block *block, bool used)
{
    if (model->design->next_gap != NULL)
        memset(model->used + block->first, used, block->span);
}

static inline size_t model_allocated(const struct model *model)
{
    size_t granules = 0;
    for (size_t i = 0; i < model->live_count; i++)
        granules += model->live[i].span;
    return granules;
}

static inline void model_fill(const struct model_block *block)
{
    for (size_t i = 0; i < block->layout.size; i++)
        block->start[i] = (uint8_t)(block->stamp + i);
}

static inline bool model_keeps(const struct model_block *block, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (block->start[i] != (uint8_t)(block->stamp + i))
            return false;
    return true;
}

static inline void model_check_apart(const struct model *model, const struct model_block *block)
{
    for (size_t i = 0; i < model->live_count; i++) {
        const struct model_block *const other = &model->live[i];
        MODEL_CHECK(block->start + block->layout.size <= other->start ||
                    other->start + other->layout.size <= block->start);
    }
}

/* Checks that a new block lies where one can, and takes it into the list. */
static inline void model_take(struct model *model, uint8_t *start, struct layout layout,
                              uint8_t stamp)
{
    const struct model_design *const design = model->design;
    struct model_block block = {.start = start, .layout = layout, .stamp = stamp};

    MODEL_CHECK((uintptr_t)start % layout.align == 0);
    MODEL_CHECK(start >= model->base + design->header);
    MODEL_CHECK(start + layout.size <= model->base + model->granules * design->granule);
    model_check_apart(model, &block);
    if (design->taken != NULL) {
        block.first = (size_t)(start - design->header - model->base) / design->granule;
        block.span = model_span(model, layout);
        MODEL_CHECK((uintptr_t)start % design->granule == 0);
        MODEL_CHECK(design->verbs->block_size(&model->heap, start) >= layout.size);
        MODEL_CHECK(design->next_gap == NULL ||
                    model_range_is_free(model, block.first, block.span));
        model_mark(model, &block, true);
    }
    model_fill(&block);
    model->live[model->live_count++] = block;
}

static inline void model_drop(struct model *model, size_t index)
{
    model_mark(model, &model->live[index], false);
    model->live[index] = model->live[--model->live_count];
}

static inline void model_count_peak(struct model *model, size_t granules)
{
    if (model->peak < granules)
        model->peak = granules;
}

/* --- the whole heap --- */

static inline void model_check_free(const struct model *model, const struct heap_stats *stats)
{
    size_t free_blocks[HEAP_ORDERS] = {0}, largest = 0;
    struct model_gap gap;

    for (size_t from = 0; (gap = model->design->next_gap(model, from)).span > 0;
         from = gap.first + gap.span) {
        free_blocks[highest_bit(gap.span)]++;
        largest = gap.span > largest ? gap.span : largest;
    }
    MODEL_CHECK(memcmp(free_blocks, stats->free_blocks, sizeof free_blocks) == 0);
    MODEL_CHECK(stats->largest_free == largest * model->design->granule);
}

static inline void model_check(struct model *model)
{
    const struct model_design *const design = model->design;
    struct heap_stats stats;

    MODEL_CHECK(design->verbs->invariants_hold(&model->heap));
    design->verbs->stats(&model->heap, &stats);
    MODEL_CHECK(stats.total == model->granules * design->granule);
    MODEL_CHECK(stats.live == model->live_count);
    MODEL_CHECK(stats.allocated <= stats.peak && stats.peak <= stats.total);
    if (design->taken != NULL) {
        model_count_peak(model, model_allocated(model));
        MODEL_CHECK(stats.allocated == model_allocated(model) * design->granule);
        MODEL_CHECK(design->peak_is_larger || stats.peak <= model->peak * design->granule);
    }
    if (design->next_gap != NULL) {
        MODEL_CHECK(stats.peak == model->peak * design->granule ||
                    design->verbs == &allocators[SLAB]); /* counts a move as a resize */
        model_check_free(model, &stats);
    }
}

/* A heap over region[size], of at most MODEL_UNITS granules if they are known. False: it is too
 * small. */
static inline bool model_init(struct model *model, const struct model_design *design,
                              uint8_t *region, size_t size)
{
    struct heap_stats stats;

    memset(model, 0, sizeof *model);
    memset(region, 0xee, size); /* no seals of a list heap that was there before */
    model->design = design;
    if (!design->verbs->init(&model->heap, region, size))
        return false;
    design->verbs->stats(&model->heap, &stats);
    model->base = region + (-(uintptr_t)region & (design->base - 1));
    model->granules = stats.total / design->granule;
    MODEL_CHECK(model->base + stats.total <= region + size);
    MODEL_CHECK(design->next_gap == NULL || model->granules <= MODEL_UNITS);
    model_check(model);
    return true;
}

/* --- operations --- */

enum { MODEL_NOWHERE = MODEL_UNITS };

/* The granule where a block for the layout would begin in this free block. */
static inline size_t model_place_in(const struct model *model, struct model_gap gap,
                                    struct layout layout)
{
    const struct model_design *const design = model->design;
    const size_t span = model_span(model, layout);
    const uintptr_t first_block = (uintptr_t)model->base + design->header;

    if (design->takes_from == SMALLEST_GAP) /* blocks are aligned from the base on */
        return span <= gap.span && (uintptr_t)model->base % layout.align == 0 ? gap.first
                                                                              : MODEL_NOWHERE;
    for (size_t skip = 0; skip < gap.span && span <= gap.span - skip; skip++)
        if ((first_block + (gap.first + skip) * design->granule) % layout.align == 0)
            return gap.first + skip;
    return MODEL_NOWHERE;
}

/* The free block that an allocation takes from, or any of those that it may: span 0 for none. */
static inline struct model_gap model_choose(const struct model *model, struct layout layout)
{
    struct model_gap gap, chosen = {0, 0};

    if (layout.size == 0 || layout.size > (size_t)PTRDIFF_MAX || !is_power_of_two(layout.align))
        return chosen;
    for (size_t from = 0; (gap = model->design->next_gap(model, from)).span > 0;
         from = gap.first + gap.span)
        if (model_place_in(model, gap, layout) != MODEL_NOWHERE &&
            (chosen.span == 0 ||
             (model->design->takes_from == SMALLEST_GAP && gap.span < chosen.span)))
            chosen = gap;
    return chosen;
}

/* Checks that a new block is where the design says. */
static inline void model_check_choice(const struct model *model, const uint8_t *start,
                                      struct layout layout)
{
    const struct model_design *const design = model->design;
    const struct model_gap chosen = model_choose(model, layout);

    MODEL_CHECK((start != NULL) == (chosen.span > 0));
    if (start == NULL || design->takes_from == ANY_GAP)
        return;
    const size_t first = (size_t)(start - design->header - model->base) / design->granule;
    if (design->takes_from == FIRST_GAP)
        MODEL_CHECK(first == model_place_in(model, chosen, layout));
    else
        MODEL_CHECK(first < model->granules && !model->used[first] &&
                    design->next_gap(model, first).span == chosen.span);
}

static inline void model_alloc(struct model *model, struct layout layout, uint8_t stamp)
{
    uint8_t *const start = model->design->verbs->alloc(&model->heap, layout);

    MODEL_CHECK(start == NULL || layout_is_valid(layout));
    if (model->design->next_gap != NULL)
        model_check_choice(model, start, layout);
    if (start != NULL)
        model_take(model, start, layout, stamp);
    model_check(model);
}

/* The block's bytes are overwritten first, as a caller may do. */
static inline void model_free(struct model *model, size_t index, bool layout_is_known)
{
    const struct model_block *const block = &model->live[index];
    const struct layout layout = layout_is_known ? block->layout : LAYOUT_UNKNOWN;

    MODEL_CHECK(model_keeps(block, block->layout.size));
    memset(block->start, 0xee, block->layout.size);
    MODEL_CHECK(model->design->verbs->dealloc(&model->heap, block->start, layout) == FREE_OK);
    model_drop(model, index);
    model_check(model);
}

/* Whether a block can have `span` granules where it is. */
static inline bool model_has_room(const struct model *model, const struct model_block *block,
                                  size_t span)
{
    if (span <= block->span)
        return true;
    if (model->design->takes_from == SMALLEST_GAP && block->first % span != 0)
        return false;
    return model_range_is_free(model, block->first + block->span, span - block->span);
}

static inline void model_check_realloc(const struct model *model, const struct model_block *block,
                                       const uint8_t *start, struct layout layout)
{
    const bool possible = layout.size > 0 && layout.size <= (size_t)PTRDIFF_MAX;
    const bool stays = possible && model_has_room(model, block, model_span(model, layout));

    MODEL_CHECK((start == block->start) == stays);
    if (!stays)
        model_check_choice(model, start, layout);
}

/* Checks the peak, too: a move holds both blocks for a moment. Returns whether it was done. */
static inline bool model_realloc(struct model *model, size_t index, size_t new_size)
{
    struct model_block block = model->live[index];
    const struct layout layout = {new_size, block.layout.align};
    uint8_t *const start =
        model->design->verbs->realloc(&model->heap, block.start, block.layout, new_size);

    MODEL_CHECK(start == NULL || new_size > 0);
    if (model->design->next_gap != NULL)
        model_check_realloc(model, &block, start, layout);
    if (start != NULL && start != block.start)
        model_count_peak(model, model_allocated(model) + model_span(model, layout));
    if (start != NULL) {
        block.start = start;
        MODEL_CHECK(
            model_keeps(&block, new_size < block.layout.size ? new_size : block.layout.size));
        model_drop(model, index);
        model_take(model, start, layout, block.stamp);
    } else {
        MODEL_CHECK(model_keeps(&block, block.layout.size));
    }
    model_check(model);
    return start != NULL;
}

/* --- wrong frees --- */

static inline bool model_is_inside(const struct model *model, uintptr_t address)
{
    return address >= (uintptr_t)model->base &&
           address - (uintptr_t)model->base < model->granules * model->design->granule;
}

/* What a free of this address must say. */
static inline enum free_result model_free_result(const struct model *model, uintptr_t address,
                                                 struct layout layout)
{
    const struct model_design *const design = model->design;

    if (!model_is_inside(model, address))
        return FREE_FOREIGN;
    const size_t granule = (address - (uintptr_t)model->base) / design->granule;
    for (size_t i = 0; i < model->live_count; i++) {
        const struct model_block *const block = &model->live[i];
        if (address == (uintptr_t)block->start)
            return layout.size == 0 || design->asked(layout) == design->asked(block->layout)
                       ? FREE_OK
                       : FREE_WRONG_LAYOUT;
        if (granule >= block->first && granule < block->first + block->span)
            return address % design->granule == 0 ? FREE_INTERIOR : FREE_MISALIGNED;
    }
    return FREE_TWICE;
}

/* A free that must be refused, and the question what would come of it. Does nothing where it would
 * be right, or where the design does not promise to see it. */
static inline void model_bad_free(struct model *model, uintptr_t address, struct layout layout)
{
    const struct allocator *const verbs = model->design->verbs;
    void *const block = (void *)address;

    if (model->design->asked == NULL && model_is_inside(model, address))
        return;
    const enum free_result expected = model_free_result(model, address, layout);
    MODEL_CHECK(verbs->check(&model->heap, block, layout) == expected);
    if (expected == FREE_OK)
        return;
    MODEL_CHECK(verbs->dealloc(&model->heap, block, layout) == expected);
    MODEL_CHECK(expected == FREE_WRONG_LAYOUT || verbs->block_size(&model->heap, block) == 0);
    model_check(model);
}
