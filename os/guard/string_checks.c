/*
 * string_checks.c - functions of lib/string.h that check their memory first (SANITIZE=kasan).
 *
 * Those of lib/string.c are then called unchecked_memcpy and so on, and what has no checks calls
 * them by these names: see JOINED in the Makefile.
 */
#include "guard/shadow.h"
#include "lib/string.h"

void *unchecked_memcpy(void *restrict to, const void *restrict from, size_t size);
void *unchecked_memmove(void *to, const void *from, size_t size);
void *unchecked_memset(void *to, int byte, size_t size);
int unchecked_memcmp(const void *left, const void *right, size_t size);
void *unchecked_memchr(const void *bytes, int byte, size_t size);
size_t unchecked_strlen(const char *string);
int unchecked_strcmp(const char *left, const char *right);
int unchecked_strncmp(const char *left, const char *right, size_t size);

static void check_read(const void *from, size_t size)
{
    shadow_check((uintptr_t)from, size, false);
}

static void check_write(void *to, size_t size)
{
    shadow_check((uintptr_t)to, size, true);
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    check_read(from, size);
    check_write(to, size);
    return unchecked_memcpy(to, from, size);
}

void *memmove(void *to, const void *from, size_t size)
{
    check_read(from, size);
    check_write(to, size);
    return unchecked_memmove(to, from, size);
}

void *memset(void *to, int byte, size_t size)
{
    check_write(to, size);
    return unchecked_memset(to, byte, size);
}

int memcmp(const void *left, const void *right, size_t size)
{
    check_read(left, size);
    check_read(right, size);
    return unchecked_memcmp(left, right, size);
}

/* What the rest read is known when they have read it. */

void *memchr(const void *bytes, int byte, size_t size)
{
    const char *const found = unchecked_memchr(bytes, byte, size);

    check_read(bytes, found != NULL ? (size_t)(found - (const char *)bytes) + 1 : size);
    return (void *)(uintptr_t)found;
}

size_t strlen(const char *string)
{
    const size_t length = unchecked_strlen(string);

    check_read(string, length + 1);
    return length;
}

int strcmp(const char *left, const char *right)
{
    return strncmp(left, right, PTRDIFF_MAX);
}

int strncmp(const char *left, const char *right, size_t size)
{
    size_t same = 0;

    while (same < size && left[same] == right[same] && left[same] != '\0')
        same++;
    if (same < size)
        same++;
    check_read(left, same);
    check_read(right, same);
    return unchecked_strncmp(left, right, size);
}
