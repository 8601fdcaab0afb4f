/* test_heap_memory_paged.c - the heap on page frames: HEAP_BACKING=paged, with a heap that grows.
 */
#include "arch/memlayout.h"
#include "heap/heap.h"
#include "mm/heap_memory.h"
#include "mm/kernel_map.h"
#include "mm/page_map.h"
#include "test/frame_hoard.h"
#include "test/test.h"

#define START     (KERNEL_HEAP_RANGE + KERNEL_HEAP_ALIGN)
#define RANGE_END (KERNEL_HEAP_RANGE + KERNEL_HEAP_RANGE_SIZE)

enum { BLOCK = 64 * 1024 };

/* What no heap has room for that has not grown. */
static const struct layout too_much = {KERNEL_HEAP_SIZE, 8};

static bool is_mapped(uint64_t address)
{
    return page_lookup(&kernel_page_table, address) != 0;
}

/* The first address above the heap. */
static uint64_t heap_end(void)
{
    uint64_t address = START;

    while (heap_memory_holds((void *)address))
        address += PAGE_SIZE;
    return address;
}

TEST(the_heaps_range_is_not_in_the_direct_map)
{
    CHECK(KERNEL_HEAP_RANGE >= DIRECT_MAP_OFFSET + DIRECT_MAP_SIZE);
    CHECK_EQUAL(KERNEL_HEAP_RANGE % GIGAPAGE_SIZE, 0);
}

TEST(the_heaps_pages_are_frames_to_be_read_and_written)
{
    const uint64_t end = heap_end();

    CHECK(end >= START + KERNEL_HEAP_SIZE);
    for (uint64_t page = START; page < end; page += PAGE_SIZE) {
        const pte_t entry = page_lookup(&kernel_page_table, page);
        CHECK_EQUAL(entry, pte_make(pte_physical(entry), PTE_KERNEL_DATA));
        CHECK(pte_physical(entry) >= virtual_to_physical(ekernel));
    }
}

TEST(the_heap_has_guards_on_both_sides)
{
    for (uint64_t page = KERNEL_HEAP_RANGE; page < START; page += PAGE_SIZE)
        CHECK(!is_mapped(page));
    CHECK(!is_mapped(heap_end()));
    CHECK(!is_mapped(RANGE_END - PAGE_SIZE));
}

/* Growth by 16 MiB ends when `left` frames are used up; `left` is no more than it wants. */
static void check_frames_run_out(size_t left)
{
    struct heap_stats before, after;
    const uint64_t end = heap_end();

    hoard_frames(left);
    frame_stats(&before);
    heap_set_rescue(heap_memory_grow);
    void *const block = heap_alloc(too_much);
    heap_set_rescue(NULL);
    frame_stats(&after);
    give_back_hoard();
    CHECK(block == NULL);
    CHECK_EQUAL(after.allocated, before.allocated);
    CHECK_EQUAL(after.live, before.live);
    CHECK_EQUAL(after.largest_free, before.largest_free);
    CHECK_EQUAL(heap_end(), end);
    CHECK(!is_mapped(end));
    CHECK(heap_invariants_hold() && frame_invariants_hold());
}

TEST(growth_gives_all_back_when_frames_run_out_half_way)
{
    check_frames_run_out(1000);
}

TEST(growth_gives_all_back_when_there_is_no_frame)
{
    check_frames_run_out(0);
}

/* One frame is left when the first page of a megapage, which has no table as yet, is to be mapped.
 */
TEST(growth_gives_all_back_when_there_is_no_frame_for_a_table)
{
    check_frames_run_out((MEGAPAGE_SIZE - heap_end() % MEGAPAGE_SIZE) / PAGE_SIZE + 1);
}

TEST(growth_is_refused_to_layouts_that_it_would_not_help)
{
    const size_t before = free_frames();

    CHECK(!heap_memory_grow((struct layout){8, 4 * (size_t)KERNEL_HEAP_ALIGN}));
    CHECK(!heap_memory_grow((struct layout){KERNEL_HEAP_RANGE_SIZE, 8}));
    CHECK(!heap_memory_grow((struct layout){PTRDIFF_MAX, 1}));
    CHECK_EQUAL(free_frames(), before);
}

LONE_TEST(a_heap_grows_by_what_is_asked_for)
{
    uint8_t *const block = heap_alloc(too_much);

    CHECK(block != NULL);
    CHECK(heap_memory_holds(block) && heap_memory_holds(block + too_much.size - 1));
    CHECK(!is_mapped(heap_end()));
    CHECK(heap_invariants_hold());
    heap_dealloc(block, too_much);
    CHECK(heap_invariants_hold());
}

LONE_TEST(a_heap_grows_for_what_is_aligned_to_a_page)
{
    const struct layout layout = {too_much.size, 4096};
    void *const block = heap_alloc(layout);

    CHECK(block != NULL);
    CHECK_EQUAL((uintptr_t)block % layout.align, 0);
    heap_dealloc(block, layout);
    CHECK(heap_invariants_hold());
}

/* Blocks until there are no more; each begins with its number and the block before. */
struct chain {
    struct chain *before;
    size_t number;
};

static struct chain *take_all(void)
{
    struct chain *last = NULL;

    for (struct chain *block; (block = heap_alloc((struct layout){BLOCK, 8})) != NULL; last = block)
        *block = (struct chain){last, last == NULL ? 1 : last->number + 1};
    return last;
}

static void give_back(struct chain *last)
{
    while (last != NULL) {
        struct chain *const before = last->before;
        CHECK(before == NULL || before->number == last->number - 1);
        heap_dealloc(last, (struct layout){BLOCK, 8});
        last = before;
    }
}

/* On a machine with less RAM than the range the frames run out, else the range does. */
LONE_TEST(a_heap_grows_until_frames_or_its_range_are_used_up)
{
    const size_t frames = free_frames();
    struct chain *const last = take_all();
    const size_t left = free_frames();
    const uint64_t end = heap_end();

    CHECK(last != NULL);
    CHECK(left < 64 || RANGE_END - end < 64 * PAGE_SIZE);
    const size_t most = left < 64 ? frames : KERNEL_HEAP_RANGE_SIZE / PAGE_SIZE;
    CHECK(last->number * BLOCK > most / 10 * 9 * PAGE_SIZE);
    CHECK(heap_invariants_hold());
    give_back(last);
    struct chain *const again = take_all();
    CHECK_EQUAL(free_frames(), left);
    CHECK_EQUAL(heap_end(), end);
    CHECK(again != NULL);
    give_back(again);
    CHECK(heap_invariants_hold());
}

PANIC_TEST(panics_below_the_heap)
{
    *(volatile char *)(START - 1) = 0;
}

PANIC_TEST(panics_above_the_heap)
{
    *(volatile char *)heap_end() = 0;
}

/* It may not be executed, but it is not a guard. */
PANIC_TEST(panics_on_a_jump_into_the_heap)
{
    ((void (*)(void))START)();
}
