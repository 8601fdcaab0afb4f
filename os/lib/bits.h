/* bits.h - powers of two and bit positions. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool is_power_of_two(size_t n)
{
    return n != 0 && (n & (n - 1)) == 0;
}

/* n rounded up or down to a multiple of align, a power of two. Rounding up must not overflow. */
static inline size_t align_up(size_t n, size_t align)
{
    return (n + align - 1) & ~(align - 1);
}

static inline size_t align_down(size_t n, size_t align)
{
    return n & ~(align - 1);
}

/* Position of the highest or the lowest bit set; n > 0. */
static inline unsigned highest_bit(uint64_t n)
{
    return 63U ^ (unsigned)__builtin_clzll(n); /* as 63 - clz, but x86 then needs only its bsr */
}

static inline unsigned lowest_bit(uint64_t n)
{
    return (unsigned)__builtin_ctzll(n);
}

static inline unsigned count_bits(uint64_t n)
{
    unsigned count = 0;

    for (; n != 0; n &= n - 1)
        count++;
    return count;
}
