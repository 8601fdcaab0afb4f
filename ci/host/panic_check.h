/*
 * panic_check.h - checks that a statement panics, and with which text. Host only: in the kernel a
 * panic ends the run.
 *
 *     CHECK_PANICS("double free", kfree(block));
 */
#pragma once

#include <setjmp.h>

#include "test/test.h"

/* From here on a panic whose text contains `expected` jumps to `place`; any other fails the test.
 */
void panic_expect(jmp_buf *place, const char *expected);

#define CHECK_PANICS(expected, statement)                                                          \
    do {                                                                                           \
        jmp_buf place_;                                                                            \
        if (setjmp(place_) == 0) {                                                                 \
            panic_expect(&place_, expected);                                                       \
            statement;                                                                             \
            test_fail(__FILE__, __LINE__, "panics: " #statement);                                  \
        }                                                                                          \
    } while (0)
