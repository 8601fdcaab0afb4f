/* test_mutex.c - a value behind a lock, on one hart; on several threads in
 * ci/tests/collections_programs/threads.c. */
#include "collections/arc.h"
#include "collections/mutex.h"
#include "test/pure/heap_balance.h"
#include "test/test.h"

struct point {
    int x, y;
};
typedef MUTEX(int) int_mutex;

static bool is_free(int_mutex *mutex)
{
    SCOPED_TRY_LOCK(value, mutex);
    return value != NULL;
}

TEST(a_mutex_holds_its_value)
{
    int_mutex mutex = MUTEX_OF(5);
    {
        SCOPED_LOCK(value, &mutex);
        CHECK_EQUAL(*value, 5);
        *value = 6;
    }
    SCOPED_LOCK(value, &mutex);
    CHECK_EQUAL(*value, 6);
}

TEST(a_mutex_is_held_to_the_end_of_the_scope)
{
    int_mutex mutex = MUTEX_OF(5);

    CHECK(is_free(&mutex));
    {
        SCOPED_LOCK(value, &mutex);
        CHECK_EQUAL(*value, 5);
        CHECK(!is_free(&mutex));
    }
    CHECK(is_free(&mutex));
}

TEST(a_lock_that_was_tried_is_held_to_the_end_of_the_scope)
{
    int_mutex mutex = MUTEX_OF(5);
    {
        SCOPED_TRY_LOCK(value, &mutex);
        CHECK(value != NULL && *value == 5);
        CHECK(!is_free(&mutex));
    }
    CHECK(is_free(&mutex));
}

TEST(a_lock_that_was_tried_in_vain_is_not_given_back)
{
    int_mutex mutex = MUTEX_OF(5);
    SCOPED_LOCK(value, &mutex);
    CHECK(!is_free(&mutex));
    CHECK(!is_free(&mutex));
    CHECK_EQUAL(*value, 5);
}

static int leave_locked(int_mutex *mutex, int n)
{
    for (;;) {
        SCOPED_LOCK(value, mutex);
        if (n == 0)
            return (*value)++;
        if (n == 1)
            break;
        goto out;
    }
    return -1;
out:
    return -2;
}

TEST(a_mutex_is_unlocked_on_every_way_out)
{
    int_mutex mutex = MUTEX_OF(5);

    CHECK_EQUAL(leave_locked(&mutex, 0), 5);
    CHECK(is_free(&mutex));
    CHECK_EQUAL(leave_locked(&mutex, 1), -1);
    CHECK(is_free(&mutex));
    CHECK_EQUAL(leave_locked(&mutex, 2), -2);
    CHECK(is_free(&mutex));
}

TEST(two_mutexes_are_held_at_once)
{
    int_mutex left = MUTEX_OF(1), right = MUTEX_OF(2);
    SCOPED_LOCK(from, &left);
    {
        SCOPED_LOCK(to, &right);
        *to += *from;
        CHECK(!is_free(&left) && !is_free(&right));
    }
    CHECK(!is_free(&left) && is_free(&right));
}

TEST(a_mutex_is_evaluated_once)
{
    int_mutex mutexes[2] = {MUTEX_OF(5), MUTEX_OF(6)}, *next = mutexes;
    SCOPED_LOCK(value, next++);
    CHECK(next == mutexes + 1);
    CHECK_EQUAL(*value, 5);
}

TEST(a_mutex_holds_a_structure)
{
    MUTEX(struct point) mutex = MUTEX_OF({.x = 1, .y = 2});
    SCOPED_LOCK(value, &mutex);
    value->y += value->x;
    CHECK_EQUAL(value->y, 3);
}

TEST(a_shared_mutex_is_changed_by_one_owner_and_seen_by_another)
{
    begin();
    {
        SCOPED(arc_end) int_mutex *const first = arc_new(int_mutex, ((int_mutex)MUTEX_OF(5)));
        SCOPED(arc_end) int_mutex *const second = arc_clone(first);
        {
            SCOPED_LOCK(value, first);
            *value = 6;
        }
        SCOPED_LOCK(value, second);
        CHECK_EQUAL(*value, 6);
    }
    check_nothing_is_left();
}
