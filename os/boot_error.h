/* boot_error.h - a machine that the kernel cannot run on. */
#pragma once

/* Print one line, `bosk: cannot boot: ...`, and switch off with a failing status. For what is wrong
 * with the machine or the command line; a bug of the kernel panics. */
_Noreturn void boot_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
