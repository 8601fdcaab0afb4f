/* test_owner_panics.c - what misuse of Rc, Arc and RefCell ends in. */
#include <stdio.h>

#include "collections/arc.h"
#include "collections/box.h"
#include "collections/rc.h"
#include "collections/ref_cell.h"
#include "panic_check.h"

/* Leaves room for nothing. */
static void exhaust(void)
{
    while (kmalloc(1) != NULL)
        ;
}

#define GONE "a shared value was used after its last owner had released it"

TEST(an_rc_released_too_often_panics)
{
    RC_WEAK(int) weak = RC_WEAK_EMPTY;
    int *const rc = rc_new(int, 5);
    rc_downgrade(&weak, rc); /* keeps the memory, and so the count */
    rc_release(rc);
    CHECK_PANICS(GONE, rc_release(rc));
}

TEST(an_rc_cloned_after_its_last_release_panics)
{
    RC_WEAK(int) weak = RC_WEAK_EMPTY;
    int *const rc = rc_new(int, 5);
    rc_downgrade(&weak, rc);
    rc_release(rc);
    CHECK_PANICS(GONE, (void)rc_clone(rc));
}

TEST(an_rc_with_too_many_owners_panics)
{
    int *const rc = rc_new(int, 5);
    counted_of(rc)->strong = COUNT_MAX;
    (void)rc_clone(rc);
    CHECK_PANICS("has 2147483648 owners, and can have no more", (void)rc_clone(rc));
}

TEST(an_rc_with_too_many_weak_owners_panics)
{
    RC_WEAK(int) weak = RC_WEAK_EMPTY;
    int *const rc = rc_new(int, 5);
    counted_of(rc)->weak = COUNT_MAX + 1U;
    CHECK_PANICS("can have no more", rc_downgrade(&weak, rc));
}

TEST(an_rc_without_memory_ends_in_the_allocation_error_handler)
{
    exhaust();
    CHECK_PANICS("out of heap: no block for a layout of 20 bytes aligned to 8",
                 (void)rc_new(int, 1));
}

TEST(an_arc_released_too_often_panics)
{
    ARC_WEAK(int) weak = ARC_WEAK_EMPTY;
    int *const arc = arc_new(int, 5);
    arc_downgrade(&weak, arc); /* keeps the memory, and so the count */
    arc_release(arc);
    CHECK_PANICS(GONE, arc_release(arc));
}

TEST(an_arc_cloned_after_its_last_release_panics)
{
    ARC_WEAK(int) weak = ARC_WEAK_EMPTY;
    int *const arc = arc_new(int, 5);
    arc_downgrade(&weak, arc);
    arc_release(arc);
    CHECK_PANICS(GONE, (void)arc_clone(arc));
}

TEST(an_arc_with_too_many_owners_panics)
{
    int *const arc = arc_new(int, 5);
    counted_of(arc)->strong = COUNT_MAX;
    (void)arc_clone(arc);
    CHECK_PANICS("has 2147483648 owners, and can have no more", (void)arc_clone(arc));
}

TEST(an_arc_with_too_many_owners_is_not_upgraded)
{
    ARC_WEAK(int) weak = ARC_WEAK_EMPTY;
    int *const arc = arc_new(int, 5);
    arc_downgrade(&weak, arc);
    counted_of(arc)->strong = COUNT_MAX + 1U;
    CHECK_PANICS("can have no more", (void)arc_upgrade(&weak));
}

TEST(an_arc_without_memory_ends_in_the_allocation_error_handler)
{
    exhaust();
    CHECK_PANICS("out of heap: no block for a layout of 20 bytes aligned to 8",
                 (void)arc_new(int, 1));
}

TEST(a_clone_of_a_box_without_memory_ends_in_the_allocation_error_handler)
{
    uint64_t *const box = box_new(uint64_t, 1);
    exhaust();
    CHECK_PANICS("out of heap: no block for a layout of 8 bytes aligned to 8",
                 (void)box_clone(box, NULL));
}

TEST(a_box_that_was_moved_and_is_freed_panics)
{
    int *box = box_new(int, 5);
    int *const moved = owner_move(&box);
    CHECK_PANICS("foreign free: not an address of this heap", box_free(box));
    box_free(moved);
}

/* --- ref_cell -----------------------------------------------------------------------------------
 */

static REF_CELL(int) cell = REF_CELL_OF(5);
static char expected[200];

/* The text for a conflict of two borrowers in this file. */
static const char *conflict(const char *how, int line, const char *other, int other_line)
{
    snprintf(expected, sizeof expected,
             "ref_cell: borrowed to %s at " __FILE__ ":%d, while borrowed to %s at " __FILE__ ":%d",
             how, line, other, other_line);
    return expected;
}

static void borrow_to_read(void)
{
    SCOPED_BORROW(value, &cell);
    (void)value;
}
enum { READ_LINE = __LINE__ - 3 };

static void borrow_to_write(void)
{
    SCOPED_BORROW_MUT(value, &cell);
    (void)value;
}
enum { WRITE_LINE = __LINE__ - 3 };

TEST(a_reader_beside_a_writer_panics_and_names_both)
{
    SCOPED_BORROW_MUT(value, &cell);
    CHECK_PANICS(conflict("read", READ_LINE, "write", __LINE__ - 1), borrow_to_read());
    CHECK_EQUAL(*value, 5);
}

TEST(a_writer_beside_a_reader_panics_and_names_both)
{
    SCOPED_BORROW(value, &cell);
    CHECK_PANICS(conflict("write", WRITE_LINE, "read", __LINE__ - 1), borrow_to_write());
    CHECK_EQUAL(*value, 5);
}

TEST(a_second_writer_panics_and_names_both)
{
    SCOPED_BORROW_MUT(value, &cell);
    CHECK_PANICS(conflict("write", WRITE_LINE, "write", __LINE__ - 1), borrow_to_write());
    CHECK_EQUAL(*value, 5);
}

TEST(a_conflict_names_a_borrower_who_is_still_there)
{
    SCOPED_BORROW(first, &cell);
    const int first_line = __LINE__ - 1;
    {
        SCOPED_BORROW(second, &cell);
        CHECK(first == second);
    }
    CHECK_PANICS(conflict("write", WRITE_LINE, "read", first_line), borrow_to_write());
}

TEST(a_cell_is_as_before_after_a_conflict)
{
    {
        SCOPED_BORROW(value, &cell);
        CHECK_PANICS("ref_cell: borrowed to write", borrow_to_write());
        CHECK_EQUAL(*value, 5);
    }
    borrow_to_write();
}
