/*
 * printf.h - formatted text, freestanding.
 *
 * Conversions: %d %i %u %x %X %c %s %p %%, with the flags - 0 +, a width, a precision on %s, and
 * the lengths hh h l ll z t j. Nothing allocates. An unknown conversion is printed as it stands.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

/* Format into bytes[size], which always ends in NUL when size > 0. Returns the length that the
 * whole text has, which is >= size when it was cut. */
int ksnprintf(char *bytes, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int kvsnprintf(char *bytes, size_t size, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

/* Format and hand each character to put(character, context). Returns the number of characters. */
int kvformat(void (*put)(char character, void *context), void *context, const char *format,
             va_list arguments) __attribute__((format(printf, 3, 0)));
