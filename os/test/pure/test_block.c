/* test_block.c - what the heap of fixed-size blocks does that other heaps do not; what all do is in
 * test_conformance.c. */
#include "heap/block.h"
#include "lib/string.h"
#include "test/test.h"

static _Alignas(4096) uint8_t arena[32 * 1024];
static struct block heap;
static struct heap_stats stats;

static void make_heap(void)
{
    memset(arena, 0, sizeof arena);
    CHECK(block_init(&heap, arena, sizeof arena));
}

static void *alloc(size_t size)
{
    return block_alloc(&heap, (struct layout){size, 1});
}

static void release(void *block)
{
    CHECK_EQUAL(block_dealloc(&heap, block, LAYOUT_UNKNOWN), FREE_OK);
    CHECK(block_invariants_hold(&heap));
}

static size_t free_blocks(unsigned order)
{
    block_stats(&heap, &stats);
    return stats.free_blocks[order];
}

TEST(block_rounds_a_request_up_to_a_power_of_two)
{
    make_heap();
    for (size_t size = 1; size <= BLOCK_LARGEST; size++) {
        void *const block = alloc(size);
        const size_t room = block_block_size(&heap, block);
        CHECK(is_power_of_two(room) && room >= BLOCK_SMALLEST);
        CHECK(room >= size && (room / 2 < size || room == BLOCK_SMALLEST));
        release(block);
    }
}

TEST(block_lists_a_freed_block_in_its_class)
{
    make_heap();
    for (unsigned order = 0; order < BLOCK_CLASSES; order++) {
        void *const block = alloc((size_t)BLOCK_SMALLEST << order);
        const size_t before = free_blocks(order);
        release(block);
        CHECK_EQUAL(free_blocks(order), before + 1);
    }
}

TEST(block_gives_out_first_what_was_freed_last)
{
    make_heap();
    void *const first = alloc(100), *const second = alloc(128);
    release(first);
    release(second);
    CHECK(alloc(65) == second);
    CHECK(alloc(128) == first);
}

TEST(block_does_not_give_the_memory_of_a_class_to_another)
{
    make_heap();
    uint8_t *const block = alloc(1024);
    release(block);
    uint8_t *const other = alloc(512);
    CHECK(other < block || other >= block + 1024);
}

TEST(block_gives_large_blocks_back_to_the_fallback)
{
    make_heap();
    void *const block = alloc(BLOCK_LARGEST + 1);
    CHECK(alloc(8) != NULL);
    release(block);
    CHECK_EQUAL(heap.fallback.parked, 0);
}

TEST(block_gives_blocks_of_a_large_alignment_back_to_the_fallback)
{
    const struct layout layout = {64, 256};

    make_heap();
    for (int i = 0; i < 1000; i++) {
        void *const block = block_alloc(&heap, layout);
        CHECK(block != NULL);
        CHECK_EQUAL(block_dealloc(&heap, block, layout), FREE_OK);
    }
    CHECK_EQUAL(heap.fallback.parked, 0);
}

TEST(block_gives_back_what_a_smaller_size_leaves_over)
{
    make_heap();
    void *const block = alloc(2048);
    CHECK(alloc(2048) != NULL);
    CHECK(block_realloc(&heap, block, (struct layout){2048, 1}, 100) == block);
    CHECK(alloc(1024) < alloc(2048)); /* in between the two */
    release(block);
    CHECK(alloc(100) == block);
}

/* --- the invariant itself --- */

TEST(block_invariant_notices_a_block_in_the_wrong_list)
{
    make_heap();
    release(alloc(64));
    heap.free[4] = heap.free[3];
    heap.free[3] = NULL;
    CHECK(!block_invariants_hold(&heap));
}

TEST(block_invariant_notices_a_lost_block)
{
    make_heap();
    release(alloc(64));
    heap.free[3] = NULL;
    CHECK(!block_invariants_hold(&heap));
}

TEST(block_invariant_notices_a_list_that_runs_in_a_circle)
{
    make_heap();
    release(alloc(64));
    heap.free[3]->next = heap.free[3];
    CHECK(!block_invariants_hold(&heap));
}
