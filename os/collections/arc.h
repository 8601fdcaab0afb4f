/*
 * arc.h - one value on the heap with owners on several harts, counted (Rust's Arc and Weak).
 *
 * As rc.h, with counts that are changed by atomic instructions. That makes the owning safe, not the
 * value: what several harts change goes into a MUTEX (mutex.h).
 *
 * Memory orders, as in Boost's shared_ptr and Rust's Arc:
 * - Up is relaxed. Whoever makes an owner holds one already, so the count cannot reach 0 meanwhile,
 *   and handing the new owner to another hart brings its own order (a lock, a queue).
 * - Down is release, and whoever brings the count to 0 reads it once more with acquire. So all that
 *   any owner did with the value comes before its release, and before the drop by the last one.
 *   Acquire is not for those who are not the last: they do not look at the value any more.
 * - Upgrade is relaxed as well, by compare-and-swap: it must not count up from 0.
 */
#pragma once

#include "collections/counted.h"

/*
 * A new value with one owner. Ends in the allocation error handler, or is NULL. With the last owner
 * goes what the value owns, by drop(value), a constant; arc_new is for values that own nothing.
 * `value` is computed once there is memory for it.
 */
#define arc_new(type, value)                    arc_new_dropping(type, value, NULL)
#define arc_try_new(type, value)                arc_try_new_dropping(type, value, NULL)
#define arc_new_dropping(type, value, drop)     COUNTED_NEW(arc_, type, value, drop)
#define arc_try_new_dropping(type, value, drop) COUNTED_TRY_NEW(tried_arc_, type, value, drop)

/* One more owner. More than COUNT_MAX, or one where there is none, panic. */
#define arc_clone(arc) ((__typeof__(*(arc)) *)arc_cloned(arc))

/* A weak owner of a `type`. */
#define ARC_WEAK(type)                                                                             \
    struct {                                                                                       \
        type *arc_;                                                                                \
    }

#define ARC_WEAK_EMPTY                                                                             \
    {                                                                                              \
        NULL                                                                                       \
    }

/* Make the empty `weak` a weak owner of what `arc` owns, or of what `from` owns weakly. */
#define arc_downgrade(weak, arc)   arc_weak_cloned((weak)->arc_ = (arc))
#define arc_weak_clone(weak, from) arc_weak_cloned((weak)->arc_ = (from)->arc_)

/* A new owner of what `weak` owns weakly; NULL when its last owner has gone, or `weak` is empty. */
#define arc_upgrade(weak) ((__typeof__(*(weak)->arc_) *)arc_upgraded((weak)->arc_))

/* How many owners there are, and how many weak owners: old news where others have some. */
static inline size_t arc_count(const void *arc)
{
    return atomic_load_explicit(&counted_of(arc)->strong, memory_order_relaxed);
}

static inline size_t arc_weak_count(const void *arc)
{
    return atomic_load_explicit(&counted_of(arc)->weak, memory_order_relaxed) - 1;
}

static inline void arc_count_up(atomic_uint *count)
{
    counted_check(atomic_fetch_add_explicit(count, 1, memory_order_relaxed));
}

/* Whether the count is 0 now, and the caller is alone with what it counts. */
static inline bool arc_count_down(atomic_uint *count)
{
    if (counted_check(atomic_fetch_sub_explicit(count, 1, memory_order_release)) != 1)
        return false;
    (void)atomic_load_explicit(count, memory_order_acquire);
    return true;
}

/* Count up, but not from 0. */
static inline bool arc_count_up_again(atomic_uint *count)
{
    unsigned old = atomic_load_explicit(count, memory_order_relaxed);

    do
        if (old == 0)
            return false;
    while (!atomic_compare_exchange_weak_explicit(count, &old, counted_check(old) + 1,
                                                  memory_order_relaxed, memory_order_relaxed));
    return true;
}

static inline void *arc_cloned(const void *arc)
{
    arc_count_up(&counted_of(arc)->strong);
    return (void *)(uintptr_t)arc;
}

static inline void arc_weak_release(struct counted *counted)
{
    if (arc_count_down(&counted->weak))
        counted_dealloc(counted);
}

/* One owner less. With the last the value goes, and its memory unless there are weak owners. */
static inline void arc_release(const void *arc)
{
    struct counted *const counted = counted_of(arc);

    if (arc_count_down(&counted->strong)) {
        counted_drop(counted);
        arc_weak_release(counted);
    }
}

/* For SCOPED: release the owner in the variable; not if it has been moved. */
static inline void arc_end(const void *variable)
{
    const void *const arc = owner_in(variable);
    if (arc != NULL)
        arc_release(arc);
}

static inline void arc_weak_cloned(const void *arc)
{
    if (arc != NULL)
        arc_count_up(&counted_of(arc)->weak);
}

static inline void *arc_upgraded(const void *arc)
{
    return arc != NULL && arc_count_up_again(&counted_of(arc)->strong) ? (void *)(uintptr_t)arc
                                                                       : NULL;
}

/* One weak owner less; it is empty then. */
static inline void arc_weak_free(void *weak)
{
    const void *const arc = owner_in(weak);
    if (arc != NULL)
        arc_weak_release(counted_of(arc));
    memset(weak, 0, sizeof arc);
}
