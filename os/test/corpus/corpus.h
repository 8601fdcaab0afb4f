/*
 * corpus.h - small faulty routines, each with one memory error, to see who catches which.
 *
 *     BUG(name_of_the_error) { ... }
 *
 * Above it stands a comment, one sentence that says what is wrong. The kernel runs one a boot, by
 * bootarg test=NAME (os/test/runner.c); the host runs one a process, with malloc in place of the
 * heap (ci/host/corpus.c). ci/corpus.py compares what they say, and writes the table in
 * docs/bug-corpus.md, which has the sentences.
 *
 * The compiler must not see the error: it would refuse it, or make something else of it. hide()
 * makes a value one that nothing is known of.
 */
#pragma once

#include "heap/heap.h"
#include "lib/string.h"
#include "test/test.h"

#define BUG(name) TEST_REGISTER(name, false)

#define hide(value)                                                                                \
    ({                                                                                             \
        __typeof__((void)0, (value)) hidden_ = (value);                                            \
        __asm__ volatile("" : "+r"(hidden_) : : "memory");                                         \
        hidden_;                                                                                   \
    })

/* Reads the value, whatever the compiler thinks of that. */
#define use(value) __asm__ volatile("" : : "r"(value) : "memory")

#define NOINLINE __attribute__((noinline))
