/*
 * test_slab_harts.c - a slab heap that several harts use, one after another as under its lock.
 *
 * The heap is compiled once more here, under other names and with caches for four harts.
 */
#define HEAP_HARTS           4
#define slab_init            harts_init
#define slab_add_region      harts_add_region
#define slab_alloc           harts_alloc
#define slab_dealloc         harts_dealloc
#define slab_realloc         harts_realloc
#define slab_check           harts_check
#define slab_block_size      harts_block_size
#define slab_stats           harts_stats
#define slab_invariants_hold harts_invariants_hold

#include "heap/slab.c"
#include "test/test.h"

enum { BLOCKS = 600, OPERATIONS = 20000, LOOK_EVERY = 50, MOST_BYTES = 20000 };

static _Alignas(RUN_CHUNK) uint8_t memory[SLAB_SMALLEST_HEAP + 256 * 1024];
static struct slab heap;
static struct {
    uint8_t *start;
    struct layout layout;
} blocks[BLOCKS];
static uint64_t state;
static unsigned hart;

unsigned hart_index(void)
{
    return hart;
}

static size_t below(size_t limit)
{
    return test_random(&state) % limit;
}

static void begin(void)
{
    memset(blocks, 0, sizeof blocks);
    hart = 0;
    CHECK(harts_init(&heap, memory, sizeof memory));
}

static uint8_t stamp_of(size_t index)
{
    return (uint8_t)(index * 7 + 1);
}

static void alloc_one(size_t index)
{
    const struct layout layout = {1 + below(below(4) ? 200 : MOST_BYTES), 8};
    uint8_t *const start = harts_alloc(&heap, layout);

    if (start == NULL)
        return;
    blocks[index].start = start;
    blocks[index].layout = layout;
    memset(start, stamp_of(index), layout.size);
}

static void free_one(size_t index)
{
    uint8_t *const start = blocks[index].start;
    const struct layout layout = blocks[index].layout;

    CHECK_EQUAL(start[0], stamp_of(index));
    CHECK_EQUAL(start[layout.size - 1], stamp_of(index));
    CHECK_EQUAL(harts_dealloc(&heap, start, layout), FREE_OK);
    CHECK_EQUAL(harts_dealloc(&heap, start, layout), FREE_TWICE);
    blocks[index].start = NULL;
}

TEST(harts_that_take_turns_share_a_slab_heap)
{
    struct heap_stats stats;

    state = 4;
    begin();
    for (size_t i = 0; i < OPERATIONS; i++) {
        const size_t index = below(BLOCKS);
        hart = (unsigned)below(HEAP_HARTS);
        if (blocks[index].start != NULL)
            free_one(index);
        else
            alloc_one(index);
        CHECK(i % LOOK_EVERY != 0 || harts_invariants_hold(&heap));
    }
    for (size_t i = 0; i < BLOCKS; i++)
        if (blocks[i].start != NULL)
            free_one(i);
    harts_stats(&heap, &stats);
    CHECK_EQUAL(stats.live, 0);
    CHECK(harts_alloc(&heap, (struct layout){16 * RUN_CHUNK, 8}) != NULL); /* all has gone back */
}

/* A second region. */
static _Alignas(RUN_CHUNK) uint8_t more[SLAB_SMALLEST_HEAP + sizeof(struct slab) + RUN_CHUNK];

TEST(what_a_second_region_keeps_is_given_back_before_an_allocation_fails)
{
    static uint8_t *taken[(sizeof memory + sizeof more) / (3 * RUN_UNIT)];
    const struct layout layout = {3 * RUN_UNIT, 8};
    size_t count = 0;

    begin();
    CHECK(harts_add_region(&heap, more, sizeof more));
    while ((taken[count] = harts_alloc(&heap, layout)) != NULL)
        count++;
    while (count > 0 && taken[count - 1] >= more && taken[count - 1] < more + sizeof more)
        CHECK_EQUAL(harts_dealloc(&heap, taken[--count], layout), FREE_OK);
    CHECK(harts_alloc(&heap, (struct layout){16 * RUN_CHUNK, 8}) != NULL);
}

TEST(a_second_region_has_slabs_and_caches_of_its_own)
{
    const struct layout layout = {1000, 8};
    uint8_t *block;

    begin();
    CHECK(harts_add_region(&heap, more, sizeof more));
    do
        block = harts_alloc(&heap, layout);
    while (block < more || block >= more + sizeof more);
    CHECK(harts_alloc(&heap, layout) != NULL);
    CHECK_EQUAL(harts_dealloc(&heap, block, layout), FREE_OK);
    CHECK(harts_alloc(&heap, layout) == block);
    CHECK(harts_invariants_hold(&heap));
}

TEST(a_hart_is_given_the_object_that_it_freed_last)
{
    begin();
    const struct layout layout = {48, 8};
    void *const first = harts_alloc(&heap, layout);
    hart = 1;
    void *const second = harts_alloc(&heap, layout);
    hart = 0;
    harts_dealloc(&heap, first, layout);
    hart = 1;
    harts_dealloc(&heap, second, layout);
    hart = 0;
    CHECK(harts_alloc(&heap, layout) == first); /* and not what was freed last of all */
    hart = 1;
    CHECK(harts_alloc(&heap, layout) == second);
}
