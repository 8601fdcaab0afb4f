/* heap.c - the kernel's heap: an allocator, a lock and the figures. */
#include "heap/heap.h"

#include "config.h"
#include "heap/buddy.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "sync/spinlock.h"

enum { KMALLOC_ALIGN = 16 }; /* what max_align_t wants on RV64 */

/* All of the kernel's heap. linker-qemu.ld places it first in .bss. */
_Alignas(KERNEL_HEAP_ALIGN) uint8_t HEAP_SPACE[KERNEL_HEAP_SIZE]
    __attribute__((section(".bss.heap_space")));

static struct {
    struct spinlock lock; /* guards the rest */
    struct buddy buddy;
    size_t user; /* bytes asked for by live blocks */
} heap;

void init_heap(void)
{
    if (!buddy_init(&heap.buddy, HEAP_SPACE, sizeof HEAP_SPACE))
        panic("the heap of %zu bytes is too small", sizeof HEAP_SPACE);
}

void *heap_alloc(struct layout layout)
{
    const unsigned long flags = spin_lock_irqsave(&heap.lock);
    void *block = buddy_alloc(&heap.buddy, layout);
    if (block != NULL)
        heap.user += layout.size;
    spin_unlock_irqrestore(&heap.lock, flags);
    return block;
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
    const enum free_result result = buddy_dealloc(&heap.buddy, block, layout);
    if (result == FREE_OK)
        heap.user -= layout.size;
    spin_unlock_irqrestore(&heap.lock, flags);
    if (result != FREE_OK)
        bad_block(block, result);
}

void *heap_realloc(void *block, struct layout layout, size_t new_size)
{
    const unsigned long flags = spin_lock_irqsave(&heap.lock);
    const enum free_result result = buddy_check(&heap.buddy, block, layout);
    void *moved = NULL;
    if (result == FREE_OK)
        moved = buddy_realloc(&heap.buddy, block, layout, new_size);
    if (moved != NULL)
        heap.user += new_size - layout.size;
    spin_unlock_irqrestore(&heap.lock, flags);
    if (result != FREE_OK)
        bad_block(block, result);
    return moved;
}

void *kmalloc(size_t size)
{
    const unsigned long flags = spin_lock_irqsave(&heap.lock);
    void *block = buddy_alloc(&heap.buddy, (struct layout){size, KMALLOC_ALIGN});
    if (block != NULL)
        heap.user += buddy_block_size(&heap.buddy, block);
    spin_unlock_irqrestore(&heap.lock, flags);
    return block;
}

void kfree(void *block)
{
    if (block == NULL)
        return;
    const unsigned long flags = spin_lock_irqsave(&heap.lock);
    const size_t size = buddy_block_size(&heap.buddy, block);
    const enum free_result result = buddy_dealloc(&heap.buddy, block, LAYOUT_UNKNOWN);
    if (result == FREE_OK)
        heap.user -= size;
    spin_unlock_irqrestore(&heap.lock, flags);
    if (result != FREE_OK)
        bad_block(block, result);
}

void heap_alloc_error(struct layout layout)
{
    panic("out of heap: no block for a layout of %zu bytes aligned to %zu%s", layout.size,
          layout.align, layout_is_valid(layout) ? "" : ", which is not a valid layout");
}

void heap_stats(struct heap_stats *stats)
{
    const unsigned long flags = spin_lock_irqsave(&heap.lock);
    buddy_stats(&heap.buddy, stats);
    stats->user = heap.user;
    spin_unlock_irqrestore(&heap.lock, flags);
}

bool heap_invariants_hold(void)
{
    const unsigned long flags = spin_lock_irqsave(&heap.lock);
    const bool hold = buddy_invariants_hold(&heap.buddy);
    spin_unlock_irqrestore(&heap.lock, flags);
    return hold;
}
