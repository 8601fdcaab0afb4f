/* test_list.c - what the linked-list heap does that other heaps do not; what all do is in
 * test_conformance.c. */
#include "heap/list.h"
#include "lib/string.h"
#include "test/test.h"

enum { HEADER = LIST_HEADER };

static _Alignas(4096) uint8_t arena[4096];
static struct list heap;
static uint8_t *first, *second, *third;

/* Three blocks of 64 bytes, one behind the other, and one free region. */
static void make_heap(void)
{
    memset(arena, 0, sizeof arena);
    CHECK(list_init(&heap, arena, sizeof arena));
    first = list_alloc(&heap, (struct layout){64, 1});
    second = list_alloc(&heap, (struct layout){64, 1});
    third = list_alloc(&heap, (struct layout){64, 1});
    CHECK(first == arena + HEADER && second == first + 64 + HEADER &&
          third == second + 64 + HEADER);
}

static void release(void *block)
{
    CHECK_EQUAL(list_dealloc(&heap, block, LAYOUT_UNKNOWN), FREE_OK);
    CHECK(list_invariants_hold(&heap));
}

static size_t regions(void)
{
    size_t count = 0;
    for (const struct list_region *region = heap.free; region != NULL; region = region->next)
        count++;
    return count;
}

TEST(list_joins_a_freed_block_with_the_region_behind_it)
{
    make_heap();
    release(third);
    CHECK_EQUAL(regions(), 1);
}

TEST(list_joins_a_freed_block_with_the_region_in_front_of_it)
{
    make_heap();
    release(first);
    release(second);
    CHECK_EQUAL(regions(), 2);
    CHECK(heap.free->size == 2 * (64 + HEADER));
}

TEST(list_joins_a_freed_block_with_regions_on_both_sides)
{
    make_heap();
    release(first);
    release(third);
    CHECK_EQUAL(regions(), 2);
    release(second);
    CHECK_EQUAL(regions(), 1);
}

TEST(list_keeps_the_gap_in_front_of_an_aligned_block)
{
    make_heap();
    CHECK(list_alloc(&heap, (struct layout){64, 1024}) == arena + 1024);
    CHECK_EQUAL(regions(), 2);
    CHECK(list_alloc(&heap, (struct layout){64, 1}) == third + 64 + HEADER);
}

TEST(list_takes_the_first_region_that_fits)
{
    make_heap();
    release(second);
    CHECK(list_alloc(&heap, (struct layout){65, 1}) > (void *)third);
    CHECK(list_alloc(&heap, (struct layout){64, 1}) == second);
}

TEST(list_refuses_a_free_of_a_parked_block)
{
    make_heap();
    list_park(&heap, second);
    CHECK_EQUAL(list_dealloc(&heap, second, LAYOUT_UNKNOWN), FREE_TWICE);
    CHECK_EQUAL(list_dealloc(&heap, second + 16, LAYOUT_UNKNOWN), FREE_TWICE);
}

TEST(list_joins_nothing_with_a_parked_block)
{
    make_heap();
    list_park(&heap, second);
    release(first);
    release(third);
    CHECK_EQUAL(regions(), 2);
    list_unpark(&heap, second);
    release(second);
    CHECK_EQUAL(regions(), 1);
}

TEST(list_does_not_count_a_parked_block_as_allocated)
{
    make_heap();
    list_park(&heap, second);
    CHECK_EQUAL(heap.allocated, 2 * (64 + HEADER));
    CHECK_EQUAL(heap.live, 2);
    list_unpark(&heap, second);
    CHECK_EQUAL(heap.allocated, 3 * (64 + HEADER));
    CHECK_EQUAL(heap.live, 3);
}

TEST(list_refuses_a_free_after_a_write_over_the_header)
{
    make_heap();
    memset(first, 0xff, 64 + 1);
    CHECK_EQUAL(list_dealloc(&heap, second, LAYOUT_UNKNOWN), FREE_INTERIOR);
    CHECK(!list_invariants_hold(&heap));
}

TEST(list_invariant_notices_any_other_byte_in_a_header)
{
    for (size_t i = 0; i < HEADER; i++)
        for (unsigned change = 1; change < 256; change++) {
            make_heap();
            (second - HEADER)[i] ^= (uint8_t)change;
            CHECK(!list_invariants_hold(&heap));
        }
}

TEST(list_invariant_notices_two_regions_that_were_not_joined)
{
    make_heap();
    struct list_region *const region = heap.free, *const upper = region + 8;
    *upper = (struct list_region){region->size - 128, NULL};
    *region = (struct list_region){128, upper};
    CHECK(!list_invariants_hold(&heap));
}

TEST(list_invariant_notices_a_wrong_figure)
{
    size_t *const figures[] = {&heap.allocated, &heap.live, &heap.parked};

    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        make_heap();
        ++*figures[i];
        CHECK(!list_invariants_hold(&heap));
    }
    make_heap();
    heap.peak = 1;
    CHECK(!list_invariants_hold(&heap));
}
