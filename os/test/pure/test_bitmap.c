/* test_bitmap.c - what the bitmap heap does that other heaps do not; what all do is in
 * test_conformance.c. */
#include "heap/bitmap.h"
#include "test/test.h"

enum { GRANULE = BITMAP_GRANULE, GRANULES = 300 };

static _Alignas(4096) uint8_t arena[GRANULES * GRANULE + 2 * 8 * 5];
static struct bitmap heap;

static void make_heap(void)
{
    CHECK(bitmap_init(&heap, arena, sizeof arena));
    CHECK_EQUAL(heap.granules, GRANULES);
}

static void *alloc(size_t granules)
{
    void *const block = bitmap_alloc(&heap, (struct layout){granules * GRANULE, 1});
    CHECK(bitmap_invariants_hold(&heap));
    return block;
}

static void release(void *block)
{
    CHECK_EQUAL(bitmap_dealloc(&heap, block, LAYOUT_UNKNOWN), FREE_OK);
    CHECK(bitmap_invariants_hold(&heap));
}

static void *granule_at(size_t granule)
{
    return arena + granule * GRANULE;
}

TEST(bitmap_searches_on_from_where_the_last_search_ended)
{
    make_heap();
    CHECK(alloc(2) == granule_at(0));
    CHECK(alloc(2) == granule_at(2));
    release(granule_at(0));
    CHECK(alloc(2) == granule_at(4));
}

TEST(bitmap_begins_anew_when_it_has_come_to_the_end)
{
    make_heap();
    CHECK(alloc(10) == granule_at(0));
    CHECK(alloc(GRANULES - 10) == granule_at(10));
    release(granule_at(0));
    CHECK(alloc(3) == granule_at(0));
    CHECK(alloc(3) == granule_at(3));
}

TEST(bitmap_finds_a_run_over_the_bounds_of_words)
{
    for (size_t from = 1; from < 140; from++) {
        make_heap();
        CHECK(alloc(from) == granule_at(0));
        CHECK(alloc(150) == granule_at(from));
        CHECK(alloc(GRANULES - 150 - from) == granule_at(from + 150));
        CHECK(alloc(1) == NULL);
        release(granule_at(from));
        CHECK(alloc(151) == NULL);
        CHECK(alloc(150) == granule_at(from));
    }
}

TEST(bitmap_knows_the_size_of_a_block_over_the_bounds_of_words)
{
    for (size_t size = 1; size <= GRANULES; size++) {
        make_heap();
        CHECK_EQUAL(bitmap_block_size(&heap, alloc(size)), size * GRANULE);
    }
}

TEST(bitmap_grows_a_block_into_the_free_granules_behind_it)
{
    make_heap();
    CHECK(alloc(1) == granule_at(0));
    CHECK(alloc(199) == granule_at(1));
    release(granule_at(1));
    CHECK(bitmap_realloc(&heap, granule_at(0), LAYOUT_OF(int), (size_t)GRANULES * GRANULE) ==
          granule_at(0));
    CHECK(alloc(1) == NULL);
}

TEST(bitmap_spends_two_bits_a_granule)
{
    static const size_t header = 2 * sizeof(uint64_t);

    for (size_t size = 1; size <= sizeof arena; size++) {
        if (!bitmap_init(&heap, arena, size))
            continue;
        const size_t words = (heap.granules + 63) / 64;
        CHECK(heap.granules * GRANULE + words * header <= size);
        CHECK((heap.granules + 2) * GRANULE + words * header > size);
    }
}

/* --- the invariant itself --- */

TEST(bitmap_invariant_notices_any_other_bit)
{
    for (size_t i = 0; i < GRANULES; i++)
        for (int map = 0; map < 2; map++) {
            make_heap();
            CHECK(alloc(100) == granule_at(0));
            CHECK(alloc(30) == granule_at(100));
            (map ? heap.last : heap.used)[i / 64] ^= UINT64_C(1) << i % 64;
            CHECK(!bitmap_invariants_hold(&heap));
        }
}

TEST(bitmap_invariant_notices_a_wrong_figure)
{
    size_t *const figures[] = {&heap.allocated, &heap.live};

    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        make_heap();
        CHECK(alloc(2) != NULL);
        ++*figures[i];
        CHECK(!bitmap_invariants_hold(&heap));
    }
    heap.peak = 1;
    CHECK(!bitmap_invariants_hold(&heap));
}
