/* leak.c - blocks that nobody can free any more. */
#include "lib/errno.h"
#include "test/corpus/corpus.h"

static NOINLINE int open_device(int number)
{
    char *const buffer = kmalloc(200);

    if (buffer == NULL)
        return -ENOMEM;
    if (number != 0)
        return -EINVAL; /* without kfree(buffer) */
    kfree(buffer);
    return 0;
}

/* Returns early on an error, and forgets the buffer. */
BUG(leak_in_an_error_path)
{
    use(open_device(hide(3)));
}

static NOINLINE void *replace(void *name)
{
    name = kmalloc(32); /* the one that it had is lost */
    return name;
}

/* Puts a new block where the pointer to an old one was. */
BUG(leak_of_an_overwritten_pointer)
{
    void *name = kmalloc(32);

    name = replace(name);
    kfree(name);
}

struct tree {
    struct tree *left, *right;
};

static NOINLINE struct tree *plant(struct tree *left, struct tree *right)
{
    struct tree *const tree = kmalloc(sizeof *tree);

    *tree = (struct tree){left, right};
    return tree;
}

/* Frees the root of a tree, but not what hangs on it. */
BUG(leak_of_the_children)
{
    kfree(plant(plant(NULL, NULL), NULL));
}

/* Loses a block when realloc fails: p = realloc(p). */
BUG(leak_when_realloc_fails)
{
    const struct layout layout = {64, 8};
    void *block = heap_alloc(layout);

    block = heap_realloc(block, layout, hide((size_t)1 << 40));
    if (block != NULL)
        heap_dealloc(block, (struct layout){(size_t)1 << 40, 8});
}

struct counted {
    struct counted *other;
    int owners;
};

static NOINLINE void drop(struct counted *counted)
{
    if (--counted->owners > 0)
        return;
    drop(counted->other);
    kfree(counted);
}

static NOINLINE struct counted *make_circle(void)
{
    struct counted *const one = kmalloc(sizeof *one), *const other = kmalloc(sizeof *other);

    *one = (struct counted){other, 2};
    *other = (struct counted){one, 1};
    return one;
}

/* Two counted objects own each other: neither count comes to 0. */
BUG(leak_of_a_circle_of_owners)
{
    drop(make_circle());
}
