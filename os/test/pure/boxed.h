/*
 * boxed.h - an element that owns memory, for tests of containers: a box of int.
 *
 * An element that is dropped twice panics in the heap; one that is not dropped fails
 * check_nothing_is_left().
 */
#pragma once

#include "collections/box.h"
#include "lib/errno.h"
#include "test/fail_alloc.h"
#include "test/pure/heap_balance.h"

struct boxed {
    int *box;
};

static inline struct boxed boxed_new(int value)
{
    int *const box = box_new(int, value);
    return (struct boxed){box};
}

static inline void boxed_drop(void *element)
{
    struct boxed *const boxed = element;
    box_free(boxed->box);
}

static inline int boxed_try_clone(void *to, const void *from)
{
    const struct boxed *const boxed = from;
    int *const copy = box_try_new(int, *boxed->box);
    if (copy == NULL)
        return -ENOMEM;
    *(struct boxed *)to = (struct boxed){copy};
    return 0;
}

static inline int boxed_compare(const void *left, const void *right)
{
    const int a = *((const struct boxed *)left)->box, b = *((const struct boxed *)right)->box;
    return (a > b) - (a < b);
}

/* The value of an element that was moved out of a container; its box is freed. */
static inline int boxed_end(struct boxed boxed)
{
    const int value = *boxed.box;
    box_free(boxed.box);
    return value;
}

static inline int int_compare(const void *left, const void *right)
{
    const int a = *(const int *)left, b = *(const int *)right;
    return (a > b) - (a < b);
}

/* Try an operation with its first allocation failing, then its second and so on, until none is left
 * to fail. Each failure must be -ENOMEM and pass `unchanged`, a call of a check. */
#define TRY_AT_EVERY_ALLOCATION(operation, unchanged)                                              \
    do {                                                                                           \
        bool fired_ = true;                                                                        \
        for (unsigned n_ = 1; fired_; n_++) {                                                      \
            fail_alloc_after(n_);                                                                  \
            const int tried_ = (operation);                                                        \
            fired_ = fail_alloc_stop();                                                            \
            CHECK_EQUAL(tried_, fired_ ? -ENOMEM : 0);                                             \
            if (fired_)                                                                            \
                unchanged;                                                                         \
        }                                                                                          \
    } while (0)
