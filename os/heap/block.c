/* block.c - blocks of fixed sizes. The idea, its source and the contract are in block.h. */
#include "heap/block.h"

#include "lib/string.h"

_Static_assert(BLOCK_SMALLEST << (BLOCK_CLASSES - 1) == BLOCK_LARGEST, "one class a power of two");
_Static_assert(BLOCK_SMALLEST >= sizeof(struct block_node), "a free block holds a link");

/* Bytes in a block of a class, by its number. */
static size_t class_size(unsigned bucket)
{
    return (size_t)BLOCK_SMALLEST << bucket;
}

/* The class whose blocks hold `size` bytes; 0 < size <= BLOCK_LARGEST. */
static unsigned class_for(size_t size)
{
    /* LAB blocks class-for
     * The number of the smallest class whose blocks hold `size` bytes: 0 for 1 to 8 bytes, 1 for
     * 9 to 16, 2 for 17 to 32, and so on. A loop will do; highest_bit and lowest_bit of
     * lib/bits.h do it without.
     * ---
     * (void)size;
     * return 0;
     */
    return highest_bit((size - 1) | (BLOCK_SMALLEST - 1)) + 1 - lowest_bit(BLOCK_SMALLEST);
    /* LAB END blocks class-for */
}

static bool is_class_size(size_t size)
{
    return is_power_of_two(size) && size >= BLOCK_SMALLEST && size <= BLOCK_LARGEST;
}

static bool has_class(struct layout layout)
{
    return layout.size > 0 && layout.size <= BLOCK_LARGEST && layout.align <= LIST_GRANULE;
}

/* What the fallback is asked for: a class's size for a block of a class, and for no other. */
static struct layout inner_layout(struct layout layout)
{
    if (has_class(layout))
        return (struct layout){class_size(class_for(layout.size)), layout.align};
    return (struct layout){layout.size + is_class_size(layout.size), layout.align};
}

bool block_init(struct block *heap, void *start, size_t size)
{
    *heap = (struct block){0};
    return list_init(&heap->fallback, start, size);
}

void *block_alloc(struct block *heap, struct layout layout)
{
    /* LAB blocks block-alloc
     * Answer NULL to a layout that is not valid. A layout that has a class (has_class) is served
     * by the first block of heap->free[its class]: take it out of that list, and tell the
     * fallback that it is in use again (list_unpark). Where that list is empty, or the layout
     * has no class, the fallback serves it: list_alloc with inner_layout(layout).
     * ---
     * (void)heap, (void)layout;
     * return NULL;
     */
    if (!layout_is_valid(layout))
        return NULL;
    struct block_node **const first =
        has_class(layout) ? &heap->free[class_for(layout.size)] : NULL;
    if (first == NULL || *first == NULL)
        return list_alloc(&heap->fallback, inner_layout(layout));

    struct block_node *const block = *first;
    *first = block->next;
    list_unpark(&heap->fallback, block);
    return block;
    /* LAB END blocks block-alloc */
}

enum free_result block_check(const struct block *heap, const void *block, struct layout layout)
{
    return list_check(&heap->fallback, block, inner_layout(layout));
}

enum free_result block_dealloc(struct block *heap, void *block, struct layout layout)
{
    /* LAB blocks block-dealloc
     * Give back a block. What block_check refuses is refused, with nothing changed: answer what
     * it says. list_block_size tells how large the block is. If that is the size of a class
     * (is_class_size), park the block (list_park) and make it the first of its class's list: the
     * link is written into the block's own memory. Else it goes back to the fallback, by
     * list_dealloc.
     * ---
     * (void)heap, (void)block, (void)layout, (void)is_class_size;
     * return FREE_FOREIGN;
     */
    const enum free_result result = block_check(heap, block, layout);
    const size_t size = list_block_size(&heap->fallback, block);
    if (result != FREE_OK)
        return result;
    if (!is_class_size(size))
        return list_dealloc(&heap->fallback, block, LAYOUT_UNKNOWN);

    struct block_node **const first = &heap->free[class_for(size)];
    struct block_node *const node = block;
    node->next = *first;
    *first = node;
    list_park(&heap->fallback, block);
    return FREE_OK;
    /* LAB END blocks block-dealloc */
}

void *block_realloc(struct block *heap, void *block, struct layout layout, size_t new_size)
{
    const struct layout new_layout = {new_size, layout.align};
    if (!layout_is_valid(layout) || !layout_is_valid(new_layout) ||
        block_check(heap, block, layout) != FREE_OK)
        return NULL;
    if (list_resize(&heap->fallback, block, inner_layout(new_layout).size))
        return block;

    void *copy = block_alloc(heap, new_layout);
    if (copy != NULL) {
        memcpy(copy, block, layout.size);
        block_dealloc(heap, block, layout);
    }
    return copy;
}

size_t block_block_size(const struct block *heap, const void *block)
{
    return list_block_size(&heap->fallback, block);
}

void block_stats(const struct block *heap, struct heap_stats *stats)
{
    const size_t shift = lowest_bit(LIST_GRANULE / BLOCK_SMALLEST);
    struct heap_stats fallback;

    list_stats(&heap->fallback, &fallback);
    *stats = fallback;
    stats->order_size = BLOCK_SMALLEST;
    for (size_t order = 0; order < HEAP_ORDERS; order++)
        stats->free_blocks[order] = order < shift ? 0 : fallback.free_blocks[order - shift];
    for (unsigned bucket = 0; bucket < BLOCK_CLASSES; bucket++)
        for (const struct block_node *node = heap->free[bucket]; node != NULL; node = node->next) {
            stats->free_blocks[bucket]++;
            if (stats->largest_free < LIST_HEADER + class_size(bucket))
                stats->largest_free = LIST_HEADER + class_size(bucket);
        }
}

bool block_invariants_hold(const struct block *heap)
{
    size_t listed = 0;

    if (!list_invariants_hold(&heap->fallback))
        return false;
    for (unsigned bucket = 0; bucket < BLOCK_CLASSES; bucket++)
        for (const struct block_node *node = heap->free[bucket]; node != NULL; node = node->next)
            if (!list_has_parked(&heap->fallback, node, class_size(bucket)) ||
                ++listed > heap->fallback.parked)
                return false;
    return listed == heap->fallback.parked;
}
