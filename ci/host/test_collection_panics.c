/* test_collection_panics.c - what misuse of the collections ends in, and that nothing is changed by
 * it. */
#include "collections/binary_heap.h"
#include "collections/deque.h"
#include "collections/linked_list.h"
#include "collections/text.h"
#include "collections/vec.h"
#include "panic_check.h"
#include "test/fail_alloc.h"
#include "test/test.h"

/* --- vec --- */

static VEC(int) vec = VEC_EMPTY;

static void fill_vec(void)
{
    for (int i = 0; i < 3; i++)
        vec_push(&vec, i);
}

TEST(an_insertion_beyond_a_vec_panics)
{
    fill_vec();
    vec_insert(&vec, 3, 3);
    CHECK_PANICS("vec: index 5 is out of bounds: the length is 4", vec_insert(&vec, 5, 1));
    CHECK_PANICS("vec: index 5 is out of bounds", (void)vec_try_insert(&vec, 5, 1));
    CHECK_EQUAL(vec.length, 4);
    vec_free(&vec);
}

TEST(a_removal_beyond_a_vec_panics)
{
    fill_vec();
    CHECK_PANICS("vec: index 3 is out of bounds: the length is 3", (void)vec_remove(&vec, 3));
    CHECK_PANICS("vec: index 3 is out of bounds", (void)vec_swap_remove(&vec, 3));
    CHECK_EQUAL(vec.length, 3);
    vec_clear(&vec);
    CHECK_PANICS("vec: index 0 is out of bounds: the length is 0", (void)vec_remove(&vec, 0));
    vec_free(&vec);
}

TEST(a_reserve_that_overflows_ends_in_the_allocation_error_handler)
{
    fill_vec();
    CHECK_PANICS("layout of 18446744073709551615 bytes aligned to 4, which is not a valid layout",
                 vec_reserve(&vec, SIZE_MAX));
    CHECK_PANICS("which is not a valid layout", vec_reserve(&vec, SIZE_MAX / 4));
    CHECK_PANICS("no block for a layout of 40000012 bytes", vec_reserve(&vec, 10000000));
    CHECK_EQUAL(vec.length, 3);
    vec_free(&vec);
}

TEST(a_vec_without_memory_for_more_ends_in_the_allocation_error_handler)
{
    static const int more[] = {3, 4};
    static VEC(int) copy = VEC_EMPTY;

    fill_vec();
    vec_push(&vec, 3); /* now it is full */
    fail_alloc_after(1);
    CHECK_PANICS("no block for a layout of", vec_extend(&vec, more, 2));
    fail_alloc_after(1);
    CHECK_PANICS("no block for a layout of", vec_clone(&copy, &vec, NULL));
    CHECK(fail_alloc_stop() && copy.length == 0);
    CHECK_EQUAL(vec.length, 4);
    vec_free(&vec);
}

/* --- text --- */

TEST(a_position_beyond_a_text_panics)
{
    static struct text text = TEXT_EMPTY;

    text_append(&text, "abc");
    CHECK_PANICS("text: index 4 is out of bounds: the length is 3", text_insert(&text, 4, "x"));
    CHECK_PANICS("text: index 4 is out of bounds", (void)text_try_insert(&text, 4, "x"));
    CHECK_PANICS("text: 1 bytes from 3 are out of bounds: the length is 3",
                 text_remove(&text, 3, 1));
    CHECK_PANICS("text: 18446744073709551615 bytes from 1 are out",
                 text_remove(&text, 1, SIZE_MAX));
    CHECK_PANICS("text: 0 bytes from 4 are out of bounds", text_remove(&text, 4, 0));
    CHECK_PANICS("vec: index 3 is out of bounds: the length is 3", (void)vec_at(&text, 3));
    CHECK_EQUAL(text.length, 3);
    text_free(&text);
}

TEST(a_text_without_memory_ends_in_the_allocation_error_handler)
{
    static struct text text = TEXT_EMPTY;

    CHECK_PANICS("no block for a layout of 100000001 bytes aligned to 1",
                 text_reserve(&text, 100000000));
    CHECK_PANICS("no block for a layout of 18446744073709551615 bytes",
                 text_reserve(&text, SIZE_MAX));
    CHECK_PANICS("bytes aligned to 1", while (true) text_format(&text, "%9999d", 1));
    CHECK(text.length > 0 && text.length % 9999 == 0);
    text_free(&text);
}

/* --- deque --- */

TEST(an_index_beyond_a_deque_panics)
{
    static DEQUE(int) deque = DEQUE_EMPTY;

    CHECK_PANICS("deque: index 0 is out of bounds: the length is 0", (void)deque_at(&deque, 0));
    deque_push_back(&deque, 1);
    CHECK_PANICS("deque: index 1 is out of bounds: the length is 1", (void)deque_at(&deque, 1));
    deque_free(&deque);
}

TEST(a_deque_without_memory_ends_in_the_allocation_error_handler)
{
    static DEQUE(int) deque = DEQUE_EMPTY;

    deque_push_back(&deque, 1);
    CHECK_PANICS("no block for a layout of 40000004 bytes aligned to 4",
                 deque_reserve(&deque, 10000000));
    CHECK_PANICS("no block for a layout of 18446744073709551615 bytes",
                 deque_reserve(&deque, SIZE_MAX));
    fail_alloc_after(1);
    for (int i = 1; i < 4; i++)
        deque_push_back(&deque, i);
    CHECK_PANICS("no block for a layout of 20 bytes aligned to 4", deque_push_front(&deque, 1));
    CHECK_EQUAL(deque.length, 4);
    deque_free(&deque);
}

TEST(a_deque_without_memory_for_its_clone_ends_in_the_allocation_error_handler)
{
    static DEQUE(int) deque = DEQUE_EMPTY, copy = DEQUE_EMPTY;

    deque_push_back(&deque, 1);
    fail_alloc_after(1);
    CHECK_PANICS("no block for a layout of", deque_clone(&copy, &deque, NULL));
    CHECK(fail_alloc_stop() && copy.length == 0);
    deque_free(&deque);
}

/* --- linked list --- */

TEST(a_position_that_is_not_there_panics)
{
    static LINKED_LIST(int) list = LINKED_LIST_EMPTY;
    const int *const nowhere = linked_list_first(&list);

    CHECK_PANICS("linked_list: there is no element at this position",
                 (void)linked_list_remove(&list, nowhere));
    CHECK_PANICS("no element at this position", linked_list_insert_before(&list, nowhere, 1));
    CHECK_PANICS("no element at this position", linked_list_insert_after(&list, nowhere, 1));
    CHECK_PANICS("no element at this position", (void)linked_list_next(&list, nowhere));
    CHECK_EQUAL(list.length, 0);
}

TEST(a_list_moved_into_itself_panics)
{
    static LINKED_LIST(int) list = LINKED_LIST_EMPTY;

    linked_list_push_back(&list, 1);
    CHECK_PANICS("linked_list: a list cannot be moved into itself",
                 linked_list_append(&list, &list));
    linked_list_free(&list);
}

TEST(a_linked_list_without_memory_for_its_clone_ends_in_the_allocation_error_handler)
{
    static LINKED_LIST(int) list = LINKED_LIST_EMPTY, copy = LINKED_LIST_EMPTY;

    linked_list_push_back(&list, 1);
    fail_alloc_after(1);
    CHECK_PANICS("no block for a layout of", linked_list_clone(&copy, &list, NULL));
    CHECK(fail_alloc_stop() && copy.length == 0);
    linked_list_free(&list);
}

TEST(a_linked_list_without_memory_ends_in_the_allocation_error_handler)
{
    static LINKED_LIST(int) list = LINKED_LIST_EMPTY;

    fail_alloc_after(1);
    CHECK_PANICS("no block for a layout of 20 bytes aligned to 8", linked_list_push_back(&list, 1));
    CHECK(list.first == NULL && list.length == 0);
}

/* --- binary heap --- */

TEST(a_heap_made_where_there_is_one_panics)
{
    static BINARY_HEAP(int) heap = BINARY_HEAP_EMPTY(NULL);
    static VEC(int) more = VEC_EMPTY;

    binary_heap_push(&heap, 1);
    vec_push(&more, 2);
    CHECK_PANICS("binary_heap: moved onto 1 elements that are there",
                 binary_heap_from_vec(&heap, &more));
    CHECK(heap.length == 1 && more.length == 1);
    vec_free(&more);
    binary_heap_free(&heap);
}

/* --- what is cloned or extended --- */

TEST(a_clone_without_memory_ends_in_the_allocation_error_handler)
{
    static VEC(int) ints = VEC_EMPTY, more = VEC_EMPTY;
    static DEQUE(int) deque = DEQUE_EMPTY, other_deque;
    static LINKED_LIST(int) list = LINKED_LIST_EMPTY, other_list;
    static struct text text = TEXT_EMPTY, other_text;

    vec_push(&ints, 1);
    deque_push_back(&deque, 1);
    linked_list_push_back(&list, 1);
    text_push(&text, 'a');
    fail_alloc_after(1);
    CHECK_PANICS("no block for a layout of 4 bytes aligned to 4", vec_clone(&more, &ints, NULL));
    fail_alloc_after(1);
    CHECK_PANICS("no block for a layout of 4 bytes", vec_extend(&more, ints.data, 1));
    fail_alloc_after(1);
    CHECK_PANICS("no block for a layout of 4 bytes aligned to 4",
                 deque_clone(&other_deque, &deque, NULL));
    fail_alloc_after(1);
    CHECK_PANICS("no block for a layout of 20 bytes", linked_list_clone(&other_list, &list, NULL));
    fail_alloc_after(1);
    CHECK_PANICS("no block for a layout of 2 bytes", text_clone(&other_text, &text));
    vec_free(&ints);
    deque_free(&deque);
    linked_list_free(&list);
    text_free(&text);
}
