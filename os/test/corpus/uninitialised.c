/* uninitialised.c - reads of what nobody has written. */
#include "lib/errno.h"
#include "test/corpus/corpus.h"

struct task {
    struct task *next;
    uint64_t deadline;
    unsigned char flags[48];
};

/* A block as it is when others have used it: full of what they left. */
static NOINLINE struct task *task_alloc(void)
{
    struct task *const used = kmalloc(sizeof *used);

    memset(used, 0x11, sizeof *used);
    kfree(used);
    return kmalloc(sizeof *used);
}

/* Follows a pointer in a new block that was not set. */
BUG(uninitialised_pointer_in_a_block)
{
    struct task *const task = task_alloc();

    use(task->next->deadline);
    kfree(task);
}

/* Takes a branch on a flag in a new block that was not set. */
BUG(uninitialised_flag_in_a_block)
{
    struct task *const task = task_alloc();

    if (task->flags[hide(9)] & 1)
        use(task);
    kfree(task);
}

static NOINLINE int look_up(int key, int **found)
{
    static int value;

    if (key != 0)
        return -EINVAL; /* *found is as it was */
    *found = &value;
    return 0;
}

/* Uses a local pointer that a failed look-up has not set. */
BUG(uninitialised_local_pointer)
{
    int *volatile found = (int *)(uintptr_t)hide(0x1111); /* stands for what was on the stack */

    look_up(hide(1), (int **)(uintptr_t)&found);
    use(*found);
}
