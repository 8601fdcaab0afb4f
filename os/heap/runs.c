/* runs.c - runs of units over a buddy system. The idea and the contract are in runs.h. */
#include "heap/runs.h"

#include "heap/trace.h"
#include "lib/string.h"

static struct run_chunk *chunk_of(const struct runs *runs, uintptr_t address)
{
    return &runs->chunks[(address - runs->buddy.base) / RUN_CHUNK];
}

static unsigned unit_of(const struct runs *runs, uintptr_t address)
{
    return (unsigned)((address - runs->buddy.base) / RUN_UNIT % RUN_UNITS);
}

static uintptr_t address_of(const struct runs *runs, const struct run_chunk *chunk, unsigned unit)
{
    return runs->buddy.base + (size_t)(chunk - runs->chunks) * RUN_CHUNK + unit * RUN_UNIT;
}

/* The units from the first one on. */
static uint64_t units_from(unsigned first, unsigned units)
{
    return ((UINT64_C(1) << units) - 1) << first;
}

/* Bits at multiples of align, a power of two up to 32. */
static uint64_t multiples_of(unsigned align)
{
    return UINT64_MAX / ((UINT64_C(1) << align) - 1);
}

/* Where `units` ones in a row begin. */
static uint64_t places(uint64_t ones, unsigned units)
{
    for (unsigned have = 1, more; have < units; have += more) {
        more = have < units - have ? have : units - have;
        ones &= ones >> more;
    }
    return ones;
}

/* The length of the longest row of ones, 63 at most: the sum of the powers of two that fit one
 * behind another, from the highest down. */
static unsigned longest_row(uint64_t ones)
{
    uint64_t rows[6] = {ones}; /* rows[k]: where 2^k ones in a row begin */
    uint64_t begins = UINT64_MAX;
    unsigned length = 0;

#pragma GCC unroll 6
    for (unsigned k = 0; k < 5; k++)
        rows[k + 1] = rows[k] & rows[k] >> (1U << k);
#pragma GCC unroll 6
    for (unsigned k = 6; k-- > 0;) {
        const uint64_t longer = begins & rows[k] >> length;
        if (longer != 0) {
            begins = longer;
            length += 1U << k;
        }
    }
    return length;
}

static void list_chunk(struct runs *runs, struct run_chunk *chunk, unsigned longest)
{
    chunk->longest = longest;
    if (longest == 0)
        return;
    dlist_push_front(&runs->with_room[longest], &chunk->link);
    runs->lengths |= UINT64_C(1) << longest % RUN_UNITS;
}

static void unlist_chunk(struct runs *runs, struct run_chunk *chunk)
{
    if (chunk->longest == 0)
        return;
    dlist_remove(&chunk->link);
    if (dlist_is_empty(&runs->with_room[chunk->longest]))
        runs->lengths &= ~(UINT64_C(1) << chunk->longest);
}

static void relist_chunk(struct runs *runs, struct run_chunk *chunk, unsigned longest)
{
    if (longest == chunk->longest)
        return;
    unlist_chunk(runs, chunk);
    list_chunk(runs, chunk, longest);
}

/* Behind the last whole chunk there is the buddy system's map, and then less than a chunk, of so
 * many bytes with the map: what is no unit is used for ever. */
static void init_rest(struct runs *runs, size_t bytes)
{
    struct run_chunk *const rest = &runs->chunks[runs->buddy.granules];
    const unsigned map = (unsigned)((runs->buddy.granules + RUN_UNIT - 1) / RUN_UNIT);
    const unsigned end =
        (unsigned)(bytes / RUN_UNIT < RUN_UNITS ? bytes / RUN_UNIT : RUN_UNITS - 1);

    rest->used = UINT64_MAX;
    if (map >= end)
        return;
    runs->rest = end - map;
    runs->size += end * (size_t)RUN_UNIT;
    rest->used = ~units_from(map, runs->rest);
    list_chunk(runs, rest, runs->rest);
}

bool runs_init(struct runs *runs, void *start, size_t size)
{
    const size_t count = size / (RUN_CHUNK + sizeof(struct run_chunk)) + 1;
    const size_t table = count * sizeof(struct run_chunk) + _Alignof(struct run_chunk);

    memset(runs, 0, sizeof *runs);
    if (size <= table || !buddy_init_granules(&runs->buddy, start, size - table, RUN_CHUNK))
        return false; /* GCOVR_EXCL_LINE: no slab heap is so small */
    for (unsigned length = 0; length < RUN_UNITS; length++)
        dlist_init(&runs->with_room[length]);
    runs->chunks =
        (struct run_chunk *)align_up((uintptr_t)start + size - table, _Alignof(struct run_chunk));
    memset(runs->chunks, 0, count * sizeof *runs->chunks);
    runs->size = runs->buddy.granules * RUN_CHUNK;
    init_rest(runs, (uintptr_t)runs->chunks - (runs->buddy.base + runs->size));
    return true;
}

static struct run_chunk *new_chunk(struct runs *runs)
{
    void *const block = buddy_alloc(&runs->buddy, (struct layout){RUN_CHUNK, 1});
    if (block == NULL)
        return NULL;
    TRACE(trace_slab_take(block, RUN_CHUNK, 0);)
    return chunk_of(runs, (uintptr_t)block);
}

/* Take units of a chunk. */
static void *take_units(struct runs *runs, struct run_chunk *chunk, unsigned first, unsigned units)
{
    chunk->used |= units_from(first, units);
    chunk->starts |= UINT64_C(1) << first;
    runs->units += units;
    return (void *)address_of(runs, chunk, first);
}

/* A chunk with `units` free in a row: of those that have, one with the shortest row. */
static struct run_chunk *chunk_with(const struct runs *runs, unsigned units)
{
    const uint64_t fitting = units < RUN_UNITS ? runs->lengths >> units << units : 0;
    return fitting != 0 ? (struct run_chunk *)runs->with_room[lowest_bit(fitting)].next : NULL;
}

void *runs_take(struct runs *runs, unsigned units, unsigned align)
{
    /* Behind the first row that is long enough for certain there are no more to be tried. */
    for (unsigned length = units;; length = units + align - 1) {
        struct run_chunk *const chunk = chunk_with(runs, length);
        if (chunk == NULL)
            break;
        const uint64_t fitting = places(~chunk->used, units);
        const uint64_t aligned = align == 1 ? fitting : fitting & multiples_of(align);
        if (aligned != 0) {
            void *const run = take_units(runs, chunk, lowest_bit(aligned), units);
            relist_chunk(runs, chunk, longest_row(~chunk->used));
            return run;
        }
    }
    struct run_chunk *const chunk = new_chunk(runs);
    if (chunk == NULL)
        return NULL;
    list_chunk(runs, chunk, RUN_UNITS - units);
    return take_units(runs, chunk, 0, units);
}

/* The length of the free row of which this unit is one. */
static unsigned row_around(const struct run_chunk *chunk, unsigned unit)
{
    const uint64_t below = chunk->used & (units_from(0, unit)), above = chunk->used >> unit;
    const unsigned start = below != 0 ? highest_bit(below) + 1 : 0;
    return (above != 0 ? unit + lowest_bit(above) : RUN_UNITS) - start;
}

void runs_give(struct runs *runs, void *run, unsigned units)
{
    struct run_chunk *const chunk = chunk_of(runs, (uintptr_t)run);
    const unsigned first = unit_of(runs, (uintptr_t)run);

    chunk->used &= ~units_from(first, units);
    chunk->starts &= ~(UINT64_C(1) << first);
    runs->units -= units;
    if (chunk->used == 0) {
        unlist_chunk(runs, chunk);
        chunk->longest = 0;
        TRACE(trace_slab_give(address_of(runs, chunk, 0), RUN_CHUNK);)
        buddy_dealloc(&runs->buddy, (void *)address_of(runs, chunk, 0), LAYOUT_UNKNOWN);
        return;
    }
    const unsigned row = row_around(chunk, first);
    if (row > chunk->longest)
        relist_chunk(runs, chunk, row);
}

bool runs_resize(struct runs *runs, const void *run, unsigned units, unsigned wanted)
{
    struct run_chunk *const chunk = chunk_of(runs, (uintptr_t)run);
    const unsigned first = unit_of(runs, (uintptr_t)run);
    const uint64_t before = units_from(first, units), after = units_from(first, wanted);

    if (first + wanted > RUN_UNITS || chunk->used & after & ~before)
        return false;
    chunk->used = (chunk->used & ~before) | after;
    runs->units = runs->units - units + wanted;
    relist_chunk(runs, chunk, longest_row(~chunk->used));
    return true;
}

uintptr_t runs_find(const struct runs *runs, uintptr_t address)
{
    const struct run_chunk *const chunk = chunk_of(runs, address);
    const unsigned unit = unit_of(runs, address);
    const uint64_t up_to = UINT64_MAX >> (RUN_UNITS - 1 - unit);

    if (!(chunk->used >> unit & 1) || (chunk->starts & up_to) == 0)
        return 0;
    return address_of(runs, chunk, highest_bit(chunk->starts & up_to));
}

static bool chunk_holds(const struct runs *runs, const struct run_chunk *chunk)
{
    const uint64_t used = chunk->used, starts = chunk->starts;

    if (used == 0)
        return starts == 0 && chunk->longest == 0;
    /* Only starts are used, and where a row of used units begins there is a start. */
    return (starts & ~used) == 0 && (used & ~(used << 1) & ~starts) == 0 &&
           chunk->longest == longest_row(~used) &&
           (chunk->longest == 0 || chunk->link.next->prev == &chunk->link) &&
           buddy_block_size(&runs->buddy, (const void *)address_of(runs, chunk, 0)) == RUN_CHUNK;
}

bool runs_invariants_hold(const struct runs *runs)
{
    const struct run_chunk *const rest = &runs->chunks[runs->buddy.granules];
    size_t units = count_bits(rest->used) - (RUN_UNITS - runs->rest), listed = 0;
    size_t with_room = rest->longest != 0;

    if (rest->longest != (runs->rest > 0 ? longest_row(~rest->used) : 0))
        return false;
    for (const struct run_chunk *chunk = runs->chunks; chunk < rest; chunk++) {
        if (!chunk_holds(runs, chunk))
            return false;
        units += count_bits(chunk->used);
        with_room += chunk->longest != 0;
    }
    for (unsigned length = 0; length < RUN_UNITS; length++) {
        const struct dlist_node *const head = &runs->with_room[length];
        if (dlist_is_empty(head) == (runs->lengths >> length & 1))
            return false;
        for (const struct dlist_node *node = head->next; node != head; node = node->next)
            if (((const struct run_chunk *)node)->longest != length || listed++ > with_room)
                return false;
    }
    return units == runs->units && listed == with_room && buddy_invariants_hold(&runs->buddy);
}
