/* allocators.c - the table of heaps. */
#include "test/bench/allocators.h"

#include "heap/bitmap.h"
#include "heap/block.h"
#include "heap/buddy.h"
#include "heap/bump.h"
#include "heap/list.h"
#include "heap/slab.h"

/* The wrappers differ from the verbs they call in nothing but the type of `heap`. What they take
 * themselves is no cost of the heap: `nothing` has the same ones. */
/* clang-format off */
#define MEASURED_VERBS(X)                                                                          \
    static struct X X##_heap;                                                                      \
    static void *X##_alloc_any(void *heap, struct layout layout)                                   \
    {                                                                                              \
        return X##_alloc(heap, layout);                                                            \
    }                                                                                              \
    static enum free_result X##_dealloc_any(void *heap, void *block, struct layout layout)         \
    {                                                                                              \
        return X##_dealloc(heap, block, layout);                                                   \
    }                                                                                              \
    static void *X##_realloc_any(void *heap, void *block, struct layout layout, size_t new_size)   \
    {                                                                                              \
        return X##_realloc(heap, block, layout, new_size);                                         \
    }
#define ALLOCATOR(X)                                                                               \
    MEASURED_VERBS(X)                                                                              \
    static bool X##_init_any(void *heap, void *start, size_t size)                                 \
    {                                                                                              \
        return X##_init(heap, start, size);                                                        \
    }                                                                                              \
    static void X##_stats_any(const void *heap, struct heap_stats *stats)                          \
    {                                                                                              \
        X##_stats(heap, stats);                                                                    \
    }                                                                                              \
    static bool X##_invariants_hold_any(const void *heap)                                          \
    {                                                                                              \
        return X##_invariants_hold(heap);                                                          \
    }
#define ENTRY(X)                                                                                   \
    {#X, &X##_heap, X##_init_any, X##_alloc_any, X##_dealloc_any, X##_realloc_any, X##_stats_any,  \
     X##_invariants_hold_any},

ALLOCATOR(bump)
ALLOCATOR(list)
ALLOCATOR(block)
ALLOCATOR(bitmap)
ALLOCATOR(buddy)
ALLOCATOR(slab)

const struct allocator allocators[] = {
    ENTRY(bump) ENTRY(list) ENTRY(block) ENTRY(bitmap) ENTRY(buddy) ENTRY(slab) {.name = NULL}};

/* One instruction, the return that every function has; what it returns is never looked at. */
__asm__(".pushsection .text\nbench_nothing:\n\tret\n.popsection");
struct nothing {
    char none;
};
void *nothing_alloc(struct nothing *heap, struct layout layout) __asm__("bench_nothing");
enum free_result nothing_dealloc(struct nothing *heap, void *block,
                                 struct layout layout) __asm__("bench_nothing");
void *nothing_realloc(struct nothing *heap, void *block, struct layout layout,
                      size_t new_size) __asm__("bench_nothing");
MEASURED_VERBS(nothing)
/* clang-format on */

const struct allocator allocator_nothing = {
    .name = "nothing",
    .heap = &nothing_heap,
    .alloc = nothing_alloc_any,
    .dealloc = nothing_dealloc_any,
    .realloc = nothing_realloc_any,
};
