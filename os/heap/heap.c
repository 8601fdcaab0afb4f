/* heap.c - the kernel's heap: an allocator, a lock and the figures. */
#include "heap/heap.h"

#include "config.h"
#include "heap/trace.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "sync/spinlock.h"

/* The Makefile says which heap: -DKERNEL_HEAP=buddy -DKERNEL_HEAP_HEADER='"heap/buddy.h"'. Below,
 * HEAP(alloc) is buddy_alloc. */
#include KERNEL_HEAP_HEADER

#define JOIN(heap, verb)          heap##_##verb
#define JOIN_EXPANDED(heap, verb) JOIN(heap, verb)
#define HEAP(verb)                JOIN_EXPANDED(KERNEL_HEAP, verb)
#define STRING_OF(name)           #name
#define STRING(name)              STRING_OF(name)

enum { KMALLOC_ALIGN = 16 }; /* what max_align_t wants on RV64 */

/* The largest block of a buddy system is the highest power of two of what its records leave. */
_Static_assert(1ul << (63 - __builtin_clzl(KERNEL_HEAP_SIZE - KERNEL_HEAP_SIZE / 32)) >=
                   KERNEL_HEAP_SIZE / 2,
               "KERNEL_HEAP_SIZE: half of the heap must fit into one block of a buddy system");

static struct {
    struct spinlock lock; /* guards design and user */
    struct KERNEL_HEAP design;
    size_t user;                          /* bytes asked for by live blocks */
    bool (*rescue)(struct layout layout); /* set before it can be needed; NULL: none */
    atomic_uint rescuing;                 /* 1 while the rescue hook runs */
} heap;

void init_heap(void *start, size_t size)
{
    if (!HEAP(init)(&heap.design, start, size))
        panic("the heap of %zu bytes is too small", size);
    TRACE(trace_start((uintptr_t)start, size);)
}

#if HEAP_TRACE
static struct trace_figures figures_now(void)
{
    struct heap_stats stats;
    HEAP(stats)(&heap.design, &stats);
    return (struct trace_figures){heap.user, stats.allocated, stats.largest_free};
}

/* Record how an allocation ended. Inlined: the stacks are to begin with the heap's verb. */
__attribute__((always_inline)) static inline void traced(const void *block, size_t size)
{
    if (block != NULL)
        trace_alloc(block, size, HEAP(block_size)(&heap.design, block), figures_now);
    else
        trace_fail(size, figures_now);
}

__attribute__((always_inline)) static inline void
traced_realloc(void *block, size_t size, size_t block_size, const void *moved, size_t new_size)
{
    if (moved != NULL)
        trace_realloc((uintptr_t)block, size, block_size, moved, new_size,
                      HEAP(block_size)(&heap.design, moved), figures_now);
    else
        trace_fail(new_size, figures_now);
}
#endif

void heap_set_rescue(bool (*rescue)(struct layout layout))
{
    heap.rescue = rescue;
}

/* Whether the hook has helped, so that an allocation is worth another try. What the hook itself
 * allocates is not rescued. */
static bool is_rescued(struct layout layout)
{
    if (heap.rescue == NULL || !layout_is_valid(layout) || atomic_exchange(&heap.rescuing, 1))
        return false;
    const bool helped = heap.rescue(layout);
    atomic_store(&heap.rescuing, 0);
    return helped;
}

static void *alloc_once(struct layout layout)
{
    const unsigned long flags = spin_lock_irqsave(&heap.lock);
    void *block = HEAP(alloc)(&heap.design, layout);
    if (block != NULL)
        heap.user += layout.size;
    TRACE(traced(block, layout.size);)
    spin_unlock_irqrestore(&heap.lock, flags);
    return block;
}

void *heap_alloc(struct layout layout)
{
    void *const block = alloc_once(layout);
    return block == NULL && is_rescued(layout) ? alloc_once(layout) : block;
}

void *heap_alloc_zeroed(struct layout layout)
{
    void *block = heap_alloc(layout);
    if (block != NULL)
        memset(block, 0, layout.size);
    return block;
}

static _Noreturn void bad_block(const void *block, enum free_result result)
{
    panic("heap: %p: %s", block, free_result_text(result));
}

void heap_dealloc(void *block, struct layout layout)
{
    const unsigned long flags = spin_lock_irqsave(&heap.lock);
    TRACE(const size_t block_size = HEAP(block_size)(&heap.design, block);)
    const enum free_result result =
        layout.size == 0 ? FREE_WRONG_LAYOUT : HEAP(dealloc)(&heap.design, block, layout);
    if (result == FREE_OK)
        heap.user -= layout.size;
    TRACE(if (result == FREE_OK) trace_free(block, layout.size, block_size, figures_now);)
    spin_unlock_irqrestore(&heap.lock, flags);
    if (result != FREE_OK)
        bad_block(block, result);
}

static void *realloc_once(void *block, struct layout layout, size_t new_size)
{
    const unsigned long flags = spin_lock_irqsave(&heap.lock);
    const enum free_result result = HEAP(check)(&heap.design, block, layout);
    void *moved = NULL;
    TRACE(const size_t old_block = HEAP(block_size)(&heap.design, block);)
    if (result == FREE_OK)
        moved = HEAP(realloc)(&heap.design, block, layout, new_size);
    if (moved != NULL)
        heap.user += new_size - layout.size;
    TRACE(traced_realloc(block, layout.size, old_block, moved, new_size);)
    spin_unlock_irqrestore(&heap.lock, flags);
    if (result != FREE_OK)
        bad_block(block, result);
    return moved;
}

void *heap_realloc(void *block, struct layout layout, size_t new_size)
{
    void *const moved = realloc_once(block, layout, new_size);
    return moved == NULL && is_rescued((struct layout){new_size, layout.align})
               ? realloc_once(block, layout, new_size)
               : moved;
}

static void *kmalloc_once(struct layout layout)
{
    const unsigned long flags = spin_lock_irqsave(&heap.lock);
    void *block = HEAP(alloc)(&heap.design, layout);
    if (block != NULL)
        heap.user += HEAP(block_size)(&heap.design, block);
    TRACE(traced(block, layout.size);)
    spin_unlock_irqrestore(&heap.lock, flags);
    return block;
}

void *kmalloc(size_t size)
{
    const struct layout layout = {size, KMALLOC_ALIGN};
    void *const block = kmalloc_once(layout);
    return block == NULL && is_rescued(layout) ? kmalloc_once(layout) : block;
}

void kfree(void *block)
{
    if (block == NULL)
        return;
    const unsigned long flags = spin_lock_irqsave(&heap.lock);
    const size_t size = HEAP(block_size)(&heap.design, block);
    const enum free_result result = HEAP(dealloc)(&heap.design, block, LAYOUT_UNKNOWN);
    if (result == FREE_OK)
        heap.user -= size;
    TRACE(if (result == FREE_OK) trace_free(block, size, size, figures_now);)
    spin_unlock_irqrestore(&heap.lock, flags);
    if (result != FREE_OK)
        bad_block(block, result);
}

void heap_alloc_error(struct layout layout)
{
    panic("out of heap: no block for a layout of %zu bytes aligned to %zu%s", layout.size,
          layout.align, layout_is_valid(layout) ? "" : ", which is not a valid layout");
}

bool heap_add_region(void *start, size_t size)
{
    const unsigned long flags = spin_lock_irqsave(&heap.lock);
    const bool grown = HEAP(add_region)(&heap.design, start, size);
    TRACE(if (grown) trace_grow((uintptr_t)start, size);)
    spin_unlock_irqrestore(&heap.lock, flags);
    return grown;
}

void heap_stats(struct heap_stats *stats)
{
    const unsigned long flags = spin_lock_irqsave(&heap.lock);
    HEAP(stats)(&heap.design, stats);
    stats->user = heap.user;
    spin_unlock_irqrestore(&heap.lock, flags);
}

#if HEAP_TRACE
void heap_trace_report(struct trace_report *report)
{
    heap_stats(&report->stats);
    report->allocator = STRING(KERNEL_HEAP);
    report->design = &heap.design;
    report->print_blocks = TRACE_BLOCKS_OF(&heap.design);
}
#endif

bool heap_invariants_hold(void)
{
    const unsigned long flags = spin_lock_irqsave(&heap.lock);
    const bool hold = HEAP(invariants_hold)(&heap.design);
    spin_unlock_irqrestore(&heap.lock, flags);
    return hold;
}
