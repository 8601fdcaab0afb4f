/* test_box_vec_rc.c - the collections on the heap. Each test leaves the heap as it was. */
#include "collections/box.h"
#include "collections/rc.h"
#include "collections/vec.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "test/pure/heap_balance.h"
#include "test/test.h"

/* Types of odd sizes and of large alignment. */
struct triple {
    uint8_t bytes[3];
};
struct wide {
    _Alignas(256) uint64_t number;
};
struct giant {
    uint8_t bytes[KERNEL_HEAP_SIZE];
};
/* never copied: there is no room for it */
static const struct giant *volatile any_giant;
#define ANY_GIANT (*any_giant)

static size_t live_blocks(void)
{
    heap_stats(&after);
    return after.live - before.live;
}

/* --- box ----------------------------------------------------------------------------------------
 */

TEST(a_box_holds_its_value)
{
    begin();
    int *const box = box_new(int, 41);
    CHECK_EQUAL(*box, 41);
    CHECK_EQUAL(live_blocks(), 1);
    box_free(box);
    check_nothing_is_left();
}

TEST(a_box_holds_a_structure)
{
    begin();
    struct triple *const box = box_new(struct triple, ((struct triple){{1, 2, 3}}));
    CHECK(box->bytes[0] == 1 && box->bytes[1] == 2 && box->bytes[2] == 3);
    box_free(box);
    check_nothing_is_left();
}

TEST(a_box_is_aligned_to_its_type)
{
    begin();
    char *const small = box_new(char, 'x');
    struct wide *const box = box_new(struct wide, ((struct wide){7}));
    CHECK((uintptr_t)box % 256 == 0);
    CHECK_EQUAL(box->number, 7);
    box_free(box);
    box_free(small);
    check_nothing_is_left();
}

TEST(a_box_counts_the_bytes_of_its_type)
{
    begin();
    uint64_t *const box = box_new(uint64_t, 1);
    heap_stats(&after);
    CHECK_EQUAL(after.user - before.user, 8);
    box_free(box);
}

TEST(a_box_evaluates_its_value_once)
{
    int calls = 0;

    begin();
    int *const box = box_new(int, ++calls);
    CHECK_EQUAL(*box, 1);
    CHECK_EQUAL(calls, 1);
    box_free(box);
    check_nothing_is_left();
}

TEST(a_box_that_does_not_fit_is_null)
{
    begin();
    CHECK(box_try_new(struct giant, ANY_GIANT) == NULL);
    check_nothing_is_left();
}

/* --- vec ----------------------------------------------------------------------------------------
 */

TEST(an_empty_vec_has_no_memory)
{
    begin();
    VEC(int) vec = VEC_EMPTY;
    CHECK(vec.data == NULL && vec.length == 0 && vec.capacity == 0);
    vec_free(&vec);
    check_nothing_is_left();
}

TEST(a_vec_keeps_its_elements_in_order_as_it_grows)
{
    VEC(int) vec = VEC_EMPTY;

    begin();
    for (int i = 0; i < 500; i++) {
        vec_push(&vec, i * 3);
        CHECK(vec.length == (size_t)i + 1 && vec.capacity >= vec.length);
    }
    for (size_t i = 0; i < 500; i++)
        CHECK_EQUAL(*vec_at(&vec, i), 3 * i);
    vec_free(&vec);
    check_nothing_is_left();
}

TEST(a_vec_doubles_its_capacity)
{
    VEC(int) vec = VEC_EMPTY;
    size_t growths = 0;

    begin();
    for (int i = 0; i < 1024; i++) {
        const size_t capacity = vec.capacity;
        vec_push(&vec, i);
        growths += vec.capacity != capacity;
        CHECK(vec.capacity == capacity || capacity == 0 || vec.capacity == 2 * capacity);
    }
    CHECK_EQUAL(growths, 9); /* 4, 8, ... 1024 */
    vec_free(&vec);
    check_nothing_is_left();
}

TEST(a_vec_is_one_block_of_memory)
{
    VEC(uint64_t) vec = VEC_EMPTY;

    begin();
    for (uint64_t i = 0; i < 100; i++)
        vec_push(&vec, i);
    CHECK_EQUAL(live_blocks(), 1);
    CHECK_EQUAL(after.user - before.user, vec.capacity * sizeof(uint64_t));
    vec_free(&vec);
    check_nothing_is_left();
}

TEST(a_vec_holds_elements_of_an_odd_size)
{
    VEC(struct triple) vec = VEC_EMPTY;

    begin();
    for (unsigned i = 0; i < 100; i++)
        vec_push(&vec, ((struct triple){{(uint8_t)i, (uint8_t)(i + 1), (uint8_t)(i + 2)}}));
    for (size_t i = 0; i < 100; i++)
        CHECK(vec_at(&vec, i)->bytes[0] == i && vec_at(&vec, i)->bytes[2] == i + 2);
    vec_free(&vec);
    check_nothing_is_left();
}

TEST(a_vec_aligns_its_elements)
{
    VEC(struct wide) vec = VEC_EMPTY;

    begin();
    for (uint64_t i = 0; i < 20; i++)
        vec_push(&vec, ((struct wide){i}));
    for (size_t i = 0; i < 20; i++) {
        CHECK((uintptr_t)vec_at(&vec, i) % 256 == 0);
        CHECK_EQUAL(vec_at(&vec, i)->number, i);
    }
    vec_free(&vec);
    check_nothing_is_left();
}

TEST(an_element_of_a_vec_can_be_changed)
{
    VEC(int) vec = VEC_EMPTY;

    vec_push(&vec, 1);
    *vec_at(&vec, 0) = 2;
    CHECK_EQUAL(vec.data[0], 2);
    vec_free(&vec);
}

TEST(a_value_that_is_pushed_may_be_made_of_the_vec)
{
    VEC(size_t) vec = VEC_EMPTY;

    for (int i = 0; i < 20; i++)
        vec_push(&vec, vec.length + (vec.length > 0 ? *vec_at(&vec, 0) : 0));
    for (size_t i = 0; i < 20; i++)
        CHECK_EQUAL(*vec_at(&vec, i), i);
    vec_free(&vec);
}

TEST(a_freed_vec_is_empty_and_can_be_used_again)
{
    VEC(int) vec = VEC_EMPTY;

    begin();
    vec_push(&vec, 1);
    vec_free(&vec);
    CHECK(vec.data == NULL && vec.length == 0 && vec.capacity == 0);
    vec_push(&vec, 2);
    CHECK_EQUAL(*vec_at(&vec, 0), 2);
    vec_free(&vec);
    check_nothing_is_left();
}

TEST(a_push_that_does_not_fit_leaves_the_vec_as_it_was)
{
    VEC(uint64_t) vec = VEC_EMPTY;
    uint64_t next = 0;

    begin();
    while (vec_try_push(&vec, next) == 0)
        next++;
    CHECK(vec.length == next && vec.capacity == next && next > 1000);
    CHECK_EQUAL(vec_try_push(&vec, 0), -ENOMEM);
    CHECK(vec.length == next && vec.capacity == next);
    for (uint64_t i = 0; i < next; i++)
        CHECK(*vec_at(&vec, i) == i);
    vec_free(&vec);
    check_nothing_is_left();
}

TEST(a_capacity_that_overflows_is_refused)
{
    void *data = NULL;
    size_t capacity = SIZE_MAX / 2 + 1;

    CHECK_EQUAL(vec_grow(&data, &capacity, (struct layout){1, 1}), -ENOMEM);
    capacity = SIZE_MAX / 4;
    CHECK_EQUAL(vec_grow(&data, &capacity, (struct layout){8, 8}), -ENOMEM);
    CHECK(data == NULL);
    CHECK_EQUAL(capacity, SIZE_MAX / 4);
}

/* --- rc -----------------------------------------------------------------------------------------
 */

TEST(a_new_rc_has_one_owner)
{
    begin();
    int *const rc = rc_new(int, 5);
    CHECK_EQUAL(*rc, 5);
    CHECK_EQUAL(rc_count(rc), 1);
    rc_release(rc);
    check_nothing_is_left();
}

TEST(a_clone_of_an_rc_is_the_same_value)
{
    begin();
    int *const first = rc_new(int, 5);
    int *const second = rc_clone(first);
    CHECK(first == second);
    *second = 6;
    CHECK_EQUAL(*first, 6);
    rc_release(first);
    rc_release(second);
    check_nothing_is_left();
}

TEST(an_rc_counts_its_owners)
{
    begin();
    int *const first = rc_new(int, 5);
    int *const second = rc_clone(first);
    CHECK_EQUAL(rc_count(first), 2);
    rc_release(second);
    CHECK_EQUAL(rc_count(first), 1);
    rc_release(first);
    check_nothing_is_left();
}

TEST(an_rc_lives_until_its_last_owner_goes)
{
    begin();
    int *const rc = rc_new(int, 5);
    for (int i = 0; i < 100; i++)
        (void)rc_clone(rc);
    for (int i = 0; i < 100; i++) {
        rc_release(rc);
        CHECK_EQUAL(*rc, 5);
        CHECK_EQUAL(live_blocks(), 1);
    }
    rc_release(rc);
    CHECK_EQUAL(live_blocks(), 0);
    check_nothing_is_left();
}

TEST(an_rc_is_aligned_to_its_type)
{
    begin();
    struct wide *const rc = rc_new(struct wide, ((struct wide){9}));
    CHECK((uintptr_t)rc % 256 == 0);
    CHECK(rc->number == 9 && rc_count(rc) == 1);
    rc_release(rc);
    check_nothing_is_left();
}

TEST(an_rc_of_a_small_type_keeps_its_count_apart)
{
    begin();
    char *const rc = rc_new(char, 'a');
    (void)rc_clone(rc);
    *rc = 'b';
    CHECK_EQUAL(rc_count(rc), 2);
    CHECK_EQUAL(*rc, 'b');
    rc_release(rc);
    rc_release(rc);
    check_nothing_is_left();
}

TEST(an_rc_that_does_not_fit_is_null)
{
    begin();
    CHECK(rc_try_new(struct giant, ANY_GIANT) == NULL);
    check_nothing_is_left();
}
