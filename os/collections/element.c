/* element.c - elements of any type. */
#include "collections/element.h"

#include "lib/string.h"

void element_drop_all(void *array, size_t count, size_t size, element_drop *drop)
{
    if (drop == NULL)
        return;
    for (size_t i = 0; i < count; i++)
        drop(element_at(array, i, size));
}

int element_try_clone_all(void *to, const void *from, size_t count, size_t size,
                          element_clone *clone, element_drop *drop)
{
    if (clone == NULL) {
        if (count > 0) /* else there may be no array at all */
            memcpy(to, from, count * size);
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        const int error = clone(element_at(to, i, size), element_at(from, i, size));
        if (error != 0) {
            element_drop_all(to, i, size, drop);
            return error;
        }
    }
    return 0;
}

void element_swap(void *left, void *right, size_t size)
{
    char *a = left, *b = right, part[64];

    while (size > 0) {
        const size_t count = size < sizeof part ? size : sizeof part;
        memcpy(part, a, count);
        memmove(a, b, count);
        memcpy(b, part, count);
        a += count;
        b += count;
        size -= count;
    }
}
