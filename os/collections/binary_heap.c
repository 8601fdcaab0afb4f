/* binary_heap.c - a vec in heap order: the part that is the same for all element types. */
#include "collections/binary_heap.h"

#include "collections/heap_order.h"

static struct heap_order order_of(const struct vec *vec, element_compare *compare)
{
    return (struct heap_order){vec->data, vec->length, vec->element.size, compare};
}

/* The last element is new. */
void binary_heap_any_pushed(struct vec *vec, element_compare *compare)
{
    const struct heap_order order = order_of(vec, compare);
    heap_order_rise(&order, vec->length - 1);
}

/* Bring the greatest element to the end, the others into order without it. */
void binary_heap_any_pop(struct vec *vec, element_compare *compare)
{
    struct heap_order order = order_of(vec, compare);

    if (order.count <= 1)
        return;
    order.count--;
    element_swap(order.array, element_at(order.array, order.count, order.size), order.size);
    heap_order_sink(&order, 0);
}

void *binary_heap_any_peek(const struct vec *vec)
{
    return vec->length > 0 ? vec->data : NULL;
}

/* Move all but the destructor, which stays each one's own, out of one into another. */
static void move_elements(struct vec *to, struct vec *from)
{
    if (to->length > 0)
        panic("binary_heap: moved onto %zu elements that are there", to->length);
    vec_free(to); /* it may have a capacity */
    element_drop *const drop = to->drop;
    *to = *from;
    to->drop = drop;
    *from = (struct vec){.drop = from->drop};
}

void binary_heap_any_from_vec(struct vec *heap, struct vec *vec, element_compare *compare)
{
    move_elements(heap, vec);
    const struct heap_order order = order_of(heap, compare);
    heap_order_make(&order);
}

void binary_heap_any_into_sorted(struct vec *heap, struct vec *vec, element_compare *compare)
{
    const struct heap_order order = order_of(heap, compare);
    heap_order_sort(&order);
    move_elements(vec, heap);
}

/* A BINARY_HEAP begins with its vec. */
void binary_heap_free(void *container)
{
    vec_free(container);
}
