/* fail_alloc.c - what the linker puts in front of the heap's verbs in tests. */
#include "test/fail_alloc.h"

#include "heap/heap.h"

static struct {
    unsigned left; /* allocations up to the one that fails, with it; 0: none is to fail */
    bool fired;
} fail;

void fail_alloc_after(unsigned n)
{
    fail.left = n;
    fail.fired = false;
}

bool fail_alloc_stop(void)
{
    fail.left = 0;
    return fail.fired;
}

static bool fails_now(void)
{
    if (fail.left == 0 || --fail.left > 0)
        return false;
    fail.fired = true;
    return true;
}

/* The linker's names: a call of X goes to __wrap_X, and __real_X is X. */
void *__wrap_heap_alloc(struct layout layout);
void *__wrap_heap_alloc_zeroed(struct layout layout);
void *__wrap_heap_realloc(void *block, struct layout layout, size_t new_size);
void *__wrap_kmalloc(size_t size);
void *__real_heap_alloc(struct layout layout);
void *__real_heap_alloc_zeroed(struct layout layout);
void *__real_heap_realloc(void *block, struct layout layout, size_t new_size);
void *__real_kmalloc(size_t size);

void *__wrap_heap_alloc(struct layout layout)
{
    return fails_now() ? NULL : __real_heap_alloc(layout);
}

/* It calls heap_alloc in its own file: lld wraps that call as well, GNU ld does not. It counts as
 * one allocation with both. */
void *__wrap_heap_alloc_zeroed(struct layout layout)
{
    if (fails_now())
        return NULL;
    const unsigned left = fail.left;
    fail.left = 0;
    void *const block = __real_heap_alloc_zeroed(layout);
    fail.left = left;
    return block;
}

void *__wrap_heap_realloc(void *block, struct layout layout, size_t new_size)
{
    return fails_now() ? NULL : __real_heap_realloc(block, layout, new_size);
}

void *__wrap_kmalloc(size_t size)
{
    return fails_now() ? NULL : __real_kmalloc(size);
}
