/*
 * test_heap_whole.c - the kernel's heap down to the last byte: tests that leave no room for guards,
 * and are no part of a kernel whose heap has some.
 */
#include "heap/heap.h"
#include "test/pure/heap_balance.h"
#include "test/test.h"

#define MIB (1024ul * 1024)

enum { PAGE = 4096 };

TEST(a_heap_block_is_aligned_up_to_the_limit_of_the_heap)
{
    begin();
    for (size_t align = 1; align <= KERNEL_HEAP_ALIGN; align *= 2) {
        const struct layout layout = {24, align};
        void *const block = heap_alloc(layout);
        CHECK(block != NULL);
        CHECK((uintptr_t)block % align == 0);
        heap_dealloc(block, layout);
    }
    check_nothing_is_left();
}

TEST(all_of_a_kmalloc_block_counts_as_user_bytes)
{
    begin();
    void *const block = kmalloc(100);
    heap_stats(&after);
    CHECK(after.user - before.user >= 100);
    CHECK_EQUAL(after.user - before.user, after.allocated - before.allocated);
    kfree(block);
    check_nothing_is_left();
}

TEST(one_request_of_4_mib_aligned_to_4_mib_succeeds)
{
    const struct layout layout = {4 * MIB, 4 * MIB};

    begin();
    uint8_t *const block = heap_alloc(layout);
    CHECK(block != NULL);
    CHECK((uintptr_t)block % layout.align == 0);
    block[0] = block[layout.size - 1] = 1;
    heap_dealloc(block, layout);
    check_nothing_is_left();
}

/* Takes pages until there is none; each holds the address of the one before. */
static void **take_all_pages(void)
{
    void **last = NULL;

    for (void **page; (page = heap_alloc((struct layout){PAGE, PAGE})) != NULL; last = page)
        *page = last;
    return last;
}

static void give_back_pages(void **last)
{
    while (last != NULL) {
        void **const page = last;
        last = *page;
        heap_dealloc(page, (struct layout){PAGE, PAGE});
    }
}

TEST(an_exhausted_heap_answers_null)
{
    begin();
    void **const pages = take_all_pages();
    void *const page = heap_alloc((struct layout){PAGE, 1});
    CHECK(heap_invariants_hold());
    give_back_pages(pages);
    CHECK(pages != NULL);
    CHECK(page == NULL);
    check_nothing_is_left();
}

TEST(an_exhausted_heap_recovers)
{
    begin();
    give_back_pages(take_all_pages());
    check_nothing_is_left();
}

TEST(pages_take_all_but_a_31st_of_the_heap)
{
    begin();
    void **const pages = take_all_pages();
    heap_stats(&after);
    give_back_pages(pages);
    CHECK(after.total - after.allocated < PAGE);
    CHECK(after.total >= KERNEL_HEAP_SIZE / 31 * 30);
}
