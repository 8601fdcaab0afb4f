/* test_dummy.c - what a free to the heap that has nothing ends in. */
#include "heap/dummy.h"
#include "panic_check.h"

TEST(dummy_refuses_everything_and_has_nothing)
{
    static struct dummy dummy;
    static int elsewhere;
    struct heap_stats stats = {.total = 1, .live = 1};

    CHECK(dummy_init(&dummy, &elsewhere, sizeof elsewhere));
    CHECK(dummy_alloc(&dummy, LAYOUT_OF(int)) == NULL);
    CHECK(dummy_realloc(&dummy, &elsewhere, LAYOUT_OF(int), 8) == NULL);
    CHECK_EQUAL(dummy_check(&dummy, &elsewhere, LAYOUT_OF(int)), FREE_FOREIGN);
    CHECK_EQUAL(dummy_block_size(&dummy, &elsewhere), 0);
    CHECK(dummy_invariants_hold(&dummy));
    dummy_stats(&dummy, &stats);
    CHECK_EQUAL(stats.total, 0);
    CHECK_EQUAL(stats.live, 0);
}

TEST(a_free_to_dummy_panics)
{
    static struct dummy dummy;
    static int elsewhere;

    CHECK(dummy_init(&dummy, &elsewhere, sizeof elsewhere));
    CHECK_PANICS("nothing was ever allocated", dummy_dealloc(&dummy, &elsewhere, LAYOUT_OF(int)));
}
