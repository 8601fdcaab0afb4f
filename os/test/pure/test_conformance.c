/*
 * test_conformance.c - what every heap promises, and which heap promises what.
 *
 * A clause is a function over an allocator of allocators.h and checks one promise. The table at the
 * end says who makes it: a line TEST(list_keeps_contents) is the promise and its test.
 * ci/host/promises.py prints the table.
 */
#include "allocators.h"
#include "lib/string.h"
#include "test/test.h"

enum {
    ARENA_ALIGN = 4096,
    SMALL_ARENA = 24 * 1024,
    LARGE_ARENA = SLAB_SMALLEST_HEAP + 64 * 1024,
    REGION = 64 * 1024, /* that a heap may grow by */
    MARGIN = 256,       /* around the arena; nobody writes there */
    MOST_BLOCKS = 4096,
    MIX_BLOCKS = 64,
    OPERATIONS = 1000,
    CANARY = 0xa5,
};

/* The heap's memory is arena[0 .. arena_size), but for its first bytes where a clause says so. */
static _Alignas(ARENA_ALIGN) uint8_t memory[ARENA_ALIGN + LARGE_ARENA + MARGIN];
static uint8_t *const arena = memory + ARENA_ALIGN;
static size_t arena_size;

static const struct allocator *design;
static union any_heap heap;
static struct heap_stats stats;

struct block_record {
    uint8_t *start;
    struct layout layout;
    uint8_t stamp; /* its bytes are stamp, stamp + 1, ... */
};

static struct block_record blocks[MOST_BLOCKS];
static size_t block_count;
static uint64_t seed;

static bool make_heap_at(int which, size_t from, size_t size)
{
    design = &allocators[which];
    arena_size = from + size;
    memset(memory, CANARY, ARENA_ALIGN + arena_size + MARGIN);
    memset(&stats, 0, sizeof stats);
    block_count = 0;
    seed = 1;
    return design->init(&heap, arena + from, size);
}

static void make_heap(int which)
{
    CHECK(make_heap_at(which, 0, which == SLAB ? LARGE_ARENA : SMALL_ARENA));
}

static void *alloc(size_t size, size_t align)
{
    return design->alloc(&heap, (struct layout){size, align});
}

/* A block of 512 bytes with such blocks on both sides, and much free memory behind them. */
static uint8_t *alloc_between_others(void)
{
    CHECK(alloc(512, 1) != NULL);
    uint8_t *const block = alloc(512, 1);
    CHECK(block != NULL && alloc(512, 1) != NULL);
    return block;
}

static void release(void *block, size_t size)
{
    CHECK_EQUAL(design->dealloc(&heap, block, (struct layout){size, 1}), FREE_OK);
}

static void look(void)
{
    design->stats(&heap, &stats);
}

/* 0 .. limit - 1 */
static size_t below(size_t limit)
{
    return (size_t)(test_random(&seed) >> 16) % limit;
}

/* All bits of the heap and its memory in one number (FNV-1a, a word at a time). */
static uint64_t fingerprint(void)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325), word;

    for (size_t i = 0; i < design->struct_size; i += sizeof word) {
        memcpy(&word, (const uint8_t *)&heap + i, sizeof word);
        sum = (sum ^ word) * UINT64_C(0x100000001b3);
    }
    for (size_t i = 0; i < ARENA_ALIGN + arena_size + MARGIN; i += sizeof word) {
        memcpy(&word, memory + i, sizeof word);
        sum = (sum ^ word) * UINT64_C(0x100000001b3);
    }
    return sum;
}

/* --- a random mix ------------------------------------------------------------------------------
 */

static void fill(struct block_record *block)
{
    block->stamp = (uint8_t)below(256);
    for (size_t i = 0; i < block->layout.size; i++)
        block->start[i] = (uint8_t)(block->stamp + i);
}

static bool begins_as_filled(const struct block_record *block, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (block->start[i] != (uint8_t)(block->stamp + i))
            return false;
    return true;
}

static bool is_intact(const struct block_record *block)
{
    return begins_as_filled(block, block->layout.size);
}

static size_t random_size(void)
{
    return 1 + below((size_t)2 << below(11));
}

static void mix_alloc(void)
{
    struct block_record *const block = &blocks[block_count];

    if (block_count == MIX_BLOCKS)
        return;
    block->layout = (struct layout){random_size(), (size_t)1 << below(8)};
    block->start = design->alloc(&heap, block->layout);
    if (block->start == NULL)
        return;
    fill(block);
    block_count++;
}

static void mix_free(struct block_record *block)
{
    CHECK(is_intact(block));
    CHECK_EQUAL(design->dealloc(&heap, block->start, block->layout), FREE_OK);
    *block = blocks[--block_count];
}

static void mix_realloc(struct block_record *block)
{
    const size_t new_size = random_size();
    uint8_t *const moved = design->realloc(&heap, block->start, block->layout, new_size);

    if (moved == NULL)
        return;
    block->start = moved;
    CHECK(begins_as_filled(block, new_size < block->layout.size ? new_size : block->layout.size));
    block->layout.size = new_size;
    fill(block);
}

/* Some thousand operations; after each, `check` looks at the heap. */
static void mix(int which, void (*check)(void))
{
    make_heap(which);
    for (int i = 0; i < OPERATIONS; i++) {
        const size_t choice = below(8);
        if (block_count == 0 || choice < 4)
            mix_alloc();
        else if (choice < 7)
            mix_free(&blocks[below(block_count)]);
        else
            mix_realloc(&blocks[below(block_count)]);
        check();
    }
    while (block_count > 0)
        mix_free(&blocks[0]);
    check();
}

/* --- the clauses: what a block is --------------------------------------------------------------
 */

static void aligns_its_blocks(int which)
{
    for (size_t align = 1; align <= ARENA_ALIGN; align *= 2)
        for (size_t size = 1; size <= 1000; size += 111) {
            make_heap(which);
            CHECK(alloc(1, 1) != NULL);
            void *const block = alloc(size, align);
            CHECK(block != NULL && (uintptr_t)block % align == 0);
        }
}

static void check_all_intact(void)
{
    for (size_t i = 0; i < block_count; i++)
        CHECK(is_intact(&blocks[i]));
}

static void keeps_contents(int which)
{
    mix(which, check_all_intact);
}

static void check_apart(void)
{
    for (size_t i = 0; i < block_count; i++)
        for (size_t k = 0; k < i; k++)
            CHECK(blocks[i].start + blocks[i].layout.size <= blocks[k].start ||
                  blocks[k].start + blocks[k].layout.size <= blocks[i].start);
}

static void keeps_blocks_apart(int which)
{
    mix(which, check_apart);
}

static void check_invariants(void)
{
    CHECK(design->invariants_hold(&heap));
}

static void keeps_its_invariants(int which)
{
    mix(which, check_invariants);
}

/* Every byte of every block, of heaps of all small sizes at odd addresses. */
static void check_stays_inside(int which, size_t from, size_t size)
{
    if (!make_heap_at(which, from, size))
        return;
    CHECK(design->invariants_hold(&heap));
    for (void *block; (block = alloc(8, 1)) != NULL;)
        memset(block, 0, 8);
    CHECK(design->invariants_hold(&heap));
    for (const uint8_t *at = arena - MARGIN; at < arena + arena_size + MARGIN; at++)
        CHECK(*at == CANARY || (at >= arena + from && at < arena + from + size));
}

static void stays_inside_its_memory(int which)
{
    for (size_t from = 0; from < 40; from += 3)
        for (size_t size = 0; size < 300; size += 7)
            check_stays_inside(which, from, size);
}

static void lives_beside_another(int which)
{
    static union any_heap other;

    make_heap(which);
    const size_t half = arena_size / 2;
    CHECK(design->init(&heap, arena, half) && design->init(&other, arena + half, half));
    for (void *block; (block = alloc(64, 1)) != NULL;)
        memset(block, 0, 64);
    CHECK(design->invariants_hold(&other));
    design->stats(&other, &stats);
    CHECK_EQUAL(stats.live, 0);
    CHECK(design->alloc(&other, (struct layout){64, 1}) != NULL);
}

/* --- the clauses: what is refused --------------------------------------------------------------
 */

/* Both as a request and as a new size or alignment for a block; and nothing changes. */
static void check_no_block(struct layout layout)
{
    const uint64_t before = fingerprint();
    CHECK(design->alloc(&heap, layout) == NULL);
    CHECK_EQUAL(fingerprint(), before);
}

static void refuses_size_zero(int which)
{
    make_heap(which);
    for (size_t align = 1; align <= ARENA_ALIGN; align *= 2)
        check_no_block((struct layout){0, align});
}

static void refuses_alignments_not_powers_of_two(int which)
{
    static const size_t aligns[] = {0, 3, 5, 24, 48, 4095, SIZE_MAX, SIZE_MAX / 2 + 2};

    make_heap(which);
    for (size_t i = 0; i < sizeof aligns / sizeof aligns[0]; i++)
        check_no_block((struct layout){8, aligns[i]});
}

static void refuses_alignments_beyond_its_memory(int which)
{
    make_heap(which);
    for (unsigned bit = 48; bit < 64; bit++) {
        check_no_block((struct layout){8, (size_t)1 << bit});
        check_no_block((struct layout){SIZE_MAX, (size_t)1 << bit});
    }
}

static void refuses_sizes_beyond_its_memory(int which)
{
    make_heap(which);
    check_no_block((struct layout){arena_size + 1, 1});
    for (size_t less = 0; less < 5000; less += less < 20 ? 1 : 700) {
        check_no_block((struct layout){SIZE_MAX - less, 1});
        check_no_block((struct layout){SIZE_MAX - less, 4096});
        check_no_block((struct layout){SIZE_MAX / 2 - less, 16});
    }
}

/* --- the clauses: a full heap, and an empty one ------------------------------------------------
 */

/* Takes blocks until there are no more. */
static size_t fill_up(size_t size)
{
    for (block_count = 0; block_count < MOST_BLOCKS; block_count++) {
        blocks[block_count].start = alloc(size, 1);
        if (blocks[block_count].start == NULL)
            break;
    }
    return block_count;
}

/* Frees the first, last, second, last but one ... */
static void release_all(size_t size)
{
    for (size_t i = 0; i < block_count; i++)
        release(blocks[i % 2 ? block_count - 1 - i / 2 : i / 2].start, size);
}

static void says_no_when_full(int which)
{
    make_heap(which);
    CHECK(fill_up(600) < MOST_BLOCKS);
    look();
    const size_t live = stats.live;
    CHECK(alloc(600, 1) == NULL);
    look();
    CHECK_EQUAL(stats.live, live);
}

static void is_empty_when_all_is_freed(int which)
{
    make_heap(which);
    fill_up(600);
    release_all(600);
    look();
    CHECK_EQUAL(stats.allocated, 0);
    CHECK_EQUAL(stats.live, 0);
}

static void can_be_filled_again_and_again(int which)
{
    make_heap(which);
    const size_t count = fill_up(600);
    for (int round = 0; round < 5; round++) {
        release_all(600);
        CHECK_EQUAL(fill_up(600), count);
    }
}

static void uses_most_of_its_memory(int which)
{
    make_heap(which);
    CHECK(fill_up(1000) * 1000 >= arena_size * 3 / 4);
}

/* The largest request that is served. */
static size_t largest_request(void)
{
    size_t yes = 0, no = arena_size + 1;

    while (yes + 1 < no) {
        const size_t size = (yes + no) / 2;
        void *const block = alloc(size, 1);
        if (block != NULL)
            release(block, size);
        *(block != NULL ? &yes : &no) = size;
    }
    return yes;
}

static void becomes_whole_when_all_is_freed(int which)
{
    make_heap(which);
    const size_t largest = largest_request();
    fill_up(600);
    release_all(600);
    CHECK_EQUAL(largest_request(), largest);
}

static void reuses_memory_while_others_live(int which)
{
    make_heap(which);
    CHECK(alloc(100, 1) != NULL);
    void *block = alloc(100, 1);
    for (size_t taken = 0; taken < 4 * arena_size; taken += 100) {
        void *const next = alloc(100, 1);
        CHECK(next != NULL);
        release(block, 100);
        block = next;
    }
}

/* --- the clauses: changing the size ------------------------------------------------------------
 */

static void keeps_contents_in_realloc(int which)
{
    for (size_t size = 1; size < 3000; size += size / 5 + 1)
        for (size_t new_size = 1; new_size < 3000; new_size += new_size / 2 + 1) {
            make_heap(which);
            struct block_record block = {alloc(size, 1), {size, 1}, 0};
            fill(&block);
            if (below(2))
                CHECK(alloc(8, 1) != NULL);
            block.start = design->realloc(&heap, block.start, block.layout, new_size);
            CHECK(block.start != NULL);
            CHECK(begins_as_filled(&block, size < new_size ? size : new_size));
        }
}

static void keeps_alignment_in_realloc(int which)
{
    const struct layout layout = {100, 512};

    make_heap(which);
    void *const block = design->alloc(&heap, layout);
    for (int i = 0; i < 30; i++) /* the last of them where it would grow */
        CHECK(alloc(100, 1) != NULL);
    void *const moved = design->realloc(&heap, block, layout, 3000);
    CHECK(moved != NULL && moved != block);
    CHECK((uintptr_t)moved % 512 == 0);
}

static void grows_its_last_block_in_place(int which)
{
    make_heap(which);
    void *const block = alloc(100, 1);
    CHECK(design->realloc(&heap, block, (struct layout){100, 1}, 5000) == block);
}

static void keeps_the_block_when_realloc_fails(int which)
{
    static const size_t sizes[] = {0, LARGE_ARENA, (size_t)PTRDIFF_MAX, SIZE_MAX - 15, SIZE_MAX};

    make_heap(which);
    struct block_record block = {alloc_between_others(), {512, 1}, 0};
    fill(&block);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        CHECK(design->realloc(&heap, block.start, block.layout, sizes[i]) == NULL);
    CHECK(is_intact(&block));
    release(block.start, 512);
}

static void refuses_realloc_of_a_dead_block(int which)
{
    make_heap(which);
    uint8_t *const block = alloc_between_others(), *const gone = alloc(512, 1);
    release(gone, 512);
    const uint64_t before = fingerprint();
    CHECK(design->realloc(&heap, gone, (struct layout){512, 1}, 100) == NULL);
    CHECK(design->realloc(&heap, block + 64, (struct layout){512, 1}, 100) == NULL);
    CHECK(design->realloc(&heap, block, (struct layout){1400, 1}, 100) == NULL);
    CHECK(design->realloc(&heap, block, LAYOUT_UNKNOWN, 100) == NULL);
    CHECK(design->realloc(&heap, NULL, (struct layout){512, 1}, 100) == NULL);
    CHECK_EQUAL(fingerprint(), before);
}

/* --- the clauses: wrong frees ------------------------------------------------------------------
 */

/* Both the question and the deed say `result`, and neither changes anything. */
static void check_refused(const void *block, struct layout layout, enum free_result result)
{
    const uint64_t before = fingerprint();
    CHECK_EQUAL(design->check(&heap, block, layout), result);
    CHECK_EQUAL(design->dealloc(&heap, (void *)(uintptr_t)block, layout), result);
    CHECK_EQUAL(fingerprint(), before);
}

static void refuses_a_second_free(int which)
{
    make_heap(which);
    void *const block = alloc_between_others();
    release(block, 512);
    check_refused(block, LAYOUT_UNKNOWN, FREE_TWICE);
    check_refused(block, (struct layout){512, 1}, FREE_TWICE);
}

static void refuses_a_second_free_of_all_it_had(int which)
{
    make_heap(which);
    void *const block = alloc(512, 1);
    release(block, 512);
    check_refused(block, LAYOUT_UNKNOWN, FREE_TWICE);
}

static void refuses_a_second_free_of_any_block(int which)
{
    make_heap(which);
    const size_t count = fill_up(100);
    release_all(100);
    for (size_t i = 0; i < count; i += 1 + count / 32)
        check_refused(blocks[i].start, LAYOUT_UNKNOWN, FREE_TWICE);
}

static void refuses_a_free_of_unused_memory(int which)
{
    make_heap(which);
    CHECK(alloc(512, 1) != NULL);
    uint8_t *const place = alloc(4096, 1);
    make_heap(which); /* and now nothing is at that place */
    CHECK(alloc(512, 1) != NULL);
    for (size_t byte = 0; byte < 4096; byte += 61)
        check_refused(place + byte, LAYOUT_UNKNOWN, FREE_TWICE);
}

static void refuses_a_foreign_free(int which)
{
    static uint8_t elsewhere[64];

    make_heap(which);
    CHECK(alloc(64, 1) != NULL);
    check_refused(NULL, LAYOUT_UNKNOWN, FREE_FOREIGN);
    check_refused(elsewhere, LAYOUT_UNKNOWN, FREE_FOREIGN);
    check_refused((void *)UINTPTR_MAX, LAYOUT_UNKNOWN, FREE_FOREIGN);
    for (size_t distance = 0; distance < 100; distance += 9) {
        check_refused(arena - 1 - distance, LAYOUT_UNKNOWN, FREE_FOREIGN);
        check_refused(arena + arena_size + distance, LAYOUT_UNKNOWN, FREE_FOREIGN);
    }
}

static void refuses_an_interior_free(int which)
{
    make_heap(which);
    uint8_t *const block = alloc_between_others();
    for (size_t inside = 32; inside < 512; inside += 32)
        check_refused(block + inside, LAYOUT_UNKNOWN, FREE_INTERIOR);
}

/* A block that looks from inside as blocks do that were there before. */
static void refuses_a_free_of_a_swallowed_block(int which)
{
    make_heap(which);
    const size_t count = fill_up(32);
    release_all(32);
    uint8_t *const block = alloc(5000, 1);
    for (size_t i = 0; block != NULL && i < count; i++)
        if (blocks[i].start > block && blocks[i].start < block + 5000)
            check_refused(blocks[i].start, LAYOUT_UNKNOWN, FREE_INTERIOR);
}

static void refuses_a_misaligned_free(int which)
{
    make_heap(which);
    uint8_t *const block = alloc_between_others();
    for (size_t inside = 1; inside < 512; inside += 6)
        check_refused(block + inside, LAYOUT_UNKNOWN, FREE_MISALIGNED);
}

static void refuses_a_wrong_layout(int which)
{
    static const size_t sizes[] = {1, 250, 1025, 5000, SIZE_MAX / 2, SIZE_MAX};

    make_heap(which);
    uint8_t *const block = alloc_between_others();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        check_refused(block, (struct layout){sizes[i], 1}, FREE_WRONG_LAYOUT);
}

static void frees_without_a_size(int which)
{
    make_heap(which);
    fill_up(600);
    for (size_t i = 0; i < block_count; i++)
        CHECK_EQUAL(design->dealloc(&heap, blocks[i].start, LAYOUT_UNKNOWN), FREE_OK);
    look();
    CHECK_EQUAL(stats.allocated, 0);
}

static void finds_a_live_block_in_order(int which)
{
    make_heap(which);
    uint8_t *const block = alloc_between_others();
    const uint64_t before = fingerprint();
    CHECK_EQUAL(design->check(&heap, block, LAYOUT_UNKNOWN), FREE_OK);
    CHECK_EQUAL(design->check(&heap, block, (struct layout){512, 1}), FREE_OK);
    CHECK_EQUAL(fingerprint(), before);
}

/* --- the clauses: growth -----------------------------------------------------------------------
 */

/* Memory that touches no heap's. */
static _Alignas(ARENA_ALIGN) uint8_t region[REGION];

static bool add_region(size_t size)
{
    return design->add_region(&heap, region, size);
}

static void make_full_heap(int which)
{
    make_heap(which);
    CHECK(fill_up(600) < MOST_BLOCKS);
}

static void serves_from_an_added_region(int which)
{
    make_full_heap(which);
    CHECK(add_region(REGION));
    for (size_t i = 0; i < REGION / 2 / 1024; i++) {
        uint8_t *const block = alloc(600, 1);
        CHECK(block >= region && block + 600 <= region + REGION);
        memset(block, 0, 600);
    }
    CHECK(design->invariants_hold(&heap));
}

static void frees_into_an_added_region(int which)
{
    make_full_heap(which);
    CHECK(add_region(REGION));
    for (size_t taken = 0; taken < 2 * REGION; taken += 600)
        release(alloc(600, 1), 600);
    CHECK(design->invariants_hold(&heap));
    release_all(600);
    look();
    CHECK_EQUAL(stats.live, 0);
    CHECK_EQUAL(stats.allocated, 0);
}

static void keeps_contents_from_region_to_region(int which)
{
    make_full_heap(which);
    struct block_record *const block = &blocks[0];
    block->layout = (struct layout){600, 1};
    fill(block);
    CHECK(add_region(REGION));
    block->start = design->realloc(&heap, block->start, block->layout, REGION / 4);
    CHECK(block->start >= region && block->start < region + REGION);
    CHECK(begins_as_filled(block, 600));
}

static void counts_an_added_region(int which)
{
    make_heap(which);
    look();
    const size_t total = stats.total;
    CHECK(add_region(REGION));
    look();
    CHECK(stats.total > total + REGION / 2 && stats.total <= total + REGION);
}

static void refuses_too_small_a_region(int which)
{
    make_heap(which);
    memset(region, CANARY, sizeof region);
    const uint64_t before = fingerprint();
    for (size_t size = 0; size <= 32; size++)
        CHECK(!add_region(size));
    CHECK_EQUAL(fingerprint(), before);
    for (size_t i = 0; i < sizeof region; i++)
        CHECK_EQUAL(region[i], CANARY);
}

static void says_that_it_does_not_grow(int which)
{
    make_heap(which);
    memset(region, CANARY, sizeof region);
    const uint64_t before = fingerprint();
    CHECK(!add_region(REGION));
    CHECK_EQUAL(fingerprint(), before);
    for (size_t i = 0; i < sizeof region; i++)
        CHECK_EQUAL(region[i], CANARY);
}

/* --- the clauses: figures ----------------------------------------------------------------------
 */

static void check_block_sizes(void)
{
    for (size_t i = 0; i < block_count; i++)
        CHECK(design->block_size(&heap, blocks[i].start) >= blocks[i].layout.size);
}

static void knows_the_size_of_a_block(int which)
{
    mix(which, check_block_sizes);
}

static void knows_no_size_of_what_is_no_block(int which)
{
    make_heap(which);
    uint8_t *const block = alloc_between_others();
    release(block, 512);
    CHECK_EQUAL(design->block_size(&heap, block), 0);
    CHECK_EQUAL(design->block_size(&heap, alloc_between_others() + 64), 0);
    CHECK_EQUAL(design->block_size(&heap, arena + arena_size), 0);
    CHECK_EQUAL(design->block_size(&heap, NULL), 0);
}

static void check_live(void)
{
    look();
    CHECK_EQUAL(stats.live, block_count);
}

static void counts_its_live_blocks(int which)
{
    mix(which, check_live);
}

static void check_allocated(void)
{
    size_t asked = 0;

    for (size_t i = 0; i < block_count; i++)
        asked += blocks[i].layout.size;
    look();
    CHECK(asked <= stats.allocated && stats.allocated <= stats.total && stats.total <= arena_size);
}

static void counts_its_allocated_bytes(int which)
{
    mix(which, check_allocated);
}

static void check_peak(void)
{
    const size_t peak = stats.peak;

    look();
    CHECK(stats.peak >= peak && stats.peak >= stats.allocated && stats.peak <= stats.total);
}

static void remembers_its_peak(int which)
{
    mix(which, check_peak);
}

static void check_largest_free(void)
{
    look();
    CHECK(stats.largest_free <= stats.total - stats.allocated);
}

static void knows_its_largest_free_block(int which)
{
    mix(which, check_largest_free);
}

/* --- dummy makes promises of its own -----------------------------------------------------------
 */

TEST(dummy_has_no_block_for_anyone)
{
    make_heap(DUMMY);
    CHECK(alloc(1, 1) == NULL);
    CHECK(alloc(100, 64) == NULL);
}

TEST(dummy_leaves_its_memory_alone)
{
    make_heap(DUMMY);
    CHECK(alloc(100, 1) == NULL);
    for (size_t i = 0; i < arena_size; i++)
        CHECK(arena[i] == CANARY);
}

/* --- who promises what -------------------------------------------------------------------------
 */
/* clang-format off */
TEST(bump_aligns_its_blocks) { aligns_its_blocks(BUMP); }
TEST(list_aligns_its_blocks) { aligns_its_blocks(LIST); }
TEST(block_aligns_its_blocks) { aligns_its_blocks(BLOCK); }
TEST(bitmap_aligns_its_blocks) { aligns_its_blocks(BITMAP); }
TEST(buddy_aligns_its_blocks) { aligns_its_blocks(BUDDY); }
TEST(slab_aligns_its_blocks) { aligns_its_blocks(SLAB); }

TEST(bump_keeps_contents) { keeps_contents(BUMP); }
TEST(list_keeps_contents) { keeps_contents(LIST); }
TEST(block_keeps_contents) { keeps_contents(BLOCK); }
TEST(bitmap_keeps_contents) { keeps_contents(BITMAP); }
TEST(buddy_keeps_contents) { keeps_contents(BUDDY); }
TEST(slab_keeps_contents) { keeps_contents(SLAB); }

TEST(bump_keeps_blocks_apart) { keeps_blocks_apart(BUMP); }
TEST(list_keeps_blocks_apart) { keeps_blocks_apart(LIST); }
TEST(block_keeps_blocks_apart) { keeps_blocks_apart(BLOCK); }
TEST(bitmap_keeps_blocks_apart) { keeps_blocks_apart(BITMAP); }
TEST(buddy_keeps_blocks_apart) { keeps_blocks_apart(BUDDY); }
TEST(slab_keeps_blocks_apart) { keeps_blocks_apart(SLAB); }

TEST(bump_keeps_its_invariants) { keeps_its_invariants(BUMP); }
TEST(list_keeps_its_invariants) { keeps_its_invariants(LIST); }
TEST(block_keeps_its_invariants) { keeps_its_invariants(BLOCK); }
TEST(bitmap_keeps_its_invariants) { keeps_its_invariants(BITMAP); }
TEST(buddy_keeps_its_invariants) { keeps_its_invariants(BUDDY); }
TEST(slab_keeps_its_invariants) { keeps_its_invariants(SLAB); }

TEST(bump_stays_inside_its_memory) { stays_inside_its_memory(BUMP); }
TEST(list_stays_inside_its_memory) { stays_inside_its_memory(LIST); }
TEST(block_stays_inside_its_memory) { stays_inside_its_memory(BLOCK); }
TEST(bitmap_stays_inside_its_memory) { stays_inside_its_memory(BITMAP); }
TEST(buddy_stays_inside_its_memory) { stays_inside_its_memory(BUDDY); }
TEST(slab_stays_inside_its_memory) { stays_inside_its_memory(SLAB); }

TEST(bump_lives_beside_another) { lives_beside_another(BUMP); }
TEST(list_lives_beside_another) { lives_beside_another(LIST); }
TEST(block_lives_beside_another) { lives_beside_another(BLOCK); }
TEST(bitmap_lives_beside_another) { lives_beside_another(BITMAP); }
TEST(buddy_lives_beside_another) { lives_beside_another(BUDDY); }
TEST(slab_lives_beside_another) { lives_beside_another(SLAB); }

TEST(bump_refuses_size_zero) { refuses_size_zero(BUMP); }
TEST(list_refuses_size_zero) { refuses_size_zero(LIST); }
TEST(block_refuses_size_zero) { refuses_size_zero(BLOCK); }
TEST(bitmap_refuses_size_zero) { refuses_size_zero(BITMAP); }
TEST(buddy_refuses_size_zero) { refuses_size_zero(BUDDY); }
TEST(slab_refuses_size_zero) { refuses_size_zero(SLAB); }

TEST(bump_refuses_alignments_not_powers_of_two) { refuses_alignments_not_powers_of_two(BUMP); }
TEST(list_refuses_alignments_not_powers_of_two) { refuses_alignments_not_powers_of_two(LIST); }
TEST(block_refuses_alignments_not_powers_of_two) { refuses_alignments_not_powers_of_two(BLOCK); }
TEST(bitmap_refuses_alignments_not_powers_of_two) { refuses_alignments_not_powers_of_two(BITMAP); }
TEST(buddy_refuses_alignments_not_powers_of_two) { refuses_alignments_not_powers_of_two(BUDDY); }
TEST(slab_refuses_alignments_not_powers_of_two) { refuses_alignments_not_powers_of_two(SLAB); }

TEST(bump_refuses_alignments_beyond_its_memory) { refuses_alignments_beyond_its_memory(BUMP); }
TEST(list_refuses_alignments_beyond_its_memory) { refuses_alignments_beyond_its_memory(LIST); }
TEST(block_refuses_alignments_beyond_its_memory) { refuses_alignments_beyond_its_memory(BLOCK); }
TEST(bitmap_refuses_alignments_beyond_its_memory) { refuses_alignments_beyond_its_memory(BITMAP); }
TEST(buddy_refuses_alignments_beyond_its_memory) { refuses_alignments_beyond_its_memory(BUDDY); }
TEST(slab_refuses_alignments_beyond_its_memory) { refuses_alignments_beyond_its_memory(SLAB); }

TEST(bump_refuses_sizes_beyond_its_memory) { refuses_sizes_beyond_its_memory(BUMP); }
TEST(list_refuses_sizes_beyond_its_memory) { refuses_sizes_beyond_its_memory(LIST); }
TEST(block_refuses_sizes_beyond_its_memory) { refuses_sizes_beyond_its_memory(BLOCK); }
TEST(bitmap_refuses_sizes_beyond_its_memory) { refuses_sizes_beyond_its_memory(BITMAP); }
TEST(buddy_refuses_sizes_beyond_its_memory) { refuses_sizes_beyond_its_memory(BUDDY); }
TEST(slab_refuses_sizes_beyond_its_memory) { refuses_sizes_beyond_its_memory(SLAB); }

TEST(bump_says_no_when_full) { says_no_when_full(BUMP); }
TEST(list_says_no_when_full) { says_no_when_full(LIST); }
TEST(block_says_no_when_full) { says_no_when_full(BLOCK); }
TEST(bitmap_says_no_when_full) { says_no_when_full(BITMAP); }
TEST(buddy_says_no_when_full) { says_no_when_full(BUDDY); }
TEST(slab_says_no_when_full) { says_no_when_full(SLAB); }

TEST(bump_is_empty_when_all_is_freed) { is_empty_when_all_is_freed(BUMP); }
TEST(list_is_empty_when_all_is_freed) { is_empty_when_all_is_freed(LIST); }
TEST(block_is_empty_when_all_is_freed) { is_empty_when_all_is_freed(BLOCK); }
TEST(bitmap_is_empty_when_all_is_freed) { is_empty_when_all_is_freed(BITMAP); }
TEST(buddy_is_empty_when_all_is_freed) { is_empty_when_all_is_freed(BUDDY); }
TEST(slab_is_empty_when_all_is_freed) { is_empty_when_all_is_freed(SLAB); }

TEST(bump_can_be_filled_again_and_again) { can_be_filled_again_and_again(BUMP); }
TEST(list_can_be_filled_again_and_again) { can_be_filled_again_and_again(LIST); }
TEST(block_can_be_filled_again_and_again) { can_be_filled_again_and_again(BLOCK); }
TEST(bitmap_can_be_filled_again_and_again) { can_be_filled_again_and_again(BITMAP); }
TEST(buddy_can_be_filled_again_and_again) { can_be_filled_again_and_again(BUDDY); }
TEST(slab_can_be_filled_again_and_again) { can_be_filled_again_and_again(SLAB); }

TEST(bump_uses_most_of_its_memory) { uses_most_of_its_memory(BUMP); }
TEST(list_uses_most_of_its_memory) { uses_most_of_its_memory(LIST); }
TEST(block_uses_most_of_its_memory) { uses_most_of_its_memory(BLOCK); }
TEST(bitmap_uses_most_of_its_memory) { uses_most_of_its_memory(BITMAP); }
TEST(buddy_uses_most_of_its_memory) { uses_most_of_its_memory(BUDDY); }
TEST(slab_uses_most_of_its_memory) { uses_most_of_its_memory(SLAB); }

TEST(bump_becomes_whole_when_all_is_freed) { becomes_whole_when_all_is_freed(BUMP); }
TEST(list_becomes_whole_when_all_is_freed) { becomes_whole_when_all_is_freed(LIST); }
TEST(bitmap_becomes_whole_when_all_is_freed) { becomes_whole_when_all_is_freed(BITMAP); }
TEST(buddy_becomes_whole_when_all_is_freed) { becomes_whole_when_all_is_freed(BUDDY); }
TEST(slab_becomes_whole_when_all_is_freed) { becomes_whole_when_all_is_freed(SLAB); }

TEST(list_reuses_memory_while_others_live) { reuses_memory_while_others_live(LIST); }
TEST(block_reuses_memory_while_others_live) { reuses_memory_while_others_live(BLOCK); }
TEST(bitmap_reuses_memory_while_others_live) { reuses_memory_while_others_live(BITMAP); }
TEST(buddy_reuses_memory_while_others_live) { reuses_memory_while_others_live(BUDDY); }
TEST(slab_reuses_memory_while_others_live) { reuses_memory_while_others_live(SLAB); }

TEST(bump_keeps_contents_in_realloc) { keeps_contents_in_realloc(BUMP); }
TEST(list_keeps_contents_in_realloc) { keeps_contents_in_realloc(LIST); }
TEST(block_keeps_contents_in_realloc) { keeps_contents_in_realloc(BLOCK); }
TEST(bitmap_keeps_contents_in_realloc) { keeps_contents_in_realloc(BITMAP); }
TEST(buddy_keeps_contents_in_realloc) { keeps_contents_in_realloc(BUDDY); }
TEST(slab_keeps_contents_in_realloc) { keeps_contents_in_realloc(SLAB); }

TEST(bump_keeps_alignment_in_realloc) { keeps_alignment_in_realloc(BUMP); }
TEST(list_keeps_alignment_in_realloc) { keeps_alignment_in_realloc(LIST); }
TEST(block_keeps_alignment_in_realloc) { keeps_alignment_in_realloc(BLOCK); }
TEST(bitmap_keeps_alignment_in_realloc) { keeps_alignment_in_realloc(BITMAP); }
TEST(buddy_keeps_alignment_in_realloc) { keeps_alignment_in_realloc(BUDDY); }
TEST(slab_keeps_alignment_in_realloc) { keeps_alignment_in_realloc(SLAB); }

TEST(bump_grows_its_last_block_in_place) { grows_its_last_block_in_place(BUMP); }
TEST(list_grows_its_last_block_in_place) { grows_its_last_block_in_place(LIST); }
TEST(block_grows_its_last_block_in_place) { grows_its_last_block_in_place(BLOCK); }
TEST(bitmap_grows_its_last_block_in_place) { grows_its_last_block_in_place(BITMAP); }

TEST(bump_keeps_the_block_when_realloc_fails) { keeps_the_block_when_realloc_fails(BUMP); }
TEST(list_keeps_the_block_when_realloc_fails) { keeps_the_block_when_realloc_fails(LIST); }
TEST(block_keeps_the_block_when_realloc_fails) { keeps_the_block_when_realloc_fails(BLOCK); }
TEST(bitmap_keeps_the_block_when_realloc_fails) { keeps_the_block_when_realloc_fails(BITMAP); }
TEST(buddy_keeps_the_block_when_realloc_fails) { keeps_the_block_when_realloc_fails(BUDDY); }
TEST(slab_keeps_the_block_when_realloc_fails) { keeps_the_block_when_realloc_fails(SLAB); }

TEST(list_refuses_realloc_of_a_dead_block) { refuses_realloc_of_a_dead_block(LIST); }
TEST(block_refuses_realloc_of_a_dead_block) { refuses_realloc_of_a_dead_block(BLOCK); }
TEST(bitmap_refuses_realloc_of_a_dead_block) { refuses_realloc_of_a_dead_block(BITMAP); }
TEST(buddy_refuses_realloc_of_a_dead_block) { refuses_realloc_of_a_dead_block(BUDDY); }
TEST(slab_refuses_realloc_of_a_dead_block) { refuses_realloc_of_a_dead_block(SLAB); }

TEST(list_refuses_a_second_free) { refuses_a_second_free(LIST); }
TEST(block_refuses_a_second_free) { refuses_a_second_free(BLOCK); }
TEST(bitmap_refuses_a_second_free) { refuses_a_second_free(BITMAP); }
TEST(buddy_refuses_a_second_free) { refuses_a_second_free(BUDDY); }
TEST(slab_refuses_a_second_free) { refuses_a_second_free(SLAB); }

TEST(bump_refuses_a_second_free_of_all_it_had) { refuses_a_second_free_of_all_it_had(BUMP); }
TEST(list_refuses_a_second_free_of_all_it_had) { refuses_a_second_free_of_all_it_had(LIST); }
TEST(block_refuses_a_second_free_of_all_it_had) { refuses_a_second_free_of_all_it_had(BLOCK); }
TEST(bitmap_refuses_a_second_free_of_all_it_had) { refuses_a_second_free_of_all_it_had(BITMAP); }
TEST(buddy_refuses_a_second_free_of_all_it_had) { refuses_a_second_free_of_all_it_had(BUDDY); }
TEST(slab_refuses_a_second_free_of_all_it_had) { refuses_a_second_free_of_all_it_had(SLAB); }

TEST(bump_refuses_a_second_free_of_any_block) { refuses_a_second_free_of_any_block(BUMP); }
TEST(list_refuses_a_second_free_of_any_block) { refuses_a_second_free_of_any_block(LIST); }
TEST(block_refuses_a_second_free_of_any_block) { refuses_a_second_free_of_any_block(BLOCK); }
TEST(bitmap_refuses_a_second_free_of_any_block) { refuses_a_second_free_of_any_block(BITMAP); }
TEST(buddy_refuses_a_second_free_of_any_block) { refuses_a_second_free_of_any_block(BUDDY); }
TEST(slab_refuses_a_second_free_of_any_block) { refuses_a_second_free_of_any_block(SLAB); }

TEST(bump_refuses_a_free_of_unused_memory) { refuses_a_free_of_unused_memory(BUMP); }
TEST(list_refuses_a_free_of_unused_memory) { refuses_a_free_of_unused_memory(LIST); }
TEST(block_refuses_a_free_of_unused_memory) { refuses_a_free_of_unused_memory(BLOCK); }
TEST(bitmap_refuses_a_free_of_unused_memory) { refuses_a_free_of_unused_memory(BITMAP); }
TEST(buddy_refuses_a_free_of_unused_memory) { refuses_a_free_of_unused_memory(BUDDY); }
TEST(slab_refuses_a_free_of_unused_memory) { refuses_a_free_of_unused_memory(SLAB); }

TEST(bump_refuses_a_foreign_free) { refuses_a_foreign_free(BUMP); }
TEST(list_refuses_a_foreign_free) { refuses_a_foreign_free(LIST); }
TEST(block_refuses_a_foreign_free) { refuses_a_foreign_free(BLOCK); }
TEST(bitmap_refuses_a_foreign_free) { refuses_a_foreign_free(BITMAP); }
TEST(buddy_refuses_a_foreign_free) { refuses_a_foreign_free(BUDDY); }
TEST(slab_refuses_a_foreign_free) { refuses_a_foreign_free(SLAB); }

TEST(list_refuses_an_interior_free) { refuses_an_interior_free(LIST); }
TEST(block_refuses_an_interior_free) { refuses_an_interior_free(BLOCK); }
TEST(bitmap_refuses_an_interior_free) { refuses_an_interior_free(BITMAP); }
TEST(buddy_refuses_an_interior_free) { refuses_an_interior_free(BUDDY); }
TEST(slab_refuses_an_interior_free) { refuses_an_interior_free(SLAB); }

TEST(list_refuses_a_free_of_a_swallowed_block) { refuses_a_free_of_a_swallowed_block(LIST); }
TEST(block_refuses_a_free_of_a_swallowed_block) { refuses_a_free_of_a_swallowed_block(BLOCK); }
TEST(bitmap_refuses_a_free_of_a_swallowed_block) { refuses_a_free_of_a_swallowed_block(BITMAP); }
TEST(buddy_refuses_a_free_of_a_swallowed_block) { refuses_a_free_of_a_swallowed_block(BUDDY); }
TEST(slab_refuses_a_free_of_a_swallowed_block) { refuses_a_free_of_a_swallowed_block(SLAB); }

TEST(list_refuses_a_misaligned_free) { refuses_a_misaligned_free(LIST); }
TEST(block_refuses_a_misaligned_free) { refuses_a_misaligned_free(BLOCK); }
TEST(bitmap_refuses_a_misaligned_free) { refuses_a_misaligned_free(BITMAP); }
TEST(buddy_refuses_a_misaligned_free) { refuses_a_misaligned_free(BUDDY); }
TEST(slab_refuses_a_misaligned_free) { refuses_a_misaligned_free(SLAB); }

TEST(list_refuses_a_wrong_layout) { refuses_a_wrong_layout(LIST); }
TEST(block_refuses_a_wrong_layout) { refuses_a_wrong_layout(BLOCK); }
TEST(bitmap_refuses_a_wrong_layout) { refuses_a_wrong_layout(BITMAP); }
TEST(buddy_refuses_a_wrong_layout) { refuses_a_wrong_layout(BUDDY); }
TEST(slab_refuses_a_wrong_layout) { refuses_a_wrong_layout(SLAB); }

TEST(bump_frees_without_a_size) { frees_without_a_size(BUMP); }
TEST(list_frees_without_a_size) { frees_without_a_size(LIST); }
TEST(block_frees_without_a_size) { frees_without_a_size(BLOCK); }
TEST(bitmap_frees_without_a_size) { frees_without_a_size(BITMAP); }
TEST(buddy_frees_without_a_size) { frees_without_a_size(BUDDY); }
TEST(slab_frees_without_a_size) { frees_without_a_size(SLAB); }

TEST(bump_finds_a_live_block_in_order) { finds_a_live_block_in_order(BUMP); }
TEST(list_finds_a_live_block_in_order) { finds_a_live_block_in_order(LIST); }
TEST(block_finds_a_live_block_in_order) { finds_a_live_block_in_order(BLOCK); }
TEST(bitmap_finds_a_live_block_in_order) { finds_a_live_block_in_order(BITMAP); }
TEST(buddy_finds_a_live_block_in_order) { finds_a_live_block_in_order(BUDDY); }
TEST(slab_finds_a_live_block_in_order) { finds_a_live_block_in_order(SLAB); }

TEST(buddy_serves_from_an_added_region) { serves_from_an_added_region(BUDDY); }
TEST(slab_serves_from_an_added_region) { serves_from_an_added_region(SLAB); }

TEST(buddy_frees_into_an_added_region) { frees_into_an_added_region(BUDDY); }
TEST(slab_frees_into_an_added_region) { frees_into_an_added_region(SLAB); }

TEST(buddy_keeps_contents_from_region_to_region) { keeps_contents_from_region_to_region(BUDDY); }
TEST(slab_keeps_contents_from_region_to_region) { keeps_contents_from_region_to_region(SLAB); }

TEST(buddy_counts_an_added_region) { counts_an_added_region(BUDDY); }
TEST(slab_counts_an_added_region) { counts_an_added_region(SLAB); }

TEST(buddy_refuses_too_small_a_region) { refuses_too_small_a_region(BUDDY); }
TEST(slab_refuses_too_small_a_region) { refuses_too_small_a_region(SLAB); }

TEST(dummy_says_that_it_does_not_grow) { says_that_it_does_not_grow(DUMMY); }
TEST(bump_says_that_it_does_not_grow) { says_that_it_does_not_grow(BUMP); }
TEST(list_says_that_it_does_not_grow) { says_that_it_does_not_grow(LIST); }
TEST(block_says_that_it_does_not_grow) { says_that_it_does_not_grow(BLOCK); }
TEST(bitmap_says_that_it_does_not_grow) { says_that_it_does_not_grow(BITMAP); }

TEST(list_knows_the_size_of_a_block) { knows_the_size_of_a_block(LIST); }
TEST(block_knows_the_size_of_a_block) { knows_the_size_of_a_block(BLOCK); }
TEST(bitmap_knows_the_size_of_a_block) { knows_the_size_of_a_block(BITMAP); }
TEST(buddy_knows_the_size_of_a_block) { knows_the_size_of_a_block(BUDDY); }
TEST(slab_knows_the_size_of_a_block) { knows_the_size_of_a_block(SLAB); }

TEST(list_knows_no_size_of_what_is_no_block) { knows_no_size_of_what_is_no_block(LIST); }
TEST(block_knows_no_size_of_what_is_no_block) { knows_no_size_of_what_is_no_block(BLOCK); }
TEST(bitmap_knows_no_size_of_what_is_no_block) { knows_no_size_of_what_is_no_block(BITMAP); }
TEST(buddy_knows_no_size_of_what_is_no_block) { knows_no_size_of_what_is_no_block(BUDDY); }
TEST(slab_knows_no_size_of_what_is_no_block) { knows_no_size_of_what_is_no_block(SLAB); }

TEST(bump_counts_its_live_blocks) { counts_its_live_blocks(BUMP); }
TEST(list_counts_its_live_blocks) { counts_its_live_blocks(LIST); }
TEST(block_counts_its_live_blocks) { counts_its_live_blocks(BLOCK); }
TEST(bitmap_counts_its_live_blocks) { counts_its_live_blocks(BITMAP); }
TEST(buddy_counts_its_live_blocks) { counts_its_live_blocks(BUDDY); }
TEST(slab_counts_its_live_blocks) { counts_its_live_blocks(SLAB); }

TEST(bump_counts_its_allocated_bytes) { counts_its_allocated_bytes(BUMP); }
TEST(list_counts_its_allocated_bytes) { counts_its_allocated_bytes(LIST); }
TEST(block_counts_its_allocated_bytes) { counts_its_allocated_bytes(BLOCK); }
TEST(bitmap_counts_its_allocated_bytes) { counts_its_allocated_bytes(BITMAP); }
TEST(buddy_counts_its_allocated_bytes) { counts_its_allocated_bytes(BUDDY); }
TEST(slab_counts_its_allocated_bytes) { counts_its_allocated_bytes(SLAB); }

TEST(bump_remembers_its_peak) { remembers_its_peak(BUMP); }
TEST(list_remembers_its_peak) { remembers_its_peak(LIST); }
TEST(block_remembers_its_peak) { remembers_its_peak(BLOCK); }
TEST(bitmap_remembers_its_peak) { remembers_its_peak(BITMAP); }
TEST(buddy_remembers_its_peak) { remembers_its_peak(BUDDY); }
TEST(slab_remembers_its_peak) { remembers_its_peak(SLAB); }

TEST(bump_knows_its_largest_free_block) { knows_its_largest_free_block(BUMP); }
TEST(list_knows_its_largest_free_block) { knows_its_largest_free_block(LIST); }
TEST(block_knows_its_largest_free_block) { knows_its_largest_free_block(BLOCK); }
TEST(bitmap_knows_its_largest_free_block) { knows_its_largest_free_block(BITMAP); }
TEST(buddy_knows_its_largest_free_block) { knows_its_largest_free_block(BUDDY); }
TEST(slab_knows_its_largest_free_block) { knows_its_largest_free_block(SLAB); }

/* clang-format on */
