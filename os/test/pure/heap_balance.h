/* heap_balance.h - for tests of the kernel's heap: between begin() and check_nothing_is_left() as
 * much must be freed as was allocated. */
#pragma once

#include "heap/heap.h"
#include "test/test.h"

static struct heap_stats before, after;

static void begin(void)
{
    heap_stats(&before);
}

static void check_nothing_is_left(void)
{
    CHECK(heap_invariants_hold());
    heap_stats(&after);
    CHECK_EQUAL(after.user, before.user);
    CHECK_EQUAL(after.allocated, before.allocated);
    CHECK_EQUAL(after.live, before.live);
}
