/* mix.c - something for a traced heap to do, by heap.h alone: phases whose pictures differ. */
#include "test/trace/mix.h"

#include "heap/heap.h"

enum { BOXES = 200, PUSHES = 1500, SLOTS = 160, STEPS = 2200, KEPT = 12 };

/* Not inlined: each phase is to be seen in the stacks. */
#define PHASE __attribute__((noinline))

static const struct layout NUMBER = {sizeof(long), _Alignof(long)};

static void *given(void *block, struct layout layout)
{
    if (block == NULL)
        heap_alloc_error(layout);
    return block;
}

/* Xorshift (G. Marsaglia, 2003). */
static uint32_t random_next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Blocks of one size, given back in an order that leaves holes: every other one first. */
PHASE static void boxes_with_holes(void)
{
    void *boxes[BOXES];

    for (int i = 0; i < BOXES; i++)
        boxes[i] = given(heap_alloc(NUMBER), NUMBER);
    for (int i = 0; i < BOXES; i += 2)
        heap_dealloc(boxes[i], NUMBER);
    for (int i = 1; i < BOXES; i += 2)
        heap_dealloc(boxes[i], NUMBER);
}

struct array {
    void *block;
    struct layout layout;
};

static struct array new_array(void)
{
    return (struct array){given(heap_alloc(NUMBER), NUMBER), NUMBER};
}

static void double_array(struct array *array)
{
    const size_t size = 2 * array->layout.size;
    array->block = given(heap_realloc(array->block, array->layout, size), array->layout);
    array->layout.size = size;
}

/* Two arrays that grow in turns, and so stand in each other's way. */
PHASE static void growing_arrays(void)
{
    struct array first = new_array(), second = new_array();

    while (first.layout.size < PUSHES * sizeof(long)) {
        double_array(&first);
        double_array(&second);
    }
    heap_dealloc(first.block, first.layout);
    heap_dealloc(second.block, second.layout);
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
    growing_arrays();
    random_mix();
    too_much();
}
