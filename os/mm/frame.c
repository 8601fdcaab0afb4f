/* frame.c - page frames. */
#include "mm/frame.h"

#include "arch/memlayout.h"
#include "heap/buddy.h"
#include "lib/panic.h"
#include "sync/spinlock.h"

enum { TAKEN_MOST = MACHINE_MAX_RANGES + 4 };

static struct {
    struct spinlock lock; /* guards the rest */
    struct buddy buddy;
} frames;

/* Ranges that are not free: whole pages, sorted by address. */
struct taken {
    unsigned count;
    struct range ranges[TAKEN_MOST];
};

static void take(struct taken *taken, uint64_t base, uint64_t size)
{
    const struct range range = {align_down(base, PAGE_SIZE),
                                align_up(base + size, PAGE_SIZE) - align_down(base, PAGE_SIZE)};
    unsigned i = taken->count++;

    for (; i > 0 && taken->ranges[i - 1].base > range.base; i--)
        taken->ranges[i] = taken->ranges[i - 1];
    taken->ranges[i] = range;
}

static struct taken find_taken(const struct machine *machine, uint64_t tree)
{
    struct taken taken = {0};

    /* The firmware lies between the start of RAM and the kernel. */
    const uint64_t start = machine->ram[0].base, end = virtual_to_physical(ekernel);
    take(&taken, start, end - start);
    take(&taken, tree, machine->tree_size);
    if (machine->initrd.size > 0)
        take(&taken, machine->initrd.base, machine->initrd.size);
    for (unsigned i = 0; i < machine->reserved_count; i++)
        take(&taken, machine->reserved[i].base, machine->reserved[i].size);
    return taken;
}

/* Give [start, end) to the allocator. The first stretch makes it; one that is too small is lost. */
static void add_free(uint64_t start, uint64_t end)
{
    void *const memory = physical_to_virtual(start);

    if (frames.buddy.granules == 0)
        buddy_init_granules(&frames.buddy, memory, end - start, PAGE_SIZE);
    else
        buddy_add_region(&frames.buddy, memory, end - start);
}

void frames_init(const struct machine *machine, uint64_t tree)
{
    const struct taken taken = find_taken(machine, tree);

    for (unsigned i = 0; i < machine->ram_count; i++) {
        uint64_t start = machine->ram[i].base;
        const uint64_t end = start + machine->ram[i].size;
        for (unsigned j = 0; j < taken.count && start < end; j++) {
            const struct range *const range = &taken.ranges[j];
            if (range->base >= end || range->base + range->size <= start)
                continue;
            if (range->base > start)
                add_free(start, range->base);
            start = range->base + range->size;
        }
        if (start < end)
            add_free(start, end);
    }
    if (frames.buddy.granules == 0)
        panic("no RAM is left for page frames");
}

static struct layout layout_of(unsigned order)
{
    return (struct layout){(size_t)PAGE_SIZE << order, PAGE_SIZE};
}

void *frame_alloc(unsigned order)
{
    if (order >= HEAP_ORDERS)
        return NULL;
    const unsigned long flags = spin_lock_irqsave(&frames.lock);
    void *const block = buddy_alloc(&frames.buddy, layout_of(order));
    spin_unlock_irqrestore(&frames.lock, flags);
    return block;
}

void frame_free(void *block, unsigned order)
{
    const unsigned long flags = spin_lock_irqsave(&frames.lock);
    const enum free_result result = order < HEAP_ORDERS
                                        ? buddy_dealloc(&frames.buddy, block, layout_of(order))
                                        : FREE_WRONG_LAYOUT;
    spin_unlock_irqrestore(&frames.lock, flags);
    if (result != FREE_OK)
        panic("frames: %p: %s", block, free_result_text(result));
}

void frame_stats(struct heap_stats *stats)
{
    const unsigned long flags = spin_lock_irqsave(&frames.lock);
    buddy_stats(&frames.buddy, stats);
    spin_unlock_irqrestore(&frames.lock, flags);
}

bool frame_invariants_hold(void)
{
    const unsigned long flags = spin_lock_irqsave(&frames.lock);
    const bool hold = buddy_invariants_hold(&frames.buddy);
    spin_unlock_irqrestore(&frames.lock, flags);
    return hold;
}
