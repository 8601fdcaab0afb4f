/* heap_test.c - the heap shown at work. */
#include "heap_test.h"

#include "collections/box.h"
#include "collections/rc.h"
#include "collections/vec.h"
#include "drivers/console.h"
#include "mm/heap_memory.h"

static bool fail(const char *what)
{
    kprintf("heap_test failed: %s\n", what);
    return false;
}

static bool fail_to_place(const char *what)
{
    kprintf("heap_test failed: the %s does not lie in %s\n", what, heap_memory_name);
    return false;
}

static bool test_box(void)
{
    int *const box = box_new(int, 5);
    const bool placed = heap_memory_holds(box), holds = *box == 5;

    box_free(box);
    if (!placed)
        return fail_to_place("box");
    return holds || fail("the box does not hold 5");
}

static bool test_vec(void)
{
    VEC(size_t) vec = VEC_EMPTY;
    bool placed = true, holds = true;

    for (size_t i = 0; i < 500; i++)
        vec_push(&vec, i);
    for (size_t i = 0; i < 500; i++) {
        placed = placed && heap_memory_holds(vec_at(&vec, i));
        holds = holds && *vec_at(&vec, i) == i;
    }
    vec_free(&vec);
    if (!placed)
        return fail_to_place("vector");
    return holds || fail("the vector does not hold 0..499");
}

bool heap_test(void)
{
    struct heap_stats before, after;

    heap_stats(&before);
    if (!test_box() || !test_vec())
        return false;
    heap_stats(&after);
    return (after.user == before.user && after.allocated == before.allocated &&
            after.live == before.live) ||
           fail("the heap is not as it was before");
}

static void print_figures(void)
{
    struct heap_stats stats;

    heap_stats(&stats);
    kprintf("the heap has %zu bytes asked for in %zu blocks of %zu, and %zu at most; the largest "
            "free block has %zu\n",
            stats.user, stats.live, stats.allocated, stats.peak, stats.largest_free);
}

void heap_demo(void)
{
    int *const box = box_new(int, 41);
    VEC(int) vec = VEC_EMPTY;

    for (int i = 0; i < 500; i++)
        vec_push(&vec, i);
    kprintf("a box of %d lives at %p\n", *box, (void *)box);
    kprintf("a vector of %zu numbers lives at %p\n", vec.length, (void *)vec.data);
    print_figures();
    vec_free(&vec);
    box_free(box);

    int *const first = rc_new(int, 7), *const second = rc_clone(first);
    kprintf("a shared value has %zu owners", rc_count(first));
    rc_release(second);
    kprintf(", and %zu when one has gone\n", rc_count(first));
    rc_release(first);
}
