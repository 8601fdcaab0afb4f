/* test_dummy.c - what a free to the heap that has nothing ends in. */
#include "heap/dummy.h"
#include "panic_check.h"

TEST(a_free_to_dummy_panics)
{
    static struct dummy dummy;
    static int elsewhere;

    CHECK(dummy_init(&dummy, &elsewhere, sizeof elsewhere));
    CHECK_PANICS("nothing was ever allocated", dummy_dealloc(&dummy, &elsewhere, LAYOUT_OF(int)));
}
