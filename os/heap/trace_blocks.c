/* trace_blocks.c - the blocks of a heap with orders at the end of its trace. Empty but in a traced
 * kernel. A new such heap is a function here, and a line in TRACE_BLOCKS_OF. */
#include "heap/trace.h"

#if HEAP_TRACE
#include "heap/slab.h"

void buddy_trace_blocks(const void *design)
{
    buddy_each_free(design, trace_print_free);
}

static void print_slab_region(const struct slab *slab)
{
    buddy_each_free(&slab->runs.buddy, trace_print_free);
    for (size_t i = 0; i < slab->grains / (RUN_CHUNK / SLAB_GRAIN); i++) {
        const uintptr_t start = slab->base + i * RUN_CHUNK;
        uint64_t starts = slab->runs.chunks[i].starts;
        if (slab->runs.chunks[i].used != 0)
            trace_print_slab(start, RUN_CHUNK, 0);
        for (; starts != 0; starts &= starts - 1) {
            const uintptr_t run = start + lowest_bit(starts) * RUN_UNIT;
            const unsigned size_class = slab->lines[(run - slab->base) / SLAB_LINE].size_class;
            if (size_class < SLAB_SIZES)
                trace_print_slab(run, slab->classes[size_class].units * (size_t)RUN_UNIT,
                                 slab->classes[size_class].size);
        }
    }
}

void slab_trace_blocks(const void *design)
{
    for (const struct slab *slab = design; slab != NULL; slab = slab->next)
        print_slab_region(slab);
}
#endif
