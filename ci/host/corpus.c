/*
 * corpus.c - runs the faulty routines of os/test/corpus/ on the host: `PROGRAM` lists their names,
 * `PROGRAM NAME` runs one. The heap is malloc, so that AddressSanitizer knows each block.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/corpus/corpus.h"

extern const struct test __start_tests[], __stop_tests[];

/* As in the kernel: no memory is NULL, not the end. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

void *kmalloc(size_t size)
{
    return malloc(size);
}

void kfree(void *block)
{
    free(block);
}

void *heap_alloc(struct layout layout)
{
    return memalign(layout.align, layout.size);
}

void *heap_alloc_zeroed(struct layout layout)
{
    void *const block = heap_alloc(layout);
    return block != NULL ? memset(block, 0, layout.size) : NULL;
}

void heap_dealloc(void *block, struct layout layout)
{
    (void)layout;
    free(block);
}

void *heap_realloc(void *block, struct layout layout, size_t new_size)
{
    (void)layout;
    return realloc(block, new_size);
}

int main(int argc, char **argv)
{
    for (const struct test *test = __start_tests; test < __stop_tests; test++) {
        if (argc < 2) {
            puts(test->name);
        } else if (strcmp(test->name, argv[1]) == 0) {
            test->run();
            return 0;
        }
    }
    return argc < 2 ? 0 : 2;
}
