/*
 * rc.h - one value on the heap with several owners, counted (Rust's Rc and Weak).
 *
 *     int *first = rc_new(int, 5);
 *     int *second = rc_clone(first);   the same value; the count is 2
 *     rc_release(second);              the count is 1
 *     rc_release(first);               the memory is given back
 *
 *     SCOPED(rc_end) int *const third = rc_new(int, 6);   released at the end of the scope
 *
 * An owner is a plain pointer to the value; the counts stand in front of it (counted.h). Values
 * that own each other in a circle are never released: one of them must hold the other weakly.
 * A weak owner keeps the memory, not the value, and becomes an owner while there is one:
 *
 *     SCOPED(rc_weak_free) RC_WEAK(int) weak = RC_WEAK_EMPTY;
 *     rc_downgrade(&weak, third);
 *     SCOPED(rc_end) int *const fourth = rc_upgrade(&weak);   NULL: the value is gone
 *
 * For one hart alone: the counts are changed by plain instructions. arc.h is for several.
 */
#pragma once

#include "collections/counted.h"

/*
 * A new value with one owner. Ends in the allocation error handler, or is NULL. With the last owner
 * goes what the value owns, by drop(value), a constant; rc_new is for values that own nothing.
 * `value` is computed once there is memory for it.
 */
#define rc_new(type, value)     rc_new_dropping(type, value, NULL)
#define rc_try_new(type, value) rc_try_new_dropping(type, value, NULL)

#define rc_new_dropping(type, value, drop)     COUNTED_NEW(rc_, type, value, drop)
#define rc_try_new_dropping(type, value, drop) COUNTED_TRY_NEW(tried_rc_, type, value, drop)

/* One more owner. More than COUNT_MAX, or one where there is none, panic. */
#define rc_clone(rc) ((__typeof__(*(rc)) *)rc_cloned(rc))

/* A weak owner of a `type`. */
#define RC_WEAK(type)                                                                              \
    struct {                                                                                       \
        type *rc_;                                                                                 \
    }

#define RC_WEAK_EMPTY                                                                              \
    {                                                                                              \
        NULL                                                                                       \
    }

/* Make the empty `weak` a weak owner of what `rc` owns, or of what `from` owns weakly. */
#define rc_downgrade(weak, rc)    rc_weak_cloned((weak)->rc_ = (rc))
#define rc_weak_clone(weak, from) rc_weak_cloned((weak)->rc_ = (from)->rc_)

/* A new owner of what `weak` owns weakly; NULL when its last owner has gone, or `weak` is empty. */
#define rc_upgrade(weak) ((__typeof__(*(weak)->rc_) *)rc_upgraded((weak)->rc_))

/* How many owners there are, and how many weak owners. */
static inline size_t rc_count(const void *rc)
{
    return atomic_load_explicit(&counted_of(rc)->strong, memory_order_relaxed);
}

static inline size_t rc_weak_count(const void *rc)
{
    return atomic_load_explicit(&counted_of(rc)->weak, memory_order_relaxed) - 1;
}

static inline void rc_count_up(atomic_uint *count)
{
    const unsigned old = counted_check(atomic_load_explicit(count, memory_order_relaxed));
    atomic_store_explicit(count, old + 1, memory_order_relaxed);
}

/* Whether the count is 0 now. */
static inline bool rc_count_down(atomic_uint *count)
{
    const unsigned old = counted_check(atomic_load_explicit(count, memory_order_relaxed));
    atomic_store_explicit(count, old - 1, memory_order_relaxed);
    return old == 1;
}

/* LAB collections owners
 * counted.h tells what the two counts mean; rc_count_up and rc_count_down change one of them.
 *
 * rc_cloned: one more owner of the value; it is the same address, without const.
 *
 * rc_weak_release: one weak owner less. With the last the block goes: counted_dealloc.
 *
 * rc_release: one owner less. With the last goes what the value owns: counted_drop. All owners
 * together hold the block as one weak owner does: that is let go of then, too.
 * ---
 * static inline void *rc_cloned(const void *rc)
 * {
 *     return (void *)(uintptr_t)rc;
 * }
 *
 * static inline void rc_weak_release(struct counted *counted)
 * {
 *     (void)counted;
 * }
 *
 * static inline void rc_release(const void *rc)
 * {
 *     (void)rc;
 * }
 */
static inline void *rc_cloned(const void *rc)
{
    rc_count_up(&counted_of(rc)->strong);
    return (void *)(uintptr_t)rc;
}

static inline void rc_weak_release(struct counted *counted)
{
    if (rc_count_down(&counted->weak))
        counted_dealloc(counted);
}

/* One owner less. With the last the value goes, and its memory unless there are weak owners. */
static inline void rc_release(const void *rc)
{
    struct counted *const counted = counted_of(rc);

    if (rc_count_down(&counted->strong)) {
        counted_drop(counted);
        rc_weak_release(counted);
    }
}
/* LAB END collections owners */

/* For SCOPED: release the owner in the variable; not if it has been moved. */
static inline void rc_end(const void *variable)
{
    const void *const rc = owner_in(variable);
    if (rc != NULL)
        rc_release(rc);
}

/* LAB collections weak
 * rc_weak_cloned: one more weak owner of `rc`'s value; nothing where rc is NULL.
 *
 * rc_upgraded: one more owner, if `rc` is not NULL and the value still has one; else NULL.
 *
 * rc_weak_free: `weak` is the address of an RC_WEAK: owner_in(weak) is what it holds, or NULL.
 * One weak owner less; the RC_WEAK is empty then (all bytes 0), and can be freed again.
 * ---
 * static inline void rc_weak_cloned(const void *rc)
 * {
 *     (void)rc;
 * }
 *
 * static inline void *rc_upgraded(const void *rc)
 * {
 *     return NULL;
 * }
 *
 * static inline void rc_weak_free(void *weak)
 * {
 *     (void)weak;
 * }
 */
static inline void rc_weak_cloned(const void *rc)
{
    if (rc != NULL)
        rc_count_up(&counted_of(rc)->weak);
}

static inline void *rc_upgraded(const void *rc)
{
    return rc != NULL && rc_count(rc) > 0 ? rc_cloned(rc) : NULL;
}

/* One weak owner less; it is empty then. */
static inline void rc_weak_free(void *weak)
{
    const void *const rc = owner_in(weak);
    if (rc != NULL)
        rc_weak_release(counted_of(rc));
    memset(weak, 0, sizeof rc);
}
/* LAB END collections weak */
