/* mix.c - something for a traced heap to do: phases whose pictures differ. */
#include "test/trace/mix.h"

#include "collections/box.h"
#include "collections/rc.h"
#include "collections/vec.h"

enum { BOXES = 200, PUSHES = 1500, SHARED = 60, SLOTS = 160, STEPS = 2200, KEPT = 12 };

/* Not inlined: each phase is to be seen in the stacks. */
#define PHASE __attribute__((noinline))

struct point {
    long x, y, z;
};

/* Xorshift (G. Marsaglia, 2003). */
static uint32_t random_next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Boxes of one size, given back in an order that leaves holes: every other one first. */
PHASE static void boxes_with_holes(void)
{
    struct point *boxes[BOXES];

    for (int i = 0; i < BOXES; i++)
        boxes[i] = box_new(struct point, ((struct point){i, i, i}));
    for (int i = 0; i < BOXES; i += 2)
        box_free(boxes[i]);
    for (int i = 1; i < BOXES; i += 2)
        box_free(boxes[i]);
}

/* Two vectors that grow in turns, and so stand in each other's way. */
PHASE static void growing_vectors(void)
{
    VEC(int) first = VEC_EMPTY;
    VEC(long) second = VEC_EMPTY;

    for (int i = 0; i < PUSHES; i++) {
        vec_push(&first, i);
        vec_push(&second, i);
    }
    vec_free(&first);
    vec_free(&second);
}

PHASE static void shared_values(void)
{
    int *values[SHARED];

    for (int i = 0; i < SHARED; i++)
        values[i] = rc_new(int, i);
    for (int i = 0; i < SHARED; i++) {
        int *const again = rc_clone(values[i]);
        rc_release(values[i]);
        rc_release(again);
    }
}

/* Mostly small sizes, now and then a large one. */
static size_t random_size(uint32_t *state)
{
    const bool large = random_next(state) % 4 == 0;
    const unsigned bits = 4 + random_next(state) % (large ? 9 : 4);
    return 1 + random_next(state) % (1u << bits);
}

struct slot {
    void *block; /* NULL: none */
    struct layout layout;
};

static void toggle(struct slot *slot, uint32_t *state)
{
    if (slot->block == NULL) {
        slot->layout = (struct layout){random_size(state), 8};
        slot->block = heap_alloc(slot->layout);
    } else {
        heap_dealloc(slot->block, slot->layout);
        slot->block = NULL;
    }
}

PHASE static void random_mix(void)
{
    struct slot slots[SLOTS] = {{NULL, {0, 0}}};
    uint32_t state = 2463534242;

    for (int step = 0; step < STEPS; step++)
        toggle(&slots[random_next(&state) % SLOTS], &state);
    for (int i = KEPT; i < SLOTS; i++)
        if (slots[i].block != NULL)
            toggle(&slots[i], &state);
}

/* More than the heap has: the failure is in the trace. */
PHASE static void too_much(void)
{
    kfree(kmalloc((size_t)1 << 40));
}

void trace_mix(void)
{
    boxes_with_holes();
    growing_vectors();
    shared_values();
    random_mix();
    too_much();
}
