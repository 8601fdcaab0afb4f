/*
 * key.h - what a map knows of its keys by their type.
 *
 * Integers and strings have an order and a hash of their own. Keys of any other type bring theirs
 * as functions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/string.h"

enum key_kind {
    KEY_SIGNED,   /* an integer of 1, 2, 4 or 8 bytes */
    KEY_UNSIGNED, /* the same, or a bool */
    KEY_STRING,   /* a char *, in the order of strcmp */
    KEY_OTHER,
    KEY_CHAR = (char)-1 < 0 ? KEY_SIGNED : KEY_UNSIGNED, /* what a plain char is */
};

/* The kind of an expression's type. */
#define KEY_KIND(key)                                                                              \
    _Generic((key),                                                                                \
        char: KEY_CHAR,                                                                            \
        signed char: KEY_SIGNED,                                                                   \
        short: KEY_SIGNED,                                                                         \
        int: KEY_SIGNED,                                                                           \
        long: KEY_SIGNED,                                                                          \
        long long: KEY_SIGNED,                                                                     \
        _Bool: KEY_UNSIGNED,                                                                       \
        unsigned char: KEY_UNSIGNED,                                                               \
        unsigned short: KEY_UNSIGNED,                                                              \
        unsigned int: KEY_UNSIGNED,                                                                \
        unsigned long: KEY_UNSIGNED,                                                               \
        unsigned long long: KEY_UNSIGNED,                                                          \
        char *: KEY_STRING,                                                                        \
        const char *: KEY_STRING,                                                                  \
        default: KEY_OTHER)

/* Inlined even where it is long: with `kind` and `size` constant most of it goes away. */
#define KEY_INLINE static inline __attribute__((always_inline))

/* The integer at `key`, extended to 64 bits. */
KEY_INLINE uint64_t key_load(const void *key, enum key_kind kind, size_t size)
{
    uint64_t wide = 0;
    uint32_t word = 0;
    uint16_t half = 0;

    switch (size) {
    case 8:
        memcpy(&wide, key, 8);
        return wide;
    case 4:
        memcpy(&word, key, 4);
        return kind == KEY_SIGNED ? (uint64_t)(int32_t)word : word;
    case 2:
        memcpy(&half, key, 2);
        return kind == KEY_SIGNED ? (uint64_t)(int16_t)half : half;
    default:
        return kind == KEY_SIGNED ? (uint64_t) * (const int8_t *)key : *(const uint8_t *)key;
    }
}

/* Whether integer a is less than integer b, both as key_load has them. */
KEY_INLINE bool key_less(uint64_t a, uint64_t b, enum key_kind kind)
{
    return kind == KEY_SIGNED ? (int64_t)a < (int64_t)b : a < b;
}

/* The string whose address stands at `key`. */
static inline const char *key_string(const void *key)
{
    return *(const char *const *)key;
}
