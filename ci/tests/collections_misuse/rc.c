/* rc.c - misuse of Rc. */
#include "collections/rc.h"

int misuse_rc(void (*drop)(void *));

int misuse_rc(void (*drop)(void *))
{
    SCOPED(rc_end) int *rc = rc_new(int, 5);
    SCOPED(rc_end) char *letter = rc_new(char, 'a');
    SCOPED(rc_weak_free) RC_WEAK(int) weak = RC_WEAK_EMPTY;
    SCOPED(rc_weak_free) RC_WEAK(char) other = RC_WEAK_EMPTY;
    rc_downgrade(&weak, rc);
    rc_weak_clone(&other, &other);

    *rc = "text";                    /* error: a string in an Rc of int */
    *rc_new(int, "text") = 1;        /* error: an Rc of int made of a string */
    letter = rc_clone(rc);           /* error: a clone becomes an Rc of char */
    letter = rc_try_new(int, 1);     /* error: a tried Rc becomes one of char */
    letter = rc_upgrade(&weak);      /* error: upgraded to another type */
    rc_downgrade(&weak, letter);     /* error: downgraded to another type */
    rc_weak_clone(&other, &weak);    /* error: cloned to a weak owner of another type */
    *rc = *weak;                     /* error: a weak owner is followed */
    rc = weak;                       /* error: a weak owner becomes an owner by itself */
    rc_release(*rc);                 /* error: the value is released, not the owner */
    rc_release(weak);                /* error: a weak owner is released as an owner */
    rc_new_dropping(int, 5, letter); /* error: dropped by what is no function */
    rc_new_dropping(int, 5, drop);   /* error: dropped by what is not constant */
    return *rc + *letter + (drop == NULL);
}
