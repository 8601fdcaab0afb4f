/* test_arc.c - several owners of one value, counted atomically; on several threads at once in
 * ci/tests/collections_programs/threads.c. What Rc and Arc share is in test_rc.c. Each test leaves
 * the heap as it was. */
#include "collections/arc.h"
#include "collections/box.h"
#include "test/fail_alloc.h"
#include "test/pure/heap_balance.h"
#include "test/test.h"

static size_t live_blocks(void)
{
    heap_stats(&after);
    return after.live - before.live;
}

/* A value that owns a box. */
static unsigned drops;

static void drop_box(void *value)
{
    box_free(*(int **)value);
    drops++;
}

static int **new_owner_of_box(int number)
{
    int *const inner = box_new(int, number);
    drops = 0;
    return arc_new_dropping(int *, inner, drop_box);
}

TEST(a_new_arc_has_one_owner)
{
    begin();
    int *const arc = arc_new(int, 5);
    CHECK_EQUAL(*arc, 5);
    CHECK_EQUAL(arc_count(arc), 1);
    CHECK_EQUAL(arc_weak_count(arc), 0);
    arc_release(arc);
    check_nothing_is_left();
}

TEST(a_clone_of_an_arc_is_the_same_value)
{
    begin();
    int *const first = arc_new(int, 5);
    int *const second = arc_clone(first);
    CHECK(first == second);
    *second = 6;
    CHECK_EQUAL(*first, 6);
    arc_release(first);
    arc_release(second);
    check_nothing_is_left();
}

TEST(an_arc_counts_its_owners)
{
    begin();
    int *const first = arc_new(int, 5);
    int *const second = arc_clone(first);
    CHECK_EQUAL(arc_count(first), 2);
    arc_release(second);
    CHECK_EQUAL(arc_count(first), 1);
    arc_release(first);
    check_nothing_is_left();
}

TEST(an_arc_lives_as_long_as_its_last_owner)
{
    int *owners[10];

    begin();
    owners[0] = arc_new(int, 5);
    for (size_t i = 1; i < 10; i++)
        owners[i] = arc_clone(owners[i - 1]);
    for (size_t i = 0; i < 9; i++) {
        arc_release(owners[i]);
        CHECK_EQUAL(live_blocks(), 1);
        CHECK_EQUAL(*owners[9], 5);
        CHECK_EQUAL(arc_count(owners[9]), 9 - i);
    }
    arc_release(owners[9]);
    check_nothing_is_left();
}

static int *next_owner(int ***next)
{
    return *(*next)++;
}

TEST(an_arc_evaluates_its_arguments_once)
{
    int calls = 0;

    begin();
    int *const made = arc_new(int, ++calls), *const tried = arc_try_new(int, ++calls);
    int *owners[] = {made, tried, NULL};
    int **next = owners;
    owners[2] = arc_clone(next_owner(&next));
    CHECK_EQUAL(calls, 2);
    CHECK(next == owners + 1 && owners[2] == owners[0]);
    for (size_t i = 0; i < 3; i++)
        arc_release(owners[i]);
    check_nothing_is_left();
}

TEST(an_arc_without_memory_is_null_and_computes_nothing)
{
    int calls = 0;

    begin();
    fail_alloc_after(1);
    CHECK(arc_try_new(int, ++calls) == NULL);
    CHECK(fail_alloc_stop());
    CHECK_EQUAL(calls, 0);
    check_nothing_is_left();
}

TEST(cloning_and_downgrading_an_arc_need_no_memory)
{
    ARC_WEAK(int) weak = ARC_WEAK_EMPTY, other = ARC_WEAK_EMPTY;

    int *const arc = arc_new(int, 5);
    fail_alloc_after(1);
    int *const clone = arc_clone(arc);
    arc_downgrade(&weak, arc);
    arc_weak_clone(&other, &weak);
    int *const upgraded = arc_upgrade(&other);
    CHECK(!fail_alloc_stop());
    arc_release(clone);
    arc_release(upgraded);
    arc_release(arc);
    arc_weak_free(&weak);
    arc_weak_free(&other);
}

/* --- drop and scopes ----------------------------------------------------------------------------
 */

TEST(the_last_owner_of_an_arc_drops_what_its_value_owns)
{
    begin();
    int **const first = new_owner_of_box(5), **const second = arc_clone(first);
    arc_release(first);
    CHECK_EQUAL(drops, 0);
    CHECK_EQUAL(**second, 5);
    arc_release(second);
    CHECK_EQUAL(drops, 1);
    check_nothing_is_left();
}

TEST(an_arc_in_a_scope_is_released_at_its_end)
{
    begin();
    {
        SCOPED(arc_end) int *const first = arc_new(int, 5);
        {
            SCOPED(arc_end) int *const second = arc_clone(first);
            CHECK_EQUAL(arc_count(second), 2);
        }
        CHECK_EQUAL(arc_count(first), 1);
    }
    check_nothing_is_left();
}

/* --- weak ---------------------------------------------------------------------------------------
 */

TEST(a_weak_owner_of_an_arc_does_not_keep_the_value)
{
    ARC_WEAK(int *) weak = ARC_WEAK_EMPTY;

    begin();
    int **const arc = new_owner_of_box(5);
    arc_downgrade(&weak, arc);
    CHECK_EQUAL(arc_count(arc), 1);
    CHECK_EQUAL(arc_weak_count(arc), 1);
    arc_release(arc);
    CHECK_EQUAL(drops, 1);
    CHECK(arc_upgrade(&weak) == NULL);
    arc_weak_free(&weak);
    check_nothing_is_left();
}

TEST(a_weak_owner_of_an_arc_keeps_the_memory)
{
    ARC_WEAK(int) weak = ARC_WEAK_EMPTY, other = ARC_WEAK_EMPTY;

    begin();
    int *const arc = arc_new(int, 5);
    arc_downgrade(&weak, arc);
    arc_weak_clone(&other, &weak);
    CHECK_EQUAL(arc_weak_count(arc), 2);
    arc_release(arc);
    CHECK_EQUAL(live_blocks(), 1);
    arc_weak_free(&weak);
    CHECK_EQUAL(live_blocks(), 1);
    arc_weak_free(&other);
    check_nothing_is_left();
}

TEST(a_weak_owner_of_an_arc_can_become_an_owner)
{
    ARC_WEAK(int) weak = ARC_WEAK_EMPTY;

    begin();
    int *const first = arc_new(int, 5);
    arc_downgrade(&weak, first);
    int *const second = arc_upgrade(&weak);
    CHECK(second == first);
    CHECK_EQUAL(arc_count(first), 2);
    arc_release(first);
    CHECK_EQUAL(*second, 5);
    arc_release(second);
    CHECK(arc_upgrade(&weak) == NULL);
    arc_weak_free(&weak);
    check_nothing_is_left();
}

TEST(an_arc_outlives_its_weak_owners)
{
    begin();
    int *const arc = arc_new(int, 5);
    {
        SCOPED(arc_weak_free) ARC_WEAK(int) weak = ARC_WEAK_EMPTY;
        arc_downgrade(&weak, arc);
        CHECK_EQUAL(arc_weak_count(arc), 1);
    }
    CHECK_EQUAL(arc_weak_count(arc), 0);
    CHECK_EQUAL(*arc, 5);
    arc_release(arc);
    check_nothing_is_left();
}

TEST(an_empty_weak_owner_of_an_arc_has_no_value)
{
    ARC_WEAK(int) empty = ARC_WEAK_EMPTY, clone = ARC_WEAK_EMPTY;

    CHECK(arc_upgrade(&empty) == NULL);
    arc_weak_clone(&clone, &empty);
    CHECK(arc_upgrade(&clone) == NULL);
    arc_weak_free(&empty);
    arc_weak_free(&clone);
    arc_weak_free(&clone);
}

TEST(a_freed_weak_owner_of_an_arc_is_empty_and_can_be_used_again)
{
    ARC_WEAK(int) weak = ARC_WEAK_EMPTY;

    begin();
    int *const arc = arc_new(int, 5);
    arc_downgrade(&weak, arc);
    arc_weak_free(&weak);
    CHECK(arc_upgrade(&weak) == NULL);
    arc_downgrade(&weak, arc);
    CHECK_EQUAL(arc_weak_count(arc), 1);
    arc_weak_free(&weak);
    arc_release(arc);
    check_nothing_is_left();
}

static void *seen_by_drop;

/* A value that knows itself weakly. */
struct self {
    ARC_WEAK(struct self) weak;
};

static void drop_self(void *value)
{
    struct self *const self = value;
    seen_by_drop = arc_upgrade(&self->weak);
    arc_weak_free(&self->weak);
}

TEST(an_arc_that_is_being_dropped_cannot_be_upgraded)
{
    begin();
    struct self *const self =
        arc_new_dropping(struct self, ((struct self){ARC_WEAK_EMPTY}), drop_self);
    arc_downgrade(&self->weak, self);
    seen_by_drop = self;
    arc_release(self);
    CHECK(seen_by_drop == NULL);
    check_nothing_is_left();
}

/* Owners and weak owners come and go at random; a count beside says when the value must go. */
TEST(an_arc_agrees_with_a_model)
{
    uint64_t random = 7;

    for (unsigned round = 0; round < 200; round++) {
        ARC_WEAK(int *) weak[8] = {ARC_WEAK_EMPTY};
        int **owners[8] = {NULL};
        size_t strong = 1, weaks = 0;

        begin();
        owners[0] = new_owner_of_box((int)round);
        arc_downgrade(&weak[0], owners[0]);
        weaks++;
        for (unsigned step = 0; step < 60; step++) {
            const uint64_t dice = test_random(&random);
            const size_t from = dice % 8, to = dice / 8 % 8;

            if (dice / 64 % 4 == 0 && owners[from] != NULL && owners[to] == NULL) {
                owners[to] = arc_clone(owners[from]);
                strong++;
            } else if (dice / 64 % 4 == 1 && weak[from].arc_ != NULL && weak[to].arc_ == NULL) {
                arc_weak_clone(&weak[to], &weak[from]);
                weaks++;
            } else if (dice / 64 % 4 == 2 && owners[to] == NULL) {
                const bool is_there = strong > 0 && weak[from].arc_ != NULL;
                owners[to] = arc_upgrade(&weak[from]);
                CHECK((owners[to] != NULL) == is_there);
                strong += is_there;
            } else if (dice / 64 % 4 == 3 && dice / 256 % 2 && owners[to] != NULL) {
                arc_release(owner_move(&owners[to]));
                strong--;
            } else if (dice / 64 % 4 == 3 && weak[to].arc_ != NULL) {
                arc_weak_free(&weak[to]);
                weaks--;
            }
            CHECK_EQUAL(drops, strong == 0);
            CHECK_EQUAL(live_blocks(), (strong > 0) + (strong + weaks > 0));
            for (size_t i = 0; i < 8; i++)
                if (owners[i] != NULL)
                    CHECK(arc_count(owners[i]) == strong && arc_weak_count(owners[i]) == weaks);
        }
        for (size_t i = 0; i < 8; i++) {
            arc_end(&owners[i]);
            arc_weak_free(&weak[i]);
        }
        check_nothing_is_left();
    }
}
