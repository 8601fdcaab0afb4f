/*
 * counted.h - what Rc and Arc share: a block on the heap with a value and the number of its owners.
 *
 *     | padding | type | strong, weak | value ...
 *     block                           the address that owners hold
 *
 * `strong` counts the owners; when it becomes 0, what the value owns is dropped. `weak` counts the
 * weak owners, and one more for all owners together; when it becomes 0, the block goes back to the
 * heap. So the counts are there for as long as anybody can look at them.
 *
 * The counts are atomic types for both. Rc reads and writes them by plain instructions (relaxed
 * loads and stores), Arc by atomic read-modify-writes.
 */
#pragma once

#include <stdatomic.h>

#include "collections/element.h"
#include "collections/scoped.h"
#include "heap/heap.h"
#include "lib/string.h"

/* What must be known of a value to let go of it; one constant for each place that makes some. */
struct counted_type {
    struct layout layout;
    element_drop *drop; /* NULL: the value owns nothing */
};

struct counted {
    const struct counted_type *type;
    atomic_uint strong, weak;
};

/* Half of what a count can hold: threads that all count up at once cannot reach 0 before one of
 * them has looked. */
enum { COUNT_MAX = INT32_MAX };

static inline struct counted *counted_of(const void *value)
{
    return (struct counted *)((uintptr_t)value - sizeof(struct counted));
}

/*
 * A new value with one owner; the second is NULL when there is no memory. `local` is a name for the
 * variables within, so that the making of an Rc may stand in that of an Arc.
 */
#define COUNTED_NEW(local, type, value, drop)                                                      \
    ({                                                                                             \
        COUNTED_TYPE(local, type, drop);                                                           \
        type *const local = counted_alloc(&local##constant_);                                      \
        *local = (value);                                                                          \
        local;                                                                                     \
    })

#define COUNTED_TRY_NEW(local, type, value, drop)                                                  \
    ({                                                                                             \
        COUNTED_TYPE(local, type, drop);                                                           \
        type *const local = counted_try_alloc(&local##constant_);                                  \
        if (local != NULL)                                                                         \
            *local = (value);                                                                      \
        local;                                                                                     \
    })

#define COUNTED_TYPE(local, type, drop)                                                            \
    static const struct counted_type local##constant_ = {{sizeof(type), __alignof__(type)}, (drop)}

_Noreturn void counted_bad(unsigned count);

/* For owners that read a count which they are about to change. */
static inline unsigned counted_check(unsigned count)
{
    if (count == 0 || count > COUNT_MAX)
        counted_bad(count);
    return count;
}

/* Room for a value with one owner: its address. Ends in the allocation error handler, or is NULL.
 */
void *counted_alloc(const struct counted_type *type);
void *counted_try_alloc(const struct counted_type *type);

/* The layout of the whole block. */
struct layout counted_layout(struct layout value);

/* Drop what the value owns; give back the block. */
void counted_drop(struct counted *counted);
void counted_dealloc(struct counted *counted);
