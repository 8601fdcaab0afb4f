/* test_vec.c - a growable array. Each test leaves the heap as it was. */
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

static size_t live_blocks(void)
{
    heap_stats(&after);
    return after.live - before.live;
}

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
