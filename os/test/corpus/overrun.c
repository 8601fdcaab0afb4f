/* overrun.c - accesses in front of a heap block or behind it. */
#include "test/corpus/corpus.h"

/* Fills a table up to and with the element behind its last: <= for <. */
BUG(write_one_past_the_end)
{
    const int count = hide(10);
    int *const table = kmalloc((size_t)count * sizeof *table);

    for (int i = 0; i <= count; i++)
        table[i] = i;
    kfree(table);
}

/* Sums a table up to and with the element behind its last. */
BUG(read_one_past_the_end)
{
    const int count = hide(10);
    int *const table = heap_alloc_zeroed((struct layout){40, 4}), sum = 0;

    for (int i = 0; i <= count; i++)
        sum += table[i];
    use(sum);
    heap_dealloc(table, (struct layout){40, 4});
}

/* Fills a table from its end to the element in front of its first: >= 0 for > 0. */
BUG(write_one_before_the_start)
{
    int *const table = kmalloc(10 * sizeof *table);

    for (int i = hide(10); i >= 0; i--)
        table[i - 1] = i;
    kfree(table);
}

/* Looks at the character in front of an empty string, to see if it ends in a newline. */
BUG(read_one_before_the_start)
{
    char *const line = kmalloc(16);

    line[0] = '\0';
    if (line[hide(strlen(line)) - 1] == '\n')
        line[0] = '\n';
    kfree(line);
}

/* Writes the byte behind a block of odd size. */
BUG(write_past_an_odd_size)
{
    char *const name = kmalloc(13);

    name[hide(13)] = 'x';
    kfree(name);
}

/* Makes room for a string's characters, but not for the NUL behind them. */
BUG(string_without_room_for_its_nul)
{
    const char *const text = hide("bosk on hart one");
    char *const copy = kmalloc(strlen(text));

    memcpy(copy, text, strlen(text) + 1);
    kfree(copy);
}

struct packet {
    unsigned kind, length;
    unsigned char payload[24];
};

/* Allocates as much as a pointer takes, where the struct was meant: sizeof p for sizeof *p. */
BUG(size_of_the_pointer)
{
    struct packet *packet = kmalloc(sizeof packet);

    packet->length = hide(24u);
    packet->payload[hide(20)] = 1;
    kfree(packet);
}

/* Clears twice the block, having counted its bytes as if they were elements of two. */
BUG(memset_past_the_end)
{
    unsigned char *const buffer = kmalloc(48);

    memset(buffer, 0, hide((size_t)96));
    kfree(buffer);
}

/* Copies a whole packet out of a block that has its header alone. */
BUG(memcpy_from_a_short_block)
{
    struct packet packet, *const header = kmalloc(8);

    header->kind = header->length = 1;
    memcpy(&packet, header, hide(sizeof packet));
    use(packet.kind);
    kfree(header);
}

/* The product of count and size does not fit 32 bits: the block is far too small. */
BUG(size_that_overflows)
{
    const uint32_t count = hide(0x40000001u), size = 4;
    uint32_t *const table = kmalloc(count * size); /* 4 bytes */

    for (unsigned i = 0; i < 8; i++)
        table[i] = i;
    kfree(table);
}

/* Appends before it looks whether there is room. */
BUG(append_to_a_full_array)
{
    uint64_t *data = kmalloc(4 * sizeof *data);
    size_t length = hide((size_t)4), capacity = 4;

    data[length++] = 7;
    if (length > capacity)
        use(data);
    kfree(data);
}

/* Shrinks a block, and goes on writing up to its old end. */
BUG(write_past_a_shrunk_block)
{
    struct layout layout = {256, 8};
    char *block = heap_alloc(layout);

    block = heap_realloc(block, layout, 32);
    layout.size = 32;
    block[hide(200)] = 1;
    heap_dealloc(block, layout);
}

/* Trusts the length that a message says it has. */
BUG(length_out_of_the_message)
{
    static const unsigned char message[] = {60, 1, 2, 3};
    unsigned char *const copy = kmalloc(32);

    for (unsigned i = 0; i < hide(message)[0]; i++)
        copy[i] = (unsigned char)i;
    kfree(copy);
}

/* Writes with a wrong index into the middle of another live block. */
BUG(write_into_another_block)
{
    char *const one = kmalloc(64), *const other = kmalloc(64);

    one[hide(other) - one] = 1;
    kfree(other);
    kfree(one);
}
