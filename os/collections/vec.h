/*
 * vec.h - a growable array on the heap (Rust's Vec).
 *
 *     VEC(int) numbers = VEC_EMPTY;
 *     vec_push(&numbers, 7);
 *     for (size_t i = 0; i < numbers.length; i++) use(*vec_at(&numbers, i));
 *     vec_free(&numbers);
 *
 * Elements stand one after another from `data` on. Growth doubles the capacity, so that n pushes
 * move fewer than 2n elements. An index out of bounds panics. Elements are not freed with the
 * array.
 */
#pragma once

#include "heap/heap.h"
#include "lib/panic.h"

#define VEC(type)                                                                                  \
    struct {                                                                                       \
        type *data;      /* NULL while capacity is 0 */                                            \
        size_t length;   /* elements in use */                                                     \
        size_t capacity; /* elements that there is room for */                                     \
    }

#define VEC_EMPTY                                                                                  \
    {                                                                                              \
        NULL, 0, 0                                                                                 \
    }

/* Append a value. vec_push ends in the allocation error handler when there is no memory;
 * vec_try_push is -ENOMEM, with the vector unchanged, or 0. */
#define vec_push(vec, value)                                                                       \
    do {                                                                                           \
        if (vec_try_push(vec, value) != 0)                                                         \
            heap_alloc_error((struct layout){((vec)->length + 1) * sizeof *(vec)->data,            \
                                             __alignof__(*(vec)->data)});                          \
    } while (0)

#define vec_try_push(vec, value)                                                                   \
    ({                                                                                             \
        void *grown_ = (vec)->data;                                                                \
        const int error_ = (vec)->length < (vec)->capacity                                         \
                               ? 0                                                                 \
                               : vec_grow(&grown_, &(vec)->capacity, LAYOUT_OF(*(vec)->data));     \
        (vec)->data = grown_;                                                                      \
        if (error_ == 0) {                                                                         \
            (vec)->data[(vec)->length] = (value);                                                  \
            (vec)->length++;                                                                       \
        }                                                                                          \
        error_;                                                                                    \
    })

/* The address of element `index`. */
#define vec_at(vec, index) (&(vec)->data[vec_checked((index), (vec)->length)])

/* Give back the array; the vector is empty then. */
#define vec_free(vec)                                                                              \
    do {                                                                                           \
        if ((vec)->capacity > 0)                                                                   \
            heap_dealloc((vec)->data, (struct layout){(vec)->capacity * sizeof *(vec)->data,       \
                                                      __alignof__(*(vec)->data)});                 \
        (vec)->data = NULL;                                                                        \
        (vec)->length = (vec)->capacity = 0;                                                       \
    } while (0)

/* Double the array at *data of *capacity elements, each of layout `element`. 0 or -ENOMEM. */
int vec_grow(void **data, size_t *capacity, struct layout element);

static inline size_t vec_checked(size_t index, size_t length)
{
    if (index >= length)
        panic("vec: index %zu is out of bounds: the length is %zu", index, length);
    return index;
}
