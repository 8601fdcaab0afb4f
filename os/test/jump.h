/* jump.h - leaving a test from the middle: setjmp and longjmp, as in the C standard. */
#pragma once

/* ra, sp, s0..s11 */
typedef unsigned long jmp_buf[14];

int setjmp(jmp_buf place) __attribute__((returns_twice));
_Noreturn void longjmp(jmp_buf place, int value);
