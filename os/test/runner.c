/*
 * runner.c - the workload of a kernel with tests: runs them, reports KTAP.
 *
 * Tests run in the order of their names. A failed check leaves its test through longjmp; a panic
 * ends the run, and the host counts the tests that are missing as failed.
 */
#include <stddef.h>

#include "boot_error.h"
#include "drivers/console.h"
#include "heap/heap.h"
#include "lib/string.h"
#include "test/jump.h"
#include "test/test.h"
#include "workload.h"

enum { EXIT_TESTS_FAILED = 4 };

extern const struct test __start_tests[], __stop_tests[];

static jmp_buf leave_test;

void test_fail(const char *file, int line, const char *what)
{
    kprintf("# %s:%d: not so: %s\n", file, line, what);
    longjmp(leave_test, 1);
}

void test_fail_equal(const char *file, int line, const char *what, long long left, long long right)
{
    kprintf("# %s:%d: not so: %s (%lld and %lld)\n", file, line, what, left, right);
    longjmp(leave_test, 1);
}

/* Only a test that is alone may have the heap grow: what the others say is of one that does not. */
static bool passes(const struct test *test)
{
    if (!test->alone)
        heap_set_rescue(NULL);
    if (setjmp(leave_test) != 0)
        return false;
    test->run();
    return true;
}

/* The first test by name that comes after `name`; NULL for none. */
static const struct test *next_test(const char *name)
{
    const struct test *next = NULL;

    for (const struct test *test = __start_tests; test < __stop_tests; test++)
        if (!test->alone && strcmp(test->name, name) > 0 &&
            (next == NULL || strcmp(test->name, next->name) < 0))
            next = test;
    return next;
}

static int run_all(void)
{
    unsigned count = 0, number = 0, failed = 0;

    for (const struct test *test = __start_tests; test < __stop_tests; test++)
        count += !test->alone;
    kprintf("KTAP version 1\n1..%u\n", count);
    for (const struct test *test = next_test(""); test != NULL; test = next_test(test->name)) {
        const bool passed = passes(test);
        failed += !passed;
        kprintf("%s %u %s\n", passed ? "ok" : "not ok", ++number, test->name);
    }
    return failed == 0 ? 0 : EXIT_TESTS_FAILED;
}

static int run_one(const char *name)
{
    for (const struct test *test = __start_tests; test < __stop_tests; test++)
        if (strcmp(test->name, name) == 0) {
            kprintf("KTAP version 1\n1..1\n");
            const bool passed = passes(test);
            kprintf("%s 1 %s\n", passed ? "ok" : "not ok", name);
            return passed ? 0 : EXIT_TESTS_FAILED;
        }
    boot_error("bootarg test=%s: there is no such test", name);
}

int workload(const struct bootargs *args)
{
    return args->test[0] != '\0' ? run_one(args->test) : run_all();
}
