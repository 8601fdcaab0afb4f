/* test_ref_cell.c - many readers or one writer. What a conflict ends in is in
 * ci/host/test_owner_panics.c. */
#include "collections/rc.h"
#include "collections/ref_cell.h"
#include "test/pure/heap_balance.h"
#include "test/test.h"

struct point {
    int x, y;
};
typedef REF_CELL(int) int_cell;

static bool can_read(int_cell *cell)
{
    SCOPED_TRY_BORROW(value, cell);
    return value != NULL;
}

static bool can_write(int_cell *cell)
{
    SCOPED_TRY_BORROW_MUT(value, cell);
    return value != NULL;
}

TEST(a_cell_that_nobody_borrows_can_be_read_and_written)
{
    int_cell cell = REF_CELL_OF(5);

    CHECK(can_read(&cell));
    CHECK(can_write(&cell));
    CHECK(can_read(&cell));
}

TEST(what_is_written_to_a_cell_is_read)
{
    int_cell cell = REF_CELL_OF(5);
    {
        SCOPED_BORROW_MUT(value, &cell);
        CHECK_EQUAL(*value, 5);
        *value = 6;
    }
    SCOPED_BORROW(value, &cell);
    CHECK_EQUAL(*value, 6);
}

TEST(a_cell_has_many_readers_at_once)
{
    int_cell cell = REF_CELL_OF(5);
    SCOPED_BORROW(first, &cell);
    SCOPED_BORROW(second, &cell);
    CHECK(first == second);
    CHECK(can_read(&cell));
    CHECK(!can_write(&cell));
}

TEST(a_cell_has_one_writer_and_nobody_else)
{
    int_cell cell = REF_CELL_OF(5);
    SCOPED_BORROW_MUT(value, &cell);
    CHECK(!can_read(&cell));
    CHECK(!can_write(&cell));
    CHECK_EQUAL(*value, 5);
}

TEST(a_cell_can_be_written_when_its_last_reader_has_gone)
{
    int_cell cell = REF_CELL_OF(5);
    {
        SCOPED_BORROW(first, &cell);
        {
            SCOPED_BORROW(second, &cell);
            CHECK(first == second);
        }
        CHECK(!can_write(&cell));
    }
    CHECK(can_write(&cell));
}

TEST(a_borrow_that_was_refused_ends_nothing)
{
    int_cell cell = REF_CELL_OF(5);
    SCOPED_BORROW(value, &cell);
    CHECK(!can_write(&cell));
    CHECK(!can_write(&cell));
    CHECK_EQUAL(*value, 5);
}

static int leave_early(int_cell *cell, int n)
{
    SCOPED_BORROW_MUT(value, cell);
    if (n == 0)
        return *value;
    for (;;) {
        SCOPED_TRY_BORROW(again, cell);
        if (again == NULL)
            break;
    }
    return *value + 1;
}

TEST(a_borrow_ends_on_every_way_out)
{
    int_cell cell = REF_CELL_OF(5);

    CHECK_EQUAL(leave_early(&cell, 0), 5);
    CHECK(can_write(&cell));
    CHECK_EQUAL(leave_early(&cell, 1), 6);
    CHECK(can_write(&cell));
}

/* As tasks do that are switched between, whose scopes do not nest in each other. */
TEST(borrowers_may_end_in_any_order)
{
    int_cell cell = REF_CELL_OF(5);

    for (unsigned order = 0; order < 6; order++) {
        struct borrow borrows[3];
        for (size_t i = 0; i < 3; i++) {
            borrows[i] = (struct borrow)BORROW(&cell, false);
            CHECK(borrow_try_begin(&borrows[i]));
        }
        const size_t first = order % 3, second = (first + 1 + order / 3) % 3;
        borrow_end(&borrows[first]);
        CHECK(!can_write(&cell));
        borrow_end(&borrows[second]);
        CHECK(!can_write(&cell));
        borrow_end(&borrows[3 - first - second]);
        CHECK(can_write(&cell));
    }
}

TEST(a_cell_is_evaluated_once)
{
    int_cell cells[2] = {REF_CELL_OF(5), REF_CELL_OF(6)};
    int_cell *next = cells;
    SCOPED_BORROW(value, next++);
    CHECK(next == cells + 1);
    CHECK_EQUAL(*value, 5);
}

TEST(a_cell_holds_a_structure)
{
    REF_CELL(struct point) cell = REF_CELL_OF({.x = 1, .y = 2});
    SCOPED_BORROW_MUT(value, &cell);
    value->y += value->x;
    CHECK_EQUAL(value->y, 3);
}

TEST(a_shared_cell_is_changed_by_one_owner_and_seen_by_another)
{
    begin();
    {
        SCOPED(rc_end) int_cell *const first = rc_new(int_cell, ((int_cell)REF_CELL_OF(5)));
        SCOPED(rc_end) int_cell *const second = rc_clone(first);
        {
            SCOPED_BORROW_MUT(value, first);
            *value = 6;
            CHECK(!can_read(second));
        }
        SCOPED_BORROW(value, second);
        CHECK_EQUAL(*value, 6);
    }
    check_nothing_is_left();
}
