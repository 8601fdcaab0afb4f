/* late_use.c - uses of heap blocks that were freed. */
#include "test/corpus/corpus.h"

/* Reads a field of a struct that was freed one line before. */
BUG(read_after_free)
{
    struct packet {
        uint64_t kind, length, sum;
    } *const packet = kmalloc(sizeof *packet);

    packet->sum = 1;
    kfree(hide(packet));
    use(hide(packet)->sum);
}

/* Writes to a buffer that was freed. */
BUG(write_after_free)
{
    char *const buffer = kmalloc(100);

    kfree(hide(buffer));
    hide(buffer)[50] = 1;
}

/* Writes through an old pointer when the memory may already be another's. */
BUG(write_after_free_and_reuse)
{
    int *const old = kmalloc(64);
    kfree(hide(old));
    int *const new = kmalloc(64);

    new[4] = 5;
    hide(old)[4] = 6;
    kfree(new);
}

struct node {
    struct node *next;
    uint64_t value, weight;
};

/* Frees a list, and takes each node's successor out of the node that it has just freed. */
BUG(list_freed_node_by_node)
{
    struct node *list = NULL;

    for (unsigned i = 0; i < 3; i++) {
        struct node *const node = kmalloc(sizeof *node);
        *node = (struct node){list, i, 0};
        list = node;
    }
    for (unsigned i = 0; i < 3 && list != NULL; i++) {
        kfree(hide(list));
        list = hide(list)->next;
    }
}

/* Writes through the pointer that a block had before it grew, and moved. */
BUG(old_pointer_after_realloc)
{
    struct layout layout = {64, 8};
    char *const old = heap_alloc(layout), *const neighbour = heap_alloc(layout);
    char *const grown = heap_realloc(hide(old), layout, 4096);

    hide(old)[20] = 1;
    heap_dealloc(neighbour, layout);
    layout.size = 4096;
    heap_dealloc(grown, layout);
}

struct shared {
    int owners;
    uint64_t value[3];
};

static NOINLINE void release(struct shared *shared)
{
    if (--shared->owners == 0)
        kfree(shared);
}

/* Uses a counted object after it has released it once more often than it had taken it. */
BUG(released_once_too_often)
{
    struct shared *const shared = kmalloc(sizeof *shared);

    shared->owners = 2;
    release(hide(shared));
    release(hide(shared));
    use(hide(shared)->value[1]);
}

static NOINLINE int fill(char *buffer, int error)
{
    if (error != 0)
        kfree(buffer);
    return error;
}

/* A helper frees the buffer on failure; the caller, who does not know, writes a message into it. */
BUG(write_to_what_a_helper_freed)
{
    char *const buffer = kmalloc(80);

    if (fill(hide(buffer), hide(-5)) != 0)
        hide(buffer)[30] = 'E';
}

/* Keeps a pointer to a field inside an object, which is then freed. */
BUG(pointer_into_a_freed_object)
{
    struct node *const node = kmalloc(sizeof *node);
    uint64_t *const weight = &node->weight;

    kfree(hide(node));
    *hide(weight) = 3;
}

/* Copies a text out of a freed block with memcpy. */
BUG(memcpy_from_a_freed_block)
{
    char text[32], *const block = kmalloc(sizeof text);

    memset(block, 'x', sizeof text);
    kfree(hide(block));
    memcpy(text, hide(block), hide(sizeof text));
    use(text[0]);
}

static NOINLINE void do_nothing(void)
{
}

struct driver {
    uint64_t number, state, spare;
    void (*stop)(void);
};

/* Calls a function through a table that was freed. */
BUG(call_through_a_freed_table)
{
    struct driver *const driver = kmalloc(sizeof *driver);

    driver->stop = do_nothing;
    kfree(hide(driver));
    hide(driver)->stop();
}

/* Keeps the address of a vector's element while the vector grows. */
BUG(element_while_its_array_grows)
{
    struct layout layout = {4 * sizeof(uint64_t), 8};
    uint64_t *data = heap_alloc_zeroed(layout), *const last = hide(&data[3]);
    void *const neighbour = kmalloc(32);

    data = heap_realloc(data, layout, 2048);
    *last += 1;
    kfree(neighbour);
    layout.size = 2048;
    heap_dealloc(data, layout);
}
