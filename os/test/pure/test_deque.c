/* test_deque.c - Deque. Each test leaves the heap as it was. */
#include "collections/deque.h"

#include "lib/errno.h"
#include "lib/string.h"
#include "test/pure/boxed.h"
#include "test/pure/int_model.h"
#include "test/test.h"

typedef DEQUE(int) int_deque;
typedef DEQUE(struct boxed) boxed_deque;

/* --- beside a model --- */

static void check_model(const boxed_deque *deque)
{
    size_t index = 0;

    CHECK_EQUAL(deque->length, model.length);
    CHECK(deque->capacity >= deque->length && (deque->data == NULL) == (deque->capacity == 0));
    CHECK((deque->capacity & (deque->capacity - 1)) == 0);
    for (size_t i = 0; i < model.length; i++)
        CHECK_EQUAL(*deque_at(deque, i)->box, model.values[i]);
    deque_for_each (element, deque)
        CHECK_EQUAL(*element->box, model.values[index++]);
    CHECK_EQUAL(index, model.length);
}

static void do_push(boxed_deque *deque, bool front, int value)
{
    const struct boxed boxed = boxed_new(value);
    TRY_AT_EVERY_ALLOCATION(front ? deque_try_push_front(deque, boxed)
                                  : deque_try_push_back(deque, boxed),
                            check_model(deque));
    model_insert(front ? 0 : model.length, value);
}

static void do_pop(boxed_deque *deque, bool front)
{
    struct boxed boxed = {NULL};
    const bool popped = front ? deque_pop_front(deque, &boxed) : deque_pop_back(deque, &boxed);

    CHECK_EQUAL(popped, model.length > 0);
    if (popped)
        CHECK_EQUAL(boxed_end(boxed), model_remove(front ? 0 : model.length - 1));
}

static void do_clone(boxed_deque *deque)
{
    boxed_deque copy = DEQUE_EMPTY;
    TRY_AT_EVERY_ALLOCATION(deque_try_clone(&copy, deque, boxed_try_clone),
                            CHECK(copy.data == NULL && copy.capacity == 0 && copy.drop == NULL));
    check_model(&copy);
    deque_free(deque);
    *deque = copy;
}

static void do_shrink(boxed_deque *deque, unsigned failing)
{
    fail_alloc_after(failing);
    deque_shrink(deque);
    CHECK(fail_alloc_stop() || deque->capacity < 2 * deque->length || deque->capacity == 0);
}

static void do_make_contiguous(boxed_deque *deque)
{
    const struct boxed *const first = deque_make_contiguous(deque);
    CHECK((first == NULL) == (deque->capacity == 0));
    for (size_t i = 0; i < model.length; i++)
        CHECK_EQUAL(*first[i].box, model.values[i]);
}

static void step(boxed_deque *deque, uint64_t *seed)
{
    const int value = (int)(test_random(seed) % 1000);
    const uint64_t choice = test_random(seed) % 40;

    if (model.length + 1 > MODEL_MOST / 2 || choice == 0) {
        deque_clear(deque);
        model.length = 0;
    } else if (choice < 20)
        do_push(deque, choice % 2, value);
    else if (choice < 34)
        do_pop(deque, choice % 2);
    else if (choice < 35)
        do_clone(deque);
    else if (choice < 37)
        do_shrink(deque, (unsigned)value % 2);
    else if (choice < 39)
        do_make_contiguous(deque);
    else
        TRY_AT_EVERY_ALLOCATION(deque_try_reserve(deque, model.length), check_model(deque));
}

TEST(a_deque_agrees_with_an_array_whichever_allocation_fails)
{
    boxed_deque deque = DEQUE_DROPPING(boxed_drop);
    uint64_t seed = 3;

    begin();
    model.length = 0;
    for (int i = 0; i < 4000; i++) {
        step(&deque, &seed);
        check_model(&deque);
    }
    deque_free(&deque);
    check_nothing_is_left();
}

/* --- the ring --- */

/* A deque of `capacity`, with 0, 1 and so on from slot `first`. */
static int_deque ring_of(size_t capacity, size_t first, int count)
{
    int_deque deque = DEQUE_EMPTY;
    deque_reserve(&deque, capacity);
    deque.first = first;
    for (int i = 0; i < count; i++)
        deque_push_back(&deque, i);
    CHECK_EQUAL(deque.capacity, capacity);
    return deque;
}

static void check_counts_up(const int_deque *deque, int count)
{
    CHECK_EQUAL(deque->length, count);
    for (int i = 0; i < count; i++)
        CHECK_EQUAL(*deque_at(deque, (size_t)i), i);
}

TEST(a_ring_that_grows_is_unrolled_wherever_it_begins)
{
    begin();
    for (size_t first = 0; first < 8; first++) {
        int_deque deque = ring_of(8, first, 8);
        deque_push_back(&deque, 8);
        CHECK_EQUAL(deque.capacity, 16);
        CHECK_EQUAL(deque.first, first); /* only what had run over has moved */
        check_counts_up(&deque, 9);
        deque_free(&deque);
    }
    check_nothing_is_left();
}

TEST(a_ring_is_made_contiguous_wherever_it_begins)
{
    begin();
    for (int count = 0; count <= 8; count++)
        for (size_t first = 0; first < 8; first++) {
            int_deque deque = ring_of(8, first, count);
            fail_alloc_after(1);
            const int *const elements = deque_make_contiguous(&deque);
            CHECK(!fail_alloc_stop()); /* in place */
            for (int i = 0; i < count; i++)
                CHECK_EQUAL(elements[i], i);
            check_counts_up(&deque, count);
            deque_free(&deque);
        }
    check_nothing_is_left();
}

TEST(a_ring_that_is_contiguous_is_not_moved)
{
    int_deque deque = ring_of(8, 3, 5);

    CHECK(deque_make_contiguous(&deque) == &deque.data[3]);
    CHECK_EQUAL(deque.first, 3);
    deque_free(&deque);
}

TEST(a_ring_shrinks_wherever_it_begins)
{
    begin();
    for (size_t first = 0; first < 16; first++) {
        int_deque deque = ring_of(16, first, 3);
        deque_shrink(&deque);
        CHECK_EQUAL(deque.capacity, 4);
        check_counts_up(&deque, 3);
        deque_free(&deque);
    }
    check_nothing_is_left();
}

TEST(a_queue_of_constant_length_never_grows)
{
    int_deque deque = ring_of(4, 0, 4);
    int out = -1;

    fail_alloc_after(1);
    for (int i = 4; i < 100; i++) {
        CHECK(deque_pop_front(&deque, &out) && out == i - 4);
        deque_push_back(&deque, i);
    }
    CHECK(!fail_alloc_stop());
    deque_free(&deque);
}

TEST(a_deques_capacity_that_overflows_is_refused)
{
    DEQUE(uint64_t) deque = DEQUE_EMPTY;

    begin();
    deque_push_back(&deque, 1);
    CHECK_EQUAL(deque_try_reserve(&deque, SIZE_MAX), -ENOMEM);         /* the number of elements */
    CHECK_EQUAL(deque_try_reserve(&deque, SIZE_MAX - 1), -ENOMEM);     /* the power of two */
    CHECK_EQUAL(deque_try_reserve(&deque, SIZE_MAX / 8), -ENOMEM);     /* the number of bytes */
    CHECK_EQUAL(deque_try_reserve(&deque, PTRDIFF_MAX / 16), -ENOMEM); /* no heap has so many */
    CHECK(deque.length == 1 && deque.capacity == 4 && *deque_at(&deque, 0) == 1);
    deque_free(&deque);
    check_nothing_is_left();
}

/* --- the rest --- */

TEST(a_loop_over_a_deque_can_be_left_and_continued)
{
    int_deque deque = ring_of(8, 5, 8);
    int sum = 0;

    deque_for_each (element, &deque) {
        if (*element % 2 == 0)
            continue;
        if (*element > 5)
            break;
        sum += *element;
    }
    CHECK_EQUAL(sum, 1 + 3 + 5);
    deque_free(&deque);
    deque_for_each (element, &deque)
        sum += *element;
    CHECK_EQUAL(sum, 1 + 3 + 5);
}

TEST(a_clone_of_plain_elements_of_a_ring_is_straight)
{
    int_deque from = ring_of(8, 5, 6), to = DEQUE_EMPTY;

    begin();
    deque_clone(&to, &from, NULL);
    CHECK_EQUAL(to.first, 0);
    check_counts_up(&to, 6);
    check_counts_up(&from, 6);
    deque_free(&to);
    check_nothing_is_left();
    deque_free(&from);
}

TEST(the_arguments_of_deques_verbs_are_computed_once)
{
    int_deque deques[2] = {DEQUE_EMPTY, DEQUE_EMPTY}, *deque = deques;
    int value = 0, out[2] = {-1, -1}, *at = out;

    deque_push_back(deque++, value++);
    CHECK(deque == &deques[1] && value == 1);
    CHECK_EQUAL(deque_try_push_front(deque--, value++), 0);
    CHECK(deque == &deques[0] && value == 2);
    deque_push_front(deque++, value++);
    CHECK_EQUAL(deque_try_push_back(deque--, value++), 0);
    CHECK(deque == &deques[0] && value == 4);
    CHECK(deque_pop_front(deque++, at++) && deque_pop_back(deque--, at--));
    CHECK(deque == deques && at == out && out[0] == 2 && out[1] == 3);
    deque_free(&deques[0]);
    deque_free(&deques[1]);
}

TEST(a_scoped_deque_is_freed_when_its_scope_ends)
{
    begin();
    {
        SCOPED(deque_free) boxed_deque deque = DEQUE_DROPPING(boxed_drop);
        for (int i = 0; i < 5; i++)
            deque_push_front(&deque, boxed_new(i));
    }
    check_nothing_is_left();
}
