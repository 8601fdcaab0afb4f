/*
 * bits.c - what the compiler calls for __builtin_clz and __builtin_ctz, as the base instruction set
 * has no instruction for them. Otherwise these would come from the compiler's own library, which
 * not every toolchain has for this ABI.
 */
#include "lib/bits.h"

int __clzdi2(uint64_t n);
int __ctzdi2(uint64_t n);

/* The position of the only bit set in n: a de Bruijn sequence shifted by it has its number in the
 * top six bits (Leiserson, Prokop, Randall: Using de Bruijn Sequences to Index a 1, 1998). */
static int only_bit(uint64_t n)
{
    static const uint8_t positions[64] = {
        0,  1,  48, 2,  57, 49, 28, 3,  61, 58, 50, 42, 38, 29, 17, 4,  62, 55, 59, 36, 53, 51,
        43, 22, 45, 39, 33, 30, 24, 18, 12, 5,  63, 47, 56, 27, 60, 41, 37, 16, 54, 35, 52, 21,
        44, 32, 23, 11, 46, 26, 40, 15, 34, 20, 31, 10, 25, 14, 19, 9,  13, 8,  7,  6,
    };
    return positions[n * UINT64_C(0x03f79d71b4cb0a89) >> 58];
}

int __ctzdi2(uint64_t n)
{
    return only_bit(n & -n);
}

int __clzdi2(uint64_t n)
{
    for (unsigned shift = 1; shift < 64; shift *= 2)
        n |= n >> shift;
    return 63 - only_bit(n ^ n >> 1);
}
