/* slab.c - slabs over a buddy system. The idea and the contract are in slab.h. */
#include "heap/slab.h"

#include "heap/trace.h"
#include "lib/string.h"
#include "sync/hart.h"

enum {
    FIRST_OF_OCTAVES = 15, /* classes below: multiples of a grain, from 16 to 128 */
    MOST_UNITS = 8,        /* in a slab */
    MOST_WASTE = 32,       /* a slab's end that is no object: 1/32 of it at most, if possible */
    REFILL = 8,            /* objects that an empty cache gets at a time */
    GRAINS_A_UNIT = RUN_UNIT / SLAB_GRAIN,
};

static bool has_slabs(const struct slab *slab)
{
    return slab->grains > 0;
}

static bool is_run(unsigned size_class)
{
    return size_class >= SLAB_SIZES && size_class < SLAB_BLOCK;
}

/* --- classes -------------------------------------------------------------------------------- */

/* 16, 24, .. 128; 144, 160, .. 256; 288, .. 512; 576, .. 1024; 1152, .. 2048; then runs. */
static size_t class_size(unsigned size_class)
{
    if (size_class < FIRST_OF_OCTAVES)
        return (size_class + 2) * SLAB_GRAIN;
    if (size_class >= SLAB_SIZES)
        return (size_class - SLAB_RUN) * (size_t)RUN_UNIT;
    const unsigned octave = (size_class - FIRST_OF_OCTAVES) / 8;
    return (size_t)(9 + (size_class - FIRST_OF_OCTAVES) % 8) << (octave + 4);
}

/* The units of a slab: the fewest that waste little, or else those that waste least. */
static unsigned slab_units(size_t size)
{
    unsigned best = 1;

    for (unsigned units = (unsigned)(size + RUN_UNIT - 1) / RUN_UNIT; units <= MOST_UNITS;
         units++) {
        const size_t waste = units * RUN_UNIT % size;
        if (waste * MOST_WASTE <= units * RUN_UNIT)
            return units;
        if (waste * best < best * RUN_UNIT % size * units)
            best = units;
    }
    return best;
}

/* Runs that a cache has at most: fewer of the long ones, as they are memory that nobody uses. */
static unsigned most_cached(unsigned size_class)
{
    if (size_class < SLAB_SIZES)
        return SLAB_CACHED;
    const unsigned units = size_class - SLAB_RUN;
    return units <= 8 ? 4 : units <= 16 ? 2 : 1;
}

static void init_class(struct slab *slab, unsigned size_class)
{
    struct slab_class *const class = &slab->classes[size_class];
    const size_t size = class_size(size_class);
    const unsigned units = is_run(size_class) ? size_class - SLAB_RUN : slab_units(size);

    *class = (struct slab_class){
        .size = (uint16_t)size,
        .units = (uint16_t)units,
        .end = (uint16_t)(units * RUN_UNIT - units * RUN_UNIT % size),
        .listed = SLAB_NONE,
        .kept = SLAB_NONE,
    };
    for (size_t bit = 0; bit < 64; bit += size / SLAB_GRAIN)
        class->starts |= UINT64_C(1) << bit;
    for (struct slab_cache *cache = slab->cache; cache < slab->cache + HEAP_HARTS; cache++) {
        uint32_t *const none = cache->object[size_class];
        *none = SLAB_NONE;
        cache->top[size_class] = none;
        cache->end[size_class] = none + most_cached(size_class);
    }
}

static void init_classes(struct slab *slab)
{
    for (unsigned size_class = 0; size_class < SLAB_CLASSES; size_class++)
        init_class(slab, size_class);
    for (unsigned i = 0, size_class = 0; i < SLAB_QUICK / SLAB_GRAIN; i++) {
        size_class += (i + 1) * SLAB_GRAIN > slab->classes[size_class].size;
        slab->class_of[i] = (uint8_t)size_class;
    }
}

bool slab_init(struct slab *slab, void *start, size_t size)
{
    const size_t lines = size / (SLAB_LINE + sizeof(struct slab_line));
    const size_t table = (lines + 1) * sizeof(struct slab_line);

    memset(slab, 0, sizeof *slab);
    init_classes(slab);
    if (size < SLAB_SMALLEST_HEAP)
        return buddy_init(&slab->runs.buddy, start, size);
    if (size / SLAB_GRAIN >= SLAB_UNLISTED || !runs_init(&slab->runs, start, size - table))
        return false; /* GCOVR_EXCL_LINE: no test has 32 GiB */
    slab->base = slab->runs.buddy.base;
    slab->grains = slab->runs.size / SLAB_GRAIN;
    slab->lines =
        (struct slab_line *)align_up((uintptr_t)start + size - table, _Alignof(struct slab_line));
    memset(slab->lines, 0, slab->grains / 64 * sizeof *slab->lines);
    return true;
}

bool slab_add_region(struct slab *slab, void *start, size_t size)
{
    struct slab *const region = (struct slab *)align_down(
        (uintptr_t)start + size - sizeof(struct slab), _Alignof(struct slab));

    if (size < sizeof *region + _Alignof(struct slab) ||
        !slab_init(region, start, (uintptr_t)region - (uintptr_t)start))
        return false;
    while (slab->next != NULL)
        slab = slab->next;
    slab->next = region;
    return true;
}

/* Number of the last byte of what a layout takes, rounded up to its alignment. A class is as well
 * aligned as a size that is rounded up to it, so that this is all that an alignment needs. A size
 * of 0 wraps round. */
static size_t last_byte(struct layout layout)
{
    return (layout.size - 1) | (layout.align - 1);
}

static unsigned class_for(const struct slab *slab, struct layout layout)
{
    const size_t last = last_byte(layout);

    if (last < SLAB_QUICK)
        return slab->class_of[last / SLAB_GRAIN];
    if (last < RUN_CHUNK - RUN_UNIT)
        return (unsigned)(SLAB_RUN + last / RUN_UNIT + 1);
    return last < RUN_CHUNK ? SLAB_BLOCK : SLAB_BLOCK + highest_bit(last / RUN_CHUNK) + 1;
}

/* Bytes of a block of this class. */
static size_t size_of(const struct slab *slab, unsigned size_class)
{
    if (size_class < SLAB_CLASSES)
        return slab->classes[size_class].size;
    if (size_class < SLAB_BLOCK)
        return (size_class - SLAB_RUN) * (size_t)RUN_UNIT;
    return (size_t)RUN_CHUNK << (size_class - SLAB_BLOCK);
}

/* --- grains and lines ----------------------------------------------------------------------- */

/* The number of the grain where a block begins, if it can be one: an address outside of the region
 * or inside a grain gives too large a number, as the rotation puts what is over on top. */
static size_t grain_of(const struct slab *slab, const void *block)
{
    const size_t offset = (uintptr_t)block - slab->base;
    return offset / SLAB_GRAIN | offset << 61;
}

static void *address_of(const struct slab *slab, size_t grain)
{
    return (void *)(slab->base + grain * SLAB_GRAIN);
}

static struct slab_line *line_of(const struct slab *slab, size_t grain)
{
    return &slab->lines[grain / 64];
}

static size_t first_grain(const struct slab *slab, const struct slab_line *line)
{
    return (size_t)(line - slab->lines) * 64;
}

static bool is_live(const struct slab *slab, size_t grain)
{
    return line_of(slab, grain)->live >> grain % 64 & 1;
}

/* The first line of the slab or the run of an object. */
static struct slab_line *first_line(const struct slab *slab, size_t grain)
{
    struct slab_line *const line = line_of(slab, grain);
    return line - line->number;
}

/* Lines of a slab of this class. */
static unsigned lines_in(const struct slab *slab, unsigned size_class)
{
    return slab->classes[size_class].units * (RUN_UNIT / SLAB_LINE);
}

/* --- slabs and runs ------------------------------------------------------------------------- */

static void count_peak(struct slab *slab)
{
    const size_t taken = slab->blocks + slab->runs.units;

    if (taken > slab->peak)
        slab->peak = taken;
}

/* Bytes that a block of the buddy system has now, and had before. */
static void count_block(struct slab *slab, size_t now, size_t before)
{
    slab->blocks += now / RUN_UNIT - before / RUN_UNIT;
    count_peak(slab);
}

static void *new_run(struct slab *slab, unsigned units, unsigned align)
{
    void *const run = runs_take(&slab->runs, units, align);
    count_peak(slab);
    return run;
}

static bool is_empty(const struct slab *slab, const struct slab_line *first)
{
    const struct slab_line *const end = first + lines_in(slab, first->size_class);

    for (const struct slab_line *line = first; line < end; line++)
        if (line->live != 0)
            return false;
    return true;
}

/* The class's list holds the slabs that may have free objects which the cache does not know. */
static void list_slab(struct slab *slab, struct slab_line *first)
{
    struct slab_class *const class = &slab->classes[first->size_class];
    const uint32_t number = (uint32_t)(first - slab->lines);

    first[0].link = class->listed;
    first[1].link = SLAB_NONE;
    if (class->listed != SLAB_NONE)
        slab->lines[class->listed + 1].link = number;
    class->listed = number;
}

static void unlist_slab(struct slab *slab, struct slab_line *first)
{
    const uint32_t next = first[0].link, previous = first[1].link;

    first[0].link = SLAB_UNLISTED;
    if (previous != SLAB_NONE)
        slab->lines[previous].link = next;
    else
        slab->classes[first->size_class].listed = next;
    if (next != SLAB_NONE)
        slab->lines[next + 1].link = previous;
}

static void mark_kept(const struct slab *slab, struct slab_line *first, bool kept)
{
    const struct slab_line *const end = first + lines_in(slab, first->size_class);

    for (struct slab_line *line = first; line < end; line++)
        line->kept = kept;
}

/* The slab, which is marked as kept, is the one that its class keeps; the one before no longer. */
static void keep_slab(struct slab *slab, struct slab_line *first)
{
    struct slab_class *const class = &slab->classes[first->size_class];

    if (class->kept != SLAB_NONE)
        mark_kept(slab, &slab->lines[class->kept], false);
    class->kept = (uint32_t)(first - slab->lines);
    slab->keeping |= UINT64_C(1) << first->size_class;
}

static inline struct slab_cache *this_cache(struct slab *slab)
{
    return &slab->cache[hart_index()];
}

/* Whether the cache has an object. One that another hart was given meanwhile is dropped. */
static inline bool has_cached(struct slab *slab, unsigned size_class)
{
    struct slab_cache *const cache = this_cache(slab);

    if (HEAP_HARTS > 1)
        while (*cache->top[size_class] != SLAB_NONE && is_live(slab, *cache->top[size_class]))
            cache->top[size_class]--;
    return *cache->top[size_class] != SLAB_NONE;
}

/* The cache forgets the objects of a slab. */
static void forget(struct slab_cache *cache, unsigned size_class, size_t first, size_t grains)
{
    uint32_t *left = cache->object[size_class];

    for (uint32_t *object = left + 1; object <= cache->top[size_class]; object++)
        if (*object - first >= grains)
            *++left = *object;
    cache->top[size_class] = left;
}

/* Give back a slab without live objects. */
static void release_slab(struct slab *slab, struct slab_line *first)
{
    const unsigned size_class = first->size_class;
    struct slab_class *const class = &slab->classes[size_class];
    const size_t grain = first_grain(slab, first);

    for (unsigned hart = 0; hart < HEAP_HARTS; hart++)
        forget(&slab->cache[hart], size_class, grain, lines_in(slab, size_class) * 64);
    if (first->link != SLAB_UNLISTED)
        unlist_slab(slab, first);
    if (first->kept) {
        mark_kept(slab, first, false);
        class->kept = SLAB_NONE;
        slab->keeping &= ~(UINT64_C(1) << size_class);
    }
    TRACE(trace_slab_give((uintptr_t)address_of(slab, grain), class->units * (size_t)RUN_UNIT);)
    runs_give(&slab->runs, address_of(slab, grain), class->units);
}

/* A class of runs with a cache has one more, or one less. */
static inline void count_run(struct slab *slab, unsigned size_class)
{
    slab->classes[size_class].runs++;
    slab->running |= UINT64_C(1) << (size_class - SLAB_SIZES);
}

static inline void discount_run(struct slab *slab, unsigned size_class)
{
    if (--slab->classes[size_class].runs == 0)
        slab->running &= ~(UINT64_C(1) << (size_class - SLAB_SIZES));
}

/* Give back a run that was cached, or that there is no room for in the cache. */
static void release_run(struct slab *slab, size_t grain, unsigned size_class)
{
    discount_run(slab, size_class);
    line_of(slab, grain)->kept = false;
    runs_give(&slab->runs, address_of(slab, grain), slab->classes[size_class].units);
}

/* Give back the slab that this class keeps, if it is empty. */
static bool trim_slab(struct slab *slab, unsigned size_class)
{
    struct slab_line *const first = &slab->lines[slab->classes[size_class].kept];
    const bool empty = is_empty(slab, first);

    if (empty)
        release_slab(slab, first);
    return empty;
}

/* Give back a run that a cache of this class has. */
static bool trim_run(struct slab *slab, unsigned size_class)
{
    for (struct slab_cache *cache = slab->cache; cache < slab->cache + HEAP_HARTS; cache++) {
        const uint32_t grain = *cache->top[size_class];
        if (grain == SLAB_NONE)
            continue;
        cache->top[size_class]--;
        release_run(slab, grain, size_class);
        return true;
    }
    return false;
}

/* Give back a little of what is kept: the slab of one class if it is empty, or a run. */
static void trim_next(struct slab *slab)
{
    const uint64_t others = slab->keeping >> slab->next_to_trim << slab->next_to_trim;

    if (others != 0) {
        const unsigned size_class = lowest_bit(others);
        slab->next_to_trim = size_class + 1;
        trim_slab(slab, size_class);
        return;
    }
    slab->next_to_trim = 0;
    for (uint64_t running = slab->running; running != 0; running &= running - 1)
        if (trim_run(slab, SLAB_SIZES + lowest_bit(running)))
            return;
}

/* Give back all that is kept. Returns whether there was any. */
static bool trim(struct slab *slab)
{
    bool any = false;

    for (uint64_t keeping = slab->keeping; keeping != 0; keeping &= keeping - 1)
        any |= trim_slab(slab, lowest_bit(keeping));
    for (uint64_t running = slab->running; running != 0; running &= running - 1)
        while (trim_run(slab, SLAB_SIZES + lowest_bit(running)))
            any = true;
    return any;
}

/* --- alloc ---------------------------------------------------------------------------------- */

/* The lines of a new slab, which is kept. */
static void set_lines(const struct slab *slab, struct slab_line *first, unsigned size_class)
{
    const unsigned size = slab->classes[size_class].size / SLAB_GRAIN, step = 64 % size;
    const unsigned lines = lines_in(slab, size_class);
    unsigned ahead = 0; /* grains from the line's start to that of an object */

    first->link = SLAB_UNLISTED;
    for (unsigned i = 0; i < lines; i++) {
        first[i].size_class = (uint8_t)size_class;
        first[i].first = (uint8_t)(ahead < 64 ? ahead : 64);
        first[i].number = (uint8_t)i;
        first[i].kept = true;
        ahead = ahead >= step ? ahead - step : ahead + size - step;
    }
}

/* Fill the empty cache of a class from a new slab. False: no memory. */
static bool fill_from_new(struct slab *slab, unsigned size_class)
{
    const struct slab_class *const class = &slab->classes[size_class];
    /* Objects are aligned as their size is: up to 2 KiB. */
    void *const run = new_run(slab, class->units, class->size == 2 * RUN_UNIT ? 2 : 1);

    if (run == NULL)
        return false;
    TRACE(trace_slab_take(run, class->units * (size_t)RUN_UNIT, class->size);)
    const size_t grain = grain_of(slab, run);
    struct slab_line *const first = line_of(slab, grain);
    set_lines(slab, first, size_class);
    if (HEAP_HARTS > 1 && class->kept != SLAB_NONE) /* it may be empty, known to another cache */
        trim_slab(slab, size_class);
    keep_slab(slab, first);

    unsigned end = class->end;
    if (end > REFILL * class->size) {
        end = REFILL * class->size;
        list_slab(slab, first);
    }
    struct slab_cache *const cache = this_cache(slab);
    uint32_t *top = cache->top[size_class];
    for (unsigned object = 0; object < end; object += class->size)
        *++top = (uint32_t)grain + object / SLAB_GRAIN;
    cache->top[size_class] = top;
    return true;
}

/* The objects that begin in line i of a slab, as bits. */
static uint64_t objects_in(const struct slab_class *class, const struct slab_line *line, unsigned i)
{
    const unsigned end = class->end / SLAB_GRAIN - i * 64; /* of the last object, from here */

    if (line->first == 64 || (int)end <= 0)
        return 0;
    const uint64_t objects = class->starts << line->first;
    return end < 64 ? objects & ((UINT64_C(1) << end) - 1) : objects;
}

/* Fill the empty cache of a class from the first slab in its list. */
static void fill_from_listed(struct slab *slab, unsigned size_class)
{
    const struct slab_class *const class = &slab->classes[size_class];
    struct slab_line *const first = &slab->lines[class->listed];
    const unsigned lines = lines_in(slab, size_class);
    struct slab_cache *const cache = this_cache(slab);
    uint32_t grain = (uint32_t)first_grain(slab, first), *top = cache->top[size_class];
    const uint32_t *const end = top + REFILL;

    for (unsigned i = 0; i < lines; i++, grain += 64) {
        uint64_t objects = objects_in(class, &first[i], i) & ~first[i].live;
        for (; objects != 0; objects &= objects - 1) {
            if (top == end) {
                cache->top[size_class] = top;
                return;
            }
            *++top = grain + lowest_bit(objects);
        }
    }
    unlist_slab(slab, first);
    cache->top[size_class] = top;
}

/* False: no memory. */
static bool fill(struct slab *slab, unsigned size_class)
{
    while (slab->classes[size_class].listed != SLAB_NONE) {
        fill_from_listed(slab, size_class);
        if (has_cached(slab, size_class))
            return true;
    }
    return fill_from_new(slab, size_class);
}

/* A new run. One that may be cached is aligned as its length is, like an object of a slab. */
static void *take_run(struct slab *slab, unsigned units, size_t align)
{
    const bool cached = SLAB_RUN + units < SLAB_CLASSES;
    void *const run = new_run(
        slab, units, cached ? units & -units : (unsigned)((align + RUN_UNIT - 1) / RUN_UNIT));

    if (run == NULL)
        return NULL;
    if (cached)
        count_run(slab, SLAB_RUN + units);
    *line_of(slab, grain_of(slab, run)) =
        (struct slab_line){.live = 1, .size_class = (uint8_t)(SLAB_RUN + units), .kept = cached};
    return run;
}

static void *take_block(struct slab *slab, struct layout layout)
{
    const unsigned size_class = class_for(slab, layout);
    const size_t size = size_of(slab, size_class);
    void *block;

    trim_next(slab);
    block = buddy_alloc(&slab->runs.buddy, (struct layout){size, layout.align});
    if (block == NULL)
        return NULL;
    count_block(slab, size, 0);
    *line_of(slab, grain_of(slab, block)) =
        (struct slab_line){.live = 1, .size_class = (uint8_t)size_class};
    return block;
}

/* An object from the cache, which must have one. */
static inline void *take_cached(struct slab *slab, unsigned size_class)
{
    const uint32_t grain = *this_cache(slab)->top[size_class]--;

    line_of(slab, grain)->live |= UINT64_C(1) << grain % 64;
    return address_of(slab, grain);
}

/* What the caches do not have. NULL: there is no memory in this region. */
static void *take_uncached(struct slab *slab, struct layout layout)
{
    const size_t last = last_byte(layout);

    if (last < SLAB_OBJECT) {
        const unsigned size_class = slab->class_of[last / SLAB_GRAIN];
        return fill(slab, size_class) ? take_cached(slab, size_class) : NULL;
    }
    if (last < RUN_CHUNK - RUN_UNIT)
        return take_run(slab, (unsigned)(last / RUN_UNIT) + 1, layout.align);
    return take_block(slab, layout);
}

static bool is_cached(struct slab *slab, struct layout layout)
{
    const size_t last = last_byte(layout);

    return last < SLAB_QUICK && has_cached(slab, slab->class_of[last / SLAB_GRAIN]);
}

static void *alloc_in_region(struct slab *slab, struct layout layout)
{
    void *block;

    if (!has_slabs(slab))
        return buddy_alloc(&slab->runs.buddy, layout);
    if (is_cached(slab, layout))
        return take_cached(slab, class_for(slab, layout));
    block = take_uncached(slab, layout);
    return block == NULL && trim(slab) ? take_uncached(slab, layout) : block;
}

/* A small heap, or no memory: once more with what is kept given back, then in the other regions. */
static __attribute__((cold, noinline)) void *alloc_at_last(struct slab *slab, struct layout layout)
{
    void *block = NULL;

    if (!has_slabs(slab))
        block = buddy_alloc(&slab->runs.buddy, layout);
    else if (trim(slab))
        block = take_uncached(slab, layout);
    for (slab = slab->next; block == NULL && slab != NULL; slab = slab->next)
        block = alloc_in_region(slab, layout);
    return block;
}

static __attribute__((noinline)) void *alloc_uncached(struct slab *slab, struct layout layout)
{
    if (!layout_is_valid(layout))
        return NULL;
    void *const block = has_slabs(slab) ? take_uncached(slab, layout) : NULL;
    return block != NULL ? block : alloc_at_last(slab, layout);
}

void *slab_alloc(struct slab *slab, struct layout layout)
{
    const size_t last = last_byte(layout);
    if (last >= SLAB_QUICK || layout.align & (layout.align - 1))
        return alloc_uncached(slab, layout);
    const unsigned size_class = slab->class_of[last / SLAB_GRAIN];
    if (!has_cached(slab, size_class))
        return alloc_uncached(slab, layout);
    return take_cached(slab, size_class);
}

/* --- free ----------------------------------------------------------------------------------- */

/* The region that an address lies in; the last one if it lies in none. */
static const struct slab *region_of(const struct slab *slab, const void *block)
{
    while (slab->next != NULL) {
        const struct buddy *const buddy = &slab->runs.buddy;
        const uintptr_t offset = (uintptr_t)block - buddy->base;
        if (offset < slab->grains * SLAB_GRAIN || offset >> buddy->shift < buddy->granules)
            break;
        slab = slab->next;
    }
    return slab;
}

/* Whether the object or the run that has this address in it is live. */
static bool is_in_live(const struct slab *slab, uintptr_t address)
{
    const uintptr_t run = runs_find(&slab->runs, address);

    if (run == 0)
        return false;
    const size_t grain = grain_of(slab, (const void *)run);
    const unsigned size_class = line_of(slab, grain)->size_class;
    if (is_run(size_class))
        return is_live(slab, grain);
    const size_t size = slab->classes[size_class].size;
    return is_live(slab, grain + (address - run) / size * (size / SLAB_GRAIN));
}

/* Why an address in the region is not the first byte of a live block. */
static enum free_result why_not_live(const struct slab *slab, uintptr_t address)
{
    const size_t chunk = (address - slab->base) / RUN_CHUNK;
    const void *const start = address_of(slab, chunk * (RUN_CHUNK / SLAB_GRAIN));
    const bool live = slab->runs.chunks[chunk].used != 0
                          ? is_in_live(slab, address)
                          : buddy_check(&slab->runs.buddy, start, LAYOUT_UNKNOWN) != FREE_TWICE;
    if (!live)
        return FREE_TWICE;
    return address % SLAB_GRAIN != 0 ? FREE_MISALIGNED : FREE_INTERIOR;
}

__attribute__((cold)) enum free_result slab_check(const struct slab *slab, const void *block,
                                                  struct layout layout)
{
    slab = region_of(slab, block);
    const size_t grain = grain_of(slab, block);
    if (!has_slabs(slab))
        return buddy_check(&slab->runs.buddy, block, layout);
    if (((uintptr_t)block - slab->base) / SLAB_GRAIN >= slab->grains)
        return FREE_FOREIGN;
    if (grain >= slab->grains || !is_live(slab, grain))
        return why_not_live(slab, (uintptr_t)block);
    if (layout.size != 0 && class_for(slab, layout) != line_of(slab, grain)->size_class)
        return FREE_WRONG_LAYOUT;
    return FREE_OK;
}

/* The cache is full: give back the run, or list the slab as one with free objects. */
static __attribute__((noinline)) enum free_result dealloc_uncached(struct slab *slab, void *block)
{
    const size_t grain = grain_of(slab, block);
    struct slab_line *const first = first_line(slab, grain);

    if (is_run(first->size_class))
        release_run(slab, grain, first->size_class);
    else if (first->link == SLAB_UNLISTED)
        list_slab(slab, first);
    return FREE_OK;
}

/* The last object of a line whose slab is not kept: the slab may be empty, and is kept if the one
 * that was is not. */
static enum free_result dealloc_last(struct slab *slab, void *block, unsigned size_class)
{
    const size_t grain = grain_of(slab, block);
    struct slab_line *const first = first_line(slab, grain);

    if (is_empty(slab, first)) {
        const uint32_t kept = slab->classes[size_class].kept;
        if (kept != SLAB_NONE && is_empty(slab, &slab->lines[kept])) {
            release_slab(slab, first);
            return FREE_OK;
        }
        mark_kept(slab, first, true);
        keep_slab(slab, first);
    }
    struct slab_cache *const cache = this_cache(slab);
    if (cache->top[size_class] == cache->end[size_class])
        return dealloc_uncached(slab, block);
    else
        *++cache->top[size_class] = (uint32_t)grain;
    return FREE_OK;
}

/* What is not kept, and has no live object in its line: a run or a block of its own, or a slab. */
static __attribute__((noinline)) enum free_result dealloc_unkept(struct slab *slab, void *block,
                                                                 const struct slab_line *line)
{
    const unsigned size_class = line->size_class;

    if (size_class < SLAB_SIZES)
        return dealloc_last(slab, block, size_class);
    if (size_class < SLAB_BLOCK) {
        runs_give(&slab->runs, block, size_class - SLAB_RUN);
        return FREE_OK;
    }
    count_block(slab, 0, size_of(slab, size_class));
    return buddy_dealloc(&slab->runs.buddy, block, LAYOUT_UNKNOWN);
}

/* Free a live block of this region. */
static inline enum free_result dealloc_live(struct slab *slab, void *block, size_t grain)
{
    struct slab_line *const line = &slab->lines[grain / 64];
    const uint64_t left = line->live & ~(UINT64_C(1) << grain % 64);

    line->live = left;
    if (left == 0 && !line->kept)
        return dealloc_unkept(slab, block, line);
    const unsigned size_class = line->size_class;
    struct slab_cache *const cache = this_cache(slab);
    uint32_t *const top = cache->top[size_class];
    if (top == cache->end[size_class])
        return dealloc_uncached(slab, block);
    cache->top[size_class] = top + 1;
    top[1] = (uint32_t)grain;
    return FREE_OK;
}

/* With a layout to compare, in another region, in a small heap, or no live block. */
static __attribute__((noinline)) enum free_result dealloc_checked(struct slab *slab, void *block,
                                                                  struct layout layout)
{
    struct slab *const region = (struct slab *)region_of(slab, block);
    if (!has_slabs(region))
        return buddy_dealloc(&region->runs.buddy, block, layout);
    const enum free_result result = slab_check(region, block, layout);
    return result == FREE_OK ? dealloc_live(region, block, grain_of(region, block)) : result;
}

enum free_result slab_dealloc(struct slab *slab, void *block, struct layout layout)
{
    const size_t grain = grain_of(slab, block);
    if (grain >= slab->grains || layout.size != 0 ||
        !(slab->lines[grain / 64].live >> grain % 64 & 1))
        return dealloc_checked(slab, block, layout);
    return dealloc_live(slab, block, grain);
}

/* --- realloc, figures ------------------------------------------------------------------------ */

/* Let a run become longer or shorter where it stands. */
static bool resize_run(struct slab *slab, size_t grain, unsigned before, unsigned after)
{
    const unsigned units = after - SLAB_RUN;

    if (!is_run(before) || !is_run(after) ||
        (after < SLAB_CLASSES && grain / GRAINS_A_UNIT % (units & -units) != 0) ||
        !runs_resize(&slab->runs, address_of(slab, grain), before - SLAB_RUN, units))
        return false;
    if (before < SLAB_CLASSES)
        discount_run(slab, before);
    if (after < SLAB_CLASSES)
        count_run(slab, after);
    line_of(slab, grain)->size_class = (uint8_t)after;
    line_of(slab, grain)->kept = after < SLAB_CLASSES;
    count_peak(slab);
    return true;
}

/* A block of the buddy system that stays one; it may move. */
static void *realloc_block(struct slab *slab, void *block, struct layout layout, unsigned after)
{
    struct slab_line *const line = line_of(slab, grain_of(slab, block));
    const size_t old_size = size_of(slab, line->size_class), new_size = size_of(slab, after);
    void *const moved =
        buddy_realloc(&slab->runs.buddy, block, (struct layout){old_size, layout.align}, new_size);

    if (moved == NULL)
        return NULL;
    count_block(slab, new_size, old_size);
    line->live = 0;
    *line_of(slab, grain_of(slab, moved)) =
        (struct slab_line){.live = 1, .size_class = (uint8_t)after};
    return moved;
}

static void *realloc_by_copy(struct slab *slab, void *block, struct layout layout, size_t new_size)
{
    void *const copy = slab_alloc(slab, (struct layout){new_size, layout.align});

    if (copy != NULL) {
        memcpy(copy, block, layout.size < new_size ? layout.size : new_size);
        slab_dealloc(slab, block, layout);
    }
    return copy;
}

/* A live block to which its class gives room for more. */
static bool is_large_enough(const struct slab *slab, const void *block, struct layout layout,
                            struct layout new_layout)
{
    const size_t grain = grain_of(slab, block);
    const unsigned size_class = class_for(slab, layout);

    return grain < slab->grains && is_live(slab, grain) &&
           line_of(slab, grain)->size_class == size_class &&
           class_for(slab, new_layout) == size_class;
}

void *slab_realloc(struct slab *slab, void *block, struct layout layout, size_t new_size)
{
    const struct layout new_layout = {new_size, layout.align};
    void *moved = NULL;

    if (!layout_is_valid(layout) || !layout_is_valid(new_layout))
        return NULL;
    if (is_large_enough(slab, block, layout, new_layout))
        return block;
    struct slab *const region = (struct slab *)region_of(slab, block);
    if (slab_check(region, block, layout) != FREE_OK)
        return NULL;
    if (!has_slabs(region)) {
        moved = buddy_realloc(&region->runs.buddy, block, layout, new_size);
    } else {
        const unsigned before = class_for(region, layout), after = class_for(region, new_layout);
        if (before == after || resize_run(region, grain_of(region, block), before, after))
            return block;
        if (before >= SLAB_BLOCK && after >= SLAB_BLOCK)
            moved = realloc_block(region, block, layout, after);
    }
    return moved != NULL ? moved : realloc_by_copy(slab, block, layout, new_size);
}

size_t slab_block_size(const struct slab *slab, const void *block)
{
    slab = region_of(slab, block);
    if (!has_slabs(slab))
        return buddy_block_size(&slab->runs.buddy, block);
    if (slab_check(slab, block, LAYOUT_UNKNOWN) != FREE_OK)
        return 0;
    return size_of(slab, line_of(slab, grain_of(slab, block))->size_class);
}

/* Adds up the live blocks of a region. A chunk that is not cut can have one at its start alone. */
static void count_live(const struct slab *region, struct heap_stats *stats)
{
    enum { LINES = RUN_CHUNK / SLAB_LINE }; /* in a chunk */
    const size_t lines = region->grains / 64;

    for (size_t chunk = 0; chunk * LINES < lines; chunk++) {
        const size_t first = chunk * LINES, left = lines - first;
        size_t count = left < LINES ? left : LINES;
        if (region->runs.chunks[chunk].used == 0)
            count = 1;
        for (size_t i = first; i < first + count; i++) {
            const unsigned live = count_bits(region->lines[i].live);
            stats->live += live;
            stats->allocated += live * size_of(region, region->lines[i].size_class);
        }
    }
}

static void add_stats(const struct slab *region, struct heap_stats *stats)
{
    struct heap_stats buddy;

    buddy_stats(&region->runs.buddy, &buddy);
    if (has_slabs(region)) {
        const uint64_t lengths = region->runs.lengths;
        buddy.total = region->runs.size;
        buddy.peak = region->peak * RUN_UNIT;
        buddy.allocated = buddy.live = 0;
        count_live(region, &buddy);
        if (buddy.largest_free == 0 && lengths != 0)
            buddy.largest_free = highest_bit(lengths) * (size_t)RUN_UNIT;
    }
    stats->total += buddy.total;
    stats->allocated += buddy.allocated;
    stats->peak += buddy.peak;
    stats->live += buddy.live;
    stats->largest_free =
        buddy.largest_free > stats->largest_free ? buddy.largest_free : stats->largest_free;
    for (unsigned order = 0; order < HEAP_ORDERS; order++)
        stats->free_blocks[order] += buddy.free_blocks[order];
}

void slab_stats(const struct slab *slab, struct heap_stats *stats)
{
    *stats = (struct heap_stats){.order_size = slab->runs.buddy.inside + 1};
    for (; slab != NULL; slab = slab->next)
        add_stats(slab, stats);
}

/* How often the caches know a free object of a slab, or the run. */
static unsigned cached_in(const struct slab *slab, const struct slab_line *first)
{
    const size_t start = first_grain(slab, first), grains = lines_in(slab, first->size_class) * 64;
    unsigned count = 0;

    for (unsigned hart = 0; hart < HEAP_HARTS; hart++)
        for (const uint32_t *object = slab->cache[hart].top[first->size_class];
             *object != SLAB_NONE; object--)
            count += *object - start < grains && !is_live(slab, *object);
    return count;
}

/* What the records say of a slab agrees with the cache, the list and the slab that is kept. */
static bool slab_holds(const struct slab *slab, const struct slab_line *first)
{
    const struct slab_class *const class = &slab->classes[first->size_class];
    const uint32_t number = (uint32_t)(first - slab->lines);
    unsigned unused = 0;

    for (unsigned i = 0; i < lines_in(slab, first->size_class); i++) {
        const uint64_t objects = objects_in(class, &first[i], i), live = first[i].live;
        if (first[i].size_class != first->size_class || first[i].kept != first->kept ||
            first[i].number != i || (live & ~objects) != 0)
            return false;
        unused += count_bits(objects & ~live);
    }
    if (first->kept != (class->kept == number) || (!first->kept && is_empty(slab, first)))
        return false;
    const unsigned cached = cached_in(slab, first); /* several caches may know the same ones */
    return (cached >= unused || first->link != SLAB_UNLISTED) &&
           (cached <= unused || HEAP_HARTS > 1);
}

/* Each object in a cache is of the class; and where no other hart can take it, free and there once.
 */
static bool cache_holds(const struct slab *slab, const struct slab_cache *cache,
                        unsigned size_class)
{
    const uint32_t *const none = cache->object[size_class];

    for (const uint32_t *top = cache->top[size_class]; top != none; top--) {
        const uintptr_t object = (uintptr_t)address_of(slab, *top);
        const uintptr_t run = runs_find(&slab->runs, object);
        if (run == 0 ||
            line_of(slab, grain_of(slab, (const void *)run))->size_class != size_class ||
            (object - run) % slab->classes[size_class].size != 0 ||
            (HEAP_HARTS == 1 && is_live(slab, *top)))
            return false;
        for (const uint32_t *other = top - 1; HEAP_HARTS == 1 && other != none; other--)
            if (*other == *top)
                return false;
    }
    return *none == SLAB_NONE && cache->top[size_class] <= cache->end[size_class];
}

/* Slabs in the class's list. */
static size_t list_length(const struct slab *slab, unsigned size_class)
{
    size_t length = 0;
    uint32_t previous = SLAB_NONE;

    for (uint32_t n = slab->classes[size_class].listed; n != SLAB_NONE; n = slab->lines[n].link) {
        if (slab->lines[n + 1].link != previous || length++ > slab->grains)
            return SIZE_MAX;
        previous = n;
    }
    return length;
}

/* What begins at this grain, where a run begins, is as it should be. */
static bool run_holds(const struct slab *slab, size_t grain)
{
    const struct slab_line *const first = line_of(slab, grain);

    if (first->size_class < SLAB_SIZES)
        return slab_holds(slab, first);
    return is_run(first->size_class) && first->number == 0 &&
           first->kept == (first->size_class < SLAB_CLASSES) &&
           first->live + (first->kept ? cached_in(slab, first) : 0) == 1;
}

/* The classes of runs have so many as there are. */
static bool runs_are_counted(const struct slab *slab, const uint32_t *counts)
{
    for (unsigned i = SLAB_SIZES; i < SLAB_CLASSES; i++)
        if (slab->classes[i].runs != counts[i] ||
            (slab->running >> (i - SLAB_SIZES) & 1) != (counts[i] > 0))
            return false;
    return true;
}

static bool region_holds(const struct slab *slab)
{
    uint32_t counts[SLAB_BLOCK] = {0}; /* of slabs and runs, by class */
    size_t listed = 0, in_lists = 0;

    for (unsigned size_class = 0; size_class < SLAB_CLASSES; size_class++) {
        for (unsigned hart = 0; hart < HEAP_HARTS; hart++)
            if (!cache_holds(slab, &slab->cache[hart], size_class))
                return false;
        in_lists += list_length(slab, size_class);
    }
    for (size_t chunk = 0; chunk <= slab->runs.buddy.granules; chunk++)
        for (uint64_t starts = slab->runs.chunks[chunk].starts; starts != 0; starts &= starts - 1) {
            const size_t unit = chunk * RUN_UNITS + lowest_bit(starts);
            const size_t grain = unit * (RUN_UNIT / SLAB_GRAIN);
            const struct slab_line *const line = line_of(slab, grain);
            if (!run_holds(slab, grain))
                return false;
            counts[line->size_class]++;
            listed += line->size_class < SLAB_SIZES && line->link != SLAB_UNLISTED;
        }
    return listed == in_lists && runs_are_counted(slab, counts) &&
           slab->blocks + slab->runs.units <= slab->peak && runs_invariants_hold(&slab->runs);
}

bool slab_invariants_hold(const struct slab *slab)
{
    for (; slab != NULL; slab = slab->next)
        if (has_slabs(slab) ? !region_holds(slab) : !buddy_invariants_hold(&slab->runs.buddy))
            return false;
    return true;
}
