/*
 * spinlock.h - mutual exclusion between harts, safe against interrupts.
 *
 * The lock is taken with this hart's interrupts off, so that a handler on the same hart can take
 * the same locks. Held for short, and never across a wait.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

#include "arch/interrupts.h"

struct spinlock {
    atomic_uint locked; /* 0 or 1; a word, as the A extension has no bytes */
};

/* Returns the state of the interrupts, for the unlock. */
static inline unsigned long spin_lock_irqsave(struct spinlock *lock)
{
    const unsigned long flags = interrupts_off();
    while (atomic_exchange_explicit(&lock->locked, 1, memory_order_acquire))
        while (atomic_load_explicit(&lock->locked, memory_order_relaxed))
            ;
    return flags;
}

/* False, with the interrupts as they were, when another holds the lock. */
static inline bool spin_try_lock_irqsave(struct spinlock *lock, unsigned long *flags)
{
    *flags = interrupts_off();
    if (!atomic_exchange_explicit(&lock->locked, 1, memory_order_acquire))
        return true;
    interrupts_restore(*flags);
    return false;
}

static inline void spin_unlock_irqrestore(struct spinlock *lock, unsigned long flags)
{
    atomic_store_explicit(&lock->locked, 0, memory_order_release);
    interrupts_restore(flags);
}
