/* test_buddy.c - what the buddy system does that other heaps do not; what all do is in
 * test_conformance.c. */
#include "heap/buddy.h"
#include "lib/string.h"
#include "test/test.h"

enum {
    GRANULE = BUDDY_GRANULE,
    WITH_MAP = GRANULE + 1, /* what a granule costs */
    ARENA_ALIGN = 4096,
    ARENA_SIZE = 300 * WITH_MAP,
};

static _Alignas(ARENA_ALIGN) uint8_t arena[ARENA_SIZE];
static uint8_t arena_before[ARENA_SIZE];
static struct buddy heap, heap_before;
static struct heap_stats stats;

static void make_heap(size_t granules)
{
    CHECK(buddy_init(&heap, arena, granules * WITH_MAP));
    CHECK_EQUAL(heap.granules, granules);
}

static void *alloc(size_t size)
{
    void *const block = buddy_alloc(&heap, (struct layout){size, 1});
    CHECK(buddy_invariants_hold(&heap));
    return block;
}

static void *alloc_aligned(size_t size, size_t align)
{
    void *const block = buddy_alloc(&heap, (struct layout){size, align});
    CHECK(buddy_invariants_hold(&heap));
    return block;
}

static void release(void *block)
{
    CHECK_EQUAL(buddy_dealloc(&heap, block, LAYOUT_UNKNOWN), FREE_OK);
    CHECK(buddy_invariants_hold(&heap));
}

static void *reallocate(void *block, size_t size, size_t new_size)
{
    void *const moved = buddy_realloc(&heap, block, (struct layout){size, 1}, new_size);
    CHECK(buddy_invariants_hold(&heap));
    return moved;
}

static void *granule_at(size_t granule)
{
    return arena + granule * GRANULE;
}

static void look(void)
{
    buddy_stats(&heap, &stats);
}

static void remember_heap(void)
{
    memcpy(&heap_before, &heap, sizeof heap);
    memcpy(arena_before, arena, sizeof arena);
}

static bool heap_is_as_remembered(void)
{
    return memcmp(&heap, &heap_before, sizeof heap) == 0 &&
           memcmp(arena, arena_before, sizeof arena) == 0;
}

static void check_free_blocks(size_t order0, size_t order1, size_t order2, size_t order3)
{
    look();
    CHECK_EQUAL(stats.free_blocks[0], order0);
    CHECK_EQUAL(stats.free_blocks[1], order1);
    CHECK_EQUAL(stats.free_blocks[2], order2);
    CHECK_EQUAL(stats.free_blocks[3], order3);
}

/* --- making a heap ------------------------------------------------------------------------------
 */

TEST(memory_too_small_for_a_granule_and_its_map_makes_no_heap)
{
    for (size_t size = 0; size < WITH_MAP; size++)
        CHECK(!buddy_init(&heap, arena, size));
    CHECK(buddy_init(&heap, arena, WITH_MAP));
}

TEST(memory_lost_in_aligning_the_start_is_not_counted)
{
    CHECK(!buddy_init(&heap, arena + 1, GRANULE - 1 + WITH_MAP - 1));
    CHECK(buddy_init(&heap, arena + 1, GRANULE - 1 + WITH_MAP));
    CHECK(!buddy_init(&heap, arena + 1, 3));
}

TEST(the_map_takes_at_most_a_32nd_of_what_blocks_have)
{
    for (size_t size = WITH_MAP; size <= ARENA_SIZE; size++) {
        CHECK(buddy_init(&heap, arena, size));
        look();
        CHECK(size - stats.total <= stats.total / 32 + GRANULE);
    }
}

TEST(a_new_heap_is_one_free_block_for_each_bit_in_its_number_of_granules)
{
    for (size_t granules = 1; granules <= 300; granules++) {
        make_heap(granules);
        CHECK(buddy_invariants_hold(&heap));
        look();
        for (unsigned order = 0; order < HEAP_ORDERS; order++)
            CHECK_EQUAL(stats.free_blocks[order], granules >> order & 1);
    }
}

TEST(a_heap_is_used_to_its_last_granule)
{
    for (size_t granules = 1; granules <= 70; granules++) {
        make_heap(granules);
        for (size_t i = 0; i < granules; i++)
            CHECK(alloc(GRANULE) != NULL);
        CHECK(alloc(1) == NULL);
    }
}

TEST(each_top_block_of_13_granules_can_be_had_whole)
{
    make_heap(8 + 4 + 1);
    CHECK(alloc(8 * GRANULE) == granule_at(0));
    CHECK(alloc(4 * GRANULE) == granule_at(8));
    CHECK(alloc(1 * GRANULE) == granule_at(12));
}

TEST(an_empty_heap_serves_half_of_its_bytes_in_one_request)
{
    static const size_t starts[] = {0, 1, 17, 31, 32, 33, 100};

    for (size_t size = 4 * WITH_MAP; size < ARENA_SIZE - 100; size += 13)
        for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
            CHECK(buddy_init(&heap, arena + starts[i], size));
            look();
            CHECK(buddy_alloc(&heap, (struct layout){stats.total / 2, 1}) != NULL);
        }
}

TEST(memory_of_a_power_of_two_serves_half_of_it_in_one_request)
{
    for (size_t size = 64; size <= ARENA_SIZE; size *= 2) {
        CHECK(buddy_init(&heap, arena, size));
        CHECK(alloc(size / 2) != NULL);
    }
}

/* --- allocating ---------------------------------------------------------------------------------
 */

TEST(a_block_is_aligned_to_the_power_of_two_that_holds_it)
{
    for (size_t size = 1; size <= 64 * GRANULE; size += 31) {
        make_heap(300);
        CHECK(alloc(1) != NULL);
        const uintptr_t block = (uintptr_t)alloc(size);
        CHECK(block % buddy_block_size(&heap, (void *)block) == 0);
    }
}

TEST(an_alignment_above_the_bases_is_refused)
{
    CHECK(buddy_init(&heap, arena + GRANULE, 200 * WITH_MAP));
    CHECK(alloc_aligned(1, GRANULE) != NULL);
    remember_heap();
    CHECK(alloc_aligned(1, 2 * (size_t)GRANULE) == NULL);
    CHECK(heap_is_as_remembered());
}

TEST(an_odd_start_serves_alignments_up_to_that_of_the_first_granule)
{
    CHECK(buddy_init(&heap, arena + 33, 200 * WITH_MAP));
    CHECK(alloc_aligned(1, 2 * (size_t)GRANULE) != NULL);
    CHECK(alloc_aligned(1, 4 * (size_t)GRANULE) == NULL);
}

TEST(a_request_larger_than_the_largest_free_block_fails_and_changes_nothing)
{
    make_heap(13);
    remember_heap();
    CHECK(alloc(8 * GRANULE + 1) == NULL);
    CHECK(heap_is_as_remembered());
}

TEST(a_block_has_the_least_power_of_two_of_granules_that_holds_it)
{
    make_heap(256);
    for (size_t size = 1; size <= 128 * GRANULE; size++) {
        void *const block = buddy_alloc(&heap, (struct layout){size, 1});
        const size_t room = buddy_block_size(&heap, block);
        CHECK(is_power_of_two(room) && room >= GRANULE);
        CHECK(room >= size && (room / 2 < size || room == GRANULE));
        CHECK_EQUAL(buddy_dealloc(&heap, block, LAYOUT_UNKNOWN), FREE_OK);
    }
}

TEST(a_block_is_split_no_further_than_needed)
{
    make_heap(16);
    CHECK(alloc(GRANULE) != NULL);
    check_free_blocks(1, 1, 1, 1);
}

TEST(the_smallest_free_block_that_fits_is_taken)
{
    make_heap(8 + 4 + 1);
    CHECK(alloc(GRANULE) == granule_at(12));
    CHECK(alloc(2 * GRANULE) == granule_at(8));
    check_free_blocks(0, 1, 0, 1);
}

TEST(a_block_is_not_cleared)
{
    make_heap(4);
    memset(alloc(4 * GRANULE), 0x77, 4 * GRANULE);
    release(arena);
    CHECK(*((uint8_t *)alloc(4 * GRANULE) + 100) == 0x77);
}

/* --- freeing ------------------------------------------------------------------------------------
 */

/* Takes all 16 granules and frees granule `step * i mod 16` for all i: odd steps visit each once.
 */
static void check_joins_in_steps_of(size_t step)
{
    make_heap(16);
    for (size_t i = 0; i < 16; i++)
        CHECK(alloc(1) != NULL);
    for (size_t i = 0; i < 16; i++)
        release(granule_at(step * i % 16));
    look();
    CHECK_EQUAL(stats.free_blocks[4], 1);
}

TEST(freed_blocks_join_in_whatever_order_they_come)
{
    for (size_t step = 1; step < 16; step += 2)
        check_joins_in_steps_of(step);
}

TEST(neighbours_that_are_not_buddies_do_not_join)
{
    make_heap(4);
    for (size_t i = 0; i < 4; i++)
        CHECK(alloc(1) != NULL);
    release(granule_at(1));
    release(granule_at(2));
    check_free_blocks(2, 0, 0, 0);
}

TEST(a_buddy_that_is_split_does_not_join)
{
    make_heap(4);
    CHECK(alloc(2 * GRANULE) == granule_at(0));
    CHECK(alloc(1) == granule_at(2));
    release(granule_at(0));
    check_free_blocks(1, 1, 0, 0);
}

TEST(blocks_join_no_further_than_their_top_block)
{
    make_heap(4 + 2 + 1);
    for (size_t i = 0; i < 7; i++)
        CHECK(alloc(1) != NULL);
    for (size_t i = 7; i-- > 0;)
        release(granule_at(i));
    check_free_blocks(1, 1, 1, 0);
}

TEST(a_block_that_was_joined_can_be_split_and_freed_again)
{
    make_heap(2);
    for (int round = 0; round < 3; round++) {
        CHECK(alloc(1) == granule_at(0));
        CHECK(alloc(1) == granule_at(1));
        release(granule_at(0));
        release(granule_at(1));
        check_free_blocks(0, 1, 0, 0);
    }
}

TEST(a_block_is_freed_with_the_layout_that_it_was_allocated_with)
{
    const struct layout layout = {100, 64};

    make_heap(16);
    void *const block = buddy_alloc(&heap, layout);
    CHECK_EQUAL(buddy_dealloc(&heap, block, layout), FREE_OK);
    look();
    CHECK_EQUAL(stats.live, 0);
}

/* Both the question and the deed say `result`, and neither changes anything. */
static void check_refused(const void *block, struct layout layout, enum free_result result)
{
    remember_heap();
    CHECK_EQUAL(buddy_check(&heap, block, layout), result);
    CHECK_EQUAL(buddy_dealloc(&heap, (void *)(uintptr_t)block, layout), result);
    CHECK(heap_is_as_remembered());
    CHECK(buddy_invariants_hold(&heap));
}

/* A heap of 13 granules with one live block of four granules at the start, and one of one. */
static void make_heap_with_two_blocks(void)
{
    make_heap(8 + 4 + 1);
    CHECK(alloc(8 * GRANULE) == granule_at(0));
    CHECK(alloc(4 * GRANULE) == granule_at(8));
    release(granule_at(0));
    CHECK(alloc(1) == granule_at(12));
}

TEST(a_second_free_of_a_block_that_was_joined_is_refused)
{
    make_heap(2);
    CHECK(alloc(1) == granule_at(0));
    CHECK(alloc(1) == granule_at(1));
    release(granule_at(0));
    release(granule_at(1));
    check_refused(granule_at(1), LAYOUT_UNKNOWN, FREE_TWICE);
    check_refused(granule_at(0), LAYOUT_UNKNOWN, FREE_TWICE);
}

TEST(a_free_in_the_last_of_many_halves_is_told_by_the_state_of_that_half)
{
    make_heap(16); /* is split into 8, 4, 2, 1 free, 1 live */
    for (size_t i = 0; i < 16; i++)
        CHECK(alloc(1) != NULL);
    for (size_t i = 0; i < 15; i++)
        release(granule_at(i));
    for (size_t i = 0; i < 15; i++)
        check_refused(granule_at(i), LAYOUT_UNKNOWN, FREE_TWICE);
    check_refused((uint8_t *)granule_at(15) + 8, LAYOUT_UNKNOWN, FREE_MISALIGNED);
}

TEST(a_free_of_the_map_is_refused)
{
    make_heap_with_two_blocks();
    for (size_t byte = 13 * GRANULE; byte < 13 * WITH_MAP + 64; byte++)
        check_refused(arena + byte, LAYOUT_UNKNOWN, FREE_FOREIGN);
}

TEST(a_free_with_the_layout_of_another_size_is_refused)
{
    make_heap_with_two_blocks();
    check_refused(granule_at(8), (struct layout){2 * GRANULE, 1}, FREE_WRONG_LAYOUT);
    check_refused(granule_at(8), (struct layout){4 * GRANULE + 1, 1}, FREE_WRONG_LAYOUT);
    check_refused(granule_at(8), (struct layout){SIZE_MAX, 1}, FREE_WRONG_LAYOUT);
    check_refused(granule_at(12), (struct layout){GRANULE + 1, 1}, FREE_WRONG_LAYOUT);
}

TEST(a_free_with_the_layout_of_another_alignment_is_refused)
{
    make_heap_with_two_blocks();
    check_refused(granule_at(8), (struct layout){100, 256}, FREE_WRONG_LAYOUT);
    check_refused(granule_at(12), (struct layout){1, 64}, FREE_WRONG_LAYOUT);
}

TEST(only_the_first_byte_of_a_live_block_has_a_block_size)
{
    make_heap_with_two_blocks();
    for (size_t byte = 0; byte < 13 * WITH_MAP; byte++) {
        const size_t size = byte == 8 * GRANULE ? 4 * GRANULE : byte == 12 * GRANULE ? GRANULE : 0;
        CHECK_EQUAL(buddy_block_size(&heap, arena + byte), size);
    }
    CHECK_EQUAL(buddy_block_size(&heap, NULL), 0);
}

TEST(every_free_result_has_a_text_of_its_own)
{
    for (unsigned i = FREE_OK; i <= FREE_WRONG_LAYOUT; i++)
        for (unsigned k = FREE_OK; k < i; k++)
            CHECK(strcmp(free_result_text((enum free_result)i),
                         free_result_text((enum free_result)k)) != 0);
}

/* --- changing the size --------------------------------------------------------------------------
 */

static void write_pattern(void *block, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)block)[i] = (uint8_t)(i * 7 + 1);
}

static bool holds_pattern(const void *block, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (((const uint8_t *)block)[i] != (uint8_t)(i * 7 + 1))
            return false;
    return true;
}

TEST(a_block_grows_in_place_into_its_free_buddy)
{
    make_heap(8);
    write_pattern(alloc(GRANULE), GRANULE);
    CHECK(reallocate(granule_at(0), GRANULE, 2 * GRANULE) == granule_at(0));
    CHECK(holds_pattern(granule_at(0), GRANULE));
    check_free_blocks(0, 1, 1, 0);
}

TEST(a_block_grows_in_place_over_several_free_buddies_at_once)
{
    make_heap(8);
    write_pattern(alloc(GRANULE), GRANULE);
    CHECK(reallocate(granule_at(0), GRANULE, 8 * GRANULE) == granule_at(0));
    CHECK(holds_pattern(granule_at(0), GRANULE));
    check_free_blocks(0, 0, 0, 0);
    CHECK_EQUAL(buddy_block_size(&heap, granule_at(0)), 8 * GRANULE);
}

TEST(a_block_grows_in_place_in_the_middle_of_the_heap)
{
    make_heap(8);
    CHECK(alloc(4 * GRANULE) == granule_at(0));
    CHECK(alloc(GRANULE) == granule_at(4));
    CHECK(reallocate(granule_at(4), GRANULE, 4 * GRANULE) == granule_at(4));
    check_free_blocks(0, 0, 0, 0);
}

TEST(a_block_whose_buddy_is_live_moves_with_its_contents)
{
    make_heap(8);
    write_pattern(alloc(GRANULE), GRANULE);
    CHECK(alloc(GRANULE) == granule_at(1));
    void *const moved = reallocate(granule_at(0), GRANULE, 2 * GRANULE);
    CHECK(moved == granule_at(2));
    CHECK(holds_pattern(moved, GRANULE));
    CHECK_EQUAL(buddy_check(&heap, granule_at(0), LAYOUT_UNKNOWN), FREE_TWICE);
}

TEST(a_block_that_is_an_upper_half_moves_with_its_contents)
{
    make_heap(8);
    CHECK(alloc(GRANULE) == granule_at(0));
    write_pattern(alloc(GRANULE), GRANULE);
    release(granule_at(0));
    void *const moved = reallocate(granule_at(1), GRANULE, 2 * GRANULE);
    CHECK(moved == granule_at(2));
    CHECK(holds_pattern(moved, GRANULE));
    check_free_blocks(0, 1, 1, 0);
}

TEST(a_block_whose_buddy_is_split_moves)
{
    make_heap(8);
    CHECK(alloc(2 * GRANULE) == granule_at(0));
    CHECK(alloc(GRANULE) == granule_at(2));
    CHECK(reallocate(granule_at(0), 2 * GRANULE, 4 * GRANULE) == granule_at(4));
}

TEST(a_block_does_not_grow_beyond_its_top_block)
{
    make_heap(4 + 2);
    CHECK(alloc(4 * GRANULE) == granule_at(0));
    remember_heap();
    CHECK(reallocate(granule_at(0), 4 * GRANULE, 8 * GRANULE) == NULL);
    CHECK(heap_is_as_remembered());
}

TEST(an_upper_half_does_not_grow_into_the_free_block_behind_it)
{
    make_heap(8);
    for (size_t i = 0; i < 4; i++)
        CHECK(alloc(GRANULE) == granule_at(i));
    release(granule_at(2));
    CHECK(reallocate(granule_at(1), GRANULE, 2 * GRANULE) == granule_at(4));
}

TEST(a_block_does_not_grow_over_the_end_of_the_heap)
{
    memset(arena, 2, sizeof arena); /* behind the map: what looks like a free block of 4 granules */
    make_heap(4);
    CHECK(alloc(4 * GRANULE) == granule_at(0));
    CHECK(reallocate(granule_at(0), 4 * GRANULE, 8 * GRANULE) == NULL);
}

TEST(a_block_shrinks_in_place_and_gives_back_the_rest)
{
    make_heap(8);
    write_pattern(alloc(8 * GRANULE), GRANULE);
    CHECK(reallocate(granule_at(0), 8 * GRANULE, GRANULE) == granule_at(0));
    CHECK(holds_pattern(granule_at(0), GRANULE));
    check_free_blocks(1, 1, 1, 0);
}

TEST(a_block_shrinks_no_further_than_its_alignment)
{
    const struct layout layout = {8 * GRANULE, 4 * GRANULE};

    make_heap(8);
    CHECK(buddy_alloc(&heap, layout) == granule_at(0));
    CHECK(buddy_realloc(&heap, granule_at(0), layout, 1) == granule_at(0));
    CHECK_EQUAL(buddy_block_size(&heap, granule_at(0)), 4 * GRANULE);
    CHECK(buddy_invariants_hold(&heap));
}

TEST(a_block_that_was_shrunk_and_freed_joins_with_what_it_gave_back)
{
    make_heap(8);
    CHECK(alloc(8 * GRANULE) == granule_at(0));
    CHECK(reallocate(granule_at(0), 8 * GRANULE, GRANULE) == granule_at(0));
    release(granule_at(0));
    check_free_blocks(0, 0, 0, 1);
}

TEST(a_size_for_which_the_block_is_right_changes_nothing)
{
    make_heap(8);
    CHECK(alloc(GRANULE + 1) == granule_at(0));
    remember_heap();
    CHECK(reallocate(granule_at(0), GRANULE + 1, 2 * GRANULE) == granule_at(0));
    CHECK(heap_is_as_remembered());
}

/* --- figures ------------------------------------------------------------------------------------
 */

TEST(a_new_heap_has_all_its_bytes_free)
{
    make_heap(13);
    look();
    CHECK_EQUAL(stats.total, 13 * GRANULE);
    CHECK_EQUAL(stats.allocated, 0);
    CHECK_EQUAL(stats.peak, 0);
    CHECK_EQUAL(stats.live, 0);
    CHECK_EQUAL(stats.order_size, GRANULE);
}

TEST(allocated_bytes_are_those_of_whole_blocks)
{
    make_heap(16);
    CHECK(alloc(1) != NULL);
    CHECK(alloc(3 * GRANULE) != NULL);
    look();
    CHECK_EQUAL(stats.allocated, 5 * GRANULE);
    CHECK_EQUAL(stats.live, 2);
}

TEST(a_free_is_taken_off_the_figures)
{
    make_heap(16);
    CHECK(alloc(1) == granule_at(0));
    CHECK(alloc(3 * GRANULE) == granule_at(4));
    release(granule_at(4));
    look();
    CHECK_EQUAL(stats.allocated, GRANULE);
    CHECK_EQUAL(stats.live, 1);
}

TEST(the_peak_is_the_most_that_ever_was_allocated)
{
    make_heap(16);
    CHECK(alloc(4 * GRANULE) == granule_at(0));
    release(granule_at(0));
    CHECK(alloc(2 * GRANULE) == granule_at(0));
    look();
    CHECK_EQUAL(stats.peak, 4 * GRANULE);
    CHECK(alloc(8 * GRANULE) != NULL);
    look();
    CHECK_EQUAL(stats.peak, 10 * GRANULE);
}

TEST(a_realloc_in_place_is_counted)
{
    make_heap(16);
    CHECK(alloc(GRANULE) == granule_at(0));
    CHECK(reallocate(granule_at(0), GRANULE, 16 * GRANULE) == granule_at(0));
    CHECK(reallocate(granule_at(0), 16 * GRANULE, 2 * GRANULE) == granule_at(0));
    look();
    CHECK_EQUAL(stats.allocated, 2 * GRANULE);
    CHECK_EQUAL(stats.peak, 16 * GRANULE);
    CHECK_EQUAL(stats.live, 1);
}

TEST(the_largest_free_block_is_known)
{
    make_heap(8 + 4 + 1);
    look();
    CHECK_EQUAL(stats.largest_free, 8 * GRANULE);
    CHECK(alloc(8 * GRANULE) != NULL);
    look();
    CHECK_EQUAL(stats.largest_free, 4 * GRANULE);
}

TEST(a_full_heap_has_no_free_block)
{
    make_heap(2);
    CHECK(alloc(2 * GRANULE) != NULL);
    look();
    CHECK_EQUAL(stats.largest_free, 0);
}

TEST(internal_fragmentation_is_the_share_that_nobody_asked_for)
{
    const struct heap_stats some = {.total = 1000, .user = 300, .allocated = 400};
    const struct heap_stats none = {.total = 1000};
    CHECK_EQUAL(heap_internal_fragmentation(&some), 250);
    CHECK_EQUAL(heap_internal_fragmentation(&none), 0);
}

TEST(external_fragmentation_is_the_share_outside_the_largest_free_block)
{
    make_heap(16);
    look();
    CHECK_EQUAL(heap_external_fragmentation(&stats), 0);
    CHECK(alloc(8 * GRANULE) == granule_at(0));
    CHECK(alloc(4 * GRANULE) == granule_at(8));
    CHECK(alloc(2 * GRANULE) == granule_at(12));
    release(granule_at(8));
    look(); /* free are 4 at 8 and 2 at 14 */
    CHECK_EQUAL(heap_external_fragmentation(&stats), 333);
}

TEST(a_full_heap_has_no_external_fragmentation)
{
    make_heap(1);
    CHECK(alloc(1) != NULL);
    look();
    CHECK_EQUAL(heap_external_fragmentation(&stats), 0);
}

/* --- the invariant itself -----------------------------------------------------------------------
 */

TEST(the_invariant_notices_a_wrong_figure)
{
    size_t *const figures[] = {&heap.allocated, &heap.live, &heap.available};

    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        make_heap_with_two_blocks();
        ++*figures[i];
        CHECK(!buddy_invariants_hold(&heap));
    }
    make_heap_with_two_blocks();
    heap.peak = 1;
    CHECK(!buddy_invariants_hold(&heap));
}

TEST(the_invariant_notices_any_other_byte_at_the_head_of_a_block)
{
    static const size_t heads[] = {0, 8, 12};

    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        for (unsigned change = 1; change < 256; change++) {
            make_heap_with_two_blocks();
            heap.map[heads[i]] ^= (uint8_t)change;
            CHECK(!buddy_invariants_hold(&heap));
        }
}

TEST(the_invariant_notices_a_live_mark_inside_a_block)
{
    for (size_t granule = 1; granule < 12; granule++) {
        make_heap_with_two_blocks();
        heap.map[granule] |= 0x80;
        CHECK(granule == 8 || !buddy_invariants_hold(&heap));
    }
}

TEST(the_invariant_notices_two_free_buddies_that_were_not_joined)
{
    make_heap(2);
    CHECK(alloc(1) == granule_at(0));
    heap.map[0] = 0;
    heap.live = heap.allocated = 0;
    dlist_push_front(&heap.free[0], granule_at(0));
    CHECK(!buddy_invariants_hold(&heap));
}

TEST(the_invariant_notices_a_free_block_that_is_not_listed)
{
    make_heap_with_two_blocks();
    dlist_init(&heap.free[3]);
    CHECK(!buddy_invariants_hold(&heap));
    heap.available = 0;
    CHECK(!buddy_invariants_hold(&heap));
}

TEST(the_invariant_notices_a_list_that_runs_in_a_circle)
{
    make_heap(3);
    CHECK(alloc(2 * GRANULE) == granule_at(0));
    struct dlist_node *const node = heap.free[0].next;
    node->next = node->prev = node;
    CHECK(!buddy_invariants_hold(&heap));
}

/* --- growth -------------------------------------------------------------------------------- */

static _Alignas(64) unsigned char first_region[1024], second_region[4096];

static void make_grown(struct buddy *grown)
{
    CHECK(buddy_init(grown, first_region, sizeof first_region));
    CHECK(buddy_add_region(grown, second_region, sizeof second_region));
}

static bool lies_in(const void *block, const unsigned char *region, size_t size)
{
    return (uintptr_t)block - (uintptr_t)region < size;
}

TEST(a_full_heap_serves_from_the_region_it_grew_by)
{
    const struct layout layout = {512, 8};

    make_grown(&heap);
    CHECK(lies_in(buddy_alloc(&heap, layout), first_region, sizeof first_region));
    CHECK(lies_in(buddy_alloc(&heap, layout), second_region, sizeof second_region));
    CHECK(buddy_invariants_hold(&heap));
}

TEST(a_block_goes_back_to_the_region_it_came_from)
{
    const struct layout layout = {2048, 8};

    make_grown(&heap);
    void *const block = buddy_alloc(&heap, layout);
    CHECK(block != NULL);
    CHECK_EQUAL(buddy_block_size(&heap, block), 2048);
    CHECK_EQUAL(buddy_dealloc(&heap, block, layout), FREE_OK);
    CHECK_EQUAL(buddy_dealloc(&heap, block, layout), FREE_TWICE);
    CHECK(buddy_invariants_hold(&heap));
    CHECK(buddy_alloc(&heap, layout) == block);
}

TEST(a_block_grows_in_place_in_the_region_that_was_added)
{
    const struct layout layout = {1024, 8};

    make_grown(&heap);
    CHECK(buddy_alloc(&heap, layout) != NULL); /* a top block, which cannot grow */
    void *const block = buddy_alloc(&heap, layout);
    CHECK(buddy_realloc(&heap, block, layout, 2048) == block);
    CHECK(buddy_invariants_hold(&heap));
}

TEST(figures_of_a_grown_heap_are_those_of_all_its_regions)
{
    struct heap_stats alone, both;

    CHECK(buddy_init(&heap, first_region, sizeof first_region));
    buddy_stats(&heap, &alone);
    make_grown(&heap);
    CHECK(buddy_alloc(&heap, (struct layout){512, 8}) != NULL);
    CHECK(buddy_alloc(&heap, (struct layout){512, 8}) != NULL);
    buddy_stats(&heap, &both);
    CHECK(both.total > alone.total + 2048);
    CHECK_EQUAL(both.allocated, 1024);
    CHECK_EQUAL(both.live, 2);
}

TEST(a_region_too_small_for_its_own_record_is_refused)
{
    CHECK(buddy_init(&heap, first_region, sizeof first_region));
    CHECK(!buddy_add_region(&heap, second_region, sizeof(struct buddy)));
    CHECK(buddy_alloc(&heap, (struct layout){1024, 8}) == NULL);
}
