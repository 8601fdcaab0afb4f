/* wrong_free.c - frees of what is no live block, or not this one. */
#include "test/corpus/corpus.h"

static char global_buffer[64];

/* Frees a block twice. */
BUG(double_free)
{
    void *const block = kmalloc(100);

    kfree(hide(block));
    kfree(hide(block));
}

struct owner {
    void *buffer;
};

/* Two structs hold the same buffer, since one was copied; each frees it. */
BUG(double_free_through_an_alias)
{
    struct owner one = {kmalloc(100)}, copy = one;

    kfree(hide(one.buffer));
    kfree(hide(copy.buffer));
}

/* Frees a block twice, and in between the memory may have become another's. */
BUG(double_free_after_reuse)
{
    void *const old = kmalloc(100);
    kfree(hide(old));
    void *const new = kmalloc(100);

    kfree(hide(old));
    use(new);
}

static NOINLINE int set_up(char *buffer)
{
    kfree(buffer);
    return hide(-1);
}

/* A function that fails frees its argument, and so does its caller's error path. */
BUG(double_free_in_an_error_path)
{
    char *const buffer = kmalloc(40);

    if (set_up(hide(buffer)) != 0)
        kfree(hide(buffer));
}

/* Frees from where a parser has come to, not from where the block begins. */
BUG(free_of_an_interior_pointer)
{
    char *cursor = kmalloc(100);

    cursor += hide(64);
    kfree(cursor);
}

/* Frees one byte behind the start of a block. */
BUG(free_of_a_misaligned_pointer)
{
    char *const block = kmalloc(100);

    kfree(hide(block + 1));
}

/* Frees a variable of the stack. */
BUG(free_of_the_stack)
{
    char local[64];

    kfree(hide((char *)local));
}

/* Frees a global variable. */
BUG(free_of_a_global)
{
    kfree(hide((char *)global_buffer));
}

/* Frees a number that was never an address. */
BUG(free_of_a_wild_pointer)
{
    kfree((void *)hide((uintptr_t)0x1234567890));
}

/* Frees a block with the size of another type. */
BUG(free_with_a_wrong_size)
{
    void *const block = heap_alloc((struct layout){24, 8});

    heap_dealloc(hide(block), (struct layout){4096, 8});
}

/* Frees a block with a size that is wrong, but not by much. */
BUG(free_with_a_size_a_little_wrong)
{
    void *const block = heap_alloc((struct layout){40, 8});

    heap_dealloc(hide(block), (struct layout){48, 8});
}

/* Frees a block with a larger alignment than it has. */
BUG(free_with_a_wrong_alignment)
{
    void *const block = heap_alloc((struct layout){40, 8});

    heap_dealloc(hide(block), (struct layout){40, 4096});
}

/* Says a wrong old size to realloc. */
BUG(realloc_with_a_wrong_size)
{
    void *const block = heap_alloc((struct layout){24, 8});

    heap_dealloc(heap_realloc(hide(block), (struct layout){1000, 8}, 48), (struct layout){48, 8});
}

/* Grows a block that was freed. */
BUG(realloc_after_free)
{
    const struct layout layout = {64, 8};
    void *const block = heap_alloc(layout);

    heap_dealloc(hide(block), layout);
    use(heap_realloc(hide(block), layout, 256));
}

/* Frees the pointer that a block had before it grew, and moved. */
BUG(free_of_the_old_pointer_after_realloc)
{
    const struct layout layout = {64, 8};
    void *const old = heap_alloc(layout), *const neighbour = heap_alloc(layout);

    use(heap_realloc(hide(old), layout, 4096));
    heap_dealloc(hide(old), layout);
    heap_dealloc(neighbour, layout);
}
