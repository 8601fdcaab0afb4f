/*
 * deque.h - a queue with two ends, in a ring on the heap (Rust's VecDeque).
 *
 *     SCOPED(deque_free) DEQUE(struct request) waiting = DEQUE_EMPTY;
 *     deque_push_back(&waiting, request);
 *     while (deque_pop_front(&waiting, &request))
 *         serve(&request);
 *
 * Element i lies in slot (first + i) mod capacity. The capacity is a power of two, so that mod is
 * an and. Growth at least doubles it, as in a vec, and unrolls the ring: what had run over its end
 * to its start is moved behind the old end.
 *
 *         slot   0   1   2   3                 0   1   2   3   4   5   6   7
 *              | d |   | b | c |   grown to  |   |   | b | c | d |   |   |   |
 *                        first                         first
 *
 * A pointer to an element is good until the deque grows, shrinks or is made contiguous. As with
 * vec, deque_try_X is 0, or -ENOMEM with the deque as it was; deque_X ends in the allocation error
 * handler; an index out of bounds panics. The deque owns its elements: clear and free drop them
 * (collections/element.h); what is pushed is moved in, what is popped is moved out.
 */
#pragma once

#include "collections/element.h"
#include "collections/scoped.h"
#include "heap/heap.h"
#include "lib/panic.h"

#define DEQUE_FIELDS(type)                                                                         \
    type *data;            /* NULL while capacity is 0 */                                          \
    size_t first;          /* slot of the first element */                                         \
    size_t length;         /* elements in use */                                                   \
    size_t capacity;       /* slots: 0 or a power of two */                                        \
    struct layout element; /* of one element; set with the first capacity */                       \
    element_drop *drop     /* NULL: elements own nothing */

struct deque {
    DEQUE_FIELDS(void);
};

#define DEQUE(type)                                                                                \
    union {                                                                                        \
        struct {                                                                                   \
            DEQUE_FIELDS(type);                                                                    \
        };                                                                                         \
        struct deque any;                                                                          \
    }

#define DEQUE_EMPTY DEQUE_DROPPING(NULL)
#define DEQUE_DROPPING(function)                                                                   \
    {                                                                                              \
        .drop = (function)                                                                         \
    }

/* The address of element `index`, counted from the front. */
#define deque_at(deque, index)                                                                     \
    ((__typeof__(*(deque)->data) *)deque_any_at(&(deque)->any, (index), sizeof *(deque)->data))

/* deque_for_each(element, &deque) { ... }: `element` points to each in turn, from the front. The
 * loop may not push or pop. */
#define deque_for_each(name, deque)                                                                \
    for (__auto_type name##_in_ = (deque); name##_in_ != NULL; name##_in_ = NULL)                  \
        for (__typeof__(*name##_in_->data) *name =                                                 \
                 deque_any_first(&name##_in_->any, sizeof *name);                                  \
             (name) != NULL; (name) = deque_any_next(&name##_in_->any, (name), sizeof *(name)))

/* Put a value at an end. */
#define deque_push_back(deque, value)                                                              \
    do {                                                                                           \
        __auto_type const back_deque_ = (deque);                                                   \
        const __typeof__(*back_deque_->data) back_pushed_ = (value);                               \
        deque_any_reserve(&back_deque_->any, 1, LAYOUT_OF(back_pushed_));                          \
        back_deque_->data[deque_any_open_back(&back_deque_->any)] = back_pushed_;                  \
    } while (0)
#define deque_push_front(deque, value)                                                             \
    do {                                                                                           \
        __auto_type const front_deque_ = (deque);                                                  \
        const __typeof__(*front_deque_->data) front_pushed_ = (value);                             \
        deque_any_reserve(&front_deque_->any, 1, LAYOUT_OF(front_pushed_));                        \
        front_deque_->data[deque_any_open_front(&front_deque_->any)] = front_pushed_;              \
    } while (0)
#define deque_try_push_back(deque, value)                                                          \
    ({                                                                                             \
        __auto_type const try_back_deque_ = (deque);                                               \
        const __typeof__(*try_back_deque_->data) try_back_pushed_ = (value);                       \
        const int back_error_ =                                                                    \
            deque_any_try_reserve(&try_back_deque_->any, 1, LAYOUT_OF(try_back_pushed_));          \
        if (back_error_ == 0)                                                                      \
            try_back_deque_->data[deque_any_open_back(&try_back_deque_->any)] = try_back_pushed_;  \
        back_error_;                                                                               \
    })
#define deque_try_push_front(deque, value)                                                         \
    ({                                                                                             \
        __auto_type const try_front_deque_ = (deque);                                              \
        const __typeof__(*try_front_deque_->data) try_front_pushed_ = (value);                     \
        const int front_error_ =                                                                   \
            deque_any_try_reserve(&try_front_deque_->any, 1, LAYOUT_OF(try_front_pushed_));        \
        if (front_error_ == 0)                                                                     \
            try_front_deque_->data[deque_any_open_front(&try_front_deque_->any)] =                 \
                try_front_pushed_;                                                                 \
        front_error_;                                                                              \
    })

/* Move the first or the last element to *out. False: there is none. */
#define deque_pop_front(deque, out)                                                                \
    ({                                                                                             \
        __auto_type const pop_front_deque_ = (deque);                                              \
        __auto_type const pop_front_out_ = (out);                                                  \
        ELEMENT_TYPES_MATCH(pop_front_out_, pop_front_deque_->data);                               \
        const bool popped_front_ = pop_front_deque_->length > 0;                                   \
        if (popped_front_)                                                                         \
            *pop_front_out_ =                                                                      \
                pop_front_deque_->data[deque_any_close_front(&pop_front_deque_->any)];             \
        popped_front_;                                                                             \
    })
#define deque_pop_back(deque, out)                                                                 \
    ({                                                                                             \
        __auto_type const pop_back_deque_ = (deque);                                               \
        __auto_type const pop_back_out_ = (out);                                                   \
        ELEMENT_TYPES_MATCH(pop_back_out_, pop_back_deque_->data);                                 \
        const bool popped_back_ = pop_back_deque_->length > 0;                                     \
        if (popped_back_)                                                                          \
            *pop_back_out_ = pop_back_deque_->data[deque_any_close_back(&pop_back_deque_->any)];   \
        popped_back_;                                                                              \
    })

/* Make room for `additional` more elements than there are. */
#define deque_reserve(deque, additional)                                                           \
    deque_any_reserve(&(deque)->any, (additional), LAYOUT_OF(*(deque)->data))
#define deque_try_reserve(deque, additional)                                                       \
    deque_any_try_reserve(&(deque)->any, (additional), LAYOUT_OF(*(deque)->data))

/* Give back what is not in use, but for the next power of two; where the heap cannot, the capacity
 * stays. */
#define deque_shrink(deque) deque_any_shrink(&(deque)->any)

/* Let the elements stand one after another, as in a vec: the address of the first, NULL where there
 * is no capacity. Moves nothing if they do so already; else O(n), in place. */
#define deque_make_contiguous(deque)                                                               \
    ((__typeof__(*(deque)->data) *)deque_any_make_contiguous(&(deque)->any))

/* Drop all elements. The capacity stays. */
#define deque_clear(deque) deque_any_clear(&(deque)->any)

/* Make *to, whatever it held, a copy of *from. */
#define deque_clone(to, from, clone)                                                               \
    ({                                                                                             \
        ELEMENT_TYPES_MATCH((to)->data, (from)->data);                                             \
        deque_any_clone(&(to)->any, &(from)->any, (clone));                                        \
    })
#define deque_try_clone(to, from, clone)                                                           \
    ({                                                                                             \
        ELEMENT_TYPES_MATCH((to)->data, (from)->data);                                             \
        deque_any_try_clone(&(to)->any, &(from)->any, (clone));                                    \
    })

/* Drop all elements and give back the ring: the deque is empty then, and can be used again. Takes
 * the address of any DEQUE, so that it can stand in SCOPED and VEC_DROPPING. */
void deque_free(void *container);

/* What the macros above stand for. */
int deque_any_try_grow(struct deque *deque, size_t additional, struct layout element);
void deque_any_grow(struct deque *deque, size_t additional, struct layout element);
void deque_any_shrink(struct deque *deque);
void *deque_any_make_contiguous(struct deque *deque);
void deque_any_clear(struct deque *deque);
int deque_any_try_clone(struct deque *to, const struct deque *from, element_clone *clone);
void deque_any_clone(struct deque *to, const struct deque *from, element_clone *clone);

static inline bool deque_any_has_room(const struct deque *deque, size_t additional)
{
    return additional <= deque->capacity - deque->length;
}

static inline int deque_any_try_reserve(struct deque *deque, size_t additional,
                                        struct layout element)
{
    return deque_any_has_room(deque, additional) ? 0
                                                 : deque_any_try_grow(deque, additional, element);
}

static inline void deque_any_reserve(struct deque *deque, size_t additional, struct layout element)
{
    if (!deque_any_has_room(deque, additional))
        deque_any_grow(deque, additional, element);
}

static inline size_t deque_any_slot(const struct deque *deque, size_t index)
{
    return (deque->first + index) & (deque->capacity - 1);
}

/* One element more or less at an end; there is room for it, or there is one. Its slot. */
static inline size_t deque_any_open_back(struct deque *deque)
{
    return deque_any_slot(deque, deque->length++);
}

static inline size_t deque_any_open_front(struct deque *deque)
{
    deque->length++;
    return deque->first = deque_any_slot(deque, SIZE_MAX);
}

static inline size_t deque_any_close_back(struct deque *deque)
{
    return deque_any_slot(deque, --deque->length);
}

static inline size_t deque_any_close_front(struct deque *deque)
{
    const size_t slot = deque->first;
    deque->length--;
    deque->first = deque_any_slot(deque, 1);
    return slot;
}

static inline void *deque_any_at(const struct deque *deque, size_t index, size_t size)
{
    if (index >= deque->length)
        panic("deque: index %zu is out of bounds: the length is %zu", index, deque->length);
    return element_at(deque->data, deque_any_slot(deque, index), size);
}

static inline void *deque_any_first(const struct deque *deque, size_t size)
{
    return deque->length > 0 ? element_at(deque->data, deque->first, size) : NULL;
}

static inline void *deque_any_next(const struct deque *deque, const void *element, size_t size)
{
    const size_t slot = ((uintptr_t)element - (uintptr_t)deque->data) / size;
    const size_t index = ((slot - deque->first) & (deque->capacity - 1)) + 1;
    return index < deque->length ? element_at(deque->data, deque_any_slot(deque, index), size)
                                 : NULL;
}
