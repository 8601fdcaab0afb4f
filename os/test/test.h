/*
 * test.h - the test harness, the same in the kernel and on the host.
 *
 * TEST(name) { ... CHECK(condition); ... } registers a test. A failed CHECK ends that test alone.
 * In the kernel os/test/runner.c runs them all and reports KTAP on the console; on the host
 * ci/host/runner.c runs one test a process, under sanitizers. A file that needs nothing but
 * heap/, collections/ and lib/ runs in both places.
 *
 * Tests are gathered in the linker section "tests"; its order depends on the compiler, so runners
 * sort by name.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct test {
    const char *name;
    void (*run)(void);
    bool alone; /* run by its name only, in a boot of its own */
};

#define TEST_REGISTER(test_name, runs_alone)                                                       \
    static void test_name(void);                                                                   \
    static const struct test test_entry_##test_name                                                \
        __attribute__((used, section("tests"), aligned(8))) = {                                    \
            .name = #test_name, .run = test_name, .alone = runs_alone};                            \
    static void test_name(void)

#define TEST(test_name) TEST_REGISTER(test_name, false)

/* A test that leaves the kernel other than it was: run alone, in a boot of its own, by bootarg
 * test=NAME. */
#define LONE_TEST(test_name) TEST_REGISTER(test_name, true)

/* The same, and it must end in a panic, whose text the host judges. */
#define PANIC_TEST(test_name) TEST_REGISTER(test_name, true)

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            test_fail(__FILE__, __LINE__, #condition);                                             \
    } while (0)

#define CHECK_EQUAL(left, right)                                                                   \
    do {                                                                                           \
        const long long left_ = (long long)(left), right_ = (long long)(right);                    \
        if (left_ != right_)                                                                       \
            test_fail_equal(__FILE__, __LINE__, #left " == " #right, left_, right_);               \
    } while (0)

/* End the running test as failed; they do not return. Each runner has its own. */
_Noreturn void test_fail(const char *file, int line, const char *what);
_Noreturn void test_fail_equal(const char *file, int line, const char *what, long long left,
                               long long right);

/* A small generator (xorshift64*, Vigna 2016) so that random tests repeat from their seed. */
static inline uint64_t test_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545F4914F6CDD1D);
}
