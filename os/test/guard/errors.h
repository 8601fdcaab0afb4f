/* errors.h - for tests that make errors on purpose. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Hides from the compiler where a pointer comes from, lest it sees what is wrong with it. */
static inline void *hide(const void *pointer)
{
    __asm__ volatile("" : "+r"(pointer));
    return (void *)(uintptr_t)pointer;
}

static inline size_t hide_size(size_t size)
{
    return (size_t)hide((const void *)size);
}

static inline int hide_int(int number)
{
    __asm__ volatile("" : "+r"(number));
    return number;
}
