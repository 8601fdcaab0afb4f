/* user.c - a program that is no kernel uses every collection, on its own malloc. */
#include <stdio.h>

#include "collections/arc.h"
#include "collections/box.h"
#include "collections/mutex.h"
#include "collections/rc.h"
#include "collections/ref_cell.h"
#include "collections/scoped.h"
#include "collections/text.h"
#include "collections/vec.h"

struct point {
    int x, y;
};

static int boxes(void)
{
    SCOPED_BOX(struct point, box, box_new(struct point, ((struct point){1, 2})));
    SCOPED_BOX(struct point, copy, box_clone(box, NULL));
    return box->x + copy->y;
}

static int counted(void)
{
    SCOPED(rc_end) int *const rc = rc_new(int, 1);
    SCOPED(rc_end) int *const again = rc_clone(rc);
    SCOPED(arc_end) int *const arc = arc_new(int, 2);
    SCOPED(arc_weak_free) ARC_WEAK(int) weak = ARC_WEAK_EMPTY;
    arc_downgrade(&weak, arc);
    SCOPED(arc_end) int *const upgraded = arc_upgrade(&weak);
    return *again + *upgraded;
}

static int guarded(void)
{
    REF_CELL(int) cell = REF_CELL_OF(1);
    MUTEX(int) mutex = MUTEX_OF(2);
    SCOPED_BORROW_MUT(borrowed, &cell);
    SCOPED_LOCK(held, &mutex);
    return *borrowed + *held;
}

static int vectors(void)
{
    SCOPED(vec_free) VEC(int) vec = VEC_EMPTY;
    int sum = 0;

    for (int i = 0; i < 3; i++)
        vec_push(&vec, i);
    vec_for_each(number, &vec) sum += *number;
    return sum;
}

static int texts(void)
{
    SCOPED(text_free) struct text text = TEXT_EMPTY;
    text_format(&text, "%d", 123);
    return (int)text.length;
}

int main(void)
{
    printf("%d %d %d %d %d\n", boxes(), counted(), guarded(), vectors(), texts());
    return 0;
}
