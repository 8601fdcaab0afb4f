/*
 * rc.h - one value on the heap with several owners, counted (Rust's Rc).
 *
 *     int *first = rc_new(int, 5);
 *     int *second = rc_clone(first);   the same value; the count is 2
 *     rc_release(second);              the count is 1
 *     rc_release(first);               the memory is given back
 *
 * An owner is a plain pointer to the value; the count stands just in front of it. Not for owners
 * on several harts: the count is a plain integer.
 */
#pragma once

#include "heap/heap.h"

/* A new value with one owner. Ends in the allocation error handler, or is NULL. */
#define rc_new(type, value)                                                                        \
    ({                                                                                             \
        type *const rc_ = rc_try_new(type, value);                                                 \
        if (rc_ == NULL)                                                                           \
            heap_alloc_error(rc_layout(LAYOUT_OF(type)));                                          \
        rc_;                                                                                       \
    })

#define rc_try_new(type, value)                                                                    \
    ({                                                                                             \
        type *const new_ = rc_alloc(LAYOUT_OF(type));                                              \
        if (new_ != NULL)                                                                          \
            *new_ = (value);                                                                       \
        new_;                                                                                      \
    })

/* One more owner. */
#define rc_clone(rc) (++*rc_counter((rc), LAYOUT_OF(*(rc))), (rc))

/* One owner less; the last gives back the memory. */
#define rc_release(rc) rc_drop((rc), LAYOUT_OF(*(rc)))

/* How many owners there are. */
#define rc_count(rc) ((size_t)*rc_counter((rc), LAYOUT_OF(*(rc))))

/* The counter and the value in one block; the value is at offset rc_offset(value). */
static inline size_t rc_offset(struct layout value)
{
    return align_up(sizeof(size_t), value.align);
}

static inline struct layout rc_layout(struct layout value)
{
    const size_t align = value.align > _Alignof(size_t) ? value.align : _Alignof(size_t);
    return (struct layout){rc_offset(value) + value.size, align};
}

static inline size_t *rc_counter(const void *rc, struct layout value)
{
    return (size_t *)((uintptr_t)rc - rc_offset(value));
}

static inline void *rc_alloc(struct layout value)
{
    size_t *const counter = heap_alloc(rc_layout(value));
    if (counter == NULL)
        return NULL;
    *counter = 1;
    return (char *)counter + rc_offset(value);
}

static inline void rc_drop(const void *rc, struct layout value)
{
    size_t *const counter = rc_counter(rc, value);
    if (--*counter == 0)
        heap_dealloc(counter, rc_layout(value));
}
