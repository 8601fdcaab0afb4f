/*
 * stack_guard.h - the value by which a smashed stack is noticed.
 *
 * The kernel is built with -fstack-protector-strong: a function with an array or with a local
 * variable whose address it takes puts __stack_chk_guard between its variables and its return
 * address on entry, and compares before it returns. Where the two differ, something wrote past the
 * end of a variable, and the function panics with its name rather than return to who knows where.
 */
#pragma once

#include <stdint.h>

extern uintptr_t __stack_chk_guard; /* the name is the compilers' */

/* Choose the guard: from `seed`, or from the clock where that is 0. No function that is active now
 * may return, but for those that have no guard. */
void stack_guard_init(uint64_t seed);
