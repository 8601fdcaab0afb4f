/*
 * box.h - one value on the heap, owned by one pointer (Rust's Box).
 *
 * A box is a plain pointer to its value; whoever holds it last gives it back with box_free.
 */
#pragma once

#include "heap/heap.h"

/* A new box of `type` that holds `value`. The first ends in the allocation error handler when there
 * is no memory, the second is NULL. */
#define box_new(type, value)                                                                       \
    ({                                                                                             \
        type *const box_ = box_try_new(type, value);                                               \
        if (box_ == NULL)                                                                          \
            heap_alloc_error(LAYOUT_OF(type));                                                     \
        box_;                                                                                      \
    })

#define box_try_new(type, value)                                                                   \
    ({                                                                                             \
        type *const new_ = heap_alloc(LAYOUT_OF(type));                                            \
        if (new_ != NULL)                                                                          \
            *new_ = (value);                                                                       \
        new_;                                                                                      \
    })

/* Give back the box. */
#define box_free(box) heap_dealloc((box), LAYOUT_OF(*(box)))
