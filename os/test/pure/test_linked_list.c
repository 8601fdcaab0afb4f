/* test_linked_list.c - the list that owns its elements. Each test leaves the heap as it was. */
#include "collections/linked_list.h"

#include "collections/vec.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "test/pure/boxed.h"
#include "test/pure/int_model.h"
#include "test/test.h"

typedef LINKED_LIST(int) int_list;
typedef LINKED_LIST(struct boxed) boxed_list;

/* --- beside a model --- */

static void check_model(const boxed_list *list)
{
    size_t index = 0;

    CHECK(linked_list_invariants_hold(&list->any));
    CHECK_EQUAL(list->length, model.length);
    linked_list_for_each (element, list)
        CHECK_EQUAL(*element->box, model.values[index++]);
    CHECK_EQUAL(index, model.length);
    for (const struct boxed *at = linked_list_last(list); at != NULL;
         at = linked_list_prev(list, at))
        CHECK_EQUAL(*at->box, model.values[--index]);
    CHECK_EQUAL(index, 0);
}

/* The element with a number; there is one. */
static struct boxed *element_number(const boxed_list *list, size_t index)
{
    struct boxed *at = linked_list_first(list);
    while (index-- > 0)
        at = linked_list_next(list, at);
    return at;
}

static void do_push(boxed_list *list, bool front, int value)
{
    const struct boxed boxed = boxed_new(value);
    TRY_AT_EVERY_ALLOCATION(front ? linked_list_try_push_front(list, boxed)
                                  : linked_list_try_push_back(list, boxed),
                            check_model(list));
    model_insert(front ? 0 : model.length, value);
}

static void do_insert(boxed_list *list, bool in_front, size_t index, int value)
{
    const struct boxed boxed = boxed_new(value);
    const struct boxed *const at = element_number(list, index);
    TRY_AT_EVERY_ALLOCATION(in_front ? linked_list_try_insert_before(list, at, boxed)
                                     : linked_list_try_insert_after(list, at, boxed),
                            check_model(list));
    model_insert(in_front ? index : index + 1, value);
}

static void do_pop(boxed_list *list, bool front)
{
    struct boxed boxed = {NULL};
    const bool popped =
        front ? linked_list_pop_front(list, &boxed) : linked_list_pop_back(list, &boxed);

    CHECK_EQUAL(popped, model.length > 0);
    if (popped)
        CHECK_EQUAL(boxed_end(boxed), model_remove(front ? 0 : model.length - 1));
}

static void do_remove(boxed_list *list, size_t index)
{
    const struct boxed boxed = linked_list_remove(list, element_number(list, index));
    CHECK_EQUAL(boxed_end(boxed), model_remove(index));
}

static void do_clone(boxed_list *list)
{
    boxed_list copy = LINKED_LIST_EMPTY;
    TRY_AT_EVERY_ALLOCATION(linked_list_try_clone(&copy, list, boxed_try_clone),
                            CHECK(copy.first == NULL && copy.length == 0 && copy.drop == NULL));
    check_model(&copy);
    linked_list_free(list);
    *list = copy;
}

/* Join a second list of up to two elements to the first: at its end or in front of an element. */
static void do_splice(boxed_list *list, bool at_end, size_t index, int value)
{
    boxed_list more = LINKED_LIST_DROPPING(boxed_drop);

    for (int i = 0; i < value % 3; i++)
        linked_list_push_back(&more, boxed_new(value + i));
    fail_alloc_after(1);
    if (at_end)
        linked_list_append(list, &more);
    else
        linked_list_splice(list, element_number(list, index), &more);
    CHECK(!fail_alloc_stop());
    CHECK(more.length == 0 && linked_list_first(&more) == NULL);
    for (int i = 0; i < value % 3; i++)
        model_insert(at_end ? model.length : index + (size_t)i, value + i);
}

static void step(boxed_list *list, uint64_t *seed)
{
    const int value = (int)(test_random(seed) % 1000);
    const uint64_t choice = test_random(seed) % 40;
    const size_t any = model.length > 0 ? test_random(seed) % model.length : 0;

    if (model.length + 2 > MODEL_MOST / 2 || choice == 0) {
        linked_list_clear(list);
        model.length = 0;
    } else if (choice < 10)
        do_push(list, choice % 2, value);
    else if (choice < 18)
        do_pop(list, choice % 2);
    else if (choice == 18)
        do_clone(list);
    else if (model.length == 0 || choice < 25)
        do_splice(list, choice % 2 || model.length == 0, any, value);
    else if (choice < 33)
        do_insert(list, choice % 2, any, value);
    else
        do_remove(list, any);
}

TEST(a_linked_list_agrees_with_an_array_whichever_allocation_fails)
{
    boxed_list list = LINKED_LIST_DROPPING(boxed_drop);
    uint64_t seed = 4;

    begin();
    model.length = 0;
    for (int i = 0; i < 4000; i++) {
        step(&list, &seed);
        check_model(&list);
    }
    linked_list_free(&list);
    check_nothing_is_left();
}

/* --- positions --- */

TEST(an_element_of_a_linked_list_never_moves)
{
    int_list list = LINKED_LIST_EMPTY, other = LINKED_LIST_EMPTY;

    begin();
    linked_list_push_back(&list, 5);
    int *const five = linked_list_first(&list);
    for (int i = 0; i < 100; i++)
        linked_list_push_front(&list, i);
    linked_list_append(&other, &list);
    const int_list moved = other; /* a list itself can be moved: nothing points to it */
    other = (int_list)LINKED_LIST_EMPTY;
    list = moved;
    CHECK(linked_list_last(&list) == five && *five == 5);
    CHECK_EQUAL(linked_list_remove(&list, five), 5);
    CHECK_EQUAL(list.length, 100);
    linked_list_free(&list);
    check_nothing_is_left();
}

TEST(a_linked_list_ends_at_both_ends)
{
    int_list list = LINKED_LIST_EMPTY;
    int out = 7;

    CHECK(linked_list_first(&list) == NULL && linked_list_last(&list) == NULL);
    CHECK(!linked_list_pop_front(&list, &out) && !linked_list_pop_back(&list, &out) && out == 7);
    linked_list_push_back(&list, 1);
    const int *const one = linked_list_first(&list);
    CHECK(linked_list_next(&list, one) == NULL && linked_list_prev(&list, one) == NULL);
    linked_list_free(&list);
}

TEST(a_linked_list_aligns_its_elements)
{
    struct wide {
        _Alignas(256) uint64_t number;
    };
    LINKED_LIST(struct wide) list = LINKED_LIST_EMPTY;
    LINKED_LIST(char) chars = LINKED_LIST_EMPTY;

    begin();
    for (uint64_t i = 0; i < 5; i++) {
        linked_list_push_back(&list, (struct wide){i});
        linked_list_push_back(&chars, (char)('a' + i));
    }
    linked_list_for_each (element, &list)
        CHECK((uintptr_t)element % 256 == 0);
    CHECK_EQUAL(linked_list_last(&list)->number, 4);
    CHECK_EQUAL(*linked_list_last(&chars), 'e');
    linked_list_free(&list);
    linked_list_free(&chars);
    check_nothing_is_left();
}

TEST(a_clone_of_a_linked_list_of_plain_elements_has_its_own)
{
    int_list from = LINKED_LIST_EMPTY, to;

    begin();
    for (int i = 0; i < 3; i++)
        linked_list_push_back(&from, i);
    linked_list_clone(&to, &from, NULL);
    *linked_list_first(&from) = 7;
    CHECK(to.length == 3 && *linked_list_first(&to) == 0 && *linked_list_last(&to) == 2);
    linked_list_free(&from);
    linked_list_free(&to);
    check_nothing_is_left();
}

TEST(a_broken_ring_is_seen)
{
    int_list list = LINKED_LIST_EMPTY;

    for (int i = 0; i < 3; i++)
        linked_list_push_back(&list, i);
    list.length = 2;
    CHECK(!linked_list_invariants_hold(&list.any));
    list.length = 4;
    CHECK(!linked_list_invariants_hold(&list.any));
    list.length = 3;
    struct dlist_node *const second = list.first->next;
    second->prev = second;
    CHECK(!linked_list_invariants_hold(&list.any));
    second->prev = list.first;
    CHECK(linked_list_invariants_hold(&list.any));
    linked_list_free(&list);
}

TEST(a_loop_over_a_linked_list_can_be_left_and_continued)
{
    int_list list = LINKED_LIST_EMPTY;
    int sum = 0;

    for (int i = 0; i < 10; i++)
        linked_list_push_back(&list, i);
    linked_list_for_each (element, &list) {
        if (*element % 2 == 0)
            continue;
        if (*element > 5)
            break;
        sum += *element;
    }
    CHECK_EQUAL(sum, 1 + 3 + 5);
    linked_list_free(&list);
}

TEST(a_vec_of_linked_lists_frees_them_all)
{
    VEC(int_list) lists = VEC_DROPPING(linked_list_free);

    begin();
    for (int i = 0; i < 10; i++) {
        int_list list = LINKED_LIST_EMPTY;
        for (int j = 0; j < i; j++)
            linked_list_push_front(&list, j);
        vec_push(&lists, list); /* the lists before it are moved */
    }
    CHECK_EQUAL(*linked_list_first(vec_at(&lists, 9)), 8);
    CHECK(linked_list_invariants_hold(&vec_at(&lists, 1)->any));
    vec_free(&lists);
    check_nothing_is_left();
}
