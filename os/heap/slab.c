/* slab.c - slabs over a buddy system. The idea and the contract are in slab.h. */
#include "heap/slab.h"

#include "lib/string.h"

/* Alignments up to 16, as bits: every object of a slab has them. */
enum { OBJECT_ALIGN = 16, OBJECT_ALIGNS = 1 << 1 | 1 << 2 | 1 << 4 | 1 << 8 | 1 << 16 };

static bool is_object_align(size_t align)
{
    return align <= OBJECT_ALIGN && (OBJECT_ALIGNS >> align & 1);
}

static bool has_slabs(const struct slab *slab)
{
    return slab->page_count > 0;
}

static struct slab_page *record_of(const struct slab *slab, const void *block)
{
    return &slab->pages[((uintptr_t)block - slab->base) / SLAB_PAGE];
}

static uintptr_t page_address(const struct slab *slab, const struct slab_page *page)
{
    const size_t offset = (uintptr_t)page - (uintptr_t)slab->pages;
    return slab->base + offset * (SLAB_PAGE / sizeof *page);
}

static void count_allocated(struct slab *slab, size_t bytes)
{
    const size_t allocated = slab->allocated + bytes;
    slab->allocated = allocated;
    if (allocated > slab->peak)
        slab->peak = allocated;
}

/* Sizes of classes: multiples of 16 up to 256, then a 15th, a 14th, .. a half of a page. */
static void init_classes(struct slab *slab)
{
    unsigned classes = 0;

    for (unsigned size = 16; size <= 256; size += 16)
        slab->class_size[classes++] = (uint16_t)size;
    for (unsigned objects = 15; objects >= 2; objects--)
        slab->class_size[classes++] = (uint16_t)align_down(SLAB_PAGE / objects, 16);
    for (unsigned i = 0, size_class = 0; i <= SLAB_LARGEST / 16; i++) {
        size_class += i * 16 > slab->class_size[size_class];
        slab->class_of[i] = (uint8_t)size_class;
    }
}

bool slab_init(struct slab *slab, void *start, size_t size)
{
    size_t pages = 0, records = 0;

    if (size >= SLAB_SMALLEST_HEAP) {
        pages = size / (SLAB_PAGE + sizeof(struct slab_page));
        records = pages * sizeof(struct slab_page) + sizeof(struct slab_page);
    }
    memset(slab, 0, sizeof *slab);
    if (!buddy_init_granules(&slab->buddy, start, size - records,
                             pages > 0 ? SLAB_PAGE : BUDDY_GRANULE))
        return false;
    init_classes(slab);
    for (unsigned size_class = 0; size_class < SLAB_CLASSES; size_class++) {
        dlist_init(&slab->partial[size_class]);
        slab->cache[size_class].live = &slab->nothing_live;
    }
    slab->base = slab->buddy.base;
    if (pages > 0) {
        slab->page_count = slab->buddy.granules;
        slab->pages = (struct slab_page *)align_up((uintptr_t)start + size - records,
                                                   sizeof(struct slab_page));
        memset(slab->pages, 0, slab->page_count * sizeof *slab->pages);
    }
    return true;
}

/* --- pages ---------------------------------------------------------------------------------- */

/* The order in pages for a block of this layout; above every order if it cannot be. */
static unsigned block_order(struct layout layout)
{
    const size_t last = (layout.size - 1) | (layout.align - 1) | (SLAB_PAGE - 1);
    return highest_bit(last) + 1 - lowest_bit(SLAB_PAGE);
}

static void *take_block(struct slab *slab, unsigned order)
{
    if (order < SLAB_PARKED_ORDERS && slab->parked_count[order] > 0)
        return slab->parked[order][--slab->parked_count[order]];
    return order < HEAP_ORDERS
               ? buddy_alloc(&slab->buddy, (struct layout){(size_t)SLAB_PAGE << order, SLAB_PAGE})
               : NULL;
}

static void give_block(struct slab *slab, void *block, unsigned order)
{
    if (order < SLAB_PARKED_ORDERS && slab->parked_count[order] < SLAB_PARKED)
        slab->parked[order][slab->parked_count[order]++] = block;
    else
        buddy_dealloc(&slab->buddy, block, LAYOUT_UNKNOWN);
}

/* Bits of word w that are objects of the page. */
static uint64_t word_mask(const struct slab_page *page, unsigned w)
{
    const int objects = page->capacity - (int)w * 64;
    if (objects <= 0)
        return 0;
    return objects >= 64 ? UINT64_MAX : UINT64_MAX >> (64 - objects);
}

static bool is_empty(const struct slab_page *page)
{
    return (page->live[0] | page->live[1] | page->live[2] | page->live[3]) == 0;
}

/* Cut a new page into objects of the class. NULL: no page is free. */
static struct slab_page *new_page(struct slab *slab, unsigned size_class)
{
    void *const memory = take_block(slab, 0);
    if (memory == NULL)
        return NULL;

    struct slab_page *const page = record_of(slab, memory);
    const uint16_t size = slab->class_size[size_class];
    *page = (struct slab_page){
        .reciprocal = (uint32_t)(((UINT64_C(1) << 32) + size - 1) / size),
        .size = size,
        .capacity = (uint16_t)(SLAB_PAGE / size),
        .least = size_class > 0 ? (uint16_t)(slab->class_size[size_class - 1] + 1) : 1,
        .size_class = (uint8_t)size_class,
    };
    return page;
}

/* Give back an empty page that is in no list. */
static void release_page(struct slab *slab, struct slab_page *page)
{
    page->reciprocal = 0;
    page->listed = page->cached = false;
    give_block(slab, (void *)page_address(slab, page), 0);
}

/* The page that the class's cache is on; NULL for none. */
static struct slab_page *cached_page(const struct slab *slab, unsigned size_class)
{
    const struct slab_cache *const cache = &slab->cache[size_class];
    return cache->mask != 0 ? record_of(slab, (const void *)cache->first) : NULL;
}

/* Put the cache on a word of the page that has a free object. False: the page is full. */
static bool cache_word(struct slab *slab, struct slab_page *page)
{
    struct slab_cache *const cache = &slab->cache[page->size_class];
    const size_t size = page->size;

    for (unsigned w = 0; w * 64 < page->capacity; w++) {
        const uint64_t mask = word_mask(page, w);
        if ((page->live[w] & mask) == mask)
            continue;
        page->listed = page->cached = true;
        cache->live = &page->live[w];
        cache->mask = mask;
        cache->first = page_address(slab, page) + w * 64 * size;
        cache->size = size;
        return true;
    }
    return false;
}

/* Take the cache off its page. */
static void drop_cache(struct slab *slab, unsigned size_class)
{
    slab->cache[size_class].live = &slab->nothing_live;
    slab->cache[size_class].mask = 0;
}

/* Put the class's cache, all of whose objects are live, where there are free ones. */
static bool refill(struct slab *slab, unsigned size_class)
{
    struct dlist_node *const head = &slab->partial[size_class];
    struct slab_page *page = cached_page(slab, size_class);

    if (page != NULL && cache_word(slab, page))
        return true;
    if (page != NULL)
        page->listed = page->cached = false; /* it is full */
    if (!dlist_is_empty(head)) {
        page = (struct slab_page *)head->next;
        dlist_remove(&page->link);
    } else {
        page = new_page(slab, size_class);
    }
    if (page != NULL)
        return cache_word(slab, page);
    drop_cache(slab, size_class);
    return false;
}

/* Give back all that waits to be used again. Returns whether there was anything. */
static bool reclaim(struct slab *slab)
{
    const size_t before = slab->buddy.allocated;

    for (unsigned size_class = 0; size_class < SLAB_CLASSES; size_class++) {
        struct slab_page *const page = cached_page(slab, size_class);
        if (page == NULL || !is_empty(page))
            continue;
        drop_cache(slab, size_class);
        release_page(slab, page);
    }
    for (unsigned order = 0; order < SLAB_PARKED_ORDERS; order++)
        while (slab->parked_count[order] > 0)
            buddy_dealloc(&slab->buddy, slab->parked[order][--slab->parked_count[order]],
                          LAYOUT_UNKNOWN);
    return slab->buddy.allocated < before;
}

/* --- alloc ---------------------------------------------------------------------------------- */

/* The class for a layout, or SLAB_CLASSES if its block is no object. Objects lie at multiples of
 * their size from a page's start, and so are aligned as their size is. */
static unsigned class_for(const struct slab *slab, struct layout layout)
{
    if (layout.size - 1 >= SLAB_LARGEST)
        return SLAB_CLASSES;
    unsigned size_class = slab->class_of[(layout.size + 15) / 16];
    if (!is_object_align(layout.align)) {
        if (!is_power_of_two(layout.align))
            return SLAB_CLASSES;
        while (slab->class_size[size_class] % layout.align != 0)
            if (slab->class_size[size_class++] == SLAB_LARGEST)
                return SLAB_CLASSES;
    }
    return size_class;
}

/* What is no object: a block of the buddy system. */
static void *alloc_block(struct slab *slab, struct layout layout)
{
    void *block;

    if (!has_slabs(slab)) {
        block = buddy_alloc(&slab->buddy, layout);
        if (block != NULL)
            count_allocated(slab, buddy_block_size(&slab->buddy, block));
        return block;
    }
    const unsigned order = block_order(layout);
    if (layout.size == 0 || !is_power_of_two(layout.align) ||
        layout.align > slab->buddy.align_limit)
        return NULL;
    block = take_block(slab, order);
    if (block == NULL && reclaim(slab))
        block = take_block(slab, order);
    if (block == NULL)
        return NULL;
    struct slab_page *const page = record_of(slab, block);
    page->live[0] = 1;
    page->size_class = (uint8_t)order;
    count_allocated(slab, (size_t)SLAB_PAGE << order);
    return block;
}

/* Take an object of the class, which has one free in its cache. */
static void *take_object(struct slab *slab, struct slab_cache *cache, uint64_t live,
                         uint64_t unused)
{
    *cache->live = live | (unused & -unused);
    count_allocated(slab, cache->size);
    return (void *)(cache->first + lowest_bit(unused) * cache->size);
}

/* Take an object of the class, whose cache may be used up. */
static __attribute__((noinline)) void *alloc_object(struct slab *slab, unsigned size_class)
{
    struct slab_cache *const cache = &slab->cache[size_class];

    if ((~*cache->live & cache->mask) == 0 && !refill(slab, size_class) &&
        !(reclaim(slab) && refill(slab, size_class)))
        return NULL;
    return take_object(slab, cache, *cache->live, ~*cache->live & cache->mask);
}

/* The rare cases of slab_alloc: what is large, or aligned in a way that not all objects are. */
static __attribute__((noinline)) void *alloc_other(struct slab *slab, struct layout layout)
{
    const unsigned size_class = class_for(slab, layout);
    return size_class == SLAB_CLASSES || !has_slabs(slab) ? alloc_block(slab, layout)
                                                          : alloc_object(slab, size_class);
}

void *slab_alloc(struct slab *slab, struct layout layout)
{
    if (layout.size - 1 >= SLAB_LARGEST || !is_object_align(layout.align) || !has_slabs(slab))
        return alloc_other(slab, layout);
    const unsigned size_class = slab->class_of[(layout.size + 15) / 16];
    struct slab_cache *const cache = &slab->cache[size_class];
    const uint64_t live = *cache->live, unused = ~live & cache->mask;
    return unused != 0 ? take_object(slab, cache, live, unused) : alloc_object(slab, size_class);
}

/* --- free ----------------------------------------------------------------------------------- */

static bool is_parked(const struct slab *slab, uintptr_t address)
{
    for (unsigned order = 0; order < SLAB_PARKED_ORDERS; order++)
        for (unsigned i = 0; i < slab->parked_count[order]; i++)
            if (address - (uintptr_t)slab->parked[order][i] < (size_t)SLAB_PAGE << order)
                return true;
    return false;
}

static enum free_result check_block(const struct slab *slab, const void *block,
                                    struct layout layout)
{
    const enum free_result result = buddy_check(&slab->buddy, block, LAYOUT_UNKNOWN);

    if (!has_slabs(slab))
        return buddy_check(&slab->buddy, block, layout);
    if (result != FREE_FOREIGN && is_parked(slab, (uintptr_t)block))
        return FREE_TWICE;
    if (result != FREE_OK || layout.size == 0)
        return result;
    return class_for(slab, layout) == SLAB_CLASSES &&
                   block_order(layout) == record_of(slab, block)->size_class
               ? FREE_OK
               : FREE_WRONG_LAYOUT;
}

static enum free_result check_object(const struct slab *slab, const struct slab_page *page,
                                     size_t offset, struct layout layout)
{
    const size_t object = offset / page->size;

    if (object >= page->capacity)
        return FREE_INTERIOR; /* behind the last object of the page */
    if (!(page->live[object / 64] >> object % 64 & 1))
        return FREE_TWICE;
    if (offset % page->size != 0)
        return offset % OBJECT_ALIGN != 0 ? FREE_MISALIGNED : FREE_INTERIOR;
    if (layout.size != 0 && class_for(slab, layout) != page->size_class)
        return FREE_WRONG_LAYOUT;
    return FREE_OK;
}

__attribute__((cold)) enum free_result slab_check(const struct slab *slab, const void *block,
                                                  struct layout layout)
{
    const size_t offset = (uintptr_t)block - slab->base;

    if (offset / SLAB_PAGE < slab->page_count && record_of(slab, block)->reciprocal != 0)
        return check_object(slab, record_of(slab, block), offset % SLAB_PAGE, layout);
    return check_block(slab, block, layout);
}

/* Free what is no object: in a heap with slabs the record of its first page says live, and which
 * order. */
static __attribute__((noinline)) enum free_result dealloc_block(struct slab *slab, void *block,
                                                                struct layout layout)
{
    if (!has_slabs(slab)) {
        const size_t size = buddy_block_size(&slab->buddy, block);
        const enum free_result result = buddy_dealloc(&slab->buddy, block, layout);
        slab->allocated -= result == FREE_OK ? size : 0;
        return result;
    }
    const size_t offset = (uintptr_t)block - slab->base;
    struct slab_page *const page = &slab->pages[offset / SLAB_PAGE];
    if (offset / SLAB_PAGE >= slab->page_count || offset % SLAB_PAGE != 0 || page->live[0] == 0 ||
        layout.size != 0)
        return slab_check(slab, block, layout) != FREE_OK
                   ? slab_check(slab, block, layout)
                   : dealloc_block(slab, block, LAYOUT_UNKNOWN);
    page->live[0] = 0;
    slab->allocated -= (size_t)SLAB_PAGE << page->size_class;
    give_block(slab, block, page->size_class);
    return FREE_OK;
}

/* One of the page's words has become 0, or the page was full. */
static __attribute__((noinline)) enum free_result page_changed(struct slab *slab,
                                                               struct slab_page *page)
{
    if (page->cached)
        return FREE_OK;
    if (page->listed)
        dlist_remove(&page->link);
    if (is_empty(page)) {
        release_page(slab, page);
    } else {
        page->listed = true;
        dlist_push_front(slab->partial[page->size_class].prev, &page->link);
    }
    return FREE_OK;
}

/* Whether class_for gives objects of this page for the layout. */
static bool layout_fits(const struct slab *slab, const struct slab_page *page, struct layout layout)
{
    if (!is_object_align(layout.align))
        return class_for(slab, layout) == page->size_class;
    return layout.size <= page->size && layout.size >= page->least;
}

enum free_result slab_dealloc(struct slab *slab, void *block, struct layout layout)
{
    const size_t offset = (uintptr_t)block - slab->base;
    if (offset / SLAB_PAGE >= slab->page_count)
        return dealloc_block(slab, block, layout);
    struct slab_page *const page = &slab->pages[offset / SLAB_PAGE];
    const uint32_t reciprocal = page->reciprocal;
    if (reciprocal == 0)
        return dealloc_block(slab, block, layout);

    /* A multiple of the size leaves less than the reciprocal in the product's lower half, and its
     * number in the upper one (D. Lemire et al., "Faster remainder by direct computation", 2019).
     */
    const uint64_t product = offset % SLAB_PAGE * reciprocal;
    uint64_t *const word = &page->live[product >> 38];
    const uint64_t bit = UINT64_C(1) << (product >> 32) % 64, live = *word;
    if ((uint32_t)product >= reciprocal || !(live & bit) ||
        (layout.size != 0 && !layout_fits(slab, page, layout)))
        return slab_check(slab, block, layout);

    *word = live & ~bit;
    slab->allocated -= page->size;
    if (live == bit || !page->listed)
        return page_changed(slab, page);
    return FREE_OK;
}

/* --- realloc, figures ------------------------------------------------------------------------ */

/* A block of the buddy system that stays one; it may move. */
static void *realloc_block(struct slab *slab, void *block, struct layout layout, size_t new_size)
{
    const size_t before = buddy_block_size(&slab->buddy, block);
    void *moved = buddy_realloc(&slab->buddy, block, layout, new_size);

    if (moved == NULL && reclaim(slab))
        moved = buddy_realloc(&slab->buddy, block, layout, new_size);
    if (moved == NULL)
        return NULL;
    count_allocated(slab, buddy_block_size(&slab->buddy, moved) - before);
    if (has_slabs(slab)) {
        record_of(slab, block)->live[0] = 0;
        record_of(slab, moved)->live[0] = 1;
        record_of(slab, moved)->size_class =
            (uint8_t)block_order((struct layout){new_size, layout.align});
    }
    return moved;
}

static bool is_live_object(const struct slab_page *page, size_t offset)
{
    const uint64_t product = offset * page->reciprocal;
    return (uint32_t)product < page->reciprocal &&
           (page->live[product >> 38] >> (product >> 32) % 64 & 1);
}

/* Whether this is a live block of the layout that has the size for another one, too. */
static bool serves_both(const struct slab *slab, const void *block, struct layout layout,
                        struct layout other)
{
    const size_t offset = (uintptr_t)block - slab->base;
    if (offset / SLAB_PAGE >= slab->page_count)
        return false;
    const struct slab_page *const page = &slab->pages[offset / SLAB_PAGE];
    if (page->reciprocal != 0)
        return is_live_object(page, offset % SLAB_PAGE) && layout_fits(slab, page, layout) &&
               layout_fits(slab, page, other);
    return offset % SLAB_PAGE == 0 && page->live[0] != 0 && layout.size > SLAB_LARGEST &&
           other.size > SLAB_LARGEST && block_order(layout) == page->size_class &&
           block_order(other) == page->size_class;
}

void *slab_realloc(struct slab *slab, void *block, struct layout layout, size_t new_size)
{
    const struct layout new_layout = {new_size, layout.align};
    if (!layout_is_valid(layout) || !layout_is_valid(new_layout))
        return NULL;
    if (serves_both(slab, block, layout, new_layout))
        return block;
    if (slab_check(slab, block, layout) != FREE_OK)
        return NULL;

    const unsigned size_class = class_for(slab, layout), new_class = class_for(slab, new_layout);
    if (!has_slabs(slab) || (size_class == SLAB_CLASSES && new_class == SLAB_CLASSES))
        return realloc_block(slab, block, layout, new_size);
    if (size_class == new_class)
        return block;
    void *const copy = slab_alloc(slab, new_layout);
    if (copy != NULL) {
        memcpy(copy, block, layout.size < new_size ? layout.size : new_size);
        slab_dealloc(slab, block, layout);
    }
    return copy;
}

size_t slab_block_size(const struct slab *slab, const void *block)
{
    if (slab_check(slab, block, LAYOUT_UNKNOWN) != FREE_OK)
        return 0;
    if (has_slabs(slab) && record_of(slab, block)->reciprocal != 0)
        return record_of(slab, block)->size;
    return buddy_block_size(&slab->buddy, block);
}

/* Live objects of the page; 1 for the first page of a live block. */
static size_t live_in(const struct slab_page *page)
{
    size_t live = 0;

    for (unsigned w = 0; w < 4; w++)
        live += count_bits(page->live[w]);
    return live;
}

void slab_stats(const struct slab *slab, struct heap_stats *stats)
{
    buddy_stats(&slab->buddy, stats);
    stats->allocated = slab->allocated;
    stats->peak = slab->peak;
    if (!has_slabs(slab))
        return;
    stats->live = 0;
    for (size_t i = 0; i < slab->page_count; i++)
        stats->live += live_in(&slab->pages[i]);
}

static bool record_holds(const struct slab *slab, const struct slab_page *page)
{
    bool full = true;

    for (unsigned w = 0; w < 4; w++) {
        full = full && page->live[w] == word_mask(page, w);
        if (page->live[w] & ~word_mask(page, w))
            return false; /* live, and no object */
    }
    if (page->cached)
        return page->listed && cached_page(slab, page->size_class) == page;
    return page->listed == !full && !is_empty(page) &&
           (!page->listed || page->link.next->prev == &page->link);
}

bool slab_invariants_hold(const struct slab *slab)
{
    size_t allocated = 0, blocks = 0;

    if (!has_slabs(slab))
        return buddy_invariants_hold(&slab->buddy) && slab->allocated <= slab->peak;
    for (size_t i = 0; i < slab->page_count; i++) {
        const struct slab_page *const page = &slab->pages[i];
        const bool is_slab = page->reciprocal != 0;
        if (!is_slab && live_in(page) == 0)
            continue; /* free, or parked, or inside a block */
        const size_t size = buddy_block_size(&slab->buddy, (const void *)page_address(slab, page));
        if (size == 0 || (is_slab && (size != SLAB_PAGE || !record_holds(slab, page))))
            return false;
        allocated += is_slab ? live_in(page) * page->size : size;
        blocks++;
    }
    for (unsigned order = 0; order < SLAB_PARKED_ORDERS; order++)
        blocks += slab->parked_count[order];
    return allocated == slab->allocated && slab->allocated <= slab->peak &&
           blocks == slab->buddy.live && buddy_invariants_hold(&slab->buddy);
}
