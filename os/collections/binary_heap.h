/*
 * binary_heap.h - a queue whose greatest element comes first (Rust's BinaryHeap).
 *
 *     SCOPED(binary_heap_free) BINARY_HEAP(struct timer) timers = BINARY_HEAP_EMPTY(later_first);
 *     binary_heap_push(&timers, timer);
 *     const struct timer *const next = binary_heap_peek(&timers);
 *
 * A vec whose elements are in heap order (collections/heap_order.h), with the order in which they
 * are, so vec_for_each and the others that only read serve it; those that change it are here.
 *
 * As with vec, binary_heap_try_X is 0, or -ENOMEM with the heap as it was; binary_heap_X ends in
 * the allocation error handler. The heap owns its elements: clear and free drop them. An element
 * may not be changed such that it compares otherwise.
 */
#pragma once

#include "collections/vec.h"

#define BINARY_HEAP(type)                                                                          \
    struct {                                                                                       \
        VEC(type);                                                                                 \
        element_compare *compare;                                                                  \
    }

#define BINARY_HEAP_EMPTY(compare) BINARY_HEAP_DROPPING(compare, NULL)
#define BINARY_HEAP_DROPPING(order, function)                                                      \
    {                                                                                              \
        .drop = (function), .compare = (order)                                                     \
    }

/* Put a value in: O(log n). */
#define binary_heap_push(heap, value)                                                              \
    do {                                                                                           \
        __auto_type const push_heap_ = (heap);                                                     \
        vec_push(push_heap_, value);                                                               \
        binary_heap_any_pushed(&push_heap_->any, push_heap_->compare);                             \
    } while (0)
#define binary_heap_try_push(heap, value)                                                          \
    ({                                                                                             \
        __auto_type const try_push_heap_ = (heap);                                                 \
        const int push_heap_error_ = vec_try_push(try_push_heap_, value);                          \
        if (push_heap_error_ == 0)                                                                 \
            binary_heap_any_pushed(&try_push_heap_->any, try_push_heap_->compare);                 \
        push_heap_error_;                                                                          \
    })

/* Move the greatest element to *out: O(log n). False: there is none. */
#define binary_heap_pop(heap, out)                                                                 \
    ({                                                                                             \
        __auto_type const pop_heap_ = (heap);                                                      \
        binary_heap_any_pop(&pop_heap_->any, pop_heap_->compare);                                  \
        vec_pop(pop_heap_, out);                                                                   \
    })

/* The address of the greatest element; NULL: there is none. */
#define binary_heap_peek(heap)                                                                     \
    ((const __typeof__(*(heap)->data) *)binary_heap_any_peek(&(heap)->any))

/* Make *heap, which must be empty, of a vec's elements: O(n). The vec is empty then. */
#define binary_heap_from_vec(heap, vec)                                                            \
    ({                                                                                             \
        ELEMENT_TYPES_MATCH((vec)->data, (heap)->data);                                            \
        __auto_type const made_heap_ = (heap);                                                     \
        binary_heap_any_from_vec(&made_heap_->any, &(vec)->any, made_heap_->compare);              \
    })

/* Make *vec, which must be empty, of the elements, sorted, the least first: O(n log n), in place.
 * The heap is empty then. */
#define binary_heap_into_sorted(heap, vec)                                                         \
    ({                                                                                             \
        ELEMENT_TYPES_MATCH((vec)->data, (heap)->data);                                            \
        __auto_type const sorted_heap_ = (heap);                                                   \
        binary_heap_any_into_sorted(&sorted_heap_->any, &(vec)->any, sorted_heap_->compare);       \
    })

#define binary_heap_for_each(name, heap)          vec_for_each (name, heap) /* in no order */
#define binary_heap_reserve(heap, additional)     vec_reserve(heap, additional)
#define binary_heap_try_reserve(heap, additional) vec_try_reserve(heap, additional)
#define binary_heap_shrink(heap)                  vec_shrink(heap)
#define binary_heap_clear(heap)                   vec_clear(heap)

/* Make *to, whatever it held, a copy of *from. */
#define binary_heap_clone(to, from, clone)                                                         \
    ({                                                                                             \
        __auto_type const clone_to_ = (to);                                                        \
        __auto_type const clone_from_ = (from);                                                    \
        vec_clone(clone_to_, clone_from_, clone);                                                  \
        clone_to_->compare = clone_from_->compare;                                                 \
    })
#define binary_heap_try_clone(to, from, clone)                                                     \
    ({                                                                                             \
        __auto_type const try_clone_to_ = (to);                                                    \
        __auto_type const try_clone_from_ = (from);                                                \
        const int clone_error_ = vec_try_clone(try_clone_to_, try_clone_from_, clone);             \
        if (clone_error_ == 0)                                                                     \
            try_clone_to_->compare = try_clone_from_->compare;                                     \
        clone_error_;                                                                              \
    })

/* Drop all elements and give back the memory: the heap is empty then, and can be used again. Takes
 * the address of any BINARY_HEAP, so that it can stand in SCOPED and VEC_DROPPING. */
void binary_heap_free(void *container);

/* What the macros above stand for. */
void binary_heap_any_pushed(struct vec *vec, element_compare *compare);
void binary_heap_any_pop(struct vec *vec, element_compare *compare);
void *binary_heap_any_peek(const struct vec *vec);
void binary_heap_any_from_vec(struct vec *heap, struct vec *vec, element_compare *compare);
void binary_heap_any_into_sorted(struct vec *heap, struct vec *vec, element_compare *compare);
