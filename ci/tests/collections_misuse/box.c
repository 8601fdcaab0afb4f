/* box.c - misuse of Box. */
#include "collections/box.h"

int misuse_box(void);

int misuse_box(void)
{
    int *const box = box_new(int, 5);
    const int *const read_only = box;
    SCOPED_BOX(int, scoped, box_new(int, 6));
    SCOPED_BOX(char, letter, box_new(char, 'a'));
    const int value = *box + *scoped + *letter;

    *box = "text";                                /* error: a string in a box of int */
    *box_new(int, "text") = 1;                    /* error: a box of int made of a string */
    char *other = box_new(int, 1);                /* error: a box of int becomes one of char */
    char *tried = box_try_new(int, 1);            /* error: a tried box becomes one of char */
    char *cloned = box_clone(box, NULL);          /* error: a clone becomes a box of char */
    SCOPED_BOX(char, name, box_new(int, 1));      /* error: a scope of another type */
    letter = owner_move(&scoped);                 /* error: moved to a box of another type */
    owner_move(&box);                             /* error: moved out of a constant */
    owner_move(box);                              /* error: the value is moved, not the box */
    box_drop(box, value);                         /* error: dropped by what is no function */
    SCOPED_BOX_DROPPING(int, n, NULL, box_alloc); /* error: dropped by another function */
    box_free(*box);                               /* error: the value is freed, not the box */
    box_free(read_only);                          /* error: freed by one who may only read */
    box_free(box);
    return value + *read_only;
}
