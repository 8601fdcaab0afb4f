/*
 * mutex.h - a value that is reached only with its lock held (Rust's Mutex).
 *
 *     static MUTEX(struct counters) counters = MUTEX_OF({.reads = 0, .writes = 0});
 *
 *     SCOPED_LOCK(held, &counters);        struct counters *held, until the end of the scope
 *     held->reads++;
 *
 * The lock is a spinlock (sync/spinlock.h): taken with this hart's interrupts off, held for short,
 * and never taken twice by the same hart, which would wait for itself. Several are taken in one
 * order everywhere.
 */
#pragma once

#include <stddef.h>

#include "collections/scoped.h"
#include "sync/spinlock.h"

/* `guarded_` is for the macros below; nothing else may name it. */
#define MUTEX(type)                                                                                \
    struct {                                                                                       \
        struct spinlock lock;                                                                      \
        type guarded_;                                                                             \
    }

/* The initializer: MUTEX_OF(0), MUTEX_OF({.x = 1, .y = 2}). */
#define MUTEX_OF(...)                                                                              \
    {                                                                                              \
        .guarded_ = __VA_ARGS__                                                                    \
    }

/* Wait for the lock, and define `name`, a pointer to the value, for the rest of the scope. */
#define SCOPED_LOCK(name, mutex)                                                                   \
    const __auto_type name##_mutex_ = (mutex);                                                     \
    SCOPED(lock_end) const struct lock_guard name##_guard_ = lock_begin(&name##_mutex_->lock);     \
    __typeof__(name##_mutex_->guarded_) *const name = &name##_mutex_->guarded_

/* The same without waiting: `name` is NULL when another holds the lock. */
#define SCOPED_TRY_LOCK(name, mutex)                                                               \
    const __auto_type name##_mutex_ = (mutex);                                                     \
    SCOPED(lock_end) const struct lock_guard name##_guard_ = lock_try_begin(&name##_mutex_->lock); \
    __typeof__(name##_mutex_->guarded_) *const name =                                              \
        name##_guard_.lock != NULL ? &name##_mutex_->guarded_ : NULL

struct lock_guard {
    struct spinlock *lock; /* NULL: not held */
    unsigned long flags;   /* the interrupts as they were */
};

static inline struct lock_guard lock_begin(struct spinlock *lock)
{
    return (struct lock_guard){lock, spin_lock_irqsave(lock)};
}

static inline struct lock_guard lock_try_begin(struct spinlock *lock)
{
    struct lock_guard guard = {lock, 0};
    if (!spin_try_lock_irqsave(lock, &guard.flags))
        guard.lock = NULL;
    return guard;
}

static inline void lock_end(const struct lock_guard *guard)
{
    if (guard->lock != NULL)
        spin_unlock_irqrestore(guard->lock, guard->flags);
}
