/* test_fail_alloc.c - failure injection fails what it is told to, and nothing else. */
#include "test/fail_alloc.h"

#include "heap/heap.h"
#include "test/pure/heap_balance.h"
#include "test/test.h"

static const struct layout LAYOUT = {24, 8};

/* Allocate by all four verbs in turn; a bit is set for each that has failed. */
static unsigned failures_of_four(void)
{
    void *const plain = heap_alloc(LAYOUT);
    void *const zeroed = heap_alloc_zeroed(LAYOUT);
    void *const grown = plain != NULL ? heap_realloc(plain, LAYOUT, 48) : NULL;
    void *const unsized = kmalloc(24);

    if (grown != NULL)
        heap_dealloc(grown, (struct layout){48, 8});
    else if (plain != NULL)
        heap_dealloc(plain, LAYOUT);
    if (zeroed != NULL)
        heap_dealloc(zeroed, LAYOUT);
    kfree(unsized);
    return (plain == NULL ? 1U : 0) | (zeroed == NULL ? 2U : 0) |
           (plain != NULL && grown == NULL ? 4U : 0) | (unsized == NULL ? 8U : 0);
}

TEST(the_nth_allocation_fails_and_only_it)
{
    begin();
    for (unsigned n = 1; n <= 4; n++) {
        fail_alloc_after(n);
        CHECK_EQUAL(failures_of_four(), 1U << (n - 1));
        CHECK_EQUAL(failures_of_four(), 0);
        CHECK(fail_alloc_stop());
    }
    check_nothing_is_left();
}

TEST(an_allocation_that_is_not_reached_does_not_fail)
{
    fail_alloc_after(5);
    CHECK_EQUAL(failures_of_four(), 0);
    CHECK(!fail_alloc_stop());
    CHECK_EQUAL(failures_of_four(), 0);
}

TEST(a_realloc_that_is_made_to_fail_keeps_its_block)
{
    begin();
    char *const block = heap_alloc(LAYOUT);
    block[0] = 'x';
    fail_alloc_after(1);
    CHECK(heap_realloc(block, LAYOUT, 4000) == NULL);
    CHECK(fail_alloc_stop());
    CHECK_EQUAL(block[0], 'x');
    heap_dealloc(block, LAYOUT);
    check_nothing_is_left();
}
