/* list.c - first fit over a list of free regions. The idea and the contract are in list.h. */
#include "heap/list.h"

#include "lib/string.h"

/* The header of a block. */
struct header {
    size_t asked;  /* bytes asked for */
    uint64_t seal; /* header's address ^ asked ^ LIVE or PARKED; 0 in one that is gone */
};

static const uint64_t LIVE = UINT64_C(0x6c69766562756479), PARKED = UINT64_C(0x7061726b65646279);

_Static_assert(sizeof(struct header) == LIST_HEADER, "a header is 16 bytes");
_Static_assert(sizeof(struct list_region) == LIST_HEADER, "a region can be as small as a header");

static struct header *header_of(const void *block)
{
    return (struct header *)((uintptr_t)block - LIST_HEADER);
}

/* Bytes that a block takes, header and all. */
static size_t taken_for(size_t asked)
{
    return LIST_HEADER + align_up(asked, LIST_GRANULE);
}

static void seal(struct header *header, size_t asked, uint64_t mark)
{
    *header = (struct header){asked, (uintptr_t)header ^ asked ^ mark};
}

/* Whether this is the first byte of a block with this mark. */
static bool is_sealed(const struct list *list, const void *block, uint64_t mark)
{
    const uintptr_t address = (uintptr_t)block;
    const struct header *const header = header_of(block);

    return address >= list->start + LIST_HEADER && address < list->end &&
           address % LIST_GRANULE == 0 &&
           header->seal == ((uintptr_t)header ^ header->asked ^ mark) && header->asked > 0 &&
           header->asked <= list->end - address;
}

static uintptr_t end_of(const struct list_region *region)
{
    return (uintptr_t)region + region->size;
}

static void count(struct list *list, size_t bytes)
{
    list->allocated += bytes;
    if (list->allocated > list->peak)
        list->peak = list->allocated;
}

bool list_init(struct list *list, void *start, size_t size)
{
    const uintptr_t first = align_up((uintptr_t)start, LIST_GRANULE);
    const uintptr_t end = align_down((uintptr_t)start + size, LIST_GRANULE);

    if (end < first + taken_for(1))
        return false;
    *list = (struct list){.start = first, .end = end, .free = (struct list_region *)first};
    *list->free = (struct list_region){end - first, NULL};
    return true;
}

/* Where in the region the header of a block of this alignment would stand: at its start, or so far
 * behind it that what is in front can be a region of its own. */
static uintptr_t place_in(const struct list_region *region, size_t align)
{
    /* LAB list place
     * Where would the header of a block of this alignment stand in the region? The block itself,
     * which is LIST_HEADER bytes behind its header, must lie at a multiple of `align`, and of
     * LIST_GRANULE where `align` is smaller than that. Answer with the lowest such address of a
     * header that is not in front of the region; align_up (lib/bits.h) helps.
     *
     * Whatever is left in front is a multiple of LIST_GRANULE then, so it can be a region of its
     * own.
     * ---
     * (void)align;
     * return (uintptr_t)region;
     */
    const size_t step = align > LIST_GRANULE ? align : LIST_GRANULE;
    return align_up((uintptr_t)region + LIST_HEADER, step) - LIST_HEADER;
    /* LAB END list place */
}

/* Put [from, to) into the list, between *link and `next`; nothing where it is empty. Returns the
 * link that leads to `next`. */
static struct list_region **add_region(struct list_region **link, uintptr_t from, uintptr_t to,
                                       struct list_region *next)
{
    if (from == to) {
        *link = next;
        return link;
    }
    struct list_region *const region = (struct list_region *)from;
    *region = (struct list_region){to - from, next};
    *link = region;
    return &region->next;
}

void *list_alloc(struct list *list, struct layout layout)
{
    /* LAB list alloc
     * First fit. Answer NULL to a layout that is not valid. The block and its header take
     * taken_for(layout.size) bytes. Walk over the free regions from list->free on; keep a
     * pointer to the link that leads to the region, so that the region can be replaced. In the
     * first region in which the header fits at the place that place_in says:
     *
     * 1. Remember the region's start, end and `next` before you write to it: its own header is in
     *    the memory that you hand out.
     * 2. Put what is left in front of the block, and what is left behind it, into the list in the
     *    region's stead: two calls of add_region, the second with the link that the first returns.
     * 3. Seal the header (seal, LIVE), count the block (list->live, count()), and answer with the
     *    address behind the header.
     *
     * Where no region fits, answer NULL. Compare sizes, not sums that can wrap round.
     * ---
     * (void)list, (void)layout, (void)place_in, (void)add_region, (void)count;
     * return NULL;
     */
    if (!layout_is_valid(layout))
        return NULL;
    const size_t size = taken_for(layout.size);

    for (struct list_region **link = &list->free; *link != NULL; link = &(*link)->next) {
        const uintptr_t start = (uintptr_t)*link, end = end_of(*link);
        const uintptr_t header = place_in(*link, layout.align);
        if (header > end || size > end - header)
            continue;
        struct list_region *const next = (*link)->next;
        link = add_region(link, start, header, next);
        add_region(link, header + size, end, next);
        seal((struct header *)header, layout.size, LIVE);
        list->live++;
        count(list, size);
        return (void *)(header + LIST_HEADER);
    }
    return NULL;
    /* LAB END list alloc */
}

/* What the heap is a row of. BROKEN: memory that somebody has written to who must not. */
struct piece {
    uintptr_t start, end;
    enum { REGION, LIVE_BLOCK, PARKED_BLOCK, BROKEN } kind;
};

/* The piece at `start`. *region is the first free region from there on, and is moved forward. */
static struct piece piece_at(const struct list *list, uintptr_t start,
                             const struct list_region **region)
{
    const void *const block = (const void *)(start + LIST_HEADER);

    if ((uintptr_t)*region == start) {
        const size_t size = (*region)->size;
        *region = (*region)->next;
        if (size > 0 && size % LIST_GRANULE == 0 && size <= list->end - start)
            return (struct piece){start, start + size, REGION};
    } else if (is_sealed(list, block, LIVE)) {
        return (struct piece){start, start + taken_for(header_of(block)->asked), LIVE_BLOCK};
    } else if (is_sealed(list, block, PARKED)) {
        return (struct piece){start, start + taken_for(header_of(block)->asked), PARKED_BLOCK};
    }
    return (struct piece){start, list->end, BROKEN};
}

/* Why this address in the heap is not the first byte of a live block. */
static enum free_result why_not_live(const struct list *list, uintptr_t address)
{
    const struct list_region *region = list->free;
    struct piece piece = {.end = list->start};

    do
        piece = piece_at(list, piece.end, &region);
    while (address >= piece.end);
    if (piece.kind == REGION || piece.kind == PARKED_BLOCK)
        return FREE_TWICE;
    return address % LIST_GRANULE ? FREE_MISALIGNED : FREE_INTERIOR;
}

enum free_result list_check(const struct list *list, const void *block, struct layout layout)
{
    const uintptr_t address = (uintptr_t)block;

    if (address < list->start || address >= list->end)
        return FREE_FOREIGN;
    if (!is_sealed(list, block, LIVE))
        return why_not_live(list, address);
    if (layout.size != 0 && layout.size != header_of(block)->asked)
        return FREE_WRONG_LAYOUT;
    return FREE_OK;
}

/* Put [from, to) back, joined with the regions that touch it. */
static void give_back(struct list *list, uintptr_t from, uintptr_t to)
{
    /* LAB list give-back
     * Put [from, to) into the list, at its place in the order of addresses, joined with the
     * region that ends at `from`, if there is one, and with the region that begins at `to`, if
     * there is one: no two free regions touch. Find the link behind which it belongs, widen
     * [from, to) by the regions that touch it and leave them out of the list, and call
     * add_region.
     * ---
     * (void)list, (void)from, (void)to;
     */
    struct list_region **link = &list->free;

    while (*link != NULL && end_of(*link) < from)
        link = &(*link)->next;
    struct list_region *next = *link;
    if (next != NULL && end_of(next) == from) {
        from = (uintptr_t)next;
        next = next->next;
    }
    if (next != NULL && (uintptr_t)next == to) {
        to = end_of(next);
        next = next->next;
    }
    add_region(link, from, to, next);
    /* LAB END list give-back */
}

enum free_result list_dealloc(struct list *list, void *block, struct layout layout)
{
    /* LAB list dealloc
     * Give back a block. What list_check refuses is refused, with nothing changed: answer what
     * it says. Else:
     *
     * 1. Its header tells how much memory it takes: taken_for(header->asked).
     * 2. Break the header's seal, so that a second free is refused even when the header has come to
     *    lie inside of a larger region.
     * 3. Count one live block less, and list->allocated less.
     * 4. give_back the memory, header and all.
     * ---
     * (void)list, (void)block, (void)layout, (void)give_back;
     * return FREE_FOREIGN;
     */
    const enum free_result result = list_check(list, block, layout);
    if (result != FREE_OK)
        return result;

    struct header *const header = header_of(block);
    const size_t size = taken_for(header->asked);
    header->seal = 0; /* it may come to lie inside a region, and later inside a block */
    list->live--;
    list->allocated -= size;
    give_back(list, (uintptr_t)header, (uintptr_t)header + size);
    return FREE_OK;
    /* LAB END list dealloc */
}

/* Take [from, to) out of the region that begins at `from`, where that reaches so far. */
static bool take_front(struct list *list, uintptr_t from, uintptr_t to)
{
    struct list_region **link = &list->free;

    while (*link != NULL && (uintptr_t)*link < from)
        link = &(*link)->next;
    if (*link == NULL || (uintptr_t)*link != from || end_of(*link) < to)
        return false;
    add_region(link, to, end_of(*link), (*link)->next);
    return true;
}

bool list_resize(struct list *list, void *block, size_t new_size)
{
    /* LAB list resize
     * Give a live block another size where it stands; answer false, with nothing changed, where
     * it cannot grow. It takes taken_for(header->asked) bytes, and shall take
     * taken_for(new_size).
     *
     * - It grows into the free region right behind it, if there is one that reaches so far:
     *   take_front. Mind the end of the heap, and new sizes that make the sum wrap round.
     * - It shrinks: what is over goes back into the list.
     * - In any case: seal the header with the new size, and count the bytes that are more (or less:
     *   a difference of size_t that is negative wraps round, and adding it is still right).
     * ---
     * (void)list, (void)block, (void)new_size, (void)take_front;
     * return false;
     */
    struct header *const header = header_of(block);
    const size_t size = taken_for(header->asked), wanted = taken_for(new_size);
    const uintptr_t end = (uintptr_t)header + size, new_end = (uintptr_t)header + wanted;

    if (wanted > size &&
        (wanted > list->end - (uintptr_t)header || !take_front(list, end, new_end)))
        return false;
    if (wanted < size)
        give_back(list, new_end, end);
    seal(header, new_size, LIVE);
    count(list, wanted - size);
    return true;
    /* LAB END list resize */
}

void *list_realloc(struct list *list, void *block, struct layout layout, size_t new_size)
{
    /* LAB list realloc
     * Change a block's size from layout.size to new_size; its alignment stays. Answer NULL, with
     * nothing changed, where the old or the new layout is not valid or list_check does not say
     * FREE_OK. Try list_resize. Where that cannot be, allocate a new block, copy what the old
     * one holds (memcpy), free the old one and answer with the new one. Where there is no memory
     * for it, answer NULL; the old block is still live then.
     * ---
     * (void)list, (void)block, (void)layout, (void)new_size;
     * return NULL;
     */
    const struct layout new_layout = {new_size, layout.align};
    if (!layout_is_valid(layout) || !layout_is_valid(new_layout) ||
        list_check(list, block, layout) != FREE_OK)
        return NULL;
    if (list_resize(list, block, new_size))
        return block;

    void *copy = list_alloc(list, new_layout);
    if (copy != NULL) {
        memcpy(copy, block, layout.size);
        list_dealloc(list, block, layout);
    }
    return copy;
    /* LAB END list realloc */
}

size_t list_block_size(const struct list *list, const void *block)
{
    return is_sealed(list, block, LIVE) ? header_of(block)->asked : 0;
}

void list_park(struct list *list, void *block)
{
    struct header *const header = header_of(block);

    seal(header, header->asked, PARKED);
    list->allocated -= taken_for(header->asked);
    list->live--;
    list->parked++;
}

void list_unpark(struct list *list, void *block)
{
    struct header *const header = header_of(block);

    seal(header, header->asked, LIVE);
    count(list, taken_for(header->asked));
    list->live++;
    list->parked--;
}

bool list_has_parked(const struct list *list, const void *block, size_t size)
{
    return is_sealed(list, block, PARKED) && header_of(block)->asked == size;
}

void list_stats(const struct list *list, struct heap_stats *stats)
{
    *stats = (struct heap_stats){
        .total = list->end - list->start,
        .allocated = list->allocated,
        .peak = list->peak,
        .live = list->live,
        .order_size = LIST_GRANULE,
    };
    for (const struct list_region *region = list->free; region != NULL; region = region->next) {
        stats->free_blocks[highest_bit(region->size / LIST_GRANULE)]++;
        if (region->size > stats->largest_free)
            stats->largest_free = region->size;
    }
}

bool list_invariants_hold(const struct list *list)
{
    const struct list_region *region = list->free;
    size_t allocated = 0, live = 0, parked = 0;
    struct piece piece = {.end = list->start, .kind = LIVE_BLOCK};

    while (piece.end < list->end) {
        const bool after_region = piece.kind == REGION;
        piece = piece_at(list, piece.end, &region);
        if (piece.kind == BROKEN || (after_region && piece.kind == REGION))
            return false;
        allocated += piece.kind == LIVE_BLOCK ? piece.end - piece.start : 0;
        live += piece.kind == LIVE_BLOCK;
        parked += piece.kind == PARKED_BLOCK;
    }
    return piece.end == list->end && region == NULL && allocated == list->allocated &&
           live == list->live && parked == list->parked && list->allocated <= list->peak;
}
