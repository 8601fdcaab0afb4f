/* containers_bosk.c - the cases of containers.h on Bosk's collections. */
#include "containers.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "collections/vec.h"

void panic_at(const char *file, int line, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "%s:%d: ", file, line);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

void bench_prepare(void)
{
    static _Alignas(KERNEL_HEAP_ALIGN) uint8_t memory[KERNEL_HEAP_SIZE];
    init_heap(memory, sizeof memory);
}

/* --- Vec --- */

static VEC(int) vec = VEC_EMPTY;

static uint64_t push(const uint64_t *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        vec_push(&vec, (int)keys[i]);
    return vec.length;
}

/* --- what is played --- */

const struct bench_case bench_cases[] = {
    {"Vec: push", push},
    {NULL, NULL},
};
