/*
 * runner.c - runs tests on the host: `PROGRAM` lists their names, `PROGRAM NAME` runs one.
 * Exit status: 0 passed, 1 failed, 2 no such test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap/heap.h"
#include "lib/panic.h"
#include "mm/heap_memory.h"
#include "panic_check.h"
#include "test/test.h"

extern const struct test __start_tests[], __stop_tests[];

static jmp_buf *expecting; /* where an expected panic jumps to; NULL: none is expected */
static const char *expected_text;

/* The host's own memory for the kernel's heap. */
_Alignas(KERNEL_HEAP_ALIGN) uint8_t HEAP_SPACE[KERNEL_HEAP_SIZE];

bool heap_memory_holds(const void *address)
{
    const uint8_t *const at = address;
    return at >= HEAP_SPACE && at < HEAP_SPACE + sizeof HEAP_SPACE;
}

void test_fail(const char *file, int line, const char *what)
{
    printf("%s:%d: not so: %s\n", file, line, what);
    exit(1);
}

void test_fail_equal(const char *file, int line, const char *what, long long left, long long right)
{
    printf("%s:%d: not so: %s (%lld and %lld)\n", file, line, what, left, right);
    exit(1);
}

void panic_expect(jmp_buf *place, const char *expected)
{
    expecting = place;
    expected_text = expected;
}

void panic_at(const char *file, int line, const char *format, ...)
{
    char text[256];
    jmp_buf *const place = expecting;
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    expecting = NULL;
    if (place != NULL && strstr(text, expected_text) != NULL)
        longjmp(*place, 1);
    printf("%s:%d: panic: %s\n", file, line, text);
    exit(1);
}

int main(int argc, char **argv)
{
    for (const struct test *test = __start_tests; test < __stop_tests; test++) {
        if (argc < 2) {
            if (!test->alone)
                puts(test->name);
        } else if (strcmp(test->name, argv[1]) == 0) {
            init_heap(HEAP_SPACE, sizeof HEAP_SPACE);
            test->run();
            return 0;
        }
    }
    return argc < 2 ? 0 : 2;
}
