/* bump.c - the bump allocator. */
#include "heap/bump.h"

#include "lib/string.h"

static void move_next(struct bump *bump, uintptr_t next)
{
    bump->next = next;
    if (next - bump->start > bump->peak)
        bump->peak = next - bump->start;
}

bool bump_init(struct bump *bump, void *start, size_t size)
{
    const uintptr_t address = (uintptr_t)start;
    *bump = (struct bump){.start = address, .next = address, .end = address + size};
    return size > 0;
}

void *bump_alloc(struct bump *bump, struct layout layout)
{
    if (!layout_is_valid(layout))
        return NULL;
    const size_t gap = -bump->next & (layout.align - 1), room = bump->end - bump->next;
    if (gap > room || layout.size > room - gap)
        return NULL;
    void *block = (void *)(bump->next + gap);
    move_next(bump, bump->next + gap + layout.size);
    bump->live++;
    return block;
}

enum free_result bump_check(const struct bump *bump, const void *block, struct layout layout)
{
    const uintptr_t address = (uintptr_t)block;

    if (address < bump->start || address >= bump->end)
        return FREE_FOREIGN;
    if (bump->live == 0 || address >= bump->next)
        return FREE_TWICE;
    if (address & (layout.align - 1))
        return FREE_MISALIGNED;
    return layout.size > bump->next - address ? FREE_WRONG_LAYOUT : FREE_OK;
}

enum free_result bump_dealloc(struct bump *bump, void *block, struct layout layout)
{
    const enum free_result result = bump_check(bump, block, layout);

    if (result == FREE_OK && --bump->live == 0)
        bump->next = bump->start;
    return result;
}

void *bump_realloc(struct bump *bump, void *block, struct layout layout, size_t new_size)
{
    const struct layout new_layout = {new_size, layout.align};
    const uintptr_t address = (uintptr_t)block;

    if (!layout_is_valid(layout) || !layout_is_valid(new_layout) ||
        bump_check(bump, block, layout) != FREE_OK)
        return NULL;
    if (address + layout.size == bump->next) {
        if (new_size > bump->end - address)
            return NULL;
        move_next(bump, address + new_size);
        return block;
    }
    if (new_size <= layout.size)
        return block;
    void *copy = bump_alloc(bump, new_layout);
    if (copy != NULL) {
        memcpy(copy, block, layout.size);
        bump_dealloc(bump, block, layout);
    }
    return copy;
}

size_t bump_block_size(const struct bump *bump, const void *block)
{
    (void)bump, (void)block;
    return 0;
}

void bump_stats(const struct bump *bump, struct heap_stats *stats)
{
    *stats = (struct heap_stats){
        .total = bump->end - bump->start,
        .allocated = bump->next - bump->start,
        .peak = bump->peak,
        .live = bump->live,
        .largest_free = bump->end - bump->next,
        .order_size = 1,
    };
}

bool bump_invariants_hold(const struct bump *bump)
{
    return bump->start <= bump->next && bump->next <= bump->end &&
           bump->next - bump->start <= bump->peak && (bump->live > 0 || bump->next == bump->start);
}
