/* test_heap_model.c - random operations on many heaps of each design, each compared with a model.
 */
#include <stdio.h>
#include <stdlib.h>

#include "heap_model.h"
#include "test/test.h"

enum { RUNS = 300, OPERATIONS = 200, ODD_START = 40, LARGEST = MODEL_UNITS * 16 };

/* A kind of run: how often, in 1/100, an operation allocates, frees or reallocates; the rest are
 * wrong frees. */
struct mix {
    unsigned allocs, frees, reallocs;
};

static const struct mix mostly_full = {.allocs = 50, .frees = 20, .reallocs = 20};
static const struct mix mostly_empty = {.allocs = 35, .frees = 35, .reallocs = 20};
static const struct mix many_reallocs = {.allocs = 20, .frees = 10, .reallocs = 65};
static const struct mix many_wrong_frees = {.allocs = 30, .frees = 15, .reallocs = 5};

static struct model model;
static uint64_t seed, state;
static size_t region_size, region_start;

_Noreturn void model_fail(const char *file, int line, const char *what)
{
    printf("seed %llu, %zu bytes from %zu on:\n", (unsigned long long)seed, region_size,
           region_start);
    test_fail(file, line, what);
}

/* 0 .. limit - 1 */
static size_t below(size_t limit)
{
    return (size_t)(test_random(&state) >> 16) % limit;
}

/* Log-uniform, up to a little more than the heap has; now and then one that cannot be. */
static size_t random_size(void)
{
    if (below(32) == 0)
        return below(2) ? 0 : SIZE_MAX - below(5000);
    return 1 + below((size_t)2 << below(1 + highest_bit(model.granules * model.design->granule)));
}

static struct layout random_layout(void)
{
    struct layout layout = {random_size(), (size_t)1 << below(below(8) ? 5 : 14)};
    if (below(32) == 0)
        layout.align = below(100);
    return layout;
}

/* Of another block, or of none. */
static struct layout random_wrong_layout(void)
{
    const struct layout live = model.live_count ? model.live[below(model.live_count)].layout
                                                : (struct layout){random_size(), 1};
    return below(2) ? live : (struct layout){random_size(), (size_t)1 << below(8)};
}

/* Of a live block, of its neighbourhood, or any in or near the heap. */
static uintptr_t random_address(void)
{
    if (model.live_count > 0 && below(2))
        return (uintptr_t)model.live[below(model.live_count)].start +
               (below(2) ? below(100) : 16 * below(8));
    return (uintptr_t)model.base - 100 + 16 * below(region_size / 16 + 15) +
           (below(2) ? below(16) : 0);
}

static void operate(const struct mix *mix)
{
    const size_t choice = below(100);
    const size_t index = model.live_count > 0 ? below(model.live_count) : 0;

    if (choice < mix->allocs && model.live_count < MODEL_UNITS)
        model_alloc(&model, random_layout(), (uint8_t)below(256));
    else if (choice >= mix->allocs + mix->frees + mix->reallocs)
        model_bad_free(&model, random_address(), below(2) ? LAYOUT_UNKNOWN : random_wrong_layout());
    else if (model.live_count == 0)
        return;
    else if (choice < mix->allocs + mix->frees)
        model_free(&model, index, below(2));
    else
        model_realloc(&model, index, random_size());
}

/* One run on memory that ends where the heap does, so that a sanitizer sees what goes beyond it. */
static void check_run(int design, uint64_t run_seed, size_t start, size_t size,
                      const struct mix *mix)
{
    void *memory = NULL;

    seed = run_seed;
    state = run_seed * 2 + 1;
    region_size = size;
    region_start = start;
    CHECK_EQUAL(posix_memalign(&memory, 4096, start + size), 0);
    if (model_init(&model, &model_designs[design], (uint8_t *)memory + start, size))
        for (int i = 0; i < OPERATIONS; i++)
            operate(mix);
    while (model.live_count > 0)
        model_free(&model, 0, true);
    free(memory);
}

/* Runs on heaps of random sizes, at random starts: half of them aligned to 4096. */
static void agrees(int design, const struct mix *mix)
{
    for (uint64_t run = 1000; run < 1000 + RUNS; run++) {
        state = run * 2 + 1;
        const size_t start = below(2) ? 0 : below(ODD_START);
        size_t size = below(below(2) ? LARGEST : 1000);
        if (design == MODEL_SLAB)
            size += SLAB_SMALLEST_HEAP;
        check_run(design, run, start, size, mix);
    }
}

static void agrees_at_every_small_size(int design)
{
    for (size_t size = 0; size < 600; size += 3)
        check_run(design, 5000 + size, size % 7, size, &mostly_full);
}

/* clang-format off */
TEST(bump_agrees_with_its_model_when_mostly_full) { agrees(MODEL_BUMP, &mostly_full); }
TEST(bump_agrees_with_its_model_when_mostly_empty) { agrees(MODEL_BUMP, &mostly_empty); }
TEST(bump_agrees_with_its_model_at_every_small_size) { agrees_at_every_small_size(MODEL_BUMP); }

TEST(list_agrees_with_its_model_when_mostly_full) { agrees(MODEL_LIST, &mostly_full); }
TEST(list_agrees_with_its_model_when_mostly_empty) { agrees(MODEL_LIST, &mostly_empty); }
TEST(list_agrees_with_its_model_in_many_reallocs) { agrees(MODEL_LIST, &many_reallocs); }
TEST(list_agrees_with_its_model_in_many_wrong_frees) { agrees(MODEL_LIST, &many_wrong_frees); }
TEST(list_agrees_with_its_model_at_every_small_size) { agrees_at_every_small_size(MODEL_LIST); }

TEST(block_agrees_with_its_model_when_mostly_full) { agrees(MODEL_BLOCK, &mostly_full); }
TEST(block_agrees_with_its_model_when_mostly_empty) { agrees(MODEL_BLOCK, &mostly_empty); }
TEST(block_agrees_with_its_model_in_many_reallocs) { agrees(MODEL_BLOCK, &many_reallocs); }
TEST(block_agrees_with_its_model_in_many_wrong_frees) { agrees(MODEL_BLOCK, &many_wrong_frees); }
TEST(block_agrees_with_its_model_at_every_small_size) { agrees_at_every_small_size(MODEL_BLOCK); }

TEST(bitmap_agrees_with_its_model_when_mostly_full) { agrees(MODEL_BITMAP, &mostly_full); }
TEST(bitmap_agrees_with_its_model_when_mostly_empty) { agrees(MODEL_BITMAP, &mostly_empty); }
TEST(bitmap_agrees_with_its_model_in_many_reallocs) { agrees(MODEL_BITMAP, &many_reallocs); }
TEST(bitmap_agrees_with_its_model_in_many_wrong_frees) { agrees(MODEL_BITMAP, &many_wrong_frees); }
TEST(bitmap_agrees_with_its_model_at_every_small_size) { agrees_at_every_small_size(MODEL_BITMAP); }

TEST(buddy_agrees_with_its_model_when_mostly_full) { agrees(MODEL_BUDDY, &mostly_full); }
TEST(buddy_agrees_with_its_model_when_mostly_empty) { agrees(MODEL_BUDDY, &mostly_empty); }
TEST(buddy_agrees_with_its_model_in_many_reallocs) { agrees(MODEL_BUDDY, &many_reallocs); }
TEST(buddy_agrees_with_its_model_in_many_wrong_frees) { agrees(MODEL_BUDDY, &many_wrong_frees); }
TEST(buddy_agrees_with_its_model_at_every_small_size) { agrees_at_every_small_size(MODEL_BUDDY); }

TEST(small_slab_agrees_with_its_model_when_mostly_full) { agrees(MODEL_SMALL_SLAB, &mostly_full); }
TEST(small_slab_agrees_with_its_model_when_mostly_empty) { agrees(MODEL_SMALL_SLAB, &mostly_empty); }
TEST(small_slab_agrees_with_its_model_in_many_reallocs) { agrees(MODEL_SMALL_SLAB, &many_reallocs); }
TEST(small_slab_agrees_with_its_model_in_many_wrong_frees) { agrees(MODEL_SMALL_SLAB, &many_wrong_frees); }
TEST(small_slab_agrees_with_its_model_at_every_small_size) { agrees_at_every_small_size(MODEL_SMALL_SLAB); }

TEST(slab_agrees_with_its_model_when_mostly_full) { agrees(MODEL_SLAB, &mostly_full); }
TEST(slab_agrees_with_its_model_when_mostly_empty) { agrees(MODEL_SLAB, &mostly_empty); }
TEST(slab_agrees_with_its_model_in_many_reallocs) { agrees(MODEL_SLAB, &many_reallocs); }
TEST(slab_agrees_with_its_model_in_many_wrong_frees) { agrees(MODEL_SLAB, &many_wrong_frees); }
/* clang-format on */
