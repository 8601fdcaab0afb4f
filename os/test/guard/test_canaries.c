/*
 * test_canaries.c - what known bytes around objects show (HEAP_DEBUG=1). The host knows from the
 * comments which lines a report has to name: ci/tests/test_guards.py.
 */
#include "config.h"
#include "heap/heap.h"
#include "test/guard/errors.h"
#include "test/test.h"

PANIC_TEST(a_write_behind_an_object_is_found_when_it_is_freed)
{
    char *const object = hide(kmalloc(30)); /* allocated */
    object[30] = 1;
    kfree(object); /* found */
}

PANIC_TEST(a_write_before_an_object_is_found_when_it_is_freed)
{
    char *const object = hide(kmalloc(30)); /* allocated */
    object[-1] = 1;
    kfree(object); /* found */
}

PANIC_TEST(a_write_to_the_header_of_an_object_is_found)
{
    uint64_t *const object = hide(kmalloc(30));
    for (unsigned i = 0; i < 16; i++)
        *(object - 1 - i) = 0;
    kfree(object); /* found */
}

PANIC_TEST(a_write_to_a_freed_object_is_found_when_it_leaves_the_quarantine)
{
    char *const object = hide(kmalloc(30)); /* allocated */
    kfree(object);                          /* freed */
    object[7] = 1;
    kfree(kmalloc(QUARANTINE_BYTES)); /* found */
}

PANIC_TEST(a_write_behind_an_object_is_found_when_the_whole_heap_is_checked)
{
    char *const object = hide(kmalloc(30)); /* allocated */
    object[30] = 1;
    for (unsigned i = 0; i < HEAP_DEBUG_CHECK_EVERY; i++)
        kfree(kmalloc(1)); /* found */
}

TEST(memory_is_known_bytes_when_allocated_and_when_freed)
{
    uint8_t *const object = hide(kmalloc(20));
    for (unsigned i = 0; i < 20; i++)
        CHECK_EQUAL(object[i], 0xaa);
    kfree(object);
    for (unsigned i = 0; i < 20; i++)
        CHECK_EQUAL(object[i], 0x55);
}

TEST(an_object_of_the_quarantine_is_not_handed_out_again)
{
    void *const object = kmalloc(20);
    kfree(object);
    void *const other = kmalloc(20);
    CHECK(other != hide(object));
    kfree(other);
}

TEST(the_quarantine_is_emptied_before_an_allocation_fails)
{
    for (unsigned i = 0; i < 500; i++)
        kfree(kmalloc(24));
    void *const half = kmalloc(KERNEL_HEAP_SIZE / 2);
    CHECK(half != NULL);
    kfree(half);
}
