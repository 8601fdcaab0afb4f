/* test_rc.c - several owners of one value, on one hart. Each test leaves the heap as it was. */
#include "collections/box.h"
#include "collections/rc.h"
#include "test/fail_alloc.h"
#include "test/pure/heap_balance.h"
#include "test/test.h"

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
    return rc_new_dropping(int *, inner, drop_box);
}

TEST(a_new_rc_has_one_owner)
{
    begin();
    int *const rc = rc_new(int, 5);
    CHECK_EQUAL(*rc, 5);
    CHECK_EQUAL(rc_count(rc), 1);
    CHECK_EQUAL(rc_weak_count(rc), 0);
    rc_release(rc);
    check_nothing_is_left();
}

TEST(a_clone_of_an_rc_is_the_same_value)
{
    begin();
    int *const first = rc_new(int, 5);
    int *const second = rc_clone(first);
    CHECK(first == second);
    *second = 6;
    CHECK_EQUAL(*first, 6);
    rc_release(first);
    rc_release(second);
    check_nothing_is_left();
}

TEST(an_rc_counts_its_owners)
{
    begin();
    int *const first = rc_new(int, 5);
    int *const second = rc_clone(first);
    CHECK_EQUAL(rc_count(first), 2);
    rc_release(second);
    CHECK_EQUAL(rc_count(first), 1);
    rc_release(first);
    check_nothing_is_left();
}

TEST(an_rc_lives_as_long_as_its_last_owner)
{
    int *owners[10];

    begin();
    owners[0] = rc_new(int, 5);
    for (size_t i = 1; i < 10; i++)
        owners[i] = rc_clone(owners[i - 1]);
    for (size_t i = 0; i < 9; i++) {
        rc_release(owners[i]);
        CHECK_EQUAL(live_blocks(), 1);
        CHECK_EQUAL(*owners[9], 5);
        CHECK_EQUAL(rc_count(owners[9]), 9 - i);
    }
    rc_release(owners[9]);
    check_nothing_is_left();
}

TEST(an_rc_is_aligned_to_its_type)
{
    begin();
    struct wide *const rc = rc_new(struct wide, ((struct wide){7}));
    (void)rc_clone(rc);
    CHECK((uintptr_t)rc % 256 == 0);
    CHECK_EQUAL(rc->number, 7);
    CHECK_EQUAL(rc_count(rc), 2);
    rc_release(rc);
    CHECK_EQUAL(rc->number, 7);
    rc_release(rc);
    check_nothing_is_left();
}

TEST(an_rc_of_a_small_type_keeps_its_counts_apart)
{
    begin();
    char *const rc = rc_new(char, 'a');
    (void)rc_clone(rc);
    *rc = 'b';
    CHECK_EQUAL(rc_count(rc), 2);
    CHECK_EQUAL(*rc, 'b');
    rc_release(rc);
    rc_release(rc);
    check_nothing_is_left();
}

TEST(the_counts_of_an_rc_take_16_bytes)
{
    begin();
    uint64_t *const rc = rc_new(uint64_t, 5);
    heap_stats(&after);
    CHECK_EQUAL(after.user - before.user, 16 + 8);
    rc_release(rc);
}

static int *next_owner(int ***next)
{
    return *(*next)++;
}

TEST(an_rc_evaluates_its_arguments_once)
{
    int calls = 0;

    begin();
    int *const made = rc_new(int, ++calls), *const tried = rc_try_new(int, ++calls);
    int *owners[] = {made, tried, NULL};
    int **next = owners;
    owners[2] = rc_clone(next_owner(&next));
    CHECK_EQUAL(calls, 2);
    CHECK(next == owners + 1 && owners[2] == owners[0]);
    for (size_t i = 0; i < 3; i++)
        rc_release(owners[i]);
    check_nothing_is_left();
}

TEST(an_rc_that_does_not_fit_is_null)
{
    begin();
    CHECK(rc_try_new(struct giant, ANY_GIANT) == NULL);
    check_nothing_is_left();
}

TEST(an_rc_without_memory_is_null_and_computes_nothing)
{
    int calls = 0;

    begin();
    fail_alloc_after(1);
    CHECK(rc_try_new(int, ++calls) == NULL);
    CHECK(fail_alloc_stop());
    CHECK_EQUAL(calls, 0);
    check_nothing_is_left();
}

TEST(cloning_and_downgrading_an_rc_need_no_memory)
{
    RC_WEAK(int) weak = RC_WEAK_EMPTY, other = RC_WEAK_EMPTY;

    int *const rc = rc_new(int, 5);
    fail_alloc_after(1);
    int *const clone = rc_clone(rc);
    rc_downgrade(&weak, rc);
    rc_weak_clone(&other, &weak);
    int *const upgraded = rc_upgrade(&other);
    CHECK(!fail_alloc_stop());
    rc_release(clone);
    rc_release(upgraded);
    rc_release(rc);
    rc_weak_free(&weak);
    rc_weak_free(&other);
}

/* --- drop and scopes ----------------------------------------------------------------------------
 */

TEST(the_last_owner_of_an_rc_drops_what_its_value_owns)
{
    begin();
    int **const first = new_owner_of_box(5), **const second = rc_clone(first);
    rc_release(first);
    CHECK_EQUAL(drops, 0);
    CHECK_EQUAL(**second, 5);
    rc_release(second);
    CHECK_EQUAL(drops, 1);
    check_nothing_is_left();
}

TEST(an_rc_in_a_scope_is_released_at_its_end)
{
    begin();
    {
        SCOPED(rc_end) int *const first = rc_new(int, 5);
        {
            SCOPED(rc_end) int *const second = rc_clone(first);
            CHECK_EQUAL(rc_count(second), 2);
        }
        CHECK_EQUAL(rc_count(first), 1);
    }
    check_nothing_is_left();
}

TEST(an_rc_that_is_moved_is_not_released_by_its_scope)
{
    int *outer;

    begin();
    {
        SCOPED(rc_end) int *inner = rc_new(int, 5);
        outer = owner_move(&inner);
        CHECK(inner == NULL);
    }
    CHECK_EQUAL(*outer, 5);
    CHECK_EQUAL(rc_count(outer), 1);
    rc_release(outer);
    check_nothing_is_left();
}

/* --- weak ---------------------------------------------------------------------------------------
 */

TEST(a_weak_owner_of_an_rc_does_not_keep_the_value)
{
    RC_WEAK(int *) weak = RC_WEAK_EMPTY;

    begin();
    int **const rc = new_owner_of_box(5);
    rc_downgrade(&weak, rc);
    CHECK_EQUAL(rc_count(rc), 1);
    CHECK_EQUAL(rc_weak_count(rc), 1);
    rc_release(rc);
    CHECK_EQUAL(drops, 1);
    CHECK(rc_upgrade(&weak) == NULL);
    rc_weak_free(&weak);
    check_nothing_is_left();
}

TEST(a_weak_owner_of_an_rc_keeps_the_memory)
{
    RC_WEAK(int) weak = RC_WEAK_EMPTY, other = RC_WEAK_EMPTY;

    begin();
    int *const rc = rc_new(int, 5);
    rc_downgrade(&weak, rc);
    rc_weak_clone(&other, &weak);
    CHECK_EQUAL(rc_weak_count(rc), 2);
    rc_release(rc);
    CHECK_EQUAL(live_blocks(), 1);
    rc_weak_free(&weak);
    CHECK_EQUAL(live_blocks(), 1);
    rc_weak_free(&other);
    check_nothing_is_left();
}

TEST(a_weak_owner_of_an_rc_can_become_an_owner)
{
    RC_WEAK(int) weak = RC_WEAK_EMPTY;

    begin();
    int *const first = rc_new(int, 5);
    rc_downgrade(&weak, first);
    int *const second = rc_upgrade(&weak);
    CHECK(second == first);
    CHECK_EQUAL(rc_count(first), 2);
    rc_release(first);
    CHECK_EQUAL(*second, 5);
    rc_release(second);
    CHECK(rc_upgrade(&weak) == NULL);
    rc_weak_free(&weak);
    check_nothing_is_left();
}

TEST(an_rc_outlives_its_weak_owners)
{
    begin();
    int *const rc = rc_new(int, 5);
    {
        SCOPED(rc_weak_free) RC_WEAK(int) weak = RC_WEAK_EMPTY;
        rc_downgrade(&weak, rc);
        CHECK_EQUAL(rc_weak_count(rc), 1);
    }
    CHECK_EQUAL(rc_weak_count(rc), 0);
    CHECK_EQUAL(*rc, 5);
    rc_release(rc);
    check_nothing_is_left();
}

TEST(an_empty_weak_owner_of_an_rc_has_no_value)
{
    RC_WEAK(int) empty = RC_WEAK_EMPTY, clone = RC_WEAK_EMPTY;

    CHECK(rc_upgrade(&empty) == NULL);
    rc_weak_clone(&clone, &empty);
    CHECK(rc_upgrade(&clone) == NULL);
    rc_weak_free(&empty);
    rc_weak_free(&clone);
    rc_weak_free(&clone);
}

TEST(a_freed_weak_owner_of_an_rc_is_empty_and_can_be_used_again)
{
    RC_WEAK(int) weak = RC_WEAK_EMPTY;

    begin();
    int *const rc = rc_new(int, 5);
    rc_downgrade(&weak, rc);
    rc_weak_free(&weak);
    CHECK(rc_upgrade(&weak) == NULL);
    rc_downgrade(&weak, rc);
    CHECK_EQUAL(rc_weak_count(rc), 1);
    rc_weak_free(&weak);
    rc_release(rc);
    check_nothing_is_left();
}

static void *seen_by_drop;

/* A value that knows itself weakly. */
struct self {
    RC_WEAK(struct self) weak;
};

static void drop_self(void *value)
{
    struct self *const self = value;
    seen_by_drop = rc_upgrade(&self->weak);
    rc_weak_free(&self->weak);
}

TEST(an_rc_that_is_being_dropped_cannot_be_upgraded)
{
    begin();
    struct self *const self =
        rc_new_dropping(struct self, ((struct self){RC_WEAK_EMPTY}), drop_self);
    rc_downgrade(&self->weak, self);
    seen_by_drop = self;
    rc_release(self);
    CHECK(seen_by_drop == NULL);
    check_nothing_is_left();
}

/* A tree whose nodes own their children, and know their parent weakly. */
struct node {
    struct node *child;
    RC_WEAK(struct node) parent;
};

static void drop_node(void *value)
{
    struct node *const node = value;
    rc_end(&node->child);
    rc_weak_free(&node->parent);
}

TEST(a_circle_with_a_weak_owner_is_released)
{
    begin();
    struct node *const parent =
        rc_new_dropping(struct node, ((struct node){NULL, RC_WEAK_EMPTY}), drop_node);
    parent->child = rc_new_dropping(struct node, ((struct node){NULL, RC_WEAK_EMPTY}), drop_node);
    rc_downgrade(&parent->child->parent, parent);
    CHECK_EQUAL(rc_count(parent), 1);
    CHECK_EQUAL(live_blocks(), 2);
    rc_release(parent);
    check_nothing_is_left();
}

/* Owners and weak owners come and go at random; a count beside says when the value must go. */
TEST(an_rc_agrees_with_a_model)
{
    uint64_t random = 7;

    for (unsigned round = 0; round < 200; round++) {
        RC_WEAK(int *) weak[8] = {RC_WEAK_EMPTY};
        int **owners[8] = {NULL};
        size_t strong = 1, weaks = 0;

        begin();
        owners[0] = new_owner_of_box((int)round);
        rc_downgrade(&weak[0], owners[0]);
        weaks++;
        for (unsigned step = 0; step < 60; step++) {
            const uint64_t dice = test_random(&random);
            const size_t from = dice % 8, to = dice / 8 % 8;

            if (dice / 64 % 4 == 0 && owners[from] != NULL && owners[to] == NULL) {
                owners[to] = rc_clone(owners[from]);
                strong++;
            } else if (dice / 64 % 4 == 1 && weak[from].rc_ != NULL && weak[to].rc_ == NULL) {
                rc_weak_clone(&weak[to], &weak[from]);
                weaks++;
            } else if (dice / 64 % 4 == 2 && owners[to] == NULL) {
                const bool is_there = strong > 0 && weak[from].rc_ != NULL;
                owners[to] = rc_upgrade(&weak[from]);
                CHECK((owners[to] != NULL) == is_there);
                strong += is_there;
            } else if (dice / 64 % 4 == 3 && dice / 256 % 2 && owners[to] != NULL) {
                rc_release(owner_move(&owners[to]));
                strong--;
            } else if (dice / 64 % 4 == 3 && weak[to].rc_ != NULL) {
                rc_weak_free(&weak[to]);
                weaks--;
            }
            CHECK_EQUAL(drops, strong == 0);
            CHECK_EQUAL(live_blocks(), (strong > 0) + (strong + weaks > 0));
            for (size_t i = 0; i < 8; i++)
                if (owners[i] != NULL)
                    CHECK(rc_count(owners[i]) == strong && rc_weak_count(owners[i]) == weaks);
        }
        for (size_t i = 0; i < 8; i++) {
            rc_end(&owners[i]);
            rc_weak_free(&weak[i]);
        }
        check_nothing_is_left();
    }
}
