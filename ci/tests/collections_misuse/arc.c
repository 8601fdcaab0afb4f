/* arc.c - misuse of Arc. */
#include "collections/arc.h"
#include "collections/rc.h"

int misuse_arc(void (*drop)(void *));

int misuse_arc(void (*drop)(void *))
{
    SCOPED(arc_end) int *arc = arc_new(int, 5);
    SCOPED(arc_end) char *letter = arc_new(char, 'a');
    SCOPED(arc_weak_free) ARC_WEAK(int) weak = ARC_WEAK_EMPTY;
    SCOPED(arc_weak_free) ARC_WEAK(char) other = ARC_WEAK_EMPTY;
    arc_downgrade(&weak, arc);
    arc_weak_clone(&other, &other);

    *arc = "text";                    /* error: a string in an Arc of int */
    *arc_new(int, "text") = 1;        /* error: an Arc of int made of a string */
    letter = arc_clone(arc);          /* error: a clone becomes an Arc of char */
    letter = arc_try_new(int, 1);     /* error: a tried Arc becomes one of char */
    letter = arc_upgrade(&weak);      /* error: upgraded to another type */
    arc_downgrade(&weak, letter);     /* error: downgraded to another type */
    arc_weak_clone(&other, &weak);    /* error: cloned to a weak owner of another type */
    *arc = *weak;                     /* error: a weak owner is followed */
    arc = weak;                       /* error: a weak owner becomes an owner by itself */
    rc_upgrade(&weak);                /* error: a weak Arc is upgraded as a weak Rc */
    rc_downgrade(&weak, arc);         /* error: an Arc is downgraded as an Rc */
    arc_release(*arc);                /* error: the value is released, not the owner */
    arc_release(weak);                /* error: a weak owner is released as an owner */
    arc_new_dropping(int, 5, letter); /* error: dropped by what is no function */
    arc_new_dropping(int, 5, drop);   /* error: dropped by what is not constant */
    return *arc + *letter + (drop == NULL);
}
