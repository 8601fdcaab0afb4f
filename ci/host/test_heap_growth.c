/* test_heap_growth.c - the kernel's heap grows. On the host alone, as no heap shrinks again. */
#include "heap/heap.h"
#include "test/test.h"

enum { PAGE = 4096 };

static _Alignas(PAGE) uint8_t region[2 * KERNEL_HEAP_SIZE];
static const struct layout most = {KERNEL_HEAP_SIZE / 2, 8};
static struct heap_stats before, after;

static bool add_region(struct layout layout)
{
    (void)layout;
    return heap_add_region(region, sizeof region);
}

static bool add_too_small_a_region(struct layout layout)
{
    (void)layout;
    return heap_add_region(region, 16);
}

static void fill_heap(void)
{
    while (heap_alloc(most) != NULL)
        ;
}

TEST(the_heap_grows_by_a_region)
{
    heap_stats(&before);
    CHECK(heap_add_region(region, sizeof region));
    heap_stats(&after);
    CHECK(after.total > before.total + KERNEL_HEAP_SIZE);
    CHECK(heap_invariants_hold());
}

TEST(too_small_a_region_is_refused_by_the_heap)
{
    heap_stats(&before);
    CHECK(!heap_add_region(region, 16));
    heap_stats(&after);
    CHECK_EQUAL(after.total, before.total);
}

TEST(the_rescue_hook_may_let_the_heap_grow)
{
    fill_heap();
    heap_set_rescue(add_region);
    uint8_t *const block = heap_alloc(most);
    CHECK(block >= region && block + most.size <= region + sizeof region);
    heap_dealloc(block, most);
    CHECK(heap_invariants_hold());
}

TEST(a_heap_that_does_not_grow_enough_answers_null)
{
    fill_heap();
    heap_set_rescue(add_too_small_a_region);
    CHECK(heap_alloc(most) == NULL);
}
