/* vec.c - misuse of Vec. */
#include "collections/vec.h"

typedef VEC(int) int_vec;
typedef VEC(long) long_vec;

int misuse_vec(int_vec *ints, long_vec *longs, const int_vec *frozen);

int misuse_vec(int_vec *ints, long_vec *longs, const int_vec *frozen)
{
    int_vec copy;
    int number = 1, error = 0;
    long wide = 1;
    size_t index = 0;

    vec_push(ints, "text");                  /* error: a string is pushed to a vec of int */
    vec_push(ints, &number);                 /* error: a pointer is pushed to a vec of int */
    vec_push(ints, *longs);                  /* error: a vec is pushed to a vec of int */
    vec_push(ints, wide);                    /* error: a long is pushed to a vec of int */
    vec_push(*ints, 1);                      /* error: the vec is given in place of its address */
    vec_push(frozen, 1);                     /* error: a value is pushed to a constant vec */
    vec_insert(ints, 0, &number);            /* error: a pointer is inserted into a vec of int */
    error += vec_try_push(ints, "text");     /* error: a push of a string to ints is tried */
    error += vec_try_insert(ints, 0, "x");   /* error: an insertion of a string is tried */
    error += vec_pop(ints, &wide);           /* error: an int is popped to a long */
    error += vec_pop(ints, number);          /* error: an int is popped to no address */
    vec_extend(ints, &wide, 1);              /* error: a vec of int is extended by longs */
    error += vec_try_extend(ints, &wide, 1); /* error: an extension of ints by longs is tried */
    vec_clone(longs, ints, NULL);            /* error: a vec of int is cloned to one of long */
    error += vec_try_clone(longs, ints, 0);  /* error: a clone of ints to longs is tried */
    *longs = *ints;                          /* error: a vec of int is assigned to one of long */
    vec_truncate(frozen, 0);                 /* error: a constant vec is truncated */
    vec_clear(&number);                      /* error: an int is cleared as if it were a vec */
    const char *text = vec_at(ints, 0);      /* error: an element of a vec of int is a char */
    vec_for_each (each, ints) {
        each = &wide; /* error: an element of a vec of int is a long */
    }
    error += vec_binary_search(ints, &wide, 0, &index); /* error: a long is looked for in ints */

    vec_push(ints, number);
    error += vec_try_insert(ints, index, number) + vec_pop(ints, &number);
    vec_extend(ints, frozen->data, frozen->length);
    vec_clone(&copy, frozen, NULL);
    vec_for_each (element, frozen)
        error += *element;
    return error + *vec_at(frozen, 0) + (int)*vec_at(longs, 0) + (int)wide;
}
