/* stack_and_globals.c - errors with memory that is not of the heap. */
#include "test/corpus/corpus.h"

static int table[10] = {1, 2, 3};
static char message[] = "sixteen letters";

/* Writes the element behind an array on the stack. */
BUG(stack_write_one_past_the_end)
{
    int local[8];
    int *const array = hide((int *)local);

    for (int i = 0; i <= hide(8); i++)
        array[i] = i;
    use(local[0]);
}

/* Reads the element behind an array on the stack. */
BUG(stack_read_one_past_the_end)
{
    char local[24] = "of some length";

    use(hide((char *)local)[hide(24)]);
}

/* Reads the element in front of an array on the stack. */
BUG(stack_read_one_before_the_start)
{
    char local[32] = "";

    use(hide((char *)local)[hide(0) - 1]);
}

static NOINLINE void receive(char *to, size_t size)
{
    memset(to, 'x', size);
}

/* Receives more than the array on the stack can hold, over the return address. */
BUG(stack_smashed)
{
    char local[16];

    receive(local, hide((size_t)64));
    use(local[0]);
}

/* Writes with a wrong index into the caller's variables, far behind the array. */
BUG(stack_write_into_the_caller)
{
    char local[16] = "";
    char *const frame = __builtin_frame_address(0);

    hide((char *)local)[hide(frame) - local + 8] ^= 0;
}

static NOINLINE int *address_of_a_local(void)
{
    int local = hide(42);
    return hide(&local);
}

/* Uses the address of a variable of a function that has returned. */
BUG(use_after_return)
{
    int *const number = address_of_a_local();

    use(*number);
}

/* Uses the address of a variable outside the block that it is declared in. */
BUG(use_after_scope)
{
    int *number = NULL;

    for (int i = 0; i < hide(1); i++) {
        int inner = i + 5;
        number = hide(&inner);
    }
    *number = 6;
}

static NOINLINE unsigned descend(unsigned depth)
{
    volatile unsigned char local[256];

    local[0] = (unsigned char)depth;
    return hide(depth) == 0xffffffff ? 0 : descend(depth + 1) + local[0];
}

/* Calls itself without end. */
BUG(recursion_without_end)
{
    use(descend(0));
}

/* Writes the element behind a global array. */
BUG(global_write_one_past_the_end)
{
    for (int i = 0; i <= hide(10); i++)
        hide((int *)table)[i] = i;
}

/* Reads the byte behind a global string. */
BUG(global_read_one_past_the_end)
{
    use(hide((char *)message)[hide(sizeof message)]);
}
