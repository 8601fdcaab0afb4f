/* test_box.c - one owner of one value. Each test leaves the heap as it was. */
#include "collections/box.h"
#include "lib/errno.h"
#include "test/fail_alloc.h"
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

/* A value that owns another: a box in a box. */
static void drop_inner(void *value)
{
    box_free(*(int **)value);
}

static int clone_inner(void *to, const void *from)
{
    int *const inner = box_try_new(int, **(int *const *)from);
    if (inner == NULL)
        return -ENOMEM;
    *(int **)to = inner;
    return 0;
}

static int **new_box_in_box(int number)
{
    int *const inner = box_new(int, number);
    return box_new(int *, inner);
}

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
    int *const tried = box_try_new(int, ++calls);
    CHECK_EQUAL(*box, 1);
    CHECK_EQUAL(*tried, 2);
    CHECK_EQUAL(calls, 2);
    box_free(box);
    box_free(tried);
    check_nothing_is_left();
}

TEST(a_box_that_does_not_fit_is_null)
{
    begin();
    CHECK(box_try_new(struct giant, ANY_GIANT) == NULL);
    check_nothing_is_left();
}

TEST(a_box_without_memory_does_not_compute_its_value)
{
    int calls = 0;

    begin();
    fail_alloc_after(1);
    CHECK(box_try_new(int, ++calls) == NULL);
    CHECK(fail_alloc_stop());
    CHECK_EQUAL(calls, 0);
    check_nothing_is_left();
}

TEST(a_box_that_is_dropped_drops_what_its_value_owns)
{
    begin();
    int **const box = new_box_in_box(5);
    CHECK_EQUAL(live_blocks(), 2);
    box_drop(box, drop_inner);
    check_nothing_is_left();
}

/* --- clone --------------------------------------------------------------------------------------
 */

TEST(a_cloned_box_is_a_box_of_its_own)
{
    begin();
    struct triple *const box = box_new(struct triple, ((struct triple){{1, 2, 3}}));
    struct triple *const copy = box_clone(box, NULL);
    copy->bytes[0] = 9;
    CHECK(box->bytes[0] == 1 && copy->bytes[1] == 2 && copy->bytes[2] == 3);
    box_free(box);
    CHECK_EQUAL(copy->bytes[0], 9);
    box_free(copy);
    check_nothing_is_left();
}

TEST(a_clone_of_a_box_clones_what_its_value_owns)
{
    begin();
    int **const box = new_box_in_box(5);
    int **const copy = box_clone(box, clone_inner);
    **copy = 6;
    CHECK_EQUAL(**box, 5);
    CHECK_EQUAL(live_blocks(), 4);
    box_drop(box, drop_inner);
    box_drop(copy, drop_inner);
    check_nothing_is_left();
}

TEST(a_clone_of_a_box_that_fails_leaves_nothing)
{
    bool fired = true;

    for (unsigned n = 1; fired; n++) {
        begin();
        int **const box = new_box_in_box(5);
        fail_alloc_after(n);
        int **const copy = box_try_clone(box, clone_inner);
        fired = fail_alloc_stop();
        CHECK_EQUAL(fired, n <= 2);
        CHECK((copy == NULL) == fired);
        CHECK_EQUAL(**box, 5);
        if (copy != NULL)
            box_drop(copy, drop_inner);
        box_drop(box, drop_inner);
        check_nothing_is_left();
    }
}

/* --- scopes -------------------------------------------------------------------------------------
 */

TEST(a_box_in_a_scope_is_freed_at_its_end)
{
    begin();
    {
        SCOPED_BOX(int, box, box_new(int, 5));
        CHECK_EQUAL(*box, 5);
        CHECK_EQUAL(live_blocks(), 1);
    }
    check_nothing_is_left();
}

/* Leave by another way for each n; all of them compute their result before the boxes are freed. */
static int leave_scope(int n)
{
    for (int round = 0; round < 3; round++) {
        SCOPED_BOX(int, box, box_new(int, round));
        if (n == 0)
            return *box + 100;
        if (n == 1)
            break;
        if (n == 2)
            continue;
        if (n == 3)
            goto out;
    }
    return 1;
out:
    return 2;
}

TEST(a_box_in_a_scope_is_freed_on_every_way_out)
{
    const int results[] = {100, 1, 1, 2, 1};

    for (int n = 0; n < 5; n++) {
        begin();
        CHECK_EQUAL(leave_scope(n), results[n]);
        check_nothing_is_left();
    }
}

TEST(a_scope_whose_box_has_no_memory_frees_nothing)
{
    begin();
    {
        fail_alloc_after(1);
        SCOPED_BOX(int, box, box_try_new(int, 5));
        CHECK(fail_alloc_stop());
        CHECK(box == NULL);
    }
    check_nothing_is_left();
}

static int *give_away(int number)
{
    SCOPED_BOX(int, box, box_new(int, number));
    *box += 1;
    return owner_move(&box);
}

TEST(a_box_that_is_moved_outlives_its_scope)
{
    begin();
    int *const box = give_away(5);
    CHECK_EQUAL(live_blocks(), 1);
    CHECK_EQUAL(*box, 6);
    box_free(box);
    check_nothing_is_left();
}

TEST(a_box_can_be_moved_from_scope_to_scope)
{
    begin();
    {
        SCOPED_BOX(int, first, box_new(int, 5));
        {
            SCOPED_BOX(int, second, owner_move(&first));
            CHECK(first == NULL);
            CHECK_EQUAL(*second, 5);
        }
        CHECK_EQUAL(live_blocks(), 0);
    }
    check_nothing_is_left();
}

TEST(a_box_that_is_leaked_stays)
{
    int *forever;

    begin();
    {
        SCOPED_BOX(int, box, box_new(int, 5));
        forever = box_leak(&box);
    }
    CHECK_EQUAL(live_blocks(), 1);
    CHECK_EQUAL(*forever, 5);
    box_free(forever);
    check_nothing_is_left();
}

TEST(a_scope_drops_what_the_value_of_its_box_owns)
{
    begin();
    {
        SCOPED_BOX_DROPPING(int *, box, new_box_in_box(5), drop_inner);
        CHECK_EQUAL(**box, 5);
        CHECK_EQUAL(live_blocks(), 2);
    }
    check_nothing_is_left();
}

static char order[4];
static size_t order_length;

static void note(void *value)
{
    order[order_length++] = *(char *)value;
}

TEST(a_scope_frees_its_boxes_in_reverse_order)
{
    begin();
    order_length = 0;
    {
        SCOPED_BOX_DROPPING(char, a, box_new(char, 'a'), note);
        SCOPED_BOX_DROPPING(char, b, box_new(char, 'b'), note);
        SCOPED_BOX_DROPPING(char, c, box_new(char, 'c'), note);
        CHECK(*a == 'a' && *b == 'b' && *c == 'c');
    }
    CHECK_EQUAL(order_length, 3);
    CHECK(order[0] == 'c' && order[1] == 'b' && order[2] == 'a');
    check_nothing_is_left();
}

/* All that was made before an allocation fails is given back on the way out. */
static int make_three(void)
{
    SCOPED_BOX(int, first, box_try_new(int, 1));
    if (first == NULL)
        return -ENOMEM;
    SCOPED_BOX(int, second, box_try_new(int, 2));
    if (second == NULL)
        return -ENOMEM;
    SCOPED_BOX(int, third, box_try_new(int, *first + *second));
    return third == NULL ? -ENOMEM : *third;
}

TEST(a_function_that_fails_half_way_leaves_nothing)
{
    bool fired = true;

    for (unsigned n = 1; fired; n++) {
        begin();
        fail_alloc_after(n);
        const int result = make_three();
        fired = fail_alloc_stop();
        CHECK_EQUAL(fired, n <= 3);
        CHECK_EQUAL(result, fired ? -ENOMEM : 3);
        check_nothing_is_left();
    }
}
