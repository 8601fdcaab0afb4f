/* undefined.c - arithmetic and accesses that the C standard leaves undefined. */
#include <limits.h>

#include "test/corpus/corpus.h"

/* Adds two numbers whose sum does not fit an int. */
BUG(signed_sum_that_overflows)
{
    use(hide(INT_MAX) + hide(1));
}

/* Multiplies a count and a size in int. */
BUG(signed_product_that_overflows)
{
    use(hide(1 << 20) * hide(1 << 12));
}

/* Shifts by as many bits as the type has. */
BUG(shift_by_the_width_of_the_type)
{
    use(1u << hide(32));
}

/* Divides by zero: RISC-V does not trap, it gives -1. */
BUG(division_by_zero)
{
    use(hide(7) / hide(0));
}

struct record {
    int fields[4];
    int owner;
};

/* Writes behind an array inside a struct, into the next member. */
BUG(index_into_the_next_member)
{
    struct record *const record = kmalloc(sizeof *record);

    record->fields[hide(4)] = 1;
    kfree(record);
}

/* Writes to a member of a struct through a null pointer. */
BUG(member_of_a_null_pointer)
{
    struct record *const record = hide((struct record *)NULL);

    record->owner = 1;
}

/* Uses what a failed allocation returned. */
BUG(allocation_that_was_not_checked)
{
    char *const block = kmalloc(hide((size_t)1 << 40));

    block[0] = 1;
}

/* Reads a word at an odd address. */
BUG(misaligned_read)
{
    char *const block = kmalloc(16);

    memset(block, 0, 16);
    use(*(uint32_t *)(void *)hide(block + 1));
    kfree(block);
}

/* Takes a byte that is neither 0 nor 1 for a bool. */
BUG(bool_that_is_two)
{
    unsigned char *const flags = kmalloc(4);

    flags[0] = 2;
    use(*(bool *)hide(flags) ? 1 : 0);
    kfree(flags);
}
