/*
 * panic.h - the end of the kernel.
 *
 * panic() is for bugs of the kernel alone: nothing that a user program does may lead to it. It
 * prints the reason, where it was called, the registers and a backtrace, and ends the machine with
 * a failing status. The kernel's functions are in arch/panic.c; host tests bring their own.
 */
#pragma once

#define panic(...) panic_at(__FILE__, __LINE__, __VA_ARGS__)

_Noreturn void panic_at(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* For one who knows more than a line: explain(context) prints it below the reason, in place of
 * where this was called. */
_Noreturn void panic_explained(void (*explain)(const void *context), const void *context,
                               const char *format, ...) __attribute__((format(printf, 3, 4)));
