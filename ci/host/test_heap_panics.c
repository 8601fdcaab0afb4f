/* test_heap_panics.c - what the kernel's heap and the collections on it end in, and that the heap
 * is not changed by it. */
#include <string.h>

#include "collections/box.h"
#include "collections/vec.h"
#include "heap/heap.h"
#include "mm/heap_memory.h"
#include "panic_check.h"

struct giant {
    uint8_t bytes[KERNEL_HEAP_SIZE];
};
#define ANY_GIANT (*(const struct giant *)HEAP_SPACE) /* never copied: there is no room for it */

static struct heap_stats before, after;
static const struct layout page = {4096, 4096};

/* The statement panics with this text, and leaves the heap as it found it. */
#define CHECK_REFUSED(expected, statement)                                                         \
    do {                                                                                           \
        heap_stats(&before);                                                                       \
        CHECK_PANICS(expected, statement);                                                         \
        heap_stats(&after);                                                                        \
        CHECK(memcmp(&before, &after, sizeof before) == 0);                                        \
        CHECK(heap_invariants_hold());                                                             \
    } while (0)

/* --- wrong frees --------------------------------------------------------------------------------
 */

TEST(a_double_kfree_panics)
{
    void *const block = kmalloc(100);
    kfree(block);
    CHECK_REFUSED("double free: this memory is free already", kfree(block));
}

TEST(a_double_heap_dealloc_panics)
{
    void *const block = heap_alloc(page);
    heap_dealloc(block, page);
    CHECK_REFUSED("double free", heap_dealloc(block, page));
}

TEST(a_foreign_free_panics)
{
    static int elsewhere;
    CHECK_REFUSED("foreign free: not an address of this heap", kfree(&elsewhere));
    CHECK_REFUSED("foreign free", heap_dealloc(&elsewhere, LAYOUT_OF(int)));
    CHECK_REFUSED("foreign free", heap_dealloc(NULL, LAYOUT_OF(int)));
    CHECK_REFUSED("foreign free", kfree(HEAP_SPACE + KERNEL_HEAP_SIZE));
    CHECK_REFUSED("foreign free", kfree(HEAP_SPACE + KERNEL_HEAP_SIZE - 1));
}

TEST(an_interior_free_panics)
{
    uint8_t *const block = heap_alloc(page);
    CHECK_REFUSED("interior free: inside a live block, not at its first byte", kfree(block + 64));
    CHECK_REFUSED("interior free", heap_dealloc(block + 2048, page));
}

TEST(a_misaligned_free_panics)
{
    uint8_t *const block = heap_alloc(page);
    CHECK_REFUSED("misaligned free: no block begins at this address", kfree(block + 1));
    CHECK_REFUSED("misaligned free", heap_dealloc(block + 65, page));
}

TEST(a_dealloc_with_the_wrong_layout_panics)
{
    void *const block = heap_alloc(page);
    CHECK_REFUSED("wrong layout: the block was not allocated with it",
                  heap_dealloc(block, (struct layout){2048, 8}));
    CHECK_REFUSED("wrong layout", heap_dealloc(block, (struct layout){4097, 8}));
}

TEST(a_realloc_with_the_wrong_layout_panics)
{
    void *const block = heap_alloc(page);
    CHECK_REFUSED("wrong layout", heap_realloc(block, (struct layout){2048, 8}, 100));
}

TEST(a_realloc_of_what_is_not_a_live_block_panics)
{
    uint8_t *const block = heap_alloc(page);
    CHECK_REFUSED("interior free", heap_realloc(block + 64, page, 100));
    heap_dealloc(block, page);
    CHECK_REFUSED("double free", heap_realloc(block, page, 100));
    CHECK_REFUSED("foreign free", heap_realloc(NULL, page, 100));
}

TEST(a_wrong_free_names_the_address)
{
    CHECK_REFUSED("heap: 0x123450: foreign free", kfree((void *)0x123450));
}

TEST(a_heap_that_refused_a_free_goes_on)
{
    void *const block = kmalloc(100);
    CHECK_REFUSED("misaligned free", kfree((char *)block + 1)); /* of any heap */
    void *const other = kmalloc(100);
    CHECK(other != NULL && other != block);
    kfree(other);
    kfree(block);
    heap_stats(&after);
    CHECK_EQUAL(after.live, 0);
    CHECK_EQUAL(after.user, 0);
}

TEST(a_box_freed_twice_panics)
{
    int *const box = box_new(int, 5);
    box_free(box);
    CHECK_REFUSED("double free", box_free(box));
}

/* --- out of bounds, out of memory ---------------------------------------------------------------
 */

TEST(an_index_beyond_a_vec_panics)
{
    static VEC(int) vec = VEC_EMPTY;
    CHECK_REFUSED("vec: index 0 is out of bounds: the length is 0", (void)vec_at(&vec, 0));
    for (int i = 0; i < 5; i++)
        vec_push(&vec, i);
    CHECK_REFUSED("vec: index 5 is out of bounds: the length is 5", (void)vec_at(&vec, 5));
    CHECK_REFUSED("vec: index 18446744073709551615", (void)vec_at(&vec, SIZE_MAX));
}

/* Leaves room for nothing. */
static void exhaust(void)
{
    while (kmalloc(1) != NULL)
        ;
}

TEST(a_box_without_memory_ends_in_the_allocation_error_handler)
{
    CHECK_REFUSED("out of heap: no block for a layout of 4333568 bytes aligned to 1",
                  (void)box_new(struct giant, ANY_GIANT));
    exhaust();
    CHECK_REFUSED("out of heap: no block for a layout of 8 bytes aligned to 8",
                  (void)box_new(uint64_t, 1));
}

TEST(a_vec_without_memory_ends_in_the_allocation_error_handler)
{
    static VEC(uint32_t) vec = VEC_EMPTY;
    exhaust();
    CHECK_REFUSED("out of heap: no block for a layout of 4 bytes aligned to 4", vec_push(&vec, 1));
    CHECK(vec.data == NULL && vec.length == 0 && vec.capacity == 0);
}

TEST(a_full_vec_without_memory_keeps_its_elements)
{
    static VEC(uint32_t) vec = VEC_EMPTY;
    while (vec.length == 0 || vec.length < vec.capacity)
        vec_push(&vec, (uint32_t)vec.length);
    exhaust();
    while (vec_try_push(&vec, (uint32_t)vec.length) == 0)
        ;
    CHECK_REFUSED("out of heap: no block for a layout of", vec_push(&vec, 1));
    for (size_t i = 0; i < vec.length; i++)
        CHECK_EQUAL(*vec_at(&vec, i), i);
}

TEST(the_allocation_error_handler_says_when_a_layout_is_not_valid)
{
    CHECK_REFUSED("no block for a layout of 0 bytes aligned to 8, which is not a valid layout",
                  heap_alloc_error((struct layout){0, 8}));
    CHECK_REFUSED("aligned to 12, which is not a valid layout",
                  heap_alloc_error((struct layout){8, 12}));
}

TEST(a_heap_in_too_little_memory_panics)
{
    static _Alignas(64) uint8_t memory[16];
    CHECK_PANICS("the heap of 16 bytes is too small", init_heap(memory, sizeof memory));
}
