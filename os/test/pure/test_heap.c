/* test_heap.c - the kernel's heap, through heap.h. Each test leaves it as it was. */
#include "collections/box.h"
#include "collections/vec.h"
#include "heap/heap.h"
#include "lib/string.h"
#include "mm/heap_memory.h"
#include "test/pure/heap_balance.h"
#include "test/test.h"

enum { PAGE = 4096 };

static bool lies_in_heap(const uint8_t *block, size_t size)
{
    return heap_memory_holds(block) && heap_memory_holds(block + size - 1);
}

/* --- the four verbs -----------------------------------------------------------------------------
 */

TEST(a_heap_block_lies_in_the_heaps_memory)
{
    const struct layout layout = {1000, 8};

    begin();
    uint8_t *const block = heap_alloc(layout);
    CHECK(block != NULL);
    CHECK(lies_in_heap(block, layout.size));
    heap_dealloc(block, layout);
    check_nothing_is_left();
}

TEST(an_alignment_above_the_heaps_own_is_refused)
{
    CHECK(heap_alloc((struct layout){24, 2 * (size_t)KERNEL_HEAP_ALIGN}) == NULL);
}

TEST(a_zeroed_block_is_zero_wherever_it_was_used_before)
{
    const struct layout layout = {3 * PAGE, 8};

    begin();
    uint8_t *block = heap_alloc(layout);
    CHECK(block != NULL);
    memset(block, 0xee, layout.size);
    heap_dealloc(block, layout);
    block = heap_alloc_zeroed(layout);
    CHECK(block != NULL);
    for (size_t i = 0; i < layout.size; i++)
        CHECK(block[i] == 0);
    heap_dealloc(block, layout);
    check_nothing_is_left();
}

TEST(a_zeroed_block_too_large_for_the_heap_is_refused)
{
    CHECK(heap_alloc_zeroed((struct layout){KERNEL_HEAP_SIZE, 1}) == NULL);
    CHECK(heap_alloc_zeroed((struct layout){0, 1}) == NULL);
}

TEST(a_heap_block_keeps_its_contents_when_it_grows_and_shrinks)
{
    static const size_t sizes[] = {100, 33, 5000, 40000, 200, 1};
    struct layout layout = {64, 8};
    size_t kept = layout.size;

    begin();
    uint8_t *block = heap_alloc(layout);
    CHECK(block != NULL);
    for (size_t i = 0; i < kept; i++)
        block[i] = (uint8_t)(i + 1);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        block = heap_realloc(block, layout, sizes[i]);
        CHECK(block != NULL);
        layout.size = sizes[i];
        kept = kept < sizes[i] ? kept : sizes[i];
        for (size_t k = 0; k < kept; k++)
            CHECK(block[k] == (uint8_t)(k + 1));
    }
    heap_dealloc(block, layout);
    check_nothing_is_left();
}

TEST(a_heap_block_that_cannot_grow_stays_as_it_was)
{
    const struct layout layout = {64, 8};

    begin();
    uint8_t *const block = heap_alloc(layout);
    CHECK(block != NULL);
    memset(block, 0x5a, layout.size);
    CHECK(heap_realloc(block, layout, KERNEL_HEAP_SIZE) == NULL);
    CHECK(heap_realloc(block, layout, SIZE_MAX) == NULL);
    CHECK(heap_realloc(block, layout, 0) == NULL);
    for (size_t i = 0; i < layout.size; i++)
        CHECK(block[i] == 0x5a);
    heap_dealloc(block, layout);
    check_nothing_is_left();
}

TEST(impossible_layouts_are_refused_by_the_heap)
{
    begin();
    CHECK(heap_alloc((struct layout){0, 8}) == NULL);
    CHECK(heap_alloc((struct layout){8, 0}) == NULL);
    CHECK(heap_alloc((struct layout){8, 12}) == NULL);
    CHECK(heap_alloc((struct layout){SIZE_MAX, 1}) == NULL);
    CHECK(heap_alloc((struct layout){SIZE_MAX - 4095, 4096}) == NULL);
    check_nothing_is_left();
}

/* --- kmalloc and kfree --------------------------------------------------------------------------
 */

TEST(kmalloc_gives_memory_aligned_for_any_type)
{
    begin();
    for (size_t size = 1; size < 5000; size += 37) {
        void *const block = kmalloc(size);
        CHECK(block != NULL);
        CHECK((uintptr_t)block % 16 == 0);
        CHECK(lies_in_heap(block, size));
        kfree(block);
    }
    check_nothing_is_left();
}

TEST(kmalloc_refuses_sizes_that_cannot_be)
{
    CHECK(kmalloc(0) == NULL);
    CHECK(kmalloc(KERNEL_HEAP_SIZE) == NULL);
    CHECK(kmalloc(SIZE_MAX) == NULL);
    CHECK(kmalloc(SIZE_MAX - 15) == NULL);
}

TEST(kfree_of_null_does_nothing)
{
    begin();
    kfree(NULL);
    check_nothing_is_left();
}

/* --- figures ------------------------------------------------------------------------------------
 */

TEST(user_bytes_are_those_asked_for)
{
    const struct layout layout = {100, 8};

    begin();
    void *block = heap_alloc(layout);
    heap_stats(&after);
    CHECK_EQUAL(after.user - before.user, 100);
    CHECK(after.allocated - before.allocated >= 100);
    heap_dealloc(block, layout);
    check_nothing_is_left();
}

TEST(user_bytes_follow_a_realloc)
{
    begin();
    void *block = heap_alloc((struct layout){100, 8});
    block = heap_realloc(block, (struct layout){100, 8}, 70);
    heap_stats(&after);
    CHECK_EQUAL(after.user - before.user, 70);
    block = heap_realloc(block, (struct layout){70, 8}, 1000);
    heap_stats(&after);
    CHECK_EQUAL(after.user - before.user, 1000);
    heap_dealloc(block, (struct layout){1000, 8});
    check_nothing_is_left();
}

TEST(user_bytes_do_not_follow_a_realloc_that_failed)
{
    const struct layout layout = {100, 8};

    begin();
    void *const block = heap_alloc(layout);
    CHECK(heap_realloc(block, layout, KERNEL_HEAP_SIZE) == NULL);
    heap_stats(&after);
    CHECK_EQUAL(after.user - before.user, 100);
    heap_dealloc(block, layout);
    check_nothing_is_left();
}

TEST(a_request_that_failed_is_not_counted)
{
    begin();
    CHECK(kmalloc(KERNEL_HEAP_SIZE) == NULL);
    CHECK(heap_alloc((struct layout){KERNEL_HEAP_SIZE, 1}) == NULL);
    check_nothing_is_left();
}

/* --- the whole heap -----------------------------------------------------------------------------
 */

TEST(one_request_of_half_the_heap_space_succeeds)
{
    const struct layout layout = {KERNEL_HEAP_SIZE / 2, 1};

    begin();
    void *const block = heap_alloc(layout);
    CHECK(block != NULL);
    heap_dealloc(block, layout);
    check_nothing_is_left();
}

/* --- as in blog_os ------------------------------------------------------------------------------
 */

TEST(simple_allocation)
{
    begin();
    int *const first = box_new(int, 41), *const second = box_new(int, 13);
    CHECK_EQUAL(*first, 41);
    CHECK_EQUAL(*second, 13);
    box_free(first);
    box_free(second);
    check_nothing_is_left();
}

TEST(large_vec)
{
    const size_t n = 1000;
    VEC(size_t) vec = VEC_EMPTY;
    size_t sum = 0;

    begin();
    for (size_t i = 0; i < n; i++)
        vec_push(&vec, i);
    for (size_t i = 0; i < vec.length; i++)
        sum += *vec_at(&vec, i);
    CHECK_EQUAL(sum, (n - 1) * n / 2);
    vec_free(&vec);
    check_nothing_is_left();
}

/* One after another, more boxes than the heap has room for. */
static void make_many_boxes(void)
{
    for (size_t i = 0; i < KERNEL_HEAP_SIZE / sizeof(size_t); i++) {
        size_t *const box = box_new(size_t, i);
        CHECK(*box == i);
        box_free(box);
    }
}

TEST(many_boxes)
{
    begin();
    make_many_boxes();
    check_nothing_is_left();
}

TEST(many_boxes_long_lived)
{
    begin();
    int *const long_lived = box_new(int, 1);
    make_many_boxes();
    CHECK_EQUAL(*long_lived, 1);
    box_free(long_lived);
    check_nothing_is_left();
}

/* --- the rescue hook -------------------------------------------------------------------------- */

static struct {
    unsigned calls;
    struct layout layout; /* of the blocks below, which fill the heap */
    unsigned count;
    void *ballast[8];
} rescue;

static const struct layout most = {KERNEL_HEAP_SIZE / 2, 8};
static const struct layout quarter = {KERNEL_HEAP_SIZE / 4, 8}, small = {16, 8};

static void take_ballast(struct layout layout)
{
    rescue.calls = rescue.count = 0;
    rescue.layout = layout;
    heap_set_rescue(NULL);
    while ((rescue.ballast[rescue.count] = heap_alloc(layout)) != NULL)
        CHECK(++rescue.count < sizeof rescue.ballast / sizeof *rescue.ballast);
}

static void free_one(void)
{
    heap_dealloc(rescue.ballast[--rescue.count], rescue.layout);
}

static bool free_ballast(struct layout layout)
{
    rescue.calls++;
    CHECK(heap_alloc(layout) == NULL); /* and does not call this again */
    free_one();
    return true;
}

static bool give_up(struct layout layout)
{
    (void)layout;
    rescue.calls++;
    return false;
}

TEST(the_rescue_hook_makes_room_for_an_allocation)
{
    begin();
    take_ballast(most);
    heap_set_rescue(free_ballast);
    void *const block = heap_alloc(most);
    heap_set_rescue(NULL);
    CHECK(block != NULL);
    CHECK_EQUAL(rescue.calls, 1);
    heap_dealloc(block, most);
    check_nothing_is_left();
}

TEST(the_rescue_hook_makes_room_for_a_realloc)
{
    begin();
    void *const other = heap_alloc(small), *const block = heap_alloc(small);
    take_ballast(quarter);
    heap_set_rescue(free_ballast);
    void *const moved = heap_realloc(block, small, quarter.size);
    heap_set_rescue(NULL);
    CHECK(moved != NULL);
    CHECK_EQUAL(rescue.calls, 1);
    heap_dealloc(moved, quarter);
    heap_dealloc(other, small);
    while (rescue.count > 0)
        free_one();
    check_nothing_is_left();
}

TEST(an_allocation_that_is_not_rescued_fails_once)
{
    begin();
    rescue.calls = 0;
    heap_set_rescue(give_up);
    void *const block = kmalloc(2 * KERNEL_HEAP_SIZE);
    heap_set_rescue(NULL);
    CHECK(block == NULL);
    CHECK_EQUAL(rescue.calls, 1);
    check_nothing_is_left();
}

TEST(the_rescue_hook_is_not_asked_for_what_cannot_be)
{
    begin();
    rescue.calls = 0;
    heap_set_rescue(give_up);
    void *const block = heap_alloc((struct layout){8, 3});
    heap_set_rescue(NULL);
    CHECK(block == NULL);
    CHECK_EQUAL(rescue.calls, 0);
    check_nothing_is_left();
}
