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

    if (size == sizeof wide) {
        memcpy(&wide, key, sizeof wide);
        return wide;
    }
    if (size == sizeof word) {
        memcpy(&word, key, sizeof word);
        return kind == KEY_SIGNED ? (uint64_t)(int32_t)word : word;
    }
    if (size == sizeof half) {
        memcpy(&half, key, sizeof half);
        return kind == KEY_SIGNED ? (uint64_t)(int16_t)half : half;
    }
    return kind == KEY_SIGNED ? (uint64_t) * (const int8_t *)key : *(const uint8_t *)key;
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

/*
 * Hashes. The step is that of wyhash (Wang Yi, 2019): multiply to 128 bits, and fold the upper
 * half onto the lower, so that low bits of the result depend on high bits of the key. It is two
 * multiplications, where SipHash-1-3, which Rust takes, has five rounds of 14 operations for an
 * integer. The price: SipHash keeps keys that collide from who does not know the seed; this makes
 * them unlikely to come by chance, but does not stand up to somebody who looks for them.
 */
static inline uint64_t key_mix(uint64_t a, uint64_t b)
{
    const unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

#define KEY_MULTIPLIER UINT64_C(0xa0761d6478bd642f) /* odd, half of its bits set; from wyhash */

static inline uint64_t key_hash_number(uint64_t number, uint64_t seed)
{
    return key_mix(number ^ seed, KEY_MULTIPLIER);
}

/* For keys that are not numbers: eight bytes at a time, and the number of bytes. */
static inline uint64_t key_hash_bytes(const void *bytes, size_t size, uint64_t seed)
{
    const char *next = bytes;
    uint64_t hash = seed, word = 0;
    size_t left = size;

    for (; left >= sizeof word; left -= sizeof word, next += sizeof word) {
        memcpy(&word, next, sizeof word);
        hash = key_hash_number(hash, word);
    }
    word = 0;
    memcpy(&word, next, left);
    return key_hash_number(key_hash_number(hash, word), size);
}
