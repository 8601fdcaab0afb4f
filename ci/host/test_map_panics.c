/* test_map_panics.c - what misuse of the maps ends in. */
#include "collections/btree_map.h"
#include "collections/hash_map.h"
#include "panic_check.h"
#include "test/fail_alloc.h"
#include "test/test.h"

/* --- btree --- */

TEST(a_btree_map_without_an_order_for_its_keys_panics)
{
    BTREE_MAP(struct layout, int) map = BTREE_MAP_EMPTY;

    CHECK_PANICS("btree_map: keys of this type need an order: BTREE_MAP_ORDERED",
                 btree_map_insert(&map, ((struct layout){1, 1}), 1));
    CHECK_EQUAL(map.length, 0);
}

TEST(a_place_without_an_entry_panics)
{
    BTREE_MAP(int, int) map = BTREE_MAP_EMPTY;

    btree_map_insert(&map, 1, 1);
    CHECK_PANICS("btree_map: no key here",
                 (void)btree_map_key(&map, btree_map_lower_bound(&map, 2)));
    CHECK_PANICS("btree_map: no value here",
                 (void)btree_map_value(&map, btree_map_lower_bound(&map, 2)));
    btree_map_free(&map);
}

TEST(a_btree_map_without_memory_ends_in_the_allocation_error_handler)
{
    BTREE_MAP(uint64_t, uint64_t) map = BTREE_MAP_EMPTY;

    fail_alloc_after(1);
    CHECK_PANICS("out of heap: no block for a layout of 256 bytes aligned to 8",
                 btree_map_insert(&map, 1, 1));
    fail_alloc_after(1);
    CHECK_PANICS("out of heap", (void)btree_map_get_or_insert(&map, 1, 1));
    btree_map_insert(&map, 1, 1);
    BTREE_MAP(uint64_t, uint64_t) copy = BTREE_MAP_EMPTY;
    fail_alloc_after(1);
    CHECK_PANICS("out of heap", btree_map_clone(&copy, &map, NULL, NULL));
    CHECK(fail_alloc_stop() && copy.length == 0);
    btree_map_free(&map);
}

/* --- hash map --- */

static uint64_t any_hash(const void *key, uint64_t seed)
{
    (void)key;
    return seed;
}

static bool never_equal(const void *left, const void *right)
{
    (void)left;
    (void)right;
    return false;
}

TEST(a_hash_map_with_the_wrong_hash_for_its_keys_panics)
{
    HASH_MAP(struct layout, int) none = HASH_MAP_EMPTY;
    HASH_MAP(int, int) twice = HASH_MAP_HASHED(any_hash, never_equal, NULL, NULL);

    CHECK_PANICS("keys of another type need HASH_MAP_HASHED",
                 hash_map_insert(&none, ((struct layout){1, 1}), 1));
    CHECK_PANICS("hash_map: integers and strings have a hash", hash_map_insert(&twice, 1, 1));
    CHECK(none.length == 0 && twice.length == 0);
}

TEST(a_hash_map_without_memory_ends_in_the_allocation_error_handler)
{
    HASH_MAP(uint64_t, uint64_t) map = HASH_MAP_EMPTY, copy = HASH_MAP_EMPTY;

    fail_alloc_after(1);
    CHECK_PANICS("out of heap: no block for a layout of 24 bytes", hash_map_insert(&map, 1, 1));
    fail_alloc_after(1);
    CHECK_PANICS("out of heap", (void)hash_map_get_or_insert(&map, 1, 1));
    hash_map_insert(&map, 1, 1);
    CHECK_PANICS("which is not a valid layout", hash_map_reserve(&map, SIZE_MAX));
    fail_alloc_after(1);
    CHECK_PANICS("out of heap", hash_map_clone(&copy, &map, NULL, NULL));
    CHECK(fail_alloc_stop() && copy.length == 0 && map.length == 1);
    hash_map_free(&map);
}
