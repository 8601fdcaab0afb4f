/* test_binary_heap.c - BinaryHeap. Each test leaves the heap as it was. */
#include "collections/binary_heap.h"

#include "collections/heap_order.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "test/pure/boxed.h"
#include "test/pure/int_model.h"
#include "test/test.h"

typedef BINARY_HEAP(int) int_heap;
typedef VEC(int) int_vec;
typedef BINARY_HEAP(struct boxed) boxed_heap;
typedef VEC(struct boxed) boxed_vec;

/* --- beside a model, a sorted array --- */

static int sum_of(const boxed_heap *heap)
{
    int sum = 0;
    binary_heap_for_each (element, heap)
        sum += *element->box;
    return sum;
}

static void check_model(const boxed_heap *heap)
{
    const struct heap_order order = {heap->data, heap->length, sizeof *heap->data, heap->compare};
    const struct boxed *const greatest = binary_heap_peek(heap);
    int sum = 0;

    CHECK(heap_order_holds(&order));
    CHECK_EQUAL(heap->length, model.length);
    CHECK((greatest == NULL) == (model.length == 0));
    if (greatest != NULL)
        CHECK_EQUAL(*greatest->box, model.values[model.length - 1]);
    for (size_t i = 0; i < model.length; i++)
        sum += model.values[i];
    CHECK_EQUAL(sum_of(heap), sum);
}

static void do_push(boxed_heap *heap, int value)
{
    const struct boxed boxed = boxed_new(value);
    TRY_AT_EVERY_ALLOCATION(binary_heap_try_push(heap, boxed), check_model(heap));
    model_insert(model.length, value);
    model_sort();
}

static void do_pop(boxed_heap *heap)
{
    struct boxed boxed = {NULL};
    const bool popped = binary_heap_pop(heap, &boxed);

    CHECK_EQUAL(popped, model.length > 0);
    if (popped)
        CHECK_EQUAL(boxed_end(boxed), model_remove(model.length - 1));
}

static void do_clone(boxed_heap *heap)
{
    boxed_heap copy = BINARY_HEAP_EMPTY(NULL);
    TRY_AT_EVERY_ALLOCATION(binary_heap_try_clone(&copy, heap, boxed_try_clone),
                            CHECK(copy.data == NULL && copy.compare == NULL));
    check_model(&copy);
    binary_heap_free(heap);
    *heap = copy;
}

static void do_sort_and_make_again(boxed_heap *heap)
{
    boxed_vec vec = VEC_DROPPING(boxed_drop);

    fail_alloc_after(1);
    binary_heap_into_sorted(heap, &vec);
    CHECK(heap->length == 0 && heap->data == NULL && vec.length == model.length);
    for (size_t i = 0; i < model.length; i++)
        CHECK_EQUAL(*vec_at(&vec, i)->box, model.values[i]);
    binary_heap_from_vec(heap, &vec);
    CHECK(vec.length == 0 && vec.data == NULL);
    CHECK(!fail_alloc_stop());
}

static void step(boxed_heap *heap, uint64_t *seed)
{
    const int value = (int)(test_random(seed) % 50); /* many are equal */
    const uint64_t choice = test_random(seed) % 40;

    if (model.length + 1 > MODEL_MOST / 2 || choice == 0) {
        binary_heap_clear(heap);
        model.length = 0;
    } else if (choice < 20)
        do_push(heap, value);
    else if (choice < 34)
        do_pop(heap);
    else if (choice < 35)
        do_clone(heap);
    else if (choice < 37)
        do_sort_and_make_again(heap);
    else if (choice < 38)
        binary_heap_shrink(heap);
    else
        TRY_AT_EVERY_ALLOCATION(binary_heap_try_reserve(heap, model.length), check_model(heap));
}

TEST(a_binary_heap_agrees_with_a_sorted_array_whichever_allocation_fails)
{
    boxed_heap heap = BINARY_HEAP_DROPPING(boxed_compare, boxed_drop);
    uint64_t seed = 5;

    begin();
    model.length = 0;
    for (int i = 0; i < 4000; i++) {
        step(&heap, &seed);
        check_model(&heap);
    }
    binary_heap_free(&heap);
    check_nothing_is_left();
}

/* --- cost --- */

static size_t comparisons;

static int counting_compare(const void *left, const void *right)
{
    comparisons++;
    return int_compare(left, right);
}

TEST(a_heap_is_made_of_a_vec_in_linear_time)
{
    enum { COUNT = 1024 };
    int_heap heap = BINARY_HEAP_EMPTY(counting_compare);

    for (int order = 0; order < 3; order++) {
        int_vec vec = VEC_EMPTY;
        for (int i = 0; i < COUNT; i++)
            vec_push(&vec, order == 0 ? i : order == 1 ? -i : i * 331 % COUNT);
        comparisons = 0;
        binary_heap_from_vec(&heap, &vec);
        CHECK(comparisons <= 2 * COUNT);
        binary_heap_clear(&heap);
    }
    binary_heap_free(&heap);
}

TEST(a_push_and_a_pop_take_logarithmic_time)
{
    enum { COUNT = 1024, LOG = 10 };
    int_heap heap = BINARY_HEAP_EMPTY(counting_compare);
    int out = -1;

    for (int i = 0; i < COUNT; i++) {
        comparisons = 0;
        binary_heap_push(&heap, i); /* the greatest each time: it rises all the way */
        CHECK(comparisons <= LOG);
    }
    for (int i = COUNT; i-- > 0;) {
        comparisons = 0;
        CHECK(binary_heap_pop(&heap, &out) && out == i);
        CHECK(comparisons <= 2 * LOG);
    }
    binary_heap_free(&heap);
}

TEST(an_array_out_of_heap_order_is_seen)
{
    int array[4] = {9, 7, 8, 7};
    const struct heap_order order = {array, 4, sizeof array[0], int_compare};

    CHECK(heap_order_holds(&order));
    array[3] = 8;
    CHECK(!heap_order_holds(&order));
}

/* --- ownership --- */

TEST(a_scoped_binary_heap_is_freed_when_its_scope_ends)
{
    begin();
    {
        SCOPED(binary_heap_free)
        boxed_heap heap = BINARY_HEAP_DROPPING(boxed_compare, boxed_drop);
        for (int i = 0; i < 5; i++)
            binary_heap_push(&heap, boxed_new(i));
    }
    check_nothing_is_left();
}

TEST(a_vec_with_room_but_no_elements_takes_the_sorted_ones)
{
    int_heap heap = BINARY_HEAP_EMPTY(int_compare);
    int_vec vec = VEC_EMPTY;

    begin();
    vec_reserve(&vec, 10);
    binary_heap_push(&heap, 2);
    binary_heap_push(&heap, 1);
    binary_heap_into_sorted(&heap, &vec);
    CHECK(vec.length == 2 && *vec_at(&vec, 0) == 1 && *vec_at(&vec, 1) == 2);
    vec_free(&vec);
    check_nothing_is_left();
}
