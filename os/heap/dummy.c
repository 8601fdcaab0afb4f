/* dummy.c - a heap that has nothing. */
#include "heap/dummy.h"

#include "lib/panic.h"

bool dummy_init(struct dummy *dummy, void *start, size_t size)
{
    (void)start, (void)size;
    dummy->refused = 0;
    return true;
}

void *dummy_alloc(struct dummy *dummy, struct layout layout)
{
    (void)layout;
    dummy->refused++;
    return NULL;
}

enum free_result dummy_dealloc(struct dummy *dummy, void *block, struct layout layout)
{
    (void)dummy, (void)layout;
    panic("dummy: free of %p, and nothing was ever allocated", block);
}

void *dummy_realloc(struct dummy *dummy, void *block, struct layout layout, size_t new_size)
{
    (void)block, (void)layout, (void)new_size;
    dummy->refused++;
    return NULL;
}

enum free_result dummy_check(const struct dummy *dummy, const void *block, struct layout layout)
{
    (void)dummy, (void)block, (void)layout;
    return FREE_FOREIGN;
}

size_t dummy_block_size(const struct dummy *dummy, const void *block)
{
    (void)dummy, (void)block;
    return 0;
}

void dummy_stats(const struct dummy *dummy, struct heap_stats *stats)
{
    (void)dummy;
    *stats = (struct heap_stats){0};
}

bool dummy_invariants_hold(const struct dummy *dummy)
{
    (void)dummy;
    return true;
}
