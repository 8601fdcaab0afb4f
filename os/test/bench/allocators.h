/*
 * allocators.h - the heaps of os/heap/ under types that all have in common.
 *
 * dummy is left out: it serves nothing. A new heap is two lines in allocators.c.
 */
#pragma once

#include "heap/layout.h"

struct allocator {
    const char *name;
    void *heap; /* its struct X; there is one of each */
    bool (*init)(void *heap, void *start, size_t size);
    void *(*alloc)(void *heap, struct layout layout);
    enum free_result (*dealloc)(void *heap, void *block, struct layout layout);
    void *(*realloc)(void *heap, void *block, struct layout layout, size_t new_size);
    void (*stats)(const void *heap, struct heap_stats *stats);
    bool (*invariants_hold)(const void *heap);
};

/* The last one's name is NULL. */
extern const struct allocator allocators[];

/* Every verb of this one returns at once: the cost of calling one. The others are NULL. */
extern const struct allocator allocator_nothing;
