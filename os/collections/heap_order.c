/* heap_order.c - Williams' heap. */
#include "collections/heap_order.h"

static void *at(const struct heap_order *heap, size_t index)
{
    return element_at(heap->array, index, heap->size);
}

static bool is_less(const struct heap_order *heap, size_t left, size_t right)
{
    return heap->compare(at(heap, left), at(heap, right)) < 0;
}

static void swap(const struct heap_order *heap, size_t left, size_t right)
{
    element_swap(at(heap, left), at(heap, right), heap->size);
}

static size_t parent_of(size_t index)
{
    return (index - 1) / 2;
}

void heap_order_rise(const struct heap_order *heap, size_t index)
{
    while (index > 0 && is_less(heap, parent_of(index), index)) {
        swap(heap, index, parent_of(index));
        index = parent_of(index);
    }
}

/* The greater of the children of a parent that has some. */
static size_t greater_child(const struct heap_order *heap, size_t parent)
{
    const size_t left = 2 * parent + 1, right = left + 1;
    return right < heap->count && is_less(heap, left, right) ? right : left;
}

/* What sinks came from the end most often and goes back there: so it is first asked where the
 * greater children lead to, which takes one comparison a level, and then from there upwards how far
 * they may rise, which is seldom more than one more. The path then moves up by one. */
void heap_order_sink(const struct heap_order *heap, size_t index)
{
    size_t last = index;

    while (last < heap->count / 2) /* it has a child */
        last = greater_child(heap, last);
    while (last > index && is_less(heap, last, index))
        last = parent_of(last);
    for (; last > index; last = parent_of(last))
        swap(heap, index, last);
}

/* Parents from the last to the first: below each there are heaps already. Most of them stand low
 * and have few steps to sink, so the sum is linear. */
void heap_order_make(const struct heap_order *heap)
{
    for (size_t parent = heap->count / 2; parent-- > 0;)
        heap_order_sink(heap, parent);
}

/* The greatest goes behind the others again and again, and is a part of the heap no longer. */
void heap_order_sort(const struct heap_order *heap)
{
    struct heap_order rest = *heap;

    while (rest.count > 1) {
        rest.count--;
        swap(&rest, 0, rest.count);
        heap_order_sink(&rest, 0);
    }
}

bool heap_order_holds(const struct heap_order *heap)
{
    for (size_t i = 1; i < heap->count; i++)
        if (is_less(heap, parent_of(i), i))
            return false;
    return true;
}
