/* deque.c - misuse of Deque. */
#include "collections/deque.h"

typedef DEQUE(int) int_deque;
typedef DEQUE(long) long_deque;

int misuse_deque(int_deque *ints, long_deque *longs, const int_deque *frozen);

int misuse_deque(int_deque *ints, long_deque *longs, const int_deque *frozen)
{
    int_deque copy;
    int number = 1, error = 0;
    long wide = 1;

    deque_push_back(ints, "text");             /* error: a string is pushed to ints */
    deque_push_front(ints, &number);           /* error: a pointer is pushed to ints */
    deque_push_back(frozen, 1);                /* error: a value is pushed to a constant deque */
    deque_push_back(*ints, 1);                 /* error: the deque is given for its address */
    error = deque_try_push_back(ints, wide);   /* error: a push of a long to ints is tried */
    error = deque_try_push_front(ints, *ints); /* error: a push of a deque to ints is tried */
    error += deque_pop_front(ints, &wide);     /* error: an int is popped to a long */
    error += deque_pop_back(ints, number);     /* error: an int is popped to no address */
    deque_clone(longs, ints, NULL);            /* error: a deque of int is cloned to one of long */
    error = deque_try_clone(longs, ints, 0);   /* error: a clone of ints to longs is tried */
    *longs = *ints;                            /* error: a deque of int is assigned to longs */
    deque_clear(&number);                      /* error: an int is cleared as if it were a deque */
    const char *text = deque_at(ints, 0);      /* error: an element of a deque of int is a char */
    long *first = deque_make_contiguous(ints); /* error: the elements of ints are long */
    deque_for_each (each, ints) {
        each = &wide; /* error: an int met in the loop is a long */
    }

    deque_push_back(ints, number);
    error += deque_try_push_front(ints, number) + deque_pop_back(ints, &number);
    deque_clone(&copy, frozen, NULL);
    deque_for_each (element, frozen)
        error += *element;
    return error + *deque_at(frozen, 0) + (int)*deque_at(longs, 0) + (int)wide;
}
