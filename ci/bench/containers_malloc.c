/* containers_malloc.c - heap.h on the C library's malloc, which C++'s containers use, too. */
#include <stdlib.h>

#include "heap/heap.h"
#include "lib/panic.h"

enum { MALLOC_ALIGN = 16 };

void init_heap(void *start, size_t size)
{
    (void)start;
    (void)size;
}

void *heap_alloc(struct layout layout)
{
    return layout.align <= MALLOC_ALIGN ? malloc(layout.size)
                                        : aligned_alloc(layout.align, layout.size);
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

void heap_alloc_error(struct layout layout)
{
    panic("no memory for %zu bytes", layout.size);
}
