/*
 * fail_alloc.h - failure injection: the n-th allocation from now fails, and only it.
 *
 * The heap knows nothing of it. The links of the tests say --wrap (FAIL_ALLOC in the Makefile), by
 * which every call of heap_alloc, heap_alloc_zeroed, heap_realloc and kmalloc from another file
 * than heap.c comes here first. A heap_realloc that makes a block smaller counts as well.
 *
 * To meet every place at which an operation can run out of memory:
 *
 *     bool fired = true;
 *     for (unsigned n = 1; fired; n++) {
 *         ... build the container ...
 *         fail_alloc_after(n);
 *         const int error = X_try_verb(...);
 *         fired = fail_alloc_stop();
 *         CHECK_EQUAL(error, fired ? -ENOMEM : 0);
 *         ... compare with the model as it was before, or as it is after; free ...
 *     }
 */
#pragma once

#include <stdbool.h>

/* Let the n-th allocation from now fail, n > 0. For one hart: the count is a plain integer. */
void fail_alloc_after(unsigned n);

/* Let no allocation fail from now on. Returns whether one has. */
bool fail_alloc_stop(void);
