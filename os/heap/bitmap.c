/* bitmap.c - first fit over a map of one bit a granule. The idea, its source and the contract are
 * in bitmap.h. */
#include "heap/bitmap.h"

#include "lib/string.h"

enum { WORD_BITS = 64 };

static size_t words_for(size_t granules)
{
    return (granules + WORD_BITS - 1) / WORD_BITS;
}

/* --- a map of bits --- */

static bool bit_at(const uint64_t *map, size_t i)
{
    return map[i / WORD_BITS] >> i % WORD_BITS & 1;
}

/* The first bit in [from, to) that is `wanted`; `to` where there is none. */
static size_t find_bit(const uint64_t *map, size_t from, size_t to, bool wanted)
{
    const uint64_t flip = wanted ? 0 : UINT64_MAX;
    uint64_t in_range = UINT64_MAX << from % WORD_BITS;

    for (size_t word = from / WORD_BITS; word * WORD_BITS < to; word++) {
        const uint64_t found = (map[word] ^ flip) & in_range;
        if (found != 0) {
            const size_t bit = word * WORD_BITS + lowest_bit(found);
            return bit < to ? bit : to;
        }
        in_range = UINT64_MAX;
    }
    return to;
}

/* Make all bits in [from, to) the same; from < to. */
static void set_bits(uint64_t *map, size_t from, size_t to, bool value)
{
    /* LAB blocks set-bits
     * Bit i of the map is bit i % 64 of map[i / 64]. Make the bits from `from` to `to` - 1 all 1
     * (value is true) or all 0, and leave the others as they are. Do it a word at a time, not a
     * bit at a time: all bits of a word in the middle, and under a mask in the first word and in
     * the last, which may be the same word. find_bit, above, shows a mask for the first word.
     * Never shift by 64.
     * ---
     * (void)map, (void)from, (void)to, (void)value;
     */
    const size_t first = from / WORD_BITS, final = (to - 1) / WORD_BITS;

    for (size_t word = first; word <= final; word++) {
        uint64_t mask = UINT64_MAX;
        if (word == first)
            mask &= UINT64_MAX << from % WORD_BITS;
        if (word == final)
            mask &= UINT64_MAX >> (WORD_BITS - 1 - (to - 1) % WORD_BITS);
        map[word] = value ? map[word] | mask : map[word] & ~mask;
    }
    /* LAB END blocks set-bits */
}

/* --- the heap --- */

bool bitmap_init(struct bitmap *heap, void *start, size_t size)
{
    /* 64 granules and their words in both maps; what is over takes two words of its own. */
    enum { WORDS = 2 * sizeof(uint64_t), GROUP = WORD_BITS * BITMAP_GRANULE + WORDS };
    const uintptr_t base = align_up((uintptr_t)start, BITMAP_GRANULE);
    const size_t gap = base - (uintptr_t)start;
    const size_t room = size < gap ? 0 : size - gap, rest = room % GROUP;
    const size_t granules =
        room / GROUP * WORD_BITS + (rest < WORDS ? 0 : (rest - WORDS) / BITMAP_GRANULE);

    if (granules == 0)
        return false;
    uint64_t *const maps = (uint64_t *)(base + granules * BITMAP_GRANULE);
    *heap = (struct bitmap){
        .base = base,
        .granules = granules,
        .used = maps,
        .last = maps + words_for(granules),
    };
    memset(maps, 0, words_for(granules) * WORDS);
    return true;
}

/* Granules for so many bytes of a valid layout. */
static size_t span_for(size_t size)
{
    return (size + BITMAP_GRANULE - 1) >> BITMAP_GRANULE_SHIFT;
}

static void *block_at(const struct bitmap *heap, size_t granule)
{
    return (void *)(heap->base + (granule << BITMAP_GRANULE_SHIFT));
}

static size_t granule_of(const struct bitmap *heap, uintptr_t address)
{
    return (address - heap->base) >> BITMAP_GRANULE_SHIFT;
}

/* The first of a run of `span` free granules at an aligned address, not before `from`; the number
 * of granules in the heap where there is none. */
static size_t find_run(const struct bitmap *heap, size_t from, size_t span, size_t align)
{
    /* LAB blocks find-run
     * Look for `span` free granules in a row, the first at a granule >= `from` whose address is
     * a multiple of `align`; answer with the lowest such granule, or with heap->granules where
     * there is none. find_bit finds the next granule that is free, block_at and granule_of turn
     * granules into addresses and back, and another find_bit tells whether one of the `span`
     * granules is used: then go on behind that one. Mind spans that are larger than the heap:
     * compare with what is left.
     * ---
     * (void)from, (void)span, (void)align, (void)block_at;
     * return heap->granules;
     */
    const size_t step = align > BITMAP_GRANULE ? align : BITMAP_GRANULE;

    for (;;) {
        const size_t unused = find_bit(heap->used, from, heap->granules, false);
        const size_t first = granule_of(heap, align_up((uintptr_t)block_at(heap, unused), step));
        if (first >= heap->granules || span > heap->granules - first)
            return heap->granules;
        const size_t end = find_bit(heap->used, first, first + span, true);
        if (end == first + span)
            return first;
        from = end + 1;
    }
    /* LAB END blocks find-run */
}

static void count_allocated(struct bitmap *heap, size_t granules)
{
    heap->allocated += granules;
    if (heap->allocated > heap->peak)
        heap->peak = heap->allocated;
}

void *bitmap_alloc(struct bitmap *heap, struct layout layout)
{
    /* LAB blocks bitmap-alloc
     * Answer NULL to a layout that is not valid. Look for a run of span_for(layout.size)
     * granules (find_run) from heap->hint on, and if there is none, from 0 on. Mark its granules
     * used, and its last granule last. Set the hint to where the block ends, count the block
     * (heap->live, count_allocated) and answer with its address.
     * ---
     * (void)heap, (void)layout, (void)find_run, (void)count_allocated;
     * return NULL;
     */
    if (!layout_is_valid(layout))
        return NULL;
    const size_t span = span_for(layout.size);
    size_t first = find_run(heap, heap->hint, span, layout.align);
    if (first == heap->granules)
        first = find_run(heap, 0, span, layout.align);
    if (first == heap->granules)
        return NULL;

    heap->hint = first + span;
    set_bits(heap->used, first, first + span, true);
    set_bits(heap->last, first + span - 1, first + span, true);
    heap->live++;
    count_allocated(heap, span);
    return block_at(heap, first);
    /* LAB END blocks bitmap-alloc */
}

/* The granule that begins at this address, if one does: an address outside the heap or inside a
 * granule gives a number beyond the map, as the rotation puts what is over on top. */
static size_t head_granule(const struct bitmap *heap, const void *block)
{
    const size_t offset = (uintptr_t)block - heap->base;
    return offset >> BITMAP_GRANULE_SHIFT | offset << (WORD_BITS - BITMAP_GRANULE_SHIFT);
}

/* Whether a live block begins at this granule, which may lie beyond the heap. */
static bool is_head(const struct bitmap *heap, size_t granule)
{
    return granule < heap->granules && bit_at(heap->used, granule) &&
           (granule == 0 || !bit_at(heap->used, granule - 1) || bit_at(heap->last, granule - 1));
}

/* Granules in the live block that begins here. */
static size_t span_of(const struct bitmap *heap, size_t head)
{
    return find_bit(heap->last, head, heap->granules, true) + 1 - head;
}

enum free_result bitmap_check(const struct bitmap *heap, const void *block, struct layout layout)
{
    const size_t head = head_granule(heap, block);
    const uintptr_t address = (uintptr_t)block;

    if (is_head(heap, head))
        return layout.size == 0 ||
                       (layout_is_valid(layout) && span_for(layout.size) == span_of(heap, head))
                   ? FREE_OK
                   : FREE_WRONG_LAYOUT;
    if (address < heap->base || granule_of(heap, address) >= heap->granules)
        return FREE_FOREIGN;
    if (!bit_at(heap->used, granule_of(heap, address)))
        return FREE_TWICE;
    return address % BITMAP_GRANULE ? FREE_MISALIGNED : FREE_INTERIOR;
}

enum free_result bitmap_dealloc(struct bitmap *heap, void *block, struct layout layout)
{
    /* LAB blocks bitmap-dealloc
     * Give back a block. What bitmap_check refuses is refused, with nothing changed: answer what
     * it says. Else the granules of the block (head_granule, span_of) are no longer used, none
     * of them is the last of a block, and heap->live and heap->allocated count them no more.
     * ---
     * (void)heap, (void)block, (void)layout;
     * return FREE_FOREIGN;
     */
    const enum free_result result = bitmap_check(heap, block, layout);
    if (result != FREE_OK)
        return result;

    const size_t head = head_granule(heap, block), end = head + span_of(heap, head);
    set_bits(heap->used, head, end, false);
    set_bits(heap->last, end - 1, end, false);
    heap->live--;
    heap->allocated -= end - head;
    return FREE_OK;
    /* LAB END blocks bitmap-dealloc */
}

/* Make the live block at `head` end at `new_end`, where only free granules are in the way. */
static bool resize(struct bitmap *heap, size_t head, size_t new_end)
{
    const size_t end = head + span_of(heap, head);

    if (new_end > heap->granules || find_bit(heap->used, end, new_end, true) < new_end)
        return false;
    set_bits(heap->used, head, end, false);
    set_bits(heap->last, end - 1, end, false);
    set_bits(heap->used, head, new_end, true);
    set_bits(heap->last, new_end - 1, new_end, true);
    count_allocated(heap, new_end - end);
    return true;
}

void *bitmap_realloc(struct bitmap *heap, void *block, struct layout layout, size_t new_size)
{
    const struct layout new_layout = {new_size, layout.align};
    if (!layout_is_valid(layout) || !layout_is_valid(new_layout) ||
        bitmap_check(heap, block, layout) != FREE_OK)
        return NULL;
    const size_t head = head_granule(heap, block);
    if (resize(heap, head, head + span_for(new_size)))
        return block;

    void *copy = bitmap_alloc(heap, new_layout);
    if (copy != NULL) {
        memcpy(copy, block, layout.size);
        bitmap_dealloc(heap, block, layout);
    }
    return copy;
}

size_t bitmap_block_size(const struct bitmap *heap, const void *block)
{
    const size_t head = head_granule(heap, block);
    return is_head(heap, head) ? span_of(heap, head) * BITMAP_GRANULE : 0;
}

void bitmap_stats(const struct bitmap *heap, struct heap_stats *stats)
{
    *stats = (struct heap_stats){
        .total = heap->granules * BITMAP_GRANULE,
        .allocated = heap->allocated * BITMAP_GRANULE,
        .peak = heap->peak * BITMAP_GRANULE,
        .live = heap->live,
        .order_size = BITMAP_GRANULE,
    };
    for (size_t at = 0, run; at < heap->granules; at += run + 1) {
        run = find_bit(heap->used, at, heap->granules, true) - at;
        if (run == 0)
            continue;
        stats->free_blocks[highest_bit(run)]++;
        if (run * BITMAP_GRANULE > stats->largest_free)
            stats->largest_free = run * BITMAP_GRANULE;
    }
}

bool bitmap_invariants_hold(const struct bitmap *heap)
{
    size_t allocated = 0, live = 0;
    bool inside = false; /* in a block that goes on behind the granule before */

    for (size_t i = 0; i < heap->granules; i++) {
        const bool used = bit_at(heap->used, i), last = bit_at(heap->last, i);
        if (!used && (last || inside))
            return false;
        inside = used && !last;
        allocated += used;
        live += last;
    }
    return !inside && heap->hint <= heap->granules && allocated == heap->allocated &&
           live == heap->live && allocated <= heap->peak;
}
