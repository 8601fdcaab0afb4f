/*
 * test_heap_frees.c - wrong frees and leaks, which a guarded heap of either kind explains. The host
 * knows from the comments which lines a report has to name: ci/tests/test_guards.py.
 */
#include "collections/box.h"
#include "collections/vec.h"
#include "heap/heap.h"
#include "test/guard/errors.h"
#include "test/test.h"

PANIC_TEST(a_double_free_is_explained)
{
    void *const object = kmalloc(24); /* allocated */
    kfree(object);                    /* freed */
    kfree(hide(object));              /* used */
}

PANIC_TEST(a_double_free_is_explained_when_others_were_freed_since)
{
    void *const object = kmalloc(24); /* allocated */
    kfree(object);                    /* freed */
    for (unsigned i = 0; i < 50; i++)
        kfree(kmalloc(24));
    kfree(hide(object)); /* used */
}

PANIC_TEST(a_free_of_a_local_is_explained)
{
    int local = 0;
    kfree(hide(&local)); /* used */
}

PANIC_TEST(a_free_inside_an_object_is_explained)
{
    char *const object = kmalloc(100); /* allocated */
    kfree(object + 32);                /* used */
}

PANIC_TEST(a_free_inside_a_freed_object_is_explained)
{
    char *const object = kmalloc(100); /* allocated */
    kfree(object);                     /* freed */
    kfree((char *)hide(object) + 32);  /* used */
}

PANIC_TEST(a_free_of_what_was_never_allocated_is_explained)
{
    char *const object = kmalloc(16);
    kfree(object + KERNEL_HEAP_SIZE / 2); /* used */
}

PANIC_TEST(a_free_with_a_wrong_layout_is_explained)
{
    int *const box = box_new(int, 1);         /* allocated */
    heap_dealloc(box, (struct layout){8, 8}); /* used */
}

PANIC_TEST(a_realloc_of_a_freed_object_is_explained)
{
    const struct layout layout = {40, 8};
    void *const object = heap_alloc(layout);               /* allocated */
    heap_dealloc(object, layout);                          /* freed */
    CHECK(heap_realloc(hide(object), layout, 80) == NULL); /* used */
}

/* Ends well, but is to run alone, as it leaves the heap short of memory. */
PANIC_TEST(leaks_are_counted_by_the_place_they_come_from)
{
    VEC(int) vec = VEC_EMPTY;

    for (unsigned i = 0; i < 3; i++)
        CHECK(kmalloc(100) != NULL); /* three */
    vec_push(&vec, 1);               /* vector */
    hide(vec.data);
}
