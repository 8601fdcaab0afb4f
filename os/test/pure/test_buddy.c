/* test_buddy.c - the buddy system over an array of its own. */
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

/* Fills every block of a heap over arena[from, from + size), which may write nowhere else. */
static void check_stays_inside(size_t from, size_t size)
{
    memset(arena, 0xa5, sizeof arena);
    if (!buddy_init(&heap, arena + from, size))
        return;
    for (void *block; (block = buddy_alloc(&heap, (struct layout){GRANULE, 1})) != NULL;)
        memset(block, 0, GRANULE);
    for (size_t i = 0; i < sizeof arena; i++)
        CHECK(arena[i] == 0xa5 || (i >= from && i < from + size));
    CHECK(buddy_invariants_hold(&heap));
}

TEST(blocks_and_map_lie_inside_the_memory_given)
{
    for (size_t from = 1; from < 40; from += 3)
        for (size_t size = 0; size < 10 * WITH_MAP; size += 5)
            check_stays_inside(from, size);
}

TEST(two_heaps_side_by_side_do_not_touch_each_other)
{
    static struct buddy other;
    const size_t half = 13 * WITH_MAP;

    CHECK(buddy_init(&heap, arena, half));
    CHECK(buddy_init(&other, arena + half, half));
    look();
    for (void *block; (block = buddy_alloc(&other, LAYOUT_OF(int))) != NULL;)
        memset(block, 0xff, GRANULE);
    static struct heap_stats after;
    buddy_stats(&heap, &after);
    CHECK(memcmp(&stats, &after, sizeof stats) == 0);
    CHECK(buddy_invariants_hold(&heap) && buddy_invariants_hold(&other));
}

/* --- allocating ---------------------------------------------------------------------------------
 */

TEST(a_block_is_aligned_to_its_layout)
{
    for (size_t align = 1; align <= ARENA_ALIGN; align *= 2) {
        make_heap(300);
        CHECK(alloc(1) != NULL);
        const uintptr_t block = (uintptr_t)alloc_aligned(1, align);
        CHECK(block != 0);
        CHECK(block % align == 0);
    }
}

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

TEST(an_alignment_that_is_no_power_of_two_is_refused)
{
    static const size_t aligns[] = {0, 3, 5, 24, 48, 4095, SIZE_MAX, SIZE_MAX / 2 + 2};

    make_heap(300);
    remember_heap();
    for (size_t i = 0; i < sizeof aligns / sizeof aligns[0]; i++)
        CHECK(alloc_aligned(8, aligns[i]) == NULL);
    CHECK(heap_is_as_remembered());
}

TEST(an_alignment_of_half_the_address_space_is_refused)
{
    make_heap(300);
    CHECK(alloc_aligned(8, SIZE_MAX / 2 + 1) == NULL);
    CHECK(alloc_aligned(SIZE_MAX, SIZE_MAX / 2 + 1) == NULL);
}

TEST(a_size_of_zero_is_refused)
{
    make_heap(300);
    remember_heap();
    for (size_t align = 1; align <= ARENA_ALIGN; align *= 2)
        CHECK(alloc_aligned(0, align) == NULL);
    CHECK(alloc_aligned(0, 0) == NULL);
    CHECK(heap_is_as_remembered());
}

TEST(sizes_near_the_end_of_the_address_space_are_refused)
{
    make_heap(300);
    remember_heap();
    for (size_t below = 0; below < 5000; below += below < 70 ? 1 : 70) {
        CHECK(buddy_alloc(&heap, (struct layout){SIZE_MAX - below, 1}) == NULL);
        CHECK(buddy_alloc(&heap, (struct layout){SIZE_MAX - below, 4096}) == NULL);
        CHECK(buddy_alloc(&heap, (struct layout){SIZE_MAX / 2 - below, 16}) == NULL);
    }
    CHECK(heap_is_as_remembered());
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

TEST(a_second_free_of_a_block_is_refused)
{
    make_heap_with_two_blocks();
    release(granule_at(8));
    check_refused(granule_at(8), LAYOUT_UNKNOWN, FREE_TWICE);
    check_refused(granule_at(8), (struct layout){4 * GRANULE, 1}, FREE_TWICE);
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

TEST(a_free_of_memory_that_never_was_a_block_is_refused)
{
    make_heap_with_two_blocks();
    for (size_t byte = 0; byte < 8 * GRANULE; byte++)
        check_refused(arena + byte, LAYOUT_UNKNOWN, FREE_TWICE);
}

TEST(a_free_inside_a_live_block_is_refused)
{
    make_heap_with_two_blocks();
    for (size_t granule = 9; granule < 12; granule++)
        check_refused(granule_at(granule), LAYOUT_UNKNOWN, FREE_INTERIOR);
}

TEST(a_free_inside_a_live_block_that_was_made_of_freed_ones_is_refused)
{
    make_heap(4);
    for (size_t i = 0; i < 4; i++)
        CHECK(alloc(1) != NULL);
    for (size_t i = 0; i < 4; i++)
        release(granule_at(i));
    CHECK(alloc(4 * GRANULE) == granule_at(0));
    for (size_t i = 1; i < 4; i++)
        check_refused(granule_at(i), LAYOUT_UNKNOWN, FREE_INTERIOR);
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

TEST(a_misaligned_free_is_refused)
{
    make_heap_with_two_blocks();
    for (size_t byte = 1; byte < 4 * GRANULE; byte++)
        if (byte % GRANULE != 0)
            check_refused((uint8_t *)granule_at(8) + byte, LAYOUT_UNKNOWN, FREE_MISALIGNED);
}

TEST(a_free_outside_the_heap_is_refused)
{
    static uint8_t elsewhere[GRANULE];

    make_heap_with_two_blocks();
    check_refused(NULL, LAYOUT_UNKNOWN, FREE_FOREIGN);
    check_refused(elsewhere, LAYOUT_UNKNOWN, FREE_FOREIGN);
    check_refused((void *)UINTPTR_MAX, LAYOUT_UNKNOWN, FREE_FOREIGN);
    for (uintptr_t distance = 1; distance <= 64; distance++)
        check_refused((void *)((uintptr_t)arena - distance), LAYOUT_UNKNOWN, FREE_FOREIGN);
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

TEST(a_check_finds_a_live_block_in_order)
{
    make_heap_with_two_blocks();
    CHECK_EQUAL(buddy_check(&heap, granule_at(8), LAYOUT_UNKNOWN), FREE_OK);
    CHECK_EQUAL(buddy_check(&heap, granule_at(8), (struct layout){65, 1}), FREE_OK);
    CHECK_EQUAL(buddy_check(&heap, granule_at(12), (struct layout){1, 1}), FREE_OK);
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

TEST(a_move_copies_all_that_was_asked_for)
{
    make_heap(64);
    for (size_t size = 1; size <= 8 * GRANULE; size++) {
        void *const block = buddy_alloc(&heap, (struct layout){size, 1});
        void *const wall = alloc(8 * GRANULE);
        write_pattern(block, size);
        void *const moved = reallocate(block, size, 16 * GRANULE);
        CHECK(moved != NULL && holds_pattern(moved, size));
        release(moved);
        release(wall);
    }
}

TEST(a_move_keeps_the_alignment)
{
    const struct layout layout = {GRANULE, 256};

    make_heap(64);
    void *const block = buddy_alloc(&heap, layout);
    CHECK(alloc(8 * GRANULE) != NULL);
    void *const moved = buddy_realloc(&heap, block, layout, 300);
    CHECK(moved != NULL && moved != block);
    CHECK((uintptr_t)moved % 256 == 0);
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

TEST(a_realloc_without_memory_leaves_the_block_as_it_was)
{
    make_heap(4);
    write_pattern(alloc(GRANULE), GRANULE);
    CHECK(alloc(2 * GRANULE) == granule_at(2));
    remember_heap();
    CHECK(reallocate(granule_at(0), GRANULE, 3 * GRANULE) == NULL);
    CHECK(heap_is_as_remembered());
}

TEST(a_realloc_to_an_impossible_size_leaves_the_block_as_it_was)
{
    make_heap(8);
    CHECK(alloc(GRANULE) == granule_at(0));
    remember_heap();
    CHECK(reallocate(granule_at(0), GRANULE, 0) == NULL);
    CHECK(reallocate(granule_at(0), GRANULE, SIZE_MAX) == NULL);
    CHECK(reallocate(granule_at(0), GRANULE, (size_t)PTRDIFF_MAX) == NULL);
    CHECK(heap_is_as_remembered());
}

TEST(a_realloc_of_what_is_not_a_live_block_of_the_layout_is_refused)
{
    make_heap_with_two_blocks();
    remember_heap();
    CHECK(reallocate(granule_at(0), GRANULE, GRANULE) == NULL);
    CHECK(reallocate(granule_at(9), GRANULE, GRANULE) == NULL);
    CHECK(reallocate(arena + 8 * GRANULE + 8, GRANULE, GRANULE) == NULL);
    CHECK(reallocate(granule_at(8), GRANULE, GRANULE) == NULL);
    CHECK(reallocate(granule_at(8), 0, GRANULE) == NULL);
    CHECK(reallocate(NULL, GRANULE, GRANULE) == NULL);
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
