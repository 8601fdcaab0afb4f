/* heap_calls.h - the calls that can be made of an allocator; its verbs are told in heap/layout.h.
 */
#pragma once

/* Addresses are those of the code under examination. A layout is two arguments, size and align. */
enum heap_call {
    HEAP_INIT,       /* start, size: X_init; 1 or 0 */
    HEAP_ALLOC,      /* size, align: an address or 0 */
    HEAP_DEALLOC,    /* block, size, align: an enum free_result */
    HEAP_REALLOC,    /* block, size, align, new size: an address or 0 */
    HEAP_CHECK,      /* block, size, align: an enum free_result */
    HEAP_BLOCK_SIZE, /* block: bytes */
    HEAP_STATS,      /* address of room for a struct heap_stats */
};
