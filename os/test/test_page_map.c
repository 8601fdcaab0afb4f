/* test_page_map.c - the pages of an address space. */
#include "lib/string.h"
#include "mm/kernel_map.h"
#include "mm/page_map.h"
#include "test/frame_hoard.h"
#include "test/test.h"

#define PLACE (KERNEL_HEAP_RANGE + KERNEL_HEAP_RANGE_SIZE) /* nothing is mapped here or above */

enum { TABLES = 2 }; /* that a page needs below the root */

static struct page_table root;
static uint64_t frame; /* physical address */

static void begin(void)
{
    void *const taken = frame_alloc(0);

    CHECK(taken != NULL);
    memset(taken, 0, PAGE_SIZE);
    memset(&root, 0, sizeof root);
    frame = virtual_to_physical(taken);
}

static void end(void)
{
    frame_free(physical_to_virtual(frame), 0);
}

TEST(a_page_that_is_mapped_is_found)
{
    begin();
    CHECK(page_map(&root, PLACE, frame, PTE_KERNEL_RODATA));
    const pte_t found = page_lookup(&root, PLACE);
    page_unmap(&root, PLACE);
    end();
    CHECK_EQUAL(found, pte_make(frame, PTE_KERNEL_RODATA));
}

TEST(no_page_is_found_beside_one_that_is_mapped)
{
    static const uint64_t distances[] = {PAGE_SIZE, MEGAPAGE_SIZE, GIGAPAGE_SIZE};
    pte_t found = 0;

    begin();
    CHECK(page_map(&root, PLACE, frame, PTE_KERNEL_DATA));
    for (unsigned i = 0; i < sizeof distances / sizeof *distances; i++)
        found |=
            page_lookup(&root, PLACE + distances[i]) | page_lookup(&root, PLACE - distances[i]);
    page_unmap(&root, PLACE);
    end();
    CHECK_EQUAL(found, 0);
}

TEST(a_page_that_is_unmapped_is_not_found)
{
    begin();
    CHECK(page_map(&root, PLACE, frame, PTE_KERNEL_DATA));
    const uint64_t physical = page_unmap(&root, PLACE);
    end();
    CHECK_EQUAL(physical, frame);
    CHECK_EQUAL(page_lookup(&root, PLACE), 0);
}

TEST(no_page_is_found_in_a_gigapage)
{
    CHECK_EQUAL(page_lookup(&kernel_page_table, DIRECT_MAP_OFFSET), 0);
}

TEST(a_page_shows_its_frame)
{
    volatile int *const page = (volatile int *)PLACE;

    begin();
    CHECK(page_map(&kernel_page_table, PLACE, frame, PTE_KERNEL_DATA));
    *page = 41;
    page_unmap(&kernel_page_table, PLACE);
    const int found = *(int *)physical_to_virtual(frame);
    end();
    CHECK_EQUAL(found, 41);
}

/* Its neighbour keeps the tables: a translation that was kept would be seen. */
TEST(a_page_that_is_mapped_anew_shows_its_new_frame)
{
    const volatile int *const page = (const volatile int *)PLACE;
    int found[2];

    begin();
    int *const other = frame_alloc(0);
    CHECK(other != NULL);
    *other = 42;
    CHECK(page_map(&kernel_page_table, PLACE + PAGE_SIZE, frame, PTE_KERNEL_DATA));
    CHECK(page_map(&kernel_page_table, PLACE, frame, PTE_KERNEL_DATA));
    found[0] = *page;
    page_unmap(&kernel_page_table, PLACE);
    CHECK(page_map(&kernel_page_table, PLACE, virtual_to_physical(other), PTE_KERNEL_DATA));
    found[1] = *page;
    page_unmap(&kernel_page_table, PLACE);
    page_unmap(&kernel_page_table, PLACE + PAGE_SIZE);
    frame_free(other, 0);
    end();
    CHECK_EQUAL(found[0], 0);
    CHECK_EQUAL(found[1], 42);
}

TEST(tables_are_given_back_with_their_last_page)
{
    begin();
    const size_t before = free_frames();
    CHECK(page_map(&root, PLACE, frame, PTE_KERNEL_DATA));
    CHECK_EQUAL(free_frames(), before - TABLES);
    CHECK(page_map(&root, PLACE + PAGE_SIZE, frame, PTE_KERNEL_DATA));
    CHECK_EQUAL(free_frames(), before - TABLES);
    CHECK(page_map(&root, PLACE + MEGAPAGE_SIZE, frame, PTE_KERNEL_DATA));
    CHECK_EQUAL(free_frames(), before - TABLES - 1);
    page_unmap(&root, PLACE);
    CHECK_EQUAL(free_frames(), before - TABLES - 1);
    page_unmap(&root, PLACE + PAGE_SIZE);
    CHECK_EQUAL(free_frames(), before - TABLES);
    page_unmap(&root, PLACE + MEGAPAGE_SIZE);
    CHECK_EQUAL(free_frames(), before);
    end();
}

TEST(a_page_is_not_mapped_when_no_frame_is_left_for_its_tables)
{
    begin();
    for (size_t left = 0; left < TABLES; left++) {
        hoard_frames(left);
        const bool mapped = page_map(&root, PLACE, frame, PTE_KERNEL_DATA);
        const size_t then = free_frames();
        give_back_hoard();
        CHECK(!mapped);
        CHECK_EQUAL(then, left);
        CHECK_EQUAL(root.entries[pte_index(PLACE, 2)], 0);
    }
    end();
}

PANIC_TEST(panics_on_an_access_to_a_page_that_was_unmapped)
{
    begin();
    CHECK(page_map(&kernel_page_table, PLACE + PAGE_SIZE, frame, PTE_KERNEL_DATA));
    CHECK(page_map(&kernel_page_table, PLACE, frame, PTE_KERNEL_DATA));
    *(volatile int *)PLACE = 41;
    page_unmap(&kernel_page_table, PLACE);
    *(volatile int *)PLACE = 42;
}

PANIC_TEST(panics_on_a_page_mapped_twice)
{
    begin();
    page_map(&root, PLACE, frame, PTE_KERNEL_DATA);
    page_map(&root, PLACE, frame, PTE_KERNEL_DATA);
}

PANIC_TEST(panics_on_a_page_mapped_in_a_gigapage)
{
    page_map(&kernel_page_table, DIRECT_MAP_OFFSET, 0, PTE_KERNEL_DATA);
}

PANIC_TEST(panics_on_a_page_writable_and_executable)
{
    page_map(&root, PLACE, 0, PTE_KERNEL_DATA | PTE_X);
}

PANIC_TEST(panics_on_a_page_unmapped_twice)
{
    begin();
    page_map(&root, PLACE, frame, PTE_KERNEL_DATA);
    page_unmap(&root, PLACE);
    page_unmap(&root, PLACE);
}
