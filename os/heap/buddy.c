/* buddy.c - the binary buddy system. The idea, its source and the contract are in buddy.h. */
#include "heap/buddy.h"

#include "heap/trace.h"
#include "lib/string.h"

/* A byte of the map: the block's order, and this bit where the block is live. */
enum { LIVE = 0x80, ORDER = 0x7f };

static struct dlist_node *node_at(const struct buddy *buddy, size_t granule)
{
    return (struct dlist_node *)(buddy->base + (granule << buddy->shift));
}

static size_t granule_of(const struct buddy *buddy, const void *block)
{
    return ((uintptr_t)block - buddy->base) >> buddy->shift;
}

/* Granules in a block. */
static size_t span_of(unsigned order)
{
    return (size_t)1 << order;
}

/*
 * The smallest order whose blocks hold the layout. A block is aligned to its size, so an alignment
 * above the size asks for a larger block. A size of 0 wraps round to an order that no heap has.
 */
static unsigned order_for(const struct buddy *buddy, struct layout layout)
{
    /* LAB buddy order-for
     * The smallest order whose blocks are at least layout.size bytes and at least layout.align
     * bytes: a block of order k has 2^k granules, and is aligned to its size. A granule has 1 <<
     * buddy->shift bytes. highest_bit (lib/bits.h) saves the loop; a loop is right, too.
     *
     * No heap has an order of HEAP_ORDERS or more: the answer to a size of 0 must be such an
     * order, and lie below 64. Large sizes must not wrap round to small orders.
     * ---
     * (void)buddy, (void)layout;
     * return HEAP_ORDERS;
     */
    const size_t last = (layout.size - 1) | (layout.align - 1) | buddy->inside;
    return highest_bit(last) + 1 - buddy->shift;
    /* LAB END buddy order-for */
}

/* The order of the top block that holds this granule: the highest bit in which the granule's number
 * differs from the number of granules, since that bit is set in the latter (see buddy.h). */
static unsigned top_order(const struct buddy *buddy, size_t granule)
{
    return highest_bit(granule ^ buddy->granules);
}

static void push_free(struct buddy *buddy, size_t granule, unsigned order, size_t span)
{
    buddy->map[granule] = (uint8_t)order;
    dlist_push_front(&buddy->free[order], node_at(buddy, granule));
    buddy->available |= span;
}

static void take_free(struct buddy *buddy, struct dlist_node *node, size_t span)
{
    dlist_remove(node);
    if (node->next == node->prev) /* both are the list's head: it is empty now */
        buddy->available ^= span;
}

static void count_allocated(struct buddy *buddy, size_t granules)
{
    buddy->allocated += granules;
    if (buddy->allocated > buddy->peak)
        buddy->peak = buddy->allocated;
}

bool buddy_init(struct buddy *buddy, void *start, size_t size)
{
    return buddy_init_granules(buddy, start, size, BUDDY_GRANULE);
}

bool buddy_init_granules(struct buddy *buddy, void *start, size_t size, size_t granule_size)
{
    const uintptr_t base = align_up((uintptr_t)start, granule_size);
    const size_t gap = base - (uintptr_t)start;
    const size_t granules = size < gap ? 0 : (size - gap) / (granule_size + 1);
    const unsigned shift = lowest_bit(granule_size);

    if (granules == 0)
        return false;
    *buddy = (struct buddy){
        .base = base,
        .granules = granules,
        .map = (uint8_t *)(base + (granules << shift)),
        .inside = granule_size - 1,
        .shift = shift,
        .align_limit = base & -base,
    };
    memset(buddy->map, 0, granules);
    for (unsigned order = 0; order < HEAP_ORDERS; order++)
        dlist_init(&buddy->free[order]);
    for (size_t granule = 0; granule < granules;) {
        const unsigned order = top_order(buddy, granule);
        push_free(buddy, granule, order, span_of(order));
        granule += span_of(order);
    }
    return true;
}

bool buddy_add_region(struct buddy *buddy, void *start, size_t size)
{
    struct buddy *const region =
        (struct buddy *)align_down((uintptr_t)start + size - sizeof(struct buddy), sizeof(size_t));

    if (size < sizeof *region + sizeof(size_t) ||
        !buddy_init_granules(region, start, (uintptr_t)region - (uintptr_t)start,
                             buddy->inside + 1))
        return false;
    while (buddy->next != NULL)
        buddy = buddy->next;
    buddy->next = region;
    return true;
}

/* The region that an address lies in; the last one if it lies in none. */
static const struct buddy *region_of(const struct buddy *buddy, const void *block)
{
    while (buddy->next != NULL && granule_of(buddy, block) >= buddy->granules)
        buddy = buddy->next;
    return buddy;
}

/* Halve a block until it has the order wanted, and make the upper halves free. Not inlined: its
 * registers would cost buddy_alloc time even where nothing is split. */
__attribute__((noinline)) static void split(struct buddy *buddy, size_t granule, unsigned order,
                                            unsigned wanted)
{
    /* LAB buddy split
     * The block at `granule` is `order` large and is to be `wanted` large: halve it as often as
     * that takes. Of each halving the upper half becomes a free block (push_free), with an order
     * that is one lower; the lower half is what you go on with. The map's byte of the block
     * itself is the caller's.
     * ---
     * (void)buddy, (void)granule, (void)order, (void)wanted;
     */
    while (order > wanted) {
        TRACE(trace_split((uintptr_t)node_at(buddy, granule), order);)
        order--;
        push_free(buddy, granule + span_of(order), order, span_of(order));
    }
    /* LAB END buddy split */
}

/* What this region cannot serve: see whether a later one can. */
static __attribute__((cold, noinline)) void *alloc_elsewhere(struct buddy *buddy,
                                                             struct layout layout)
{
    return buddy->next != NULL ? buddy_alloc(buddy->next, layout) : NULL;
}

void *buddy_alloc(struct buddy *buddy, struct layout layout)
{
    /* LAB buddy alloc
     * Take a block of order_for(layout) granules.
     *
     * 1. Bit k of buddy->available says that buddy->free[k] is not empty. Find the smallest order
     *    that is large enough and has a free block: clear the bits of the orders that are too
     *    small, and take the lowest bit that is left.
     * 2. Where there is none, or the layout's alignment is no power of two or above
     *    buddy->align_limit, answer alloc_elsewhere(buddy, layout): it asks the next region, or
     *    answers NULL.
     * 3. Take the first block of that list (take_free; its span is that of the order found). Mark
     *    it live, with the order wanted, in the map. Count it: buddy->live, count_allocated.
     * 4. Split it, if it is larger than wanted, and answer with its address: that of its node.
     * ---
     * (void)split, (void)take_free, (void)count_allocated;
     * return alloc_elsewhere(buddy, layout);
     */
    const unsigned order = order_for(buddy, layout);
    const size_t span = span_of(order);
    const size_t fitting = buddy->available & -span;

    if (fitting == 0 || layout.align > buddy->align_limit || !is_power_of_two(layout.align))
        return alloc_elsewhere(buddy, layout);

    const unsigned found = lowest_bit(fitting);
    struct dlist_node *node = buddy->free[found].next;
    const size_t granule = granule_of(buddy, node);
    take_free(buddy, node, span_of(found));
    buddy->map[granule] = (uint8_t)(LIVE | order);
    buddy->live++;
    count_allocated(buddy, span);
    if (found > order)
        split(buddy, granule, found, order);
    return node;
    /* LAB END buddy alloc */
}

/* The granule where a block begins, if it can be one: an address below the base, above the end or
 * inside a granule gives a number beyond the map, as the rotation puts what is over on top. */
static size_t head_granule(const struct buddy *buddy, const void *block)
{
    const size_t offset = (uintptr_t)block - buddy->base;
    return offset >> buddy->shift | offset << (64 - buddy->shift);
}

/*
 * Why this is not the first byte of a live block. Walks down from the top block that holds the
 * granule: only heads of blocks are read, as the map says nothing inside a block.
 */
static enum free_result why_not_live(const struct buddy *buddy, const void *block)
{
    const size_t target = granule_of(buddy, block);

    if ((uintptr_t)block < buddy->base || target >= buddy->granules)
        return FREE_FOREIGN;
    unsigned order = top_order(buddy, target);
    size_t head = target & -span_of(order);
    while ((buddy->map[head] & ORDER) != order) {
        order--;
        head |= target & span_of(order);
    }
    if (!(buddy->map[head] & LIVE))
        return FREE_TWICE;
    return (uintptr_t)block & buddy->inside ? FREE_MISALIGNED : FREE_INTERIOR;
}

__attribute__((cold)) enum free_result buddy_check(const struct buddy *buddy, const void *block,
                                                   struct layout layout)
{
    buddy = region_of(buddy, block);
    const size_t granule = head_granule(buddy, block);
    if (granule >= buddy->granules || !(buddy->map[granule] & LIVE))
        return why_not_live(buddy, block);
    if (layout.size != 0 && order_for(buddy, layout) != (buddy->map[granule] & ORDER))
        return FREE_WRONG_LAYOUT;
    return FREE_OK;
}

/* What is no live block of this region: see whether it is one of a later region. */
static __attribute__((cold, noinline)) enum free_result
dealloc_elsewhere(struct buddy *buddy, void *block, struct layout layout)
{
    return region_of(buddy, block) == buddy ? buddy_check(buddy, block, layout)
                                            : buddy_dealloc(buddy->next, block, layout);
}

enum free_result buddy_dealloc(struct buddy *buddy, void *block, struct layout layout)
{
    /* LAB buddy dealloc
     * Give back a block, and join it with its buddy for as long as the buddy is free.
     *
     * 1. head_granule says at which granule the block begins. If that is beyond the map, or the map
     *    does not say LIVE there, this is no live block: answer dealloc_elsewhere(buddy, block,
     *    layout), which tells why.
     * 2. The map says its order. If layout.size is not 0 and order_for(layout) is another order,
     *    answer FREE_WRONG_LAYOUT. Up to here nothing may have changed.
     * 3. Count it no more (buddy->live, buddy->allocated), and clear its byte in the map.
     * 4. The buddy of a block of order k at granule g is at granule g ^ 2^k. It is free, and whole,
     *    if it lies within the map and its byte is exactly k. Then take it out of its list
     *    (take_free); the joined block has order k + 1 and begins at the lower of the two. Go on
     *    with that one.
     * 5. push_free what has come of it, and answer FREE_OK.
     * ---
     * return dealloc_elsewhere(buddy, block, layout);
     */
    uint8_t *const map = buddy->map;
    size_t granule = head_granule(buddy, block);
    if (granule >= buddy->granules || !(map[granule] & LIVE))
        return dealloc_elsewhere(buddy, block, layout);
    unsigned order = map[granule] - LIVE;
    if (layout.size != 0 && order_for(buddy, layout) != order)
        return FREE_WRONG_LAYOUT;

    size_t span = span_of(order);
    buddy->allocated -= span;
    map[granule] = 0;
    buddy->live--;
    /* Join with the buddy while it is free. A top block has none: in its buddy's place there is the
     * end of the heap, or the next top block, which is smaller. */
    for (;; span *= 2, order++) {
        const size_t other = granule ^ span;
        if (other >= buddy->granules || map[other] != order)
            break;
        take_free(buddy, node_at(buddy, other), span);
        granule &= other;
        TRACE(trace_merge((uintptr_t)node_at(buddy, granule), order + 1);)
    }
    push_free(buddy, granule, order, span);
    return FREE_OK;
    /* LAB END buddy dealloc */
}

/* Join a live block with the free buddies above it until it has the order wanted; all or nothing.
 */
static bool grow(struct buddy *buddy, size_t granule, unsigned order, unsigned wanted)
{
    /* LAB buddy grow
     * Let a live block of `order` become one of order `wanted`, larger, in the same place: its
     * buddy must be free and lie above it, then the buddy of the two, and so on. See whether all
     * of that is so before you change anything, and answer false if it is not. The block must be
     * at a multiple of its new size, and may not outgrow its top block (top_order). Then take
     * the buddies out of their lists and write the new order into the map, with LIVE.
     * ---
     * (void)buddy, (void)granule, (void)order, (void)wanted;
     * return false;
     */
    if (wanted > top_order(buddy, granule) || granule & (span_of(wanted) - 1))
        return false;
    for (unsigned k = order; k < wanted; k++)
        if (buddy->map[granule + span_of(k)] != k)
            return false;
    for (unsigned k = order; k < wanted; k++) {
        take_free(buddy, node_at(buddy, granule + span_of(k)), span_of(k));
        TRACE(trace_merge((uintptr_t)node_at(buddy, granule), k + 1);)
    }
    buddy->map[granule] = (uint8_t)(LIVE | wanted);
    return true;
    /* LAB END buddy grow */
}

/* Give a live block another order where it stands, if that can be. */
static bool resize(struct buddy *buddy, const void *block, unsigned order, unsigned wanted)
{
    const size_t granule = granule_of(buddy, block);

    if (wanted > order && !grow(buddy, granule, order, wanted))
        return false;
    if (wanted < order) {
        buddy->map[granule] = (uint8_t)(LIVE | wanted);
        split(buddy, granule, order, wanted);
    }
    count_allocated(buddy, span_of(wanted) - span_of(order));
    return true;
}

void *buddy_realloc(struct buddy *buddy, void *block, struct layout layout, size_t new_size)
{
    /* LAB buddy realloc
     * Change a block's size from layout.size to new_size; its alignment stays. Answer NULL, with
     * nothing changed, where the old or the new layout is not valid or buddy_check does not say
     * FREE_OK. Try to do it in place: resize, for the region that the block lies in (region_of).
     * Where that cannot be, allocate a new block, copy what the old one holds (memcpy), free the
     * old one and answer with the new one. Where there is no memory for it, answer NULL; the old
     * block is still live then.
     * ---
     * (void)buddy, (void)block, (void)layout, (void)new_size, (void)resize;
     * return NULL;
     */
    const struct layout new_layout = {new_size, layout.align};
    if (!layout_is_valid(layout) || !layout_is_valid(new_layout) ||
        buddy_check(buddy, block, layout) != FREE_OK)
        return NULL;
    if (resize((struct buddy *)region_of(buddy, block), block, order_for(buddy, layout),
               order_for(buddy, new_layout)))
        return block;
    void *copy = buddy_alloc(buddy, new_layout);
    if (copy != NULL) {
        memcpy(copy, block, layout.size);
        buddy_dealloc(buddy, block, layout);
    }
    return copy;
    /* LAB END buddy realloc */
}

size_t buddy_block_size(const struct buddy *buddy, const void *block)
{
    buddy = region_of(buddy, block);
    const size_t granule = head_granule(buddy, block);
    if (granule >= buddy->granules || !(buddy->map[granule] & LIVE))
        return 0;
    return span_of(buddy->map[granule] & ORDER) << buddy->shift;
}

static void add_stats(const struct buddy *region, struct heap_stats *stats)
{
    stats->total += region->granules << region->shift;
    stats->allocated += region->allocated << region->shift;
    stats->peak += region->peak << region->shift;
    stats->live += region->live;
    if (region->available != 0) {
        const size_t largest = span_of(highest_bit(region->available)) << region->shift;
        stats->largest_free = largest > stats->largest_free ? largest : stats->largest_free;
    }
    for (unsigned order = 0; order < HEAP_ORDERS; order++)
        for (const struct dlist_node *node = region->free[order].next; node != &region->free[order];
             node = node->next)
            stats->free_blocks[order]++;
}

void buddy_stats(const struct buddy *buddy, struct heap_stats *stats)
{
    *stats = (struct heap_stats){.order_size = buddy->inside + 1};
    for (; buddy != NULL; buddy = buddy->next)
        add_stats(buddy, stats);
}

#if HEAP_TRACE
void buddy_each_free(const struct buddy *buddy, void (*visit)(uintptr_t address, unsigned order))
{
    for (; buddy != NULL; buddy = buddy->next)
        for (unsigned order = 0; order < HEAP_ORDERS; order++)
            for (const struct dlist_node *node = buddy->free[order].next;
                 node != &buddy->free[order]; node = node->next)
                visit((uintptr_t)node, order);
}
#endif

/* Every listed block is marked free with the order of its list; returns how many granules they
 * have, or SIZE_MAX. A list that runs in a circle past its head is cut off by the heap's size. */
static size_t listed_granules(const struct buddy *buddy)
{
    size_t granules = 0;

    for (unsigned order = 0; order < HEAP_ORDERS; order++) {
        const struct dlist_node *head = &buddy->free[order];
        if (dlist_is_empty(head) == (buddy->available >> order & 1))
            return SIZE_MAX;
        for (const struct dlist_node *node = head->next; node != head; node = node->next) {
            const size_t granule = head_granule(buddy, node);
            if (granule >= buddy->granules || buddy->map[granule] != order ||
                node->next->prev != node || granules > buddy->granules)
                return SIZE_MAX;
            granules += span_of(order);
        }
    }
    return granules;
}

static bool region_holds(const struct buddy *buddy)
{
    size_t unused = 0, allocated = 0, live = 0, span;

    for (size_t granule = 0; granule < buddy->granules; granule += span) {
        const unsigned order = buddy->map[granule] & ORDER, top = top_order(buddy, granule);
        if (order > top || granule & (span_of(order) - 1))
            return false;
        span = span_of(order);
        for (size_t inside = granule + 1; inside < granule + span; inside++)
            if (buddy->map[inside] & LIVE)
                return false;
        if (buddy->map[granule] & LIVE) {
            live++;
            allocated += span;
            continue;
        }
        unused += span;
        if (order < top && buddy->map[granule ^ span] == order)
            return false; /* two free buddies that were not joined */
    }
    return live == buddy->live && allocated == buddy->allocated &&
           buddy->allocated <= buddy->peak && listed_granules(buddy) == unused;
}

bool buddy_invariants_hold(const struct buddy *buddy)
{
    for (; buddy != NULL; buddy = buddy->next)
        if (!region_holds(buddy))
            return false;
    return true;
}
