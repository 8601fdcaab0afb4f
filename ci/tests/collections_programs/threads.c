/*
 * threads.c - Arc and Mutex with several threads at once, for ThreadSanitizer.
 *
 * In each round threads share a value. All clone, release, upgrade and lock it at once; each writes
 * a field of its own without a lock before it lets go. Whichever comes last drops the value, and
 * reads all the fields: that is a race unless releases are ordered before the drop.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

#include "collections/arc.h"
#include "collections/mutex.h"
#include "lib/panic.h"

enum { THREADS = 3, ROUNDS = 30, STEPS = 100 };

struct shared {
    MUTEX(long) sum;
    int written[THREADS];
};

struct part {
    struct shared *shared; /* an owner for the thread */
    ARC_WEAK(struct shared) weak;
    int number;
    pthread_t thread;
};

static atomic_int drops;
static atomic_bool started; /* so that the threads begin together */

static void drop_shared(void *value)
{
    struct shared *const shared = value;

    for (int i = 0; i < THREADS; i++)
        if (shared->written[i] != i + 1)
            panic("thread %d was not seen by the drop", i);
    SCOPED_LOCK(sum, &shared->sum);
    if (*sum != (long)THREADS * STEPS)
        panic("%ld steps are in the sum", *sum);
    drops++;
}

static void *run(void *argument)
{
    struct part *const part = argument;
    while (!atomic_load(&started))
        sched_yield();
    SCOPED(arc_weak_free) ARC_WEAK(struct shared) weak = ARC_WEAK_EMPTY;

    arc_weak_clone(&weak, &part->weak);
    for (int step = 0; step < STEPS; step++) {
        SCOPED(arc_end) struct shared *const clone = arc_clone(part->shared);
        SCOPED_LOCK(sum, &clone->sum);
        ++*sum;
    }
    part->shared->written[part->number] = part->number + 1;
    arc_release(part->shared);

    /* From here on the value may go at any moment; so may this owner be the last, and drop it. */
    SCOPED(arc_end) struct shared *const still_there = arc_upgrade(&weak);
    if (still_there != NULL && still_there->written[part->number] != part->number + 1)
        panic("thread %d has an owner of another value", part->number);
    return NULL;
}

static void play_round(void)
{
    struct part parts[THREADS];
    struct shared *const shared =
        arc_new_dropping(struct shared, ((struct shared){MUTEX_OF(0), {0}}), drop_shared);

    for (int i = 0; i < THREADS; i++) {
        parts[i] = (struct part){.shared = arc_clone(shared), .weak = ARC_WEAK_EMPTY, .number = i};
        arc_downgrade(&parts[i].weak, shared);
    }
    arc_release(shared);
    started = false;
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&parts[i].thread, NULL, run, &parts[i]) != 0)
            panic("no thread");
    started = true;
    for (int i = 0; i < THREADS; i++)
        pthread_join(parts[i].thread, NULL);
    for (int i = 0; i < THREADS; i++) {
        if (arc_upgrade(&parts[i].weak) != NULL)
            panic("a value without an owner was upgraded");
        arc_weak_free(&parts[i].weak);
    }
}

int main(void)
{
    for (int round = 0; round < ROUNDS; round++)
        play_round();
    printf("%d values were dropped\n", drops);
    return drops == ROUNDS ? 0 : 1;
}
