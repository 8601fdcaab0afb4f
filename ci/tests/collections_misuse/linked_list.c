/* linked_list.c - misuse of LinkedList. */
#include "collections/linked_list.h"

typedef LINKED_LIST(int) int_list;
typedef LINKED_LIST(long) long_list;

int misuse_linked_list(int_list *ints, long_list *longs, const int_list *frozen);

int misuse_linked_list(int_list *ints, long_list *longs, const int_list *frozen)
{
    int_list copy;
    int number = 1, error = 0;
    long wide = 1, *const long_at = linked_list_first(longs);
    int *const at = linked_list_first(ints);

    linked_list_push_back(ints, "text");              /* error: a string is pushed to ints */
    linked_list_push_front(ints, &number);            /* error: a pointer is pushed to ints */
    linked_list_push_back(frozen, 1);                 /* error: a constant list is pushed to */
    linked_list_insert_before(ints, at, "text");      /* error: a string is inserted into ints */
    linked_list_insert_after(ints, long_at, 1);       /* error: the position is in a list of long */
    linked_list_insert_after(ints, 0, wide);          /* error: a long is inserted into ints */
    error = linked_list_try_push_back(ints, "text");  /* error: a push of a string is tried */
    error += linked_list_pop_front(ints, &wide);      /* error: an int is popped to a long */
    error += linked_list_pop_back(ints, &wide);       /* error: an int is popped off to a long */
    error += (int)linked_list_remove(longs, at);      /* error: an int is removed from longs */
    linked_list_append(ints, longs);                  /* error: longs are appended to ints */
    linked_list_splice(ints, at, longs);              /* error: longs are spliced into ints */
    linked_list_splice(ints, long_at, &copy);         /* error: a splice at an element of longs */
    linked_list_clone(longs, ints, NULL);             /* error: ints are cloned to longs */
    error = linked_list_try_clone(longs, ints, NULL); /* error: a clone of ints to longs is tried */
    *longs = *ints;                                   /* error: ints are assigned to longs */
    linked_list_clear(&number);                       /* error: an int is cleared like a list */
    const long *first = linked_list_first(ints);      /* error: the first of ints is a long */
    const int *next = linked_list_next(ints, &wide);  /* error: an int stands behind a long */
    linked_list_for_each (each, ints) {
        each = &wide; /* error: an int met in the loop is a long */
    }

    linked_list_push_back(ints, number);
    linked_list_insert_before(ints, at, number);
    linked_list_clone(&copy, frozen, NULL);
    linked_list_append(ints, &copy);
    linked_list_for_each (element, frozen)
        error += *element;
    return error + linked_list_remove(ints, at) + (int)*long_at + (int)wide;
}
