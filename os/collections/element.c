/* element.c - elements of any type. */
#include "collections/element.h"

#include <stdint.h>

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

static void swap_bytes(unsigned char *a, unsigned char *b, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        const unsigned char kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}

/* A part of an element that may overlay any type. */
typedef uint32_t __attribute__((may_alias)) part;

/* Most elements are made of whole parts; those that are not go byte by byte. */
void element_swap(void *left, void *right, size_t size)
{
    part *a = left, *b = right;

    if (((uintptr_t)left | (uintptr_t)right | size) % sizeof(part) != 0) {
        swap_bytes(left, right, size);
        return;
    }
    for (size_t i = 0; i < size / sizeof(part); i++) {
        const part kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}
