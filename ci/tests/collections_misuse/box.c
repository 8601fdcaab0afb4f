/* box.c - misuse of Box. */
#include "collections/box.h"

int misuse_box(void);

int misuse_box(void)
{
    int *const box = box_new(int, 5);
    const int value = *box;

    *box = "text";                 /* error: a string is stored in a box of int */
    *box_new(int, "text") = 1;     /* error: a box of int is made of a string */
    char *other = box_new(int, 1); /* error: a box of int becomes a box of char */
    box_free(*box);                /* error: the value is freed in place of the box */
    box_free(box);
    return value;
}
