/*
 * test_mine.c - tests of Box, Vec and Rc, by the one who wrote them.
 *
 * A test is a TEST with a name that says a property, and CHECKs of it; the first CHECK that is not
 * so ends the test as failed. begin() and check_nothing_is_left() around it find what was not
 * freed, and fail_alloc_after(n) lets the n-th allocation from there fail (test/fail_alloc.h).
 *
 *     make host-tests && build/host/test_mine                lists the tests
 *     make host-tests && build/host/test_mine NAME           runs one
 *
 * A test must pass with a Box, Vec and Rc that are right, and says nothing about what their headers
 * leave open.
 */
#include "collections/box.h"
#include "collections/rc.h"
#include "collections/vec.h"
#include "lib/errno.h"
#include "test/fail_alloc.h"
#include "test/pure/heap_balance.h"
#include "test/test.h"

/* LAB collections tests
 * Tests of your own. They are run with a right Box, Vec and Rc, where all of them must pass, and
 * with several that have a bug each: of that bug one test or more should fail, crash or hang.
 * ---
 * TEST(mine_a_vec_holds_what_was_pushed)
 * {
 *     VEC(int) vec = VEC_EMPTY;
 *
 *     begin();
 *     vec_push(&vec, 7);
 *     CHECK_EQUAL(vec.length, 1);
 *     CHECK_EQUAL(*vec_at(&vec, 0), 7);
 *     vec_free(&vec);
 *     check_nothing_is_left();
 * }
 */
typedef VEC(int) int_vec;

static unsigned dropped, cloned, clone_fails_at;
static int drop_sum;

static void forget(void)
{
    dropped = cloned = clone_fails_at = 0;
    drop_sum = 0;
}

static void count_drop(void *value)
{
    dropped++;
    drop_sum += *(int *)value;
}

/* The clone has 1000 more; the one numbered clone_fails_at is not made. */
static int count_clone(void *to, const void *from)
{
    if (++cloned == clone_fails_at)
        return -ENOMEM;
    *(int *)to = *(const int *)from + 1000;
    return 0;
}

static int_vec counting_up(int count)
{
    int_vec vec = VEC_DROPPING(count_drop);

    for (int i = 0; i < count; i++)
        vec_push(&vec, i);
    return vec;
}

static bool counts_up(const int_vec *vec, size_t length)
{
    if (vec->length != length || vec->capacity < length)
        return false;
    for (size_t i = 0; i < length; i++)
        if (*vec_at(vec, i) != (int)i)
            return false;
    return true;
}

/* --- box --- */

TEST(mine_a_box_takes_the_room_of_its_value)
{
    begin();
    uint64_t *const box = box_new(uint64_t, 5);
    heap_stats(&after);
    CHECK_EQUAL(after.user - before.user, sizeof *box);
    CHECK_EQUAL(*box, 5);
    box_free(box);
    check_nothing_is_left();
}

TEST(mine_a_clone_of_a_box_is_made_by_the_clone_function)
{
    begin();
    forget();
    int *const box = box_new(int, 5);
    int *const copy = box_clone(box, count_clone), *const bits = box_clone(box, NULL);
    CHECK(copy != box && bits != box);
    CHECK_EQUAL(cloned, 1);
    CHECK_EQUAL(*box, 5);
    CHECK_EQUAL(*copy, 1005);
    CHECK_EQUAL(*bits, 5);
    box_free(box);
    box_free(copy);
    box_free(bits);
    check_nothing_is_left();
}

TEST(mine_a_clone_of_a_box_that_fails_leaves_nothing)
{
    begin();
    int *const box = box_new(int, 5);
    forget();
    clone_fails_at = 1;
    CHECK(box_try_clone(box, count_clone) == NULL);
    fail_alloc_after(1);
    CHECK(box_try_clone(box, NULL) == NULL);
    CHECK(fail_alloc_stop());
    box_free(box);
    check_nothing_is_left();
}

/* --- vec --- */

TEST(mine_a_vec_keeps_its_elements_as_it_grows)
{
    begin();
    int_vec vec = counting_up(100);
    CHECK(counts_up(&vec, 100));
    vec_free(&vec);
    check_nothing_is_left();
}

TEST(mine_a_vec_that_is_full_doubles)
{
    int_vec vec = counting_up(0);

    for (int i = 0; i < 200; i++) {
        const size_t capacity = vec.capacity;
        vec_push(&vec, i);
        CHECK(vec.capacity == capacity || vec.capacity >= 2 * capacity);
    }
    vec_free(&vec);
}

TEST(mine_a_vec_reserves_what_it_was_told)
{
    begin();
    int_vec vec = counting_up(5);
    vec_reserve(&vec, 100);
    CHECK(vec.capacity >= 105);
    CHECK(counts_up(&vec, 5));
    heap_stats(&after);
    CHECK_EQUAL(after.user - before.user, vec.capacity * sizeof(int));
    vec_free(&vec);
    check_nothing_is_left();
}

TEST(mine_a_vec_refuses_more_bytes_than_there_can_be)
{
    const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 2, SIZE_MAX / 2, SIZE_MAX / sizeof(int) + 2,
                            SIZE_MAX / sizeof(int) - 2};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        int_vec vec = counting_up(3);
        CHECK_EQUAL(vec_try_reserve(&vec, sizes[i]), -ENOMEM);
        CHECK(counts_up(&vec, 3));
        vec_free(&vec);
    }
}

TEST(mine_a_vec_without_memory_stays_as_it_was)
{
    begin();
    int_vec vec = counting_up(4);
    const int more[] = {4, 5};
    vec_shrink(&vec);
    const size_t capacity = vec.capacity;
    for (int i = 0; i < 3; i++) {
        fail_alloc_after(1);
        CHECK_EQUAL(i == 0   ? vec_try_push(&vec, 4)
                    : i == 1 ? vec_try_insert(&vec, 0, 4)
                             : vec_try_extend(&vec, more, 2),
                    -ENOMEM);
        CHECK(fail_alloc_stop());
        CHECK(counts_up(&vec, 4) && vec.capacity == capacity);
    }
    vec_free(&vec);
    check_nothing_is_left();
}

TEST(mine_what_is_inserted_in_a_vec_can_be_removed)
{
    for (size_t at = 0; at <= 9; at++) {
        int_vec vec = counting_up(9);
        vec_insert(&vec, at, 50);
        CHECK_EQUAL(vec.length, 10);
        for (size_t i = 0; i < 10; i++)
            CHECK_EQUAL(*vec_at(&vec, i), i < at ? i : i == at ? 50 : i - 1);
        CHECK_EQUAL(vec_remove(&vec, at), 50);
        CHECK(counts_up(&vec, 9));
        vec_free(&vec);
    }
}

TEST(mine_a_vec_can_be_extended_by_itself)
{
    for (int length = 1; length < 12; length++) {
        int_vec vec = counting_up(length);
        vec_shrink(&vec);
        vec_extend(&vec, &vec.data[length / 2], (size_t)(length - length / 2));
        for (int i = length; i < (int)vec.length; i++)
            CHECK_EQUAL(*vec_at(&vec, (size_t)i), i - length + length / 2);
        vec_free(&vec);
    }
}

TEST(mine_a_truncated_vec_drops_each_element_once)
{
    begin();
    forget();
    int_vec vec = counting_up(10);
    vec_truncate(&vec, 12);
    CHECK_EQUAL(dropped, 0);
    vec_truncate(&vec, 7);
    CHECK_EQUAL(dropped, 3);
    CHECK_EQUAL(drop_sum, 7 + 8 + 9);
    CHECK(counts_up(&vec, 7));
    vec_free(&vec);
    CHECK_EQUAL(dropped, 10);
    CHECK_EQUAL(drop_sum, 45);
    CHECK(vec.data == NULL && vec.length == 0 && vec.capacity == 0);
    vec_free(&vec);
    CHECK_EQUAL(dropped, 10);
    check_nothing_is_left();
}

TEST(mine_a_vec_that_shrinks_keeps_its_elements)
{
    begin();
    int_vec vec = counting_up(9);
    vec_shrink(&vec);
    CHECK_EQUAL(vec.capacity, 9);
    CHECK(counts_up(&vec, 9));
    vec_truncate(&vec, 0);
    vec_shrink(&vec);
    CHECK(vec.capacity == 0 && vec.data == NULL);
    check_nothing_is_left();
    vec_free(&vec);
}

TEST(mine_a_vec_that_cannot_shrink_stays_as_it_was)
{
    begin();
    int_vec vec = counting_up(9);
    fail_alloc_after(1);
    vec_shrink(&vec);
    const bool failed = fail_alloc_stop();
    CHECK(failed ? vec.capacity > 9 : vec.capacity == 9);
    CHECK(counts_up(&vec, 9));
    vec_free(&vec);
    check_nothing_is_left();
}

TEST(mine_a_clone_of_a_vec_is_a_vec_of_its_own)
{
    begin();
    forget();
    int_vec from = counting_up(6), to = VEC_EMPTY;
    vec_clone(&to, &from, count_clone);
    CHECK_EQUAL(cloned, 6);
    CHECK(to.data != from.data && to.length == 6 && to.capacity == 6);
    for (size_t i = 0; i < 6; i++)
        CHECK_EQUAL(*vec_at(&to, i), i + 1000);
    vec_free(&to);
    CHECK_EQUAL(dropped, 6);
    CHECK(counts_up(&from, 6));
    vec_free(&from);
    check_nothing_is_left();
}

TEST(mine_a_clone_of_a_vec_that_fails_leaves_nothing)
{
    begin();
    int_vec from = counting_up(6), to = VEC_EMPTY;
    for (unsigned n = 0; n <= 6; n++) {
        forget();
        clone_fails_at = n;
        if (n == 0)
            fail_alloc_after(1);
        CHECK_EQUAL(vec_try_clone(&to, &from, count_clone), -ENOMEM);
        (void)fail_alloc_stop();
        CHECK_EQUAL(dropped, n == 0 ? 0 : n - 1);
        CHECK(to.data == NULL && to.length == 0 && to.capacity == 0);
    }
    vec_free(&from);
    check_nothing_is_left();
}

/* --- rc --- */

TEST(mine_an_rc_goes_with_its_last_owner)
{
    begin();
    forget();
    int *const first = rc_new_dropping(int, 5, count_drop), *const second = rc_clone(first);
    CHECK(first == second);
    CHECK_EQUAL(rc_count(first), 2);
    rc_release(first);
    CHECK_EQUAL(dropped, 0);
    CHECK_EQUAL(rc_count(second), 1);
    rc_release(second);
    CHECK_EQUAL(dropped, 1);
    check_nothing_is_left();
}

TEST(mine_a_weak_owner_keeps_the_block_alone)
{
    RC_WEAK(int) weak = RC_WEAK_EMPTY, other = RC_WEAK_EMPTY;

    begin();
    forget();
    int *const rc = rc_new_dropping(int, 5, count_drop);
    rc_downgrade(&weak, rc);
    rc_weak_clone(&other, &weak);
    CHECK_EQUAL(rc_weak_count(rc), 2);
    int *const upgraded = rc_upgrade(&weak);
    CHECK(upgraded == rc);
    CHECK_EQUAL(rc_count(rc), 2);
    rc_release(upgraded);
    rc_release(rc);
    CHECK_EQUAL(dropped, 1);
    heap_stats(&after);
    CHECK_EQUAL(after.live - before.live, 1);
    CHECK(rc_upgrade(&weak) == NULL);
    rc_weak_free(&weak);
    CHECK(rc_upgrade(&weak) == NULL && rc_upgrade(&other) == NULL);
    rc_weak_free(&weak);
    rc_weak_free(&other);
    check_nothing_is_left();
}

TEST(mine_a_weak_owner_that_goes_first_is_not_counted)
{
    RC_WEAK(int) weak = RC_WEAK_EMPTY;

    begin();
    int *const rc = rc_new(int, 5);
    rc_downgrade(&weak, rc);
    rc_weak_free(&weak);
    CHECK_EQUAL(rc_weak_count(rc), 0);
    CHECK_EQUAL(*rc, 5);
    rc_release(rc);
    check_nothing_is_left();
}

static size_t owners_at_drop;

static void look_at_count(void *value)
{
    owners_at_drop = rc_count(value);
}

TEST(mine_a_value_that_is_dropped_has_no_owner)
{
    begin();
    owners_at_drop = 1;
    rc_release(rc_new_dropping(int, 5, look_at_count));
    CHECK_EQUAL(owners_at_drop, 0);
    check_nothing_is_left();
}
/* LAB END collections tests */
