/*
 * test_kasan.c - wrong accesses, which a shadow of memory shows at once (SANITIZE=kasan). The host
 * knows from the comments which lines a report has to name: ci/tests/test_guards.py.
 */
#include "collections/vec.h"
#include "heap/heap.h"
#include "lib/string.h"
#include "test/guard/errors.h"
#include "test/test.h"

static int table[5] = {1, 2, 3, 4, 5};
static const char text[] = "text";

/* --- the heap --------------------------------------------------------------------------------- */

PANIC_TEST(a_write_behind_an_object_is_caught)
{
    char *const object = hide(kmalloc(30)); /* allocated */
    object[30] = 1;                         /* used */
}

PANIC_TEST(a_read_before_an_object_is_caught)
{
    int *const object = hide(kmalloc(40)); /* allocated */
    CHECK(object[-1] == 0);                /* used */
}

PANIC_TEST(a_read_behind_a_vector_is_caught)
{
    VEC(uint64_t) vec = VEC_EMPTY;
    vec_push(&vec, 1);                                      /* allocated */
    CHECK(((uint64_t *)hide(vec.data))[vec.capacity] == 0); /* used */
}

PANIC_TEST(a_use_after_free_is_caught)
{
    uint16_t *const object = hide(kmalloc(40)); /* allocated */
    kfree(object);                              /* freed */
    CHECK(((uint16_t *)hide(object))[3] == 0);  /* used */
}

PANIC_TEST(a_use_of_what_a_realloc_moved_is_caught)
{
    const struct layout layout = {64, 8};
    uint64_t *const object = hide(heap_alloc(layout)); /* allocated */
    CHECK(heap_realloc(object, layout, 32) != NULL);   /* freed */
    ((uint64_t *)hide(object))[0] = 1;                 /* used */
}

PANIC_TEST(a_use_of_heap_that_was_never_allocated_is_caught)
{
    char *const object = hide(kmalloc(16));
    object[KERNEL_HEAP_SIZE / 2] = 1; /* used */
}

PANIC_TEST(a_memset_behind_an_object_is_caught)
{
    char *const object = kmalloc(30); /* allocated */
    memset(hide(object), 0, 31);      /* used */
}

PANIC_TEST(a_memcpy_from_behind_an_object_is_caught)
{
    char *const object = kmalloc(30), copy[40]; /* allocated */
    memset(object, 0, 30);
    memcpy(copy, hide(object), sizeof copy); /* used */
    hide(copy);
}

PANIC_TEST(a_string_without_an_end_is_caught)
{
    char *const object = kmalloc(4); /* allocated */
    memset(object, 'x', 4);
    CHECK(strlen(hide(object)) == 4); /* used */
}

/* --- the stack -------------------------------------------------------------------------------- */

PANIC_TEST(a_write_behind_a_local_array_is_caught)
{
    char buffer[10];
    ((char *)hide(buffer))[hide_int(10)] = 1; /* used */
}

PANIC_TEST(a_read_before_a_local_array_is_caught)
{
    int numbers[4] = {1, 2, 3, 4};
    CHECK(((int *)hide(numbers))[hide_int(-1)] == 0); /* used */
}

PANIC_TEST(a_use_of_a_local_out_of_its_scope_is_caught)
{
    volatile int *pointer;
    {
        int local = 1;
        pointer = hide(&local);
    }
    *pointer = 2; /* used */
}

/* --- global variables ------------------------------------------------------------------------- */

PANIC_TEST(a_write_behind_a_global_array_is_caught)
{
    ((int *)hide(table))[5] = 6; /* used */
}

PANIC_TEST(a_read_behind_a_constant_is_caught)
{
    CHECK(((const char *)hide(text))[5] == 0); /* used */
}

/* --- what is right is not reported ------------------------------------------------------------ */

TEST(every_byte_of_an_object_can_be_used)
{
    for (size_t size = 1; size < 200; size++) {
        char *const object = hide(kmalloc(size));
        for (size_t i = 0; i < size; i++)
            object[i] = (char)i;
        kfree(object);
    }
}

static __attribute__((noinline)) int sum_of(int count)
{
    int numbers[count], sum = 0;
    for (int i = 0; i < count; i++)
        ((int *)hide(numbers))[i] = i;
    for (int i = 0; i < count; i++)
        sum += numbers[i];
    return sum;
}

TEST(every_element_of_a_local_array_of_any_length_can_be_used)
{
    for (int count = 1; count < 40; count++)
        CHECK_EQUAL(sum_of(count), count * (count - 1) / 2);
}
