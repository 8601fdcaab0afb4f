/* string.c - memory and strings. memcpy and memset go by words where both ends are aligned. */
#include "lib/string.h"

#include <stdint.h>

/* A word that may overlay any type. */
typedef uint64_t __attribute__((may_alias)) word;

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    unsigned char *out = to;
    const unsigned char *in = from;

    if (((uintptr_t)out | (uintptr_t)in) % sizeof(word) == 0)
        for (; size >= sizeof(word); size -= sizeof(word)) {
            *(word *)(void *)out = *(const word *)(const void *)in;
            out += sizeof(word);
            in += sizeof(word);
        }
    while (size-- > 0)
        *out++ = *in++;
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    unsigned char *out = to;
    const unsigned char *in = from;

    if ((uintptr_t)out - (uintptr_t)in >= size)
        return memcpy(to, from, size);
    while (size-- > 0)
        out[size] = in[size];
    return to;
}

void *memset(void *to, int byte, size_t size)
{
    unsigned char *out = to;
    const word pattern = (word)(unsigned char)byte * UINT64_C(0x0101010101010101);

    while (size > 0 && (uintptr_t)out % sizeof(word) != 0) {
        *out++ = (unsigned char)byte;
        size--;
    }
    for (; size >= 8 * sizeof(word); size -= 8 * sizeof(word)) {
        word *words = (word *)(void *)out;
        words[0] = words[1] = words[2] = words[3] = pattern;
        words[4] = words[5] = words[6] = words[7] = pattern;
        out += 8 * sizeof(word);
    }
    while (size-- > 0)
        *out++ = (unsigned char)byte;
    return to;
}

int memcmp(const void *left, const void *right, size_t size)
{
    const unsigned char *a = left, *b = right;

    for (size_t i = 0; i < size; i++)
        if (a[i] != b[i])
            return a[i] - b[i];
    return 0;
}

void *memchr(const void *bytes, int byte, size_t size)
{
    const unsigned char *in = bytes;

    for (size_t i = 0; i < size; i++)
        if (in[i] == (unsigned char)byte)
            return (void *)(uintptr_t)&in[i];
    return NULL;
}

size_t strlen(const char *string)
{
    size_t length = 0;

    while (string[length] != '\0')
        length++;
    return length;
}

int strcmp(const char *left, const char *right)
{
    return strncmp(left, right, PTRDIFF_MAX);
}

int strncmp(const char *left, const char *right, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        const unsigned char a = (unsigned char)left[i], b = (unsigned char)right[i];
        if (a != b || a == '\0')
            return a - b;
    }
    return 0;
}
