/*
 * vec.h - a growable array on the heap (Rust's Vec).
 *
 *     SCOPED(vec_free) VEC(int) numbers = VEC_EMPTY;
 *     vec_push(&numbers, 7);
 *     vec_for_each(number, &numbers)
 *         use(*number);
 *
 * Elements stand one after another from `data` on. Growth at least doubles the capacity, so that n
 * pushes move fewer than 2n elements. A pointer to an element is good until the vec grows, shrinks
 * or moves its elements. An index out of bounds panics.
 *
 * A verb that may run out of memory has two forms: vec_try_X is 0, or -ENOMEM with the vec as it
 * was; vec_X ends in the allocation error handler. The vec owns its elements: clear, truncate,
 * retain and free drop them (collections/element.h). A value that is pushed is moved in when that
 * succeeds; one that is popped or removed is moved out. Values are computed before anything is
 * changed.
 *
 * A VEC(type) is a union of fields that know the type and a struct vec that does not. Macros check
 * types and pass &(vec)->any on to functions.
 */
#pragma once

#include "collections/element.h"
#include "collections/scoped.h"
#include "heap/heap.h"
#include "lib/panic.h"

#define VEC_FIELDS(type)                                                                           \
    type *data;            /* NULL while capacity is 0 */                                          \
    size_t length;         /* elements in use */                                                   \
    size_t capacity;       /* elements that there is room for */                                   \
    struct layout element; /* of one element; set with the first capacity */                       \
    element_drop *drop     /* NULL: elements own nothing */

struct vec {
    VEC_FIELDS(void);
};

#define VEC(type)                                                                                  \
    union {                                                                                        \
        struct {                                                                                   \
            VEC_FIELDS(type);                                                                      \
        };                                                                                         \
        struct vec any;                                                                            \
    }

#define VEC_EMPTY VEC_DROPPING(NULL)
#define VEC_DROPPING(function)                                                                     \
    {                                                                                              \
        .drop = (function)                                                                         \
    }

/* The address of element `index`. */
#define vec_at(vec, index)                                                                         \
    ((__typeof__(*(vec)->data) *)vec_any_at(&(vec)->any, (index), sizeof *(vec)->data))

/* vec_for_each(element, &vec) { ... }: `element` points to each in turn. The loop may not change
 * the capacity. */
#define vec_for_each(name, vec)                                                                    \
    for (__auto_type name##_in_ = (vec); name##_in_ != NULL; name##_in_ = NULL)                    \
        for (__typeof__(*name##_in_->data) *name = name##_in_->data;                               \
             (size_t)(name - name##_in_->data) < name##_in_->length; (name)++)

/* Append a value. */
#define vec_push(vec, value)                                                                       \
    do {                                                                                           \
        __auto_type const push_vec_ = (vec);                                                       \
        const __typeof__(*push_vec_->data) pushed_ = (value);                                      \
        if (push_vec_->length == push_vec_->capacity)                                              \
            vec_any_reserve(&push_vec_->any, 1, LAYOUT_OF(*push_vec_->data));                      \
        push_vec_->data[push_vec_->length++] = pushed_;                                            \
    } while (0)

#define vec_try_push(vec, value)                                                                   \
    ({                                                                                             \
        __auto_type const try_push_vec_ = (vec);                                                   \
        const __typeof__(*try_push_vec_->data) try_pushed_ = (value);                              \
        const int push_error_ =                                                                    \
            vec_any_try_reserve(&try_push_vec_->any, 1, LAYOUT_OF(*try_push_vec_->data));          \
        if (push_error_ == 0)                                                                      \
            try_push_vec_->data[try_push_vec_->length++] = try_pushed_;                            \
        push_error_;                                                                               \
    })

/* Move the last element to *out. False: there is none. */
#define vec_pop(vec, out)                                                                          \
    ({                                                                                             \
        __auto_type const pop_vec_ = (vec);                                                        \
        __auto_type const pop_out_ = (out);                                                        \
        ELEMENT_TYPES_MATCH(pop_out_, pop_vec_->data);                                             \
        const bool popped_ = pop_vec_->length > 0;                                                 \
        if (popped_)                                                                               \
            *pop_out_ = pop_vec_->data[--pop_vec_->length];                                        \
        popped_;                                                                                   \
    })

/* Put a value in front of element `index`, or behind the last: O(length - index). */
#define vec_insert(vec, index, value)                                                              \
    do {                                                                                           \
        __auto_type const insert_vec_ = (vec);                                                     \
        const size_t insert_at_ = (index);                                                         \
        const __typeof__(*insert_vec_->data) inserted_ = (value);                                  \
        vec_any_open(&insert_vec_->any, insert_at_, LAYOUT_OF(*insert_vec_->data));                \
        insert_vec_->data[insert_at_] = inserted_;                                                 \
    } while (0)

#define vec_try_insert(vec, index, value)                                                          \
    ({                                                                                             \
        __auto_type const try_insert_vec_ = (vec);                                                 \
        const size_t try_insert_at_ = (index);                                                     \
        const __typeof__(*try_insert_vec_->data) try_inserted_ = (value);                          \
        const int insert_error_ = vec_any_try_open(&try_insert_vec_->any, try_insert_at_,          \
                                                   LAYOUT_OF(*try_insert_vec_->data));             \
        if (insert_error_ == 0)                                                                    \
            try_insert_vec_->data[try_insert_at_] = try_inserted_;                                 \
        insert_error_;                                                                             \
    })

/* Element `index`, moved out. Those behind it move up: O(length - index). */
#define vec_remove(vec, index)                                                                     \
    ({                                                                                             \
        __auto_type const remove_vec_ = (vec);                                                     \
        __auto_type const remove_at_ = vec_at(remove_vec_, (index));                               \
        const __typeof__(*remove_at_) removed_ = *remove_at_;                                      \
        vec_any_close(&remove_vec_->any, remove_at_);                                              \
        removed_;                                                                                  \
    })

/* Element `index`, moved out. The last takes its place: O(1). */
#define vec_swap_remove(vec, index)                                                                \
    ({                                                                                             \
        __auto_type const swap_vec_ = (vec);                                                       \
        __auto_type const swap_at_ = vec_at(swap_vec_, (index));                                   \
        const __typeof__(*swap_at_) swapped_out_ = *swap_at_;                                      \
        *swap_at_ = swap_vec_->data[--swap_vec_->length];                                          \
        swapped_out_;                                                                              \
    })

/* Append `count` elements of an array, which may lie in the vec itself; their bits are copied. */
#define vec_extend(vec, array, count)                                                              \
    ({                                                                                             \
        ELEMENT_TYPES_MATCH((array), (vec)->data);                                                 \
        vec_any_extend(&(vec)->any, (array), (count), LAYOUT_OF(*(vec)->data));                    \
    })
#define vec_try_extend(vec, array, count)                                                          \
    ({                                                                                             \
        ELEMENT_TYPES_MATCH((array), (vec)->data);                                                 \
        vec_any_try_extend(&(vec)->any, (array), (count), LAYOUT_OF(*(vec)->data));                \
    })

/* Make room for `additional` more elements than there are. */
#define vec_reserve(vec, additional)                                                               \
    vec_any_reserve(&(vec)->any, (additional), LAYOUT_OF(*(vec)->data))
#define vec_try_reserve(vec, additional)                                                           \
    vec_any_try_reserve(&(vec)->any, (additional), LAYOUT_OF(*(vec)->data))

/* Give back what is not in use; where the heap cannot, the vec stays as it was. */
#define vec_shrink(vec) vec_any_shrink(&(vec)->any)

/* Drop the elements from `length` on, if there are so many; or all. The capacity stays. */
#define vec_truncate(vec, length) vec_any_truncate(&(vec)->any, (length))
#define vec_clear(vec)            vec_any_truncate(&(vec)->any, 0)

/* Keep the elements for which bool keep(const void *element, void *context), in their order; drop
 * the others. */
#define vec_retain(vec, keep, context) vec_any_retain(&(vec)->any, (keep), (context))

/* Make *to, whatever it held, a copy of *from. */
#define vec_clone(to, from, clone)                                                                 \
    ({                                                                                             \
        ELEMENT_TYPES_MATCH((to)->data, (from)->data);                                             \
        vec_any_clone(&(to)->any, &(from)->any, (clone));                                          \
    })
#define vec_try_clone(to, from, clone)                                                             \
    ({                                                                                             \
        ELEMENT_TYPES_MATCH((to)->data, (from)->data);                                             \
        vec_any_try_clone(&(to)->any, &(from)->any, (clone));                                      \
    })

/* Sort in place, the least first, by heapsort: O(n log n) always, nothing allocated; elements that
 * are equal may change places. */
#define vec_sort(vec, compare) vec_any_sort(&(vec)->any, (compare))

/* Look for an element that is equal to *key in a sorted vec. True: *index is one; false: *index is
 * where it would have to be inserted. O(log n) */
#define vec_binary_search(vec, key, compare, index)                                                \
    ({                                                                                             \
        ELEMENT_TYPES_MATCH((key), (vec)->data);                                                   \
        vec_any_binary_search(&(vec)->any, (key), (compare), (index));                             \
    })

/* Drop all elements and give back the array: the vec is empty then, and can be used again. Takes
 * the address of any VEC, so that it can stand in SCOPED and VEC_DROPPING. */
void vec_free(void *container);

/* What the macros above stand for. */
int vec_any_try_grow(struct vec *vec, size_t additional, struct layout element);
void vec_any_reserve(struct vec *vec, size_t additional, struct layout element);
int vec_any_try_open(struct vec *vec, size_t index, struct layout element);
void vec_any_open(struct vec *vec, size_t index, struct layout element);
void vec_any_close(struct vec *vec, void *at);
int vec_any_try_extend(struct vec *vec, const void *array, size_t count, struct layout element);
void vec_any_extend(struct vec *vec, const void *array, size_t count, struct layout element);
void vec_any_shrink(struct vec *vec);
void vec_any_truncate(struct vec *vec, size_t length);
void vec_any_retain(struct vec *vec, bool (*keep)(const void *element, void *context),
                    void *context);
int vec_any_try_clone(struct vec *to, const struct vec *from, element_clone *clone);
void vec_any_clone(struct vec *to, const struct vec *from, element_clone *clone);
void vec_any_sort(struct vec *vec, element_compare *compare);
bool vec_any_binary_search(const struct vec *vec, const void *key, element_compare *compare,
                           size_t *index);

static inline int vec_any_try_reserve(struct vec *vec, size_t additional, struct layout element)
{
    return additional <= vec->capacity - vec->length ? 0
                                                     : vec_any_try_grow(vec, additional, element);
}

static inline void *vec_any_at(const struct vec *vec, size_t index, size_t size)
{
    if (index >= vec->length)
        panic("vec: index %zu is out of bounds: the length is %zu", index, vec->length);
    return element_at(vec->data, index, size);
}
