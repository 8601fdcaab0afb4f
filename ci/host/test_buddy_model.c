/* test_buddy_model.c - random operations on many buddy heaps, each compared with a model. */
#include <stdio.h>
#include <stdlib.h>

#include "buddy_model.h"
#include "test/test.h"

enum { RUNS = 300, OPERATIONS = 300, ODD_START = 40 };

/* A kind of run: how often, in 1/100, an operation allocates, frees or reallocates; the rest are
 * wrong frees. */
struct mix {
    unsigned allocs, frees, reallocs;
};

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
    return 1 + below((size_t)2 << below(1 + highest_bit(model.granules * MODEL_GRANULE)));
}

static struct layout random_layout(void)
{
    struct layout layout = {random_size(), (size_t)1 << below(below(8) ? 5 : 14)};
    if (below(32) == 0)
        layout.align = below(100);
    return layout;
}

/* Of a live block, of its neighbourhood, or any in or near the heap. */
static uintptr_t random_address(void)
{
    if (model.live_count > 0 && below(2))
        return (uintptr_t)model.live[below(model.live_count)].start +
               (below(2) ? below(100) : MODEL_GRANULE * below(4));
    const size_t granule = below(2 * model.granules);
    return (uintptr_t)model.base - MODEL_GRANULE * 3 + granule * MODEL_GRANULE +
           (below(2) ? below(MODEL_GRANULE) : 0);
}

static void operate(const struct mix *mix)
{
    const size_t choice = below(100);
    const size_t index = model.live_count > 0 ? below(model.live_count) : 0;

    if (choice < mix->allocs)
        model_alloc(&model, random_layout(), (uint8_t)below(256));
    else if (choice >= mix->allocs + mix->frees + mix->reallocs)
        model_bad_free(&model, random_address(),
                       below(2) ? LAYOUT_UNKNOWN : (struct layout){random_size(), 1});
    else if (model.live_count == 0)
        return;
    else if (choice < mix->allocs + mix->frees)
        model_free(&model, index, below(2));
    else
        model_realloc(&model, index, random_size());
}

/* One run on memory that ends where the heap does, so that a sanitizer sees what goes beyond it. */
static void check_run(uint64_t run_seed, size_t start, size_t size, const struct mix *mix)
{
    void *memory = NULL;

    seed = run_seed;
    state = run_seed * 2 + 1;
    region_size = size;
    region_start = start;
    CHECK_EQUAL(posix_memalign(&memory, 4096, start + size), 0);
    if (model_init(&model, (uint8_t *)memory + start, size))
        for (int i = 0; i < OPERATIONS; i++)
            operate(mix);
    while (model.live_count > 0)
        model_free(&model, 0, true);
    free(memory);
}

/* Runs on heaps of random sizes, at random starts: half of them aligned to 4096. */
static void check_runs(uint64_t first_seed, const struct mix *mix)
{
    for (uint64_t run = first_seed; run < first_seed + RUNS; run++) {
        state = run * 2 + 1;
        const size_t start = below(2) ? 0 : below(ODD_START);
        const size_t size = below(below(2) ? MODEL_GRANULES * (MODEL_GRANULE + 1) : 1000);
        check_run(run, start, size, mix);
    }
}

TEST(a_heap_that_is_mostly_full_agrees_with_the_model)
{
    check_runs(1000, &(struct mix){.allocs = 50, .frees = 20, .reallocs = 20});
}

TEST(a_heap_that_is_mostly_empty_agrees_with_the_model)
{
    check_runs(2000, &(struct mix){.allocs = 35, .frees = 35, .reallocs = 20});
}

TEST(a_heap_of_reallocs_agrees_with_the_model)
{
    check_runs(3000, &(struct mix){.allocs = 20, .frees = 10, .reallocs = 65});
}

TEST(a_heap_of_wrong_frees_agrees_with_the_model)
{
    check_runs(4000, &(struct mix){.allocs = 30, .frees = 15, .reallocs = 5});
}

TEST(heaps_of_every_small_size_agree_with_the_model)
{
    const struct mix mix = {.allocs = 40, .frees = 25, .reallocs = 25};
    for (size_t size = 0; size < 20 * (MODEL_GRANULE + 1); size += 3)
        check_run(5000 + size, size % 7, size, &mix);
}
