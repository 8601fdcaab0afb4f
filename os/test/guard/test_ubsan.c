/*
 * test_ubsan.c - operations whose behaviour the C standard leaves undefined (SANITIZE=ubsan). The
 * host knows from the comments which lines a report has to name: ci/tests/test_guards.py.
 */
#include <limits.h>

#include "test/guard/errors.h"
#include "test/test.h"

static volatile int sink;
static int table[5];

PANIC_TEST(an_addition_that_overflows_is_caught)
{
    sink = hide_int(INT_MAX) + hide_int(1); /* here */
}

PANIC_TEST(a_subtraction_that_overflows_is_caught)
{
    sink = hide_int(INT_MIN) - hide_int(1); /* here */
}

PANIC_TEST(a_multiplication_that_overflows_is_caught)
{
    sink = hide_int(65536) * hide_int(-65536); /* here */
}

PANIC_TEST(a_negation_that_overflows_is_caught)
{
    sink = -hide_int(INT_MIN); /* here */
}

PANIC_TEST(a_division_by_zero_is_caught)
{
    sink = hide_int(7) / hide_int(0); /* here */
}

PANIC_TEST(a_division_that_overflows_is_caught)
{
    sink = hide_int(INT_MIN) / hide_int(-1); /* here */
}

PANIC_TEST(a_shift_by_too_much_is_caught)
{
    sink = hide_int(1) << hide_int(32); /* here */
}

PANIC_TEST(a_shift_that_overflows_is_caught)
{
    sink = hide_int(3) << hide_int(31); /* here */
}

PANIC_TEST(an_index_out_of_bounds_is_caught)
{
    sink = table[hide_int(5)]; /* here */
}

PANIC_TEST(a_load_from_a_null_pointer_is_caught)
{
    sink = *(const int *)hide(NULL); /* here */
}

PANIC_TEST(a_store_to_a_misaligned_address_is_caught)
{
    int *const number = (int *)(void *)((char *)hide(table) + 2);
    *number = 1; /* here */
}

PANIC_TEST(a_load_from_an_object_that_is_too_small_is_caught)
{
    _Alignas(8) int small = 1;
    CHECK(*(const volatile long *)(const void *)&small != 1); /* here */
}

PANIC_TEST(pointer_arithmetic_that_overflows_is_caught)
{
    const char *const start = hide(table);
    sink = *(start + hide_size(SIZE_MAX / 2)); /* here */
}

PANIC_TEST(a_bool_that_is_neither_true_nor_false_is_caught)
{
    static unsigned char byte = 7;
    sink = *(const bool *)hide(&byte); /* here */
}

PANIC_TEST(an_array_of_no_elements_is_caught)
{
    char array[hide_int(-1)]; /* here */
    sink = *(const char *)hide(array);
}

static __attribute__((noinline, nonnull)) int wants_a_pointer(const int *number)
{
    return number != hide(table);
}

PANIC_TEST(a_null_argument_is_caught)
{
    sink = wants_a_pointer(hide(NULL)); /* here */
}

static int *gives_a_pointer(void) __attribute__((noinline, returns_nonnull));

PANIC_TEST(a_null_result_is_caught)
{
    sink = gives_a_pointer() == table;
}

static int *gives_a_pointer(void)
{
    return hide(NULL); /* here */
}

PANIC_TEST(a_count_of_the_zeros_of_zero_is_caught)
{
    sink = __builtin_clz((unsigned)hide_int(0)); /* here */
}

PANIC_TEST(code_that_should_not_be_reached_is_caught)
{
    if (hide_int(1) == 1)
        __builtin_unreachable(); /* here */
}
