/*
 * element.h - what every container here does to elements whose type it does not know.
 *
 * A container remembers how large its elements are and `drop`, the destructor: what an element owns
 * is freed by it, but not the element's own bytes, which are the container's. NULL: nothing is
 * owned. A clone function makes *to a copy of *from that owns its own; it is 0, or -ENOMEM with
 * nothing left allocated. NULL: the bits are copied.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef void element_drop(void *element);
typedef int element_clone(void *to, const void *from);
typedef int element_compare(const void *left, const void *right); /* < 0, 0 or > 0 */

/* What two pointers point to must be of one type, but for a const; else it does not compile. */
#define ELEMENT_TYPES_MATCH(left, right)                                                           \
    _Static_assert(__builtin_types_compatible_p(__typeof__(*(left)), __typeof__(*(right))),        \
                   "the element types differ")

/* The address of element `index` of an array whose elements have `size` bytes. */
static inline void *element_at(const void *array, size_t index, size_t size)
{
    return (char *)array + index * size;
}

/* Drop `count` elements, the first one first. */
void element_drop_all(void *array, size_t count, size_t size, element_drop *drop);

/* Clone `count` elements into memory that holds none. -ENOMEM: those cloned are dropped again. */
int element_try_clone_all(void *to, const void *from, size_t count, size_t size,
                          element_clone *clone, element_drop *drop);

/* Exchange two elements, or one with itself. */
void element_swap(void *left, void *right, size_t size);
