/* heap_test.c - the heap shown at work, by heap.h alone: a box and a vector made by hand. */
#include "heap_test.h"

#include "drivers/console.h"
#include "heap/heap.h"
#include "mm/heap_memory.h"

enum { NUMBERS = 500 };

#define STRING_OF(name) #name
#define STRING(name)    STRING_OF(name)

static const struct layout NUMBER = {sizeof(size_t), _Alignof(size_t)};

static struct layout array_of(size_t numbers)
{
    return (struct layout){numbers * NUMBER.size, NUMBER.align};
}

/* What the allocation error handler is for: it does not return. */
static void *given(void *block, struct layout layout, const char *verb)
{
    if (block == NULL) {
        kprintf("%s_%s returned NULL, though the heap has room: is it still to be written?\n",
                STRING(KERNEL_HEAP), verb);
        heap_alloc_error(layout);
    }
    return block;
}

static size_t *new_box(size_t value)
{
    size_t *const box = given(heap_alloc(NUMBER), NUMBER, "alloc");
    *box = value;
    return box;
}

/* 0..NUMBERS - 1, in an array that grows to double its size whenever it is full. */
static size_t *new_vec(void)
{
    size_t room = 4;
    size_t *vec = given(heap_alloc(array_of(room)), array_of(room), "alloc");

    for (size_t i = 0; i < NUMBERS; i++) {
        if (i == room) {
            vec = given(heap_realloc(vec, array_of(room), 2 * array_of(room).size),
                        array_of(2 * room), "realloc");
            room *= 2;
        }
        vec[i] = i;
    }
    return given(heap_realloc(vec, array_of(room), array_of(NUMBERS).size), array_of(NUMBERS),
                 "realloc");
}

static bool fail(const char *what)
{
    kprintf("heap_test failed: %s\n", what);
    return false;
}

static bool test_box(void)
{
    size_t *const box = new_box(5);
    const bool placed = heap_memory_holds(box), holds = *box == 5;

    heap_dealloc(box, NUMBER);
    return placed ? holds || fail("the box does not hold 5") : fail("the box is not in the heap");
}

static bool test_vec(void)
{
    size_t *const vec = new_vec();
    bool placed = true, holds = true;

    for (size_t i = 0; i < NUMBERS; i++) {
        placed = placed && heap_memory_holds(&vec[i]);
        holds = holds && vec[i] == i;
    }
    heap_dealloc(vec, array_of(NUMBERS));
    if (!placed)
        return fail("the vector is not in the heap");
    return holds || fail("the vector does not hold 0..499");
}

bool heap_test(void)
{
    struct heap_stats before, after;

    heap_stats(&before);
    if (!test_box() || !test_vec())
        return false;
    heap_stats(&after);
    if (after.user != before.user || after.allocated != before.allocated ||
        after.live != before.live)
        return fail("the heap is not as it was before: a free does not give back all");
    return true;
}

void heap_demo(void)
{
    struct heap_stats stats;
    size_t *const box = new_box(41), *const vec = new_vec();

    kprintf("a box of %zu lives at %p\n", *box, (void *)box);
    kprintf("a vector of %d numbers lives at %p\n", NUMBERS, (void *)vec);
    heap_stats(&stats);
    kprintf("the heap has %zu bytes asked for in %zu blocks of %zu, and %zu at most; the largest "
            "free block has %zu\n",
            stats.user, stats.live, stats.allocated, stats.peak, stats.largest_free);
    heap_dealloc(vec, array_of(NUMBERS));
    heap_dealloc(box, NUMBER);
}
