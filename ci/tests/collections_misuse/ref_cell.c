/* ref_cell.c - misuse of RefCell. */
#include "collections/ref_cell.h"

int misuse_ref_cell(void);

int misuse_ref_cell(void)
{
    REF_CELL(int) cell = REF_CELL_OF(5);
    int plain = 5;

    {
        SCOPED_BORROW_MUT(writer, &cell);
        *writer = 6;
        *writer = "text";      /* error: a string in a cell of int */
        char *letter = writer; /* error: a borrow becomes one of char */
        writer = &plain;       /* error: a borrow becomes one of another value */
    }
    SCOPED_BORROW(reader, &cell);
    SCOPED_TRY_BORROW(tried, &cell);
    *reader = 6;                               /* error: a reader writes */
    *tried = 6;                                /* error: a reader that was tried writes */
    int *writes = reader;                      /* error: a reader becomes a writer */
    SCOPED_BORROW(other, &plain);              /* error: what is no cell is borrowed */
    REF_CELL(int) wrong = REF_CELL_OF("text"); /* error: a cell of int made of a string */
    plain += cell.value;                       /* error: the value is reached without a borrow */
    plain += cell;                             /* error: the cell is taken for its value */
    return *reader + (tried != NULL) + plain;
}
