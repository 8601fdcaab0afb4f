/* binary_heap.c - misuse of BinaryHeap. */
#include "collections/binary_heap.h"

typedef BINARY_HEAP(int) int_heap;
typedef BINARY_HEAP(long) long_heap;
typedef VEC(long) long_vec;

int misuse_binary_heap(int_heap *ints, long_heap *longs, const int_heap *frozen, long_vec *vec);

int misuse_binary_heap(int_heap *ints, long_heap *longs, const int_heap *frozen, long_vec *vec)
{
    int_heap copy;
    int number = 1, error = 0;
    long wide = 1;

    binary_heap_push(ints, "text");                   /* error: a string is pushed to ints */
    binary_heap_push(ints, wide);                     /* error: a long is pushed to ints */
    binary_heap_push(frozen, 1);                      /* error: a constant heap is pushed to */
    binary_heap_push(vec, 1);                         /* error: a vec is pushed to like a heap */
    error = binary_heap_try_push(ints, &number);      /* error: a push of a pointer is tried */
    error += binary_heap_pop(ints, &wide);            /* error: an int is popped to a long */
    *binary_heap_peek(ints) = 2;                      /* error: the greatest is changed in place */
    const long *greatest = binary_heap_peek(ints);    /* error: the greatest of ints is a long */
    binary_heap_from_vec(ints, vec);                  /* error: ints are made of a vec of long */
    binary_heap_into_sorted(ints, vec);               /* error: ints are sorted into longs */
    binary_heap_clone(longs, ints, NULL);             /* error: ints are cloned to longs */
    error = binary_heap_try_clone(longs, ints, NULL); /* error: a clone of ints to longs is tried */
    *longs = *ints;                                   /* error: ints are assigned to longs */

    binary_heap_push(ints, number);
    error += binary_heap_try_push(ints, number) + binary_heap_pop(ints, &number);
    binary_heap_from_vec(longs, vec);
    binary_heap_into_sorted(longs, vec);
    binary_heap_clone(&copy, frozen, NULL);
    return error + *binary_heap_peek(frozen) + (int)wide;
}
