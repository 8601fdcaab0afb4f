/* trace_blocks.c - the blocks of a heap with orders at the end of its trace. Empty but in a traced
 * kernel. A new such heap is a function here, and a line in TRACE_BLOCKS_OF. */
#include "heap/trace.h"

#if HEAP_TRACE
#include "heap/slab.h"

void buddy_trace_blocks(const void *design)
{
    buddy_each_free(design, trace_print_free);
}

static void print_slabs_in(const struct slab *slab, uintptr_t chunk, uint64_t starts)
{
    for (; starts != 0; starts &= starts - 1) {
        const uintptr_t run = chunk + lowest_bit(starts) * RUN_UNIT;
        const unsigned size_class = slab->lines[(run - slab->base) / SLAB_LINE].size_class;
        if (size_class < SLAB_SIZES)
            trace_print_slab(run, slab->classes[size_class].units * (size_t)RUN_UNIT,
                             slab->classes[size_class].size);
    }
}

static void print_slab_region(const struct slab *slab)
{
    const struct runs *const runs = &slab->runs;

    buddy_each_free(&runs->buddy, trace_print_free);
    for (size_t i = 0; i * RUN_CHUNK < runs->size; i++) {
        const size_t start = i * RUN_CHUNK, left = runs->size - start;
        if (runs->chunks[i].used == 0)
            continue;
        trace_print_slab(slab->base + start, left < RUN_CHUNK ? left : RUN_CHUNK, 0);
        print_slabs_in(slab, slab->base + start, runs->chunks[i].starts);
    }
}

void slab_trace_blocks(const void *design)
{
    for (const struct slab *slab = design; slab != NULL; slab = slab->next)
        print_slab_region(slab);
}
#endif
