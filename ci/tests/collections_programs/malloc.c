/* malloc.c - what the collections need of a program that is no kernel: heap.h on its malloc, and
 * panic(), which says why and ends with status 3. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap/heap.h"
#include "lib/panic.h"

void *heap_alloc(struct layout layout)
{
    const size_t align = layout.align > sizeof(void *) ? layout.align : sizeof(void *);
    void *block;

    return layout_is_valid(layout) && posix_memalign(&block, align, layout.size) == 0 ? block
                                                                                      : NULL;
}

void *heap_alloc_zeroed(struct layout layout)
{
    void *const block = heap_alloc(layout);
    return block == NULL ? NULL : memset(block, 0, layout.size);
}

void heap_dealloc(void *block, struct layout layout)
{
    (void)layout;
    free(block);
}

/* Always moves: realloc does not keep to an alignment. */
void *heap_realloc(void *block, struct layout layout, size_t new_size)
{
    void *const moved = heap_alloc((struct layout){new_size, layout.align});

    if (moved != NULL) {
        memcpy(moved, block, layout.size < new_size ? layout.size : new_size);
        free(block);
    }
    return moved;
}

void heap_alloc_error(struct layout layout)
{
    panic("out of heap: no block for a layout of %zu bytes aligned to %zu", layout.size,
          layout.align);
}

void panic_at(const char *file, int line, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fprintf(stderr, "%s:%d: panic: ", file, line);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    _Exit(3);
}
