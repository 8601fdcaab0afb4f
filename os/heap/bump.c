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
    /* LAB bump alloc
     * Hand out the next block of memory. Its first byte is the first multiple of layout.align
     * from bump->next on; layout.size bytes from there are the block's.
     *
     * 1. Answer NULL to a layout that is not valid (layout_is_valid in layout.h).
     * 2. How many bytes are skipped to align the block?
     * 3. Answer NULL, with nothing changed, where gap and size do not fit in front of bump->end.
     *    Mind large sizes: next + size may wrap round to a small number. Compare with what is left.
     * 4. Move bump->next behind the block (move_next does), count the block in bump->live, and
     *    answer with the block's address.
     * ---
     * (void)bump, (void)layout, (void)move_next;
     * return NULL;
     */
    if (!layout_is_valid(layout))
        return NULL;
    const size_t gap = -bump->next & (layout.align - 1), room = bump->end - bump->next;
    if (gap > room || layout.size > room - gap)
        return NULL;
    void *block = (void *)(bump->next + gap);
    move_next(bump, bump->next + gap + layout.size);
    bump->live++;
    return block;
    /* LAB END bump alloc */
}

enum free_result bump_check(const struct bump *bump, const void *block, struct layout layout)
{
    /* LAB bump check
     * Can this be a live block? Ask in this order; the first that is so is the answer:
     *
     * FREE_FOREIGN       the address is not in [start, end)
     * FREE_TWICE         no block is live, or the address is at `next` or behind it
     * FREE_MISALIGNED    the address is no multiple of layout.align
     * FREE_WRONG_LAYOUT  layout.size bytes from the address on would reach beyond `next`
     * FREE_OK            else
     * ---
     * (void)bump, (void)block, (void)layout;
     * return FREE_FOREIGN;
     */
    const uintptr_t address = (uintptr_t)block;

    if (address < bump->start || address >= bump->end)
        return FREE_FOREIGN;
    if (bump->live == 0 || address >= bump->next)
        return FREE_TWICE;
    if (address & (layout.align - 1))
        return FREE_MISALIGNED;
    return layout.size > bump->next - address ? FREE_WRONG_LAYOUT : FREE_OK;
    /* LAB END bump check */
}

enum free_result bump_dealloc(struct bump *bump, void *block, struct layout layout)
{
    /* LAB bump dealloc
     * Give back a block. What bump_check refuses is refused, with nothing changed: answer what
     * it says. Else there is one live block less; and when that was the last one, all memory is
     * free again: the next block begins at bump->start.
     * ---
     * (void)bump, (void)block, (void)layout;
     * return FREE_FOREIGN;
     */
    const enum free_result result = bump_check(bump, block, layout);

    if (result == FREE_OK && --bump->live == 0)
        bump->next = bump->start;
    return result;
    /* LAB END bump dealloc */
}

void *bump_realloc(struct bump *bump, void *block, struct layout layout, size_t new_size)
{
    /* LAB bump realloc
     * Change the size of a block from layout.size to new_size; its alignment stays.
     *
     * 1. Answer NULL, with nothing changed, where the old or the new layout is not valid, or
     *    bump_check does not say FREE_OK.
     * 2. The block that ends at bump->next, the last one, grows and shrinks in place: move `next`.
     *    Where there is no room to grow, answer NULL.
     * 3. Any other block that does not grow stays where it is.
     * 4. Else allocate a new block, copy what the old one holds (memcpy), free the old one and
     *    answer with the new one. Where there is no memory for it, answer NULL; the old block is
     *    still live then.
     * ---
     * (void)bump, (void)block, (void)layout, (void)new_size;
     * return NULL;
     */
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
    /* LAB END bump realloc */
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
