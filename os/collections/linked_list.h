/*
 * linked_list.h - a doubly linked list that owns its elements (Rust's LinkedList).
 *
 *     SCOPED(linked_list_free) LINKED_LIST(int) numbers = LINKED_LIST_EMPTY;
 *     linked_list_push_back(&numbers, 7);
 *     int *const seven = linked_list_first(&numbers);
 *     linked_list_insert_before(&numbers, seven, 6);
 *
 * Each element lies in a node of its own on the heap and never moves, so its address is good until
 * it is removed, and is the position in the list as well. A list's elements go to another list in
 * O(1). Where neither is needed, a vec or a deque is smaller and faster. For things that live
 * elsewhere, and are only listed, there is lib/dlist.h.
 *
 * A verb that may run out of memory has two forms: linked_list_try_X is 0, or -ENOMEM with the list
 * as it was; linked_list_X ends in the allocation error handler. There is no capacity to reserve or
 * to shrink. The list owns its elements: clear and free drop them (collections/element.h); pop and
 * remove move them out. A position must be an element of the list it is used with; NULL panics.
 */
#pragma once

#include "collections/element.h"
#include "collections/scoped.h"
#include "heap/heap.h"
#include "lib/dlist.h"

/* The nodes are a ring of lib/dlist.h without a head, so that the list itself can be moved. */
struct linked_list {
    struct dlist_node *first; /* NULL while the list is empty */
    size_t length;            /* number of elements */
    struct layout element;    /* of one element; set with the first node */
    element_drop *drop;       /* NULL: elements own nothing */
};

#define LINKED_LIST(type)                                                                          \
    union {                                                                                        \
        struct {                                                                                   \
            struct dlist_node *first;                                                              \
            size_t length;                                                                         \
            struct layout element;                                                                 \
            element_drop *drop;                                                                    \
        };                                                                                         \
        struct linked_list any;                                                                    \
        type *of; /* only for its type */                                                          \
    }

#define LINKED_LIST_EMPTY LINKED_LIST_DROPPING(NULL)
#define LINKED_LIST_DROPPING(function)                                                             \
    {                                                                                              \
        .drop = (function)                                                                         \
    }

/* The addresses of the first and the last element, and of those beside one; NULL: there is none. */
#define linked_list_first(list) ((__typeof__(*(list)->of) *)linked_list_any_first(&(list)->any))
#define linked_list_last(list)  ((__typeof__(*(list)->of) *)linked_list_any_last(&(list)->any))
#define linked_list_next(list, position)                                                           \
    ({                                                                                             \
        ELEMENT_TYPES_MATCH((position), (list)->of);                                               \
        (__typeof__(*(list)->of) *)linked_list_any_next(&(list)->any, (position));                 \
    })
#define linked_list_prev(list, position)                                                           \
    ({                                                                                             \
        ELEMENT_TYPES_MATCH((position), (list)->of);                                               \
        (__typeof__(*(list)->of) *)linked_list_any_prev(&(list)->any, (position));                 \
    })

/* linked_list_for_each(element, &list) { ... }: `element` points to each in turn. The loop may not
 * remove the element that it is at. */
#define linked_list_for_each(name, list)                                                           \
    for (__auto_type name##_in_ = (list); name##_in_ != NULL; name##_in_ = NULL)                   \
        for (__typeof__(*name##_in_->of) *name = linked_list_first(name##_in_); (name) != NULL;    \
             (name) = linked_list_next(name##_in_, (name)))

/* Put a value at an end of the list, or beside a position. O(1) */
#define linked_list_push_front(list, value)                                                        \
    LINKED_LIST_INSERT(linked_list_any_insert, list, LINKED_LIST_FRONT, NULL, value)
#define linked_list_push_back(list, value)                                                         \
    LINKED_LIST_INSERT(linked_list_any_insert, list, LINKED_LIST_BACK, NULL, value)
#define linked_list_insert_before(list, position, value)                                           \
    LINKED_LIST_INSERT(linked_list_any_insert, list, LINKED_LIST_BEFORE, position, value)
#define linked_list_insert_after(list, position, value)                                            \
    LINKED_LIST_INSERT(linked_list_any_insert, list, LINKED_LIST_AFTER, position, value)
#define linked_list_try_push_front(list, value)                                                    \
    LINKED_LIST_INSERT(linked_list_any_try_insert, list, LINKED_LIST_FRONT, NULL, value)
#define linked_list_try_push_back(list, value)                                                     \
    LINKED_LIST_INSERT(linked_list_any_try_insert, list, LINKED_LIST_BACK, NULL, value)
#define linked_list_try_insert_before(list, position, value)                                       \
    LINKED_LIST_INSERT(linked_list_any_try_insert, list, LINKED_LIST_BEFORE, position, value)
#define linked_list_try_insert_after(list, position, value)                                        \
    LINKED_LIST_INSERT(linked_list_any_try_insert, list, LINKED_LIST_AFTER, position, value)

/* Move the first or the last element to *out. False: there is none. */
#define linked_list_pop_front(list, out)                                                           \
    ({                                                                                             \
        ELEMENT_TYPES_MATCH((out), (list)->of);                                                    \
        linked_list_any_pop(&(list)->any, LINKED_LIST_FRONT, (out));                               \
    })
#define linked_list_pop_back(list, out)                                                            \
    ({                                                                                             \
        ELEMENT_TYPES_MATCH((out), (list)->of);                                                    \
        linked_list_any_pop(&(list)->any, LINKED_LIST_BACK, (out));                                \
    })

/* The element at a position, moved out. O(1) */
#define linked_list_remove(list, position)                                                         \
    ({                                                                                             \
        ELEMENT_TYPES_MATCH((position), (list)->of);                                               \
        __typeof__(*(list)->of) removed_;                                                          \
        linked_list_any_take(&(list)->any, (position), &removed_);                                 \
        removed_;                                                                                  \
    })

/* Move all elements of *from to the end of *list, or in front of a position. *from is empty then;
 * it may not be *list itself. O(1) */
#define linked_list_append(list, from)                                                             \
    ({                                                                                             \
        ELEMENT_TYPES_MATCH((from)->of, (list)->of);                                               \
        linked_list_any_splice(&(list)->any, LINKED_LIST_BACK, NULL, &(from)->any);                \
    })
#define linked_list_splice(list, position, from)                                                   \
    ({                                                                                             \
        ELEMENT_TYPES_MATCH((position), (list)->of);                                               \
        ELEMENT_TYPES_MATCH((from)->of, (list)->of);                                               \
        linked_list_any_splice(&(list)->any, LINKED_LIST_BEFORE, (position), &(from)->any);        \
    })

/* Drop all elements. */
#define linked_list_clear(list) linked_list_free(&(list)->any)

/* Make *to, whatever it held, a copy of *from. */
#define linked_list_clone(to, from, clone)                                                         \
    ({                                                                                             \
        ELEMENT_TYPES_MATCH((to)->of, (from)->of);                                                 \
        linked_list_any_clone(&(to)->any, &(from)->any, (clone));                                  \
    })
#define linked_list_try_clone(to, from, clone)                                                     \
    ({                                                                                             \
        ELEMENT_TYPES_MATCH((to)->of, (from)->of);                                                 \
        linked_list_any_try_clone(&(to)->any, &(from)->any, (clone));                              \
    })

/* Drop all elements: the list is empty then, and can be used again. Takes the address of any
 * LINKED_LIST, so that it can stand in SCOPED and VEC_DROPPING. */
void linked_list_free(void *container);

/* For tests. */
bool linked_list_invariants_hold(const struct linked_list *list);

/* What the macros above stand for. */
enum linked_list_place {
    LINKED_LIST_FRONT,
    LINKED_LIST_BACK,
    LINKED_LIST_BEFORE, /* a position */
    LINKED_LIST_AFTER
};

#define LINKED_LIST_INSERT(insert, list, place, position, value)                                   \
    ({                                                                                             \
        __auto_type const insert_list_ = (list);                                                   \
        const __typeof__(*insert_list_->of) *const insert_position_ = (position);                  \
        const __typeof__(*insert_list_->of) inserted_ = (value);                                   \
        insert(&insert_list_->any, (place), insert_position_, &inserted_, LAYOUT_OF(inserted_));   \
    })

void *linked_list_any_first(const struct linked_list *list);
void *linked_list_any_last(const struct linked_list *list);
void *linked_list_any_next(const struct linked_list *list, const void *position);
void *linked_list_any_prev(const struct linked_list *list, const void *position);
int linked_list_any_try_insert(struct linked_list *list, enum linked_list_place place,
                               const void *position, const void *value, struct layout element);
void linked_list_any_insert(struct linked_list *list, enum linked_list_place place,
                            const void *position, const void *value, struct layout element);
bool linked_list_any_pop(struct linked_list *list, enum linked_list_place place, void *out);
void linked_list_any_take(struct linked_list *list, const void *position, void *out);
void linked_list_any_splice(struct linked_list *list, enum linked_list_place place,
                            const void *position, struct linked_list *from);
int linked_list_any_try_clone(struct linked_list *to, const struct linked_list *from,
                              element_clone *clone);
void linked_list_any_clone(struct linked_list *to, const struct linked_list *from,
                           element_clone *clone);
