/*
 * dummy.h - a heap that has nothing.
 *
 * Every allocation fails, so that the first caller who needs memory ends in the allocation error
 * handler. Freeing panics: nothing was ever handed out that could be given back.
 */
#pragma once

#include "heap/layout.h"

struct dummy {
    size_t refused; /* how often it said no */
};

/* Always true: it needs no memory, and leaves the memory given alone. */
bool dummy_init(struct dummy *dummy, void *start, size_t size);

/* Always NULL. */
void *dummy_alloc(struct dummy *dummy, struct layout layout);
void *dummy_realloc(struct dummy *dummy, void *block, struct layout layout, size_t new_size);

/* Panics. */
_Noreturn enum free_result dummy_dealloc(struct dummy *dummy, void *block, struct layout layout);

/* Always FREE_FOREIGN. */
enum free_result dummy_check(const struct dummy *dummy, const void *block, struct layout layout);

/* Always 0. */
size_t dummy_block_size(const struct dummy *dummy, const void *block);

/* All figures are 0. */
void dummy_stats(const struct dummy *dummy, struct heap_stats *stats);

/* Always true. */
bool dummy_invariants_hold(const struct dummy *dummy);

/* Always false: it does not grow. */
static inline bool dummy_add_region(struct dummy *dummy, void *start, size_t size)
{
    return (void)dummy, (void)start, (void)size, false;
}
