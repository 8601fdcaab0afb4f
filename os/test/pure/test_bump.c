/* test_bump.c - what the bump heap does that other heaps do not; what all do is in
 * test_conformance.c. */
#include "heap/bump.h"
#include "lib/string.h"
#include "test/test.h"

enum { SIZE = 4096 };

static _Alignas(4096) uint8_t arena[SIZE];
static struct bump heap, heap_before;
static uint8_t *first, *second;

static void make_heap(void)
{
    CHECK(bump_init(&heap, arena, SIZE));
}

static uint8_t *alloc(size_t size, size_t align)
{
    uint8_t *const block = bump_alloc(&heap, (struct layout){size, align});
    CHECK(bump_invariants_hold(&heap));
    return block;
}

/* Two blocks of 100 bytes, one behind the other. */
static void make_heap_with_two_blocks(void)
{
    make_heap();
    CHECK((first = alloc(100, 1)) == arena);
    CHECK((second = alloc(100, 1)) == arena + 100);
}

static void release(void *block, size_t size)
{
    CHECK_EQUAL(bump_dealloc(&heap, block, (struct layout){size, 1}), FREE_OK);
    CHECK(bump_invariants_hold(&heap));
}

static uint8_t *reallocate(void *block, size_t size, size_t new_size)
{
    uint8_t *const moved = bump_realloc(&heap, block, (struct layout){size, 1}, new_size);
    CHECK(bump_invariants_hold(&heap));
    return moved;
}

static void fill(uint8_t *block, size_t size)
{
    for (size_t i = 0; i < size; i++)
        block[i] = (uint8_t)(i * 7 + 1);
}

static bool is_filled(const uint8_t *block, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (block[i] != (uint8_t)(i * 7 + 1))
            return false;
    return true;
}

/* --- allocating --- */

TEST(bump_gives_out_one_block_behind_the_other)
{
    make_heap();
    CHECK(alloc(10, 1) == arena);
    CHECK(alloc(20, 1) == arena + 10);
    CHECK(alloc(1, 1) == arena + 30);
    CHECK_EQUAL(heap.live, 3);
}

TEST(bump_aligns_a_block_and_skips_no_more_than_that_takes)
{
    make_heap();
    CHECK(alloc(1, 1) == arena);
    CHECK(alloc(1, 8) == arena + 8);
    CHECK(alloc(3, 2) == arena + 10);
    CHECK(alloc(16, 64) == arena + 64);
    CHECK(alloc(4, 4) == arena + 80);
}

TEST(bump_aligns_the_address_where_the_heap_begins_at_an_odd_one)
{
    CHECK(bump_init(&heap, arena + 5, SIZE - 5));
    CHECK(alloc(1, 16) == arena + 16);
}

TEST(bump_serves_the_heap_to_its_last_byte)
{
    make_heap();
    CHECK(alloc(SIZE - 1, 1) == arena);
    CHECK(alloc(1, 1) == arena + SIZE - 1);
}

TEST(bump_that_is_used_up_answers_null_and_changes_nothing)
{
    make_heap();
    CHECK(alloc(SIZE - 10, 1) == arena);
    heap_before = heap;
    CHECK(alloc(11, 1) == NULL);
    CHECK(alloc(1, SIZE) == NULL);
    CHECK(memcmp(&heap, &heap_before, sizeof heap) == 0);
    CHECK(alloc(10, 1) != NULL);
}

TEST(bump_is_not_fooled_by_sizes_that_wrap_round)
{
    make_heap();
    CHECK(alloc(100, 1) == arena);
    for (size_t less = 0; less < 256; less++)
        CHECK(alloc((size_t)PTRDIFF_MAX - less, 1) == NULL);
    CHECK(alloc(1, (size_t)1 << 62) == NULL);
}

TEST(bump_refuses_layouts_that_are_not_valid)
{
    make_heap();
    CHECK(alloc(0, 1) == NULL);
    CHECK(alloc(8, 0) == NULL);
    CHECK(alloc(8, 12) == NULL);
    CHECK(alloc(SIZE_MAX, 8) == NULL);
    CHECK_EQUAL(heap.live, 0);
    CHECK(alloc(1, 1) == arena); /* and serves those that are */
}

/* --- freeing --- */

TEST(bump_does_not_use_memory_again_while_a_block_is_live)
{
    make_heap_with_two_blocks();
    release(second, 100);
    CHECK(alloc(100, 1) == second + 100);
    release(first, 100);
    CHECK(alloc(100, 1) == second + 200);
}

TEST(bump_is_empty_when_its_last_live_block_is_freed)
{
    make_heap_with_two_blocks();
    release(first, 100);
    release(second, 100);
    CHECK_EQUAL(heap.live, 0);
    CHECK(alloc(SIZE, 1) == arena);
}

TEST(bump_remembers_the_most_that_was_ever_used)
{
    make_heap();
    CHECK(alloc(1000, 1) == arena);
    release(arena, 1000);
    CHECK(alloc(10, 1) == arena);
    CHECK_EQUAL(heap.peak, 1000);
}

/* Both the question and the deed say `result`, and neither changes anything. */
static void check_refused(const void *block, struct layout layout, enum free_result result)
{
    heap_before = heap;
    CHECK_EQUAL(bump_check(&heap, block, layout), result);
    CHECK_EQUAL(bump_dealloc(&heap, (void *)(uintptr_t)block, layout), result);
    CHECK(memcmp(&heap, &heap_before, sizeof heap) == 0);
}

TEST(bump_refuses_a_free_outside_of_the_heap)
{
    CHECK(bump_init(&heap, arena + 1024, 1024));
    CHECK(alloc(1024, 1) != NULL);
    CHECK_EQUAL(bump_check(&heap, arena + 1024, LAYOUT_UNKNOWN), FREE_OK);
    check_refused(arena + 1023, LAYOUT_UNKNOWN, FREE_FOREIGN);
    check_refused(arena + 2048, LAYOUT_UNKNOWN, FREE_FOREIGN);
    check_refused(NULL, LAYOUT_UNKNOWN, FREE_FOREIGN);
}

TEST(bump_refuses_a_free_when_no_block_is_live)
{
    make_heap();
    CHECK(alloc(100, 1) == arena);
    release(arena, 100);
    check_refused(arena, LAYOUT_UNKNOWN, FREE_TWICE);
}

TEST(bump_refuses_a_free_of_memory_that_was_never_given_out)
{
    make_heap();
    CHECK(alloc(100, 1) == arena);
    check_refused(arena + 100, LAYOUT_UNKNOWN, FREE_TWICE);
}

TEST(bump_refuses_a_free_that_no_block_of_the_layout_can_be)
{
    make_heap();
    CHECK(alloc(100, 1) == arena);
    check_refused(arena + 4, (struct layout){8, 8}, FREE_MISALIGNED);
    check_refused(arena, (struct layout){101, 1}, FREE_WRONG_LAYOUT);
    check_refused(arena + 96, (struct layout){8, 8}, FREE_WRONG_LAYOUT);
}

/* --- changing the size --- */

TEST(bump_grows_and_shrinks_the_last_block_in_place)
{
    make_heap();
    CHECK(alloc(8, 1) == arena);
    CHECK(alloc(100, 1) == arena + 8);
    CHECK(reallocate(arena + 8, 100, 200) == arena + 8);
    CHECK(heap.next == (uintptr_t)arena + 208);
    CHECK(reallocate(arena + 8, 200, 50) == arena + 8);
    CHECK(alloc(1, 1) == arena + 58);
}

TEST(bump_leaves_a_block_that_shrinks_where_it_is)
{
    make_heap_with_two_blocks();
    CHECK(reallocate(first, 100, 10) == first);
    CHECK(alloc(1, 1) == second + 100);
    CHECK_EQUAL(heap.live, 3);
}

TEST(bump_moves_a_block_that_grows_with_all_that_it_holds)
{
    make_heap_with_two_blocks();
    fill(first, 100);
    uint8_t *const moved = reallocate(first, 100, 300);
    CHECK(moved == second + 100 && is_filled(moved, 100));
    CHECK_EQUAL(heap.live, 2);
}

TEST(bump_keeps_the_alignment_of_a_block_that_moves)
{
    const struct layout layout = {64, 64};

    make_heap();
    CHECK(bump_alloc(&heap, layout) == arena);
    CHECK(alloc(1, 1) == arena + 64);
    CHECK(bump_realloc(&heap, arena, layout, 65) == arena + 128);
}

TEST(bump_leaves_a_block_as_it_was_where_it_cannot_grow)
{
    make_heap_with_two_blocks();
    fill(first, 100);
    CHECK(reallocate(first, 100, SIZE + 1) == NULL);
    CHECK(reallocate(first, 100, (size_t)PTRDIFF_MAX) == NULL);
    CHECK(reallocate(second, 100, SIZE - 100) == second);
    heap_before = heap;
    CHECK(reallocate(first, 100, 101) == NULL);
    CHECK(reallocate(second, SIZE - 100, SIZE - 99) == NULL);
    CHECK(memcmp(&heap, &heap_before, sizeof heap) == 0);
    CHECK(is_filled(first, 100));
}

TEST(bump_does_not_change_the_size_of_what_is_no_block)
{
    make_heap();
    CHECK(alloc(100, 1) == arena);
    CHECK(reallocate(arena + 100, 1, 2) == NULL);
    CHECK(reallocate(arena, 101, 2) == NULL);
    CHECK(reallocate(arena, 100, 0) == NULL);
    CHECK(reallocate(arena, 0, 100) == NULL);
    CHECK(reallocate(arena, 100, 10) == arena); /* but of what is one */
}
