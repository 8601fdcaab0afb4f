/* test_map_panics.c - what misuse of the maps ends in. */
#include "collections/btree_map.h"
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
