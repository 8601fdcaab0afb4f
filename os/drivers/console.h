/*
 * console.h - text for people.
 *
 * Until the UART's driver is up the text goes through the firmware. A call to kprintf comes out
 * whole: the console's lock is held for it, with interrupts off. Nothing here allocates.
 */
#pragma once

#include <stdarg.h>

#include "lib/log_level.h"

/* From here on, put(character) writes a character; it adds no carriage returns. */
void console_use(void (*put)(char character));

/* printf's conversions are those of lib/printf.h. A line end goes out as CR LF. */
void kprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
void kvprintf(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

/* For a panic: print even if the lock is held, by whomever. */
void console_break_lock(void);

/* Lines above this level are dropped. LOG_INFO from the start; bootarg log=LEVEL. */
void log_set_level(enum log_level level);

/* One line, marked with its level; format has no line end. */
void log_at(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_at(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_at(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_DEBUG, __VA_ARGS__)
