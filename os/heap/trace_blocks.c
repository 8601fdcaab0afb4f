/* trace_blocks.c - the blocks of a heap with orders at the end of its trace. Empty but in a traced
 * kernel. A new such heap is a function here, and a line in TRACE_BLOCKS_OF. */
#include "heap/trace.h"

#if HEAP_TRACE
#include "heap/buddy.h"

void buddy_trace_blocks(const void *design)
{
    buddy_each_free(design, trace_print_free);
}
#endif
