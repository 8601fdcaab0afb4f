/* test_vec.c - Vec. Each test leaves the heap as it was. */
#include "collections/vec.h"

#include "lib/string.h"
#include "test/pure/boxed.h"
#include "test/pure/int_model.h"
#include "test/test.h"

/* Types of odd sizes and of large alignment. */
struct triple {
    uint8_t bytes[3];
};
struct wide {
    _Alignas(256) uint64_t number;
};

typedef VEC(int) int_vec;
typedef VEC(struct boxed) boxed_vec;

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

/* --- beside a model --- */

static void check_model(const boxed_vec *vec)
{
    CHECK_EQUAL(vec->length, model.length);
    CHECK(vec->capacity >= vec->length && (vec->data == NULL) == (vec->capacity == 0));
    for (size_t i = 0; i < model.length; i++)
        CHECK_EQUAL(*vec_at(vec, i)->box, model.values[i]);
}

static bool is_even(const void *element, void *context)
{
    const struct boxed *const boxed = element;
    (void)context;
    return *boxed->box % 2 == 0;
}

static void do_push(boxed_vec *vec, int value)
{
    const struct boxed box = boxed_new(value);
    TRY_AT_EVERY_ALLOCATION(vec_try_push(vec, box), check_model(vec));
    model_insert(model.length, value);
}

static void do_insert(boxed_vec *vec, size_t index, int value)
{
    const struct boxed box = boxed_new(value);
    TRY_AT_EVERY_ALLOCATION(vec_try_insert(vec, index, box), check_model(vec));
    model_insert(index, value);
}

static void do_extend(boxed_vec *vec, int value)
{
    const struct boxed boxes[3] = {boxed_new(value), boxed_new(value + 1), boxed_new(value + 2)};
    TRY_AT_EVERY_ALLOCATION(vec_try_extend(vec, boxes, 3), check_model(vec));
    for (int i = 0; i < 3; i++)
        model_insert(model.length, value + i);
}

static void do_clone(boxed_vec *vec)
{
    boxed_vec copy = VEC_EMPTY;
    TRY_AT_EVERY_ALLOCATION(vec_try_clone(&copy, vec, boxed_try_clone),
                            CHECK(copy.data == NULL && copy.capacity == 0 && copy.drop == NULL));
    check_model(&copy);
    vec_free(vec);
    *vec = copy;
}

static void do_swap_remove(boxed_vec *vec, size_t index)
{
    CHECK_EQUAL(boxed_end(vec_swap_remove(vec, index)), model.values[index]);
    model.values[index] = model.values[--model.length];
}

static void do_pop(boxed_vec *vec)
{
    struct boxed box = {NULL};
    CHECK(vec_pop(vec, &box));
    CHECK_EQUAL(boxed_end(box), model.values[--model.length]);
}

static void do_shrink(boxed_vec *vec, unsigned failing)
{
    fail_alloc_after(failing);
    vec_shrink(vec);
    CHECK(fail_alloc_stop() || vec->capacity == vec->length);
}

static void do_retain(boxed_vec *vec)
{
    size_t kept = 0;
    vec_retain(vec, is_even, NULL);
    for (size_t i = 0; i < model.length; i++)
        if (model.values[i] % 2 == 0)
            model.values[kept++] = model.values[i];
    model.length = kept;
}

static void do_truncate(boxed_vec *vec, size_t length)
{
    vec_truncate(vec, length);
    if (length < model.length)
        model.length = length;
}

static void do_sort(boxed_vec *vec)
{
    vec_sort(vec, boxed_compare);
    model_sort();
}

/* One operation chosen at random; more of them make the vec longer than shorter. */
static void step(boxed_vec *vec, uint64_t *seed)
{
    const int value = (int)(test_random(seed) % 1000);
    const size_t any = model.length > 0 ? test_random(seed) % model.length : 0;
    const uint64_t choice = test_random(seed) % 40;

    if (model.length + 3 > MODEL_MOST)
        do_truncate(vec, any / 4);
    else if (choice < 12)
        do_push(vec, value);
    else if (choice < 18)
        do_insert(vec, any, value);
    else if (choice < 21)
        do_extend(vec, value);
    else if (choice == 21)
        do_clone(vec);
    else if (choice == 22)
        do_shrink(vec, (unsigned)value % 2);
    else if (choice == 23)
        do_retain(vec);
    else if (choice == 24)
        do_truncate(vec, any + 1);
    else if (choice == 25)
        do_sort(vec);
    else if (choice == 26)
        TRY_AT_EVERY_ALLOCATION(vec_try_reserve(vec, any), check_model(vec));
    else if (model.length == 0)
        return;
    else if (choice < 31)
        do_pop(vec);
    else if (choice < 36)
        do_swap_remove(vec, any);
    else
        CHECK_EQUAL(boxed_end(vec_remove(vec, any)), model_remove(any));
}

TEST(a_vec_agrees_with_an_array_whichever_allocation_fails)
{
    boxed_vec vec = VEC_DROPPING(boxed_drop);
    uint64_t seed = 1;

    begin();
    model.length = 0;
    for (int i = 0; i < 3000; i++) {
        step(&vec, &seed);
        check_model(&vec);
    }
    vec_free(&vec);
    check_nothing_is_left();
}

/* --- growth --- */

TEST(a_capacity_that_overflows_is_refused)
{
    VEC(uint64_t) vec = VEC_EMPTY;

    begin();
    vec_push(&vec, 1);
    CHECK_EQUAL(vec_try_reserve(&vec, SIZE_MAX), -ENOMEM);        /* the number of elements */
    CHECK_EQUAL(vec_try_reserve(&vec, SIZE_MAX / 8), -ENOMEM);    /* the number of bytes */
    CHECK_EQUAL(vec_try_reserve(&vec, PTRDIFF_MAX / 8), -ENOMEM); /* no object has so many */
    CHECK_EQUAL(vec_try_extend(&vec, vec.data, SIZE_MAX), -ENOMEM);
    CHECK(vec.length == 1 && vec.capacity == 4 && *vec_at(&vec, 0) == 1);
    vec_free(&vec);
    check_nothing_is_left();
}

TEST(a_reserve_makes_room_for_pushes_that_allocate_nothing)
{
    int_vec vec = VEC_EMPTY;

    begin();
    vec_reserve(&vec, 37);
    CHECK_EQUAL(vec.capacity, 37);
    fail_alloc_after(1);
    for (int i = 0; i < 37; i++)
        vec_push(&vec, i);
    CHECK(!fail_alloc_stop());
    vec_reserve(&vec, 1);
    CHECK_EQUAL(vec.capacity, 74); /* doubled, so that reserving one by one is not quadratic */
    vec_free(&vec);
    check_nothing_is_left();
}

TEST(a_shrunk_vec_has_no_room_to_spare)
{
    int_vec vec = VEC_EMPTY;

    begin();
    for (int i = 0; i < 100; i++)
        vec_push(&vec, i);
    vec_truncate(&vec, 10);
    CHECK_EQUAL(vec.capacity, 128);
    vec_shrink(&vec);
    CHECK_EQUAL(vec.capacity, 10);
    CHECK_EQUAL(*vec_at(&vec, 9), 9);
    vec_clear(&vec);
    CHECK_EQUAL(vec.capacity, 10);
    vec_shrink(&vec);
    CHECK(vec.capacity == 0 && vec.data == NULL);
    check_nothing_is_left();
}

/* --- what moves elements --- */

TEST(a_vec_can_be_extended_by_itself)
{
    int_vec vec = VEC_EMPTY;

    begin();
    for (int i = 0; i < 4; i++)
        vec_push(&vec, i);
    CHECK_EQUAL(vec.capacity, 4);
    vec_extend(&vec, vec_at(&vec, 1), 3);
    CHECK_EQUAL(vec.length, 7);
    for (int i = 0; i < 3; i++)
        CHECK_EQUAL(*vec_at(&vec, (size_t)(4 + i)), i + 1);
    vec_free(&vec);
    check_nothing_is_left();
}

TEST(a_pop_of_an_empty_vec_is_false)
{
    int_vec vec = VEC_EMPTY;
    int out = 7;

    CHECK(!vec_pop(&vec, &out));
    vec_push(&vec, 1);
    CHECK(vec_pop(&vec, &out) && out == 1);
    CHECK(!vec_pop(&vec, &out) && out == 1);
    vec_free(&vec);
}

TEST(the_arguments_of_vecs_verbs_are_computed_once)
{
    int_vec vecs[2] = {VEC_EMPTY, VEC_EMPTY}, *vec = vecs;
    size_t index = 0;
    int value = 0;

    vec_push(vec++, value++);
    CHECK(vec == &vecs[1] && value == 1);
    CHECK_EQUAL(vec_try_push(vec--, value++), 0);
    CHECK(vec == &vecs[0] && value == 2);
    vec_insert(vec++, index++, value++);
    CHECK(vec == &vecs[1] && value == 3 && index == 1);
    CHECK_EQUAL(vec_remove(vec--, --index), 1);
    CHECK(vec == &vecs[0] && index == 0);
    CHECK_EQUAL(*vec_at(vec, index++), 2);
    CHECK_EQUAL(index, 1);
    vec_for_each (element, vec++)
        value += *element;
    CHECK(vec == &vecs[1] && value == 5);
    vec_free(&vecs[0]);
    vec_free(&vecs[1]);
}

TEST(a_loop_over_a_vec_can_be_left_and_continued)
{
    int_vec vec = VEC_EMPTY;
    int sum = 0;

    vec_for_each (element, &vec)
        sum += *element;
    CHECK_EQUAL(sum, 0);
    for (int i = 0; i < 10; i++)
        vec_push(&vec, i);
    vec_for_each (element, &vec) {
        if (*element % 2 == 0)
            continue;
        if (*element > 5)
            break;
        sum += *element;
    }
    CHECK_EQUAL(sum, 1 + 3 + 5);
    vec_free(&vec);
}

/* --- sorting and searching --- */

struct numbered {
    int key;
    uint8_t more[96]; /* larger than what element_swap moves at a time */
};

TEST(a_sort_takes_elements_of_any_size_with_it)
{
    VEC(struct numbered) vec = VEC_EMPTY;

    begin();
    for (int i = 0; i < 50; i++) {
        struct numbered one = {.key = i * 37 % 50};
        memset(one.more, one.key, sizeof one.more);
        vec_push(&vec, one);
    }
    vec_sort(&vec, int_compare); /* by its first field */
    for (size_t i = 0; i < 50; i++) {
        CHECK_EQUAL(vec_at(&vec, i)->key, i);
        CHECK(vec_at(&vec, i)->more[0] == i && vec_at(&vec, i)->more[95] == i);
    }
    vec_free(&vec);
    check_nothing_is_left();
}

static int triple_compare(const void *left, const void *right)
{
    return memcmp(left, right, sizeof(struct triple));
}

TEST(a_sort_moves_elements_of_an_odd_size)
{
    VEC(struct triple) vec = VEC_EMPTY;

    for (unsigned i = 0; i < 50; i++) {
        const uint8_t key = (uint8_t)(i * 37 % 50);
        vec_push(&vec, ((struct triple){{key, (uint8_t)(key + 1), (uint8_t)(key + 2)}}));
    }
    vec_sort(&vec, triple_compare);
    for (size_t i = 0; i < 50; i++) {
        const uint8_t *const bytes = vec_at(&vec, i)->bytes;
        CHECK(bytes[0] == i && bytes[1] == i + 1 && bytes[2] == i + 2);
    }
    vec_free(&vec);
}

static size_t comparisons;

static int counting_compare(const void *left, const void *right)
{
    comparisons++;
    return int_compare(left, right);
}

/* 2 n log2 n is what heapsort takes at most; to make the heap adds 2 n. */
static int byte_compare(const void *left, const void *right)
{
    return *(const uint8_t *)left - *(const uint8_t *)right;
}

TEST(a_sort_takes_elements_of_one_byte)
{
    VEC(uint8_t) vec = VEC_EMPTY;

    begin();
    for (int i = 0; i < 50; i++)
        vec_push(&vec, (uint8_t)(i * 37 % 50));
    vec_sort(&vec, byte_compare);
    for (size_t i = 0; i < 50; i++)
        CHECK_EQUAL(*vec_at(&vec, i), i);
    vec_free(&vec);
    check_nothing_is_left();
}

TEST(no_order_of_the_elements_makes_a_sort_slow)
{
    enum { COUNT = 1024, LOG = 10 };
    int_vec vec = VEC_EMPTY;

    for (int order = 0; order < 4; order++) {
        vec_clear(&vec);
        for (int i = 0; i < COUNT; i++)
            vec_push(&vec, order == 0   ? i
                           : order == 1 ? -i
                           : order == 2 ? i % 7
                                        : (i * 331) % COUNT);
        comparisons = 0;
        fail_alloc_after(1);
        vec_sort(&vec, counting_compare);
        CHECK(!fail_alloc_stop()); /* in place */
        CHECK(comparisons <= 2 * COUNT * LOG + 2 * COUNT);
        for (size_t i = 1; i < COUNT; i++)
            CHECK(*vec_at(&vec, i - 1) <= *vec_at(&vec, i));
    }
    vec_free(&vec);
}

TEST(a_binary_search_finds_an_element_or_where_it_would_stand)
{
    int_vec vec = VEC_EMPTY;
    size_t index = SIZE_MAX;

    for (int length = 0; length < 20; length++) {
        for (int key = -1; key <= 2 * length; key++) {
            const bool found = vec_binary_search(&vec, &key, int_compare, &index);
            CHECK_EQUAL(found, key >= 0 && key % 2 == 0 && key / 2 < length);
            CHECK_EQUAL(index, key < 0 ? 0 : (key + 1) / 2);
        }
        vec_push(&vec, 2 * length);
    }
    vec_free(&vec);
}

TEST(a_binary_search_takes_logarithmic_time)
{
    int_vec vec = VEC_EMPTY;
    const int key = 700;
    size_t index = SIZE_MAX;

    for (int i = 0; i < 1024; i++)
        vec_push(&vec, i);
    comparisons = 0;
    CHECK(vec_binary_search(&vec, &key, counting_compare, &index) && index == 700);
    CHECK(comparisons <= 11);
    vec_free(&vec);
}

/* --- ownership --- */

TEST(a_vec_of_vecs_frees_them_all)
{
    VEC(int_vec) outer = VEC_DROPPING(vec_free);

    begin();
    for (int i = 0; i < 10; i++) {
        int_vec inner = VEC_EMPTY;
        for (int j = 0; j < i; j++)
            vec_push(&inner, j);
        vec_push(&outer, inner);
    }
    CHECK_EQUAL(*vec_at(vec_at(&outer, 9), 8), 8);
    vec_free(&outer);
    check_nothing_is_left();
}

static size_t pushed_within_a_scope(void)
{
    SCOPED(vec_free) int_vec vec = VEC_EMPTY;
    vec_push(&vec, 1);
    return vec.length;
}

TEST(a_scoped_vec_is_freed_when_its_scope_ends)
{
    begin();
    CHECK_EQUAL(pushed_within_a_scope(), 1);
    check_nothing_is_left();
}

TEST(a_clone_of_plain_elements_is_as_large_as_they_need)
{
    int_vec from = VEC_EMPTY, to = VEC_EMPTY;

    begin();
    vec_clone(&to, &from, NULL);
    CHECK(to.data == NULL && to.length == 0);
    for (int i = 0; i < 5; i++)
        vec_push(&from, i);
    vec_clone(&to, &from, NULL);
    CHECK(to.length == 5 && to.capacity == 5 && to.data != from.data);
    CHECK(memcmp(to.data, from.data, 5 * sizeof(int)) == 0);
    vec_free(&from);
    vec_free(&to);
    check_nothing_is_left();
}
