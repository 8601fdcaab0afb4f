/* vec.c - a growable array: the part that is the same for all element types. */
#include "collections/vec.h"

#include "lib/errno.h"

enum { FIRST_CAPACITY = 4 };

int vec_grow(void **data, size_t *capacity, struct layout element)
{
    size_t wanted, size;
    void *grown;

    if (*capacity == 0)
        wanted = FIRST_CAPACITY;
    else if (__builtin_mul_overflow(*capacity, 2, &wanted))
        return -ENOMEM;
    if (__builtin_mul_overflow(wanted, element.size, &size))
        return -ENOMEM;
    if (*capacity == 0)
        grown = heap_alloc((struct layout){size, element.align});
    else
        grown = heap_realloc(*data, (struct layout){*capacity * element.size, element.align}, size);
    if (grown == NULL)
        return -ENOMEM;
    *data = grown;
    *capacity = wanted;
    return 0;
}
