/* test_hash_map.c - HashMap, against an array with a place for each key. */
#include "collections/hash_map.h"
#include "collections/scoped.h"
#include "test/pure/boxed.h"
#include "test/pure/heap_balance.h"
#include "test/test.h"

typedef HASH_MAP(int, uint64_t) numbers;

/* --- the model: keys from 0 on, each with a value or without --- */

enum { MODEL_KEYS = 600 };

static struct {
    bool has[MODEL_KEYS];
    uint64_t value[MODEL_KEYS];
    size_t length;
} model;

static void begin_with_nothing(void)
{
    begin();
    for (int key = 0; key < MODEL_KEYS; key++)
        model.has[key] = false;
    model.length = 0;
}

/* The map has what the model has, and goes over each entry once. */
static void check_all(numbers *map)
{
    static bool seen[MODEL_KEYS];
    size_t length = 0;

    CHECK(hash_map_invariants_hold(map));
    for (int key = 0; key < MODEL_KEYS; key++) {
        const uint64_t *const value = hash_map_get(map, key);
        seen[key] = false;
        CHECK(model.has[key] ? value != NULL && *value == model.value[key] : value == NULL);
    }
    hash_map_for_each (entry, map) {
        CHECK(entry->key >= 0 && entry->key < MODEL_KEYS && !seen[entry->key]);
        CHECK(model.has[entry->key] && entry->value == model.value[entry->key]);
        seen[entry->key] = true;
        length++;
    }
    CHECK(length == map->length && length == model.length);
}

static void model_insert(numbers *map, int key, uint64_t value)
{
    hash_map_insert(map, key, value);
    model.length += !model.has[key];
    model.has[key] = true;
    model.value[key] = value;
}

static void model_remove(numbers *map, int key)
{
    uint64_t value = 0;

    CHECK_EQUAL(hash_map_take(map, key, &value), model.has[key]);
    CHECK(!model.has[key] || value == model.value[key]);
    model.length -= model.has[key];
    model.has[key] = false;
}

static void fill(numbers *map, int count)
{
    for (int key = 0; key < count; key++)
        model_insert(map, key, (uint64_t)key * 3);
}

/* --- entries --- */

TEST(an_empty_hash_map_has_no_memory)
{
    numbers map = HASH_MAP_EMPTY;

    begin_with_nothing();
    CHECK(hash_map_get(&map, 1) == NULL && !hash_map_remove(&map, 1));
    hash_map_clear(&map);
    hash_map_shrink(&map);
    check_all(&map);
    hash_map_free(&map);
    check_nothing_is_left();
}

TEST(a_hash_map_does_as_an_array_with_a_place_for_each_key)
{
    uint64_t random = 1;
    numbers map = HASH_MAP_EMPTY;

    begin_with_nothing();
    for (int step = 0; step < 6000; step++) {
        const int key = (int)(test_random(&random) >> 40) % MODEL_KEYS;
        const bool grows = (step / 1500) % 2 == 0; /* two times it fills up and empties */
        if (test_random(&random) % 8 < (grows ? 6 : 2))
            model_insert(&map, key, test_random(&random));
        else
            model_remove(&map, key);
        if (step % 50 == 0)
            check_all(&map);
        if (step % 1000 == 999)
            hash_map_shrink(&map);
    }
    hash_map_free(&map);
    check_nothing_is_left();
}

TEST(get_or_insert_inserts_once_into_a_hash_map)
{
    numbers map = HASH_MAP_EMPTY;

    for (int i = 0; i < 100; i++) {
        uint64_t *const value = hash_map_get_or_insert(&map, i % 10, 7);
        CHECK(value != NULL);
        ++*value;
    }
    CHECK_EQUAL(map.length, 10);
    hash_map_for_each (entry, &map)
        CHECK_EQUAL(entry->value, 17);
    hash_map_free(&map);
}

TEST(a_hash_map_goes_over_its_entries_in_the_order_of_insertion)
{
    numbers map = HASH_MAP_EMPTY;
    int expected = 0;

    for (int i = 0; i < 100; i++)
        hash_map_insert(&map, i * 7919, (uint64_t)i);
    hash_map_for_each (entry, &map)
        CHECK_EQUAL(entry->key, expected++ * 7919);
    CHECK_EQUAL(expected, 100);
    hash_map_free(&map);
}

static int times_asked;

static numbers *asked(numbers *map)
{
    times_asked++;
    return map;
}

TEST(arguments_of_a_hash_map_are_evaluated_once)
{
    numbers map = HASH_MAP_EMPTY;
    int key = 0;
    uint64_t value = 0;

    times_asked = 0;
    hash_map_insert(asked(&map), key++, value++);
    CHECK(times_asked == 1 && key == 1 && value == 1);
    hash_map_for_each (entry, asked(&map))
        CHECK_EQUAL(entry->key, 0);
    CHECK_EQUAL(times_asked, 2);
    CHECK(hash_map_get(asked(&map), --key) != NULL);
    CHECK(times_asked == 3 && key == 0);
    hash_map_free(&map);
}

/* --- keys --- */

#define CHECK_KEYS_OF(type, first, second)                                                         \
    do {                                                                                           \
        HASH_MAP(type, int) keys = HASH_MAP_EMPTY;                                                 \
        hash_map_insert(&keys, first, 1);                                                          \
        hash_map_insert(&keys, second, 2);                                                         \
        const int *const one = hash_map_get(&keys, first), *const two =                            \
                                                               hash_map_get(&keys, second);        \
        CHECK(one != NULL && *one == 1 && two != NULL && *two == 2);                               \
        CHECK(hash_map_invariants_hold(&keys) && hash_map_remove(&keys, first));                   \
        CHECK(!hash_map_contains(&keys, first) && hash_map_contains(&keys, second));               \
        hash_map_free(&keys);                                                                      \
    } while (0)

TEST(a_hash_map_takes_integers_of_every_type)
{
    CHECK_KEYS_OF(int8_t, -1, INT8_MAX);
    CHECK_KEYS_OF(int16_t, -1, INT16_MIN);
    CHECK_KEYS_OF(int, -1, INT32_MIN);
    CHECK_KEYS_OF(long, -1, UINT32_MAX);
    CHECK_KEYS_OF(long long, -1, INT64_MIN);
    CHECK_KEYS_OF(uint8_t, 0, UINT8_MAX);
    CHECK_KEYS_OF(uint16_t, 0, UINT16_MAX);
    CHECK_KEYS_OF(unsigned, 0, UINT32_MAX);
    CHECK_KEYS_OF(unsigned long, 0, UINT64_MAX);
    CHECK_KEYS_OF(unsigned long long, 0, UINT64_MAX);
    CHECK_KEYS_OF(bool, false, true);
    CHECK_KEYS_OF(char, 'a', 'b');
}

TEST(a_hash_map_takes_strings_by_what_they_say)
{
    HASH_MAP(const char *, int) ages = HASH_MAP_EMPTY;
    char name[] = "ada, countess of Lovelace";

    CHECK_KEYS_OF(const char *, "", "a");
    CHECK_KEYS_OF(const char *, "12345678", "1234567890123456");
    hash_map_insert(&ages, "ada, countess of Lovelace", 36);
    const int *const age = hash_map_get(&ages, name); /* another address */
    CHECK(age != NULL && *age == 36 && !hash_map_contains(&ages, "ada"));
    hash_map_free(&ages);
}

TEST(a_hash_of_bytes_depends_on_each_of_them_and_on_their_number_and_on_the_seed)
{
    char bytes[24] = {0};

    for (size_t size = 0; size < sizeof bytes; size++) {
        const uint64_t hash = key_hash_bytes(bytes, size, 1);
        CHECK(hash != key_hash_bytes(bytes, size + 1, 1));
        CHECK(hash != key_hash_bytes(bytes, size, 2));
        for (size_t i = 0; i < size; i++) {
            bytes[i] = 1;
            CHECK(hash != key_hash_bytes(bytes, size, 1));
            bytes[i] = 0;
        }
    }
}

TEST(maps_have_seeds_of_their_own)
{
    numbers first = HASH_MAP_EMPTY, second = HASH_MAP_EMPTY;

    hash_map_insert(&first, 1, 1);
    hash_map_insert(&second, 1, 1);
    CHECK(first.any.seed != second.any.seed);
    hash_map_free(&first);
    hash_map_free(&second);
}

/* Slots that a search for any of the keys looks at, at most. */
static size_t longest_search(const struct hash_map *map)
{
    size_t longest = 0;

    for (size_t i = 0; i <= map->mask; i++) {
        const size_t looked_at = ((i - map->slots[i].hash) & map->mask) + 1;
        if (map->slots[i].entry != 0 && looked_at > longest)
            longest = looked_at;
    }
    return longest;
}

TEST(keys_with_a_pattern_are_spread)
{
    for (unsigned shift = 0; shift < 56; shift++) {
        HASH_MAP(uint64_t, char) map = HASH_MAP_EMPTY;
        for (uint64_t key = 0; key < 256; key++)
            hash_map_insert(&map, key << shift, 0);
        CHECK_EQUAL(map.length, 256);
        CHECK(longest_search(&map.any) <= 32);
        hash_map_free(&map);
    }
}

static uint64_t same_hash(const void *key, uint64_t seed)
{
    (void)key;
    (void)seed;
    return 5;
}

struct point {
    int x, y;
};

static bool points_equal(const void *left, const void *right)
{
    const struct point *const a = left, *const b = right;
    return a->x == b->x && a->y == b->y;
}

TEST(a_hash_map_works_where_all_hashes_are_the_same)
{
    HASH_MAP(struct point, int) map = HASH_MAP_HASHED(same_hash, points_equal, NULL, NULL);

    begin();
    for (int i = 0; i < 60; i++)
        hash_map_insert(&map, ((struct point){i, -i}), i);
    for (int i = 0; i < 60; i += 2)
        CHECK(hash_map_remove(&map, ((struct point){i, -i})) && hash_map_invariants_hold(&map));
    for (int i = 0; i < 60; i++) {
        const int *const value = hash_map_get(&map, ((struct point){i, -i}));
        CHECK(i % 2 == 0 ? value == NULL : value != NULL && *value == i);
    }
    hash_map_free(&map);
    check_nothing_is_left();
}

struct wide {
    _Alignas(64) int number;
};

TEST(a_hash_map_aligns_its_entries)
{
    HASH_MAP(char, struct wide) map = HASH_MAP_EMPTY;

    begin();
    for (char key = 0; key < 100; key++)
        hash_map_insert(&map, key, (struct wide){key});
    hash_map_for_each (entry, &map)
        CHECK((uintptr_t)&entry->value % 64 == 0 && entry->value.number == entry->key);
    hash_map_free(&map);
    check_nothing_is_left();
}

/* --- memory --- */

TEST(a_hash_map_is_one_block_of_memory)
{
    numbers map = HASH_MAP_EMPTY;

    begin_with_nothing();
    fill(&map, MODEL_KEYS);
    heap_stats(&after);
    CHECK_EQUAL(after.live - before.live, 1);
    hash_map_free(&map);
    check_nothing_is_left();
}

TEST(a_reserved_hash_map_needs_no_memory_for_so_many)
{
    numbers map = HASH_MAP_EMPTY;

    begin_with_nothing();
    fill(&map, 3);
    hash_map_reserve(&map, MODEL_KEYS - 3);
    fail_alloc_after(1);
    fill(&map, MODEL_KEYS);
    CHECK(!fail_alloc_stop());
    check_all(&map);
    hash_map_free(&map);
}

TEST(a_reserve_of_more_than_can_be_is_refused)
{
    numbers map = HASH_MAP_EMPTY;

    begin_with_nothing();
    fill(&map, 3);
    CHECK_EQUAL(hash_map_try_reserve(&map, SIZE_MAX), -ENOMEM);
    CHECK_EQUAL(hash_map_try_reserve(&map, SIZE_MAX - 3), -ENOMEM);
    CHECK_EQUAL(hash_map_try_reserve(&map, SIZE_MAX / 32), -ENOMEM);
    CHECK_EQUAL(hash_map_try_reserve(&map, UINT32_MAX), -ENOMEM);
    CHECK_EQUAL(hash_map_try_reserve(&map, UINT32_MAX / 4), -ENOMEM);
    check_all(&map);
    hash_map_free(&map);
    check_nothing_is_left();
}

struct giant {
    char bytes[(1UL << 60) - 1]; /* 16 entries of it and of a char have 2^64 bytes */
};

TEST(entries_of_a_size_that_overflows_are_refused)
{
    HASH_MAP(char, struct giant) map = HASH_MAP_EMPTY;

    begin();
    CHECK_EQUAL(hash_map_try_reserve(&map, 16), -ENOMEM);
    CHECK(map.any.capacity == 0 && hash_map_invariants_hold(&map));
    check_nothing_is_left();
}

TEST(a_cleared_hash_map_keeps_its_memory_and_no_entry)
{
    for (int i = 0; i < 20; i++) { /* each with a seed of its own */
        numbers map = HASH_MAP_EMPTY;
        begin_with_nothing();
        fill(&map, MODEL_KEYS);
        const size_t capacity = map.any.capacity;
        hash_map_clear(&map);
        begin_with_nothing();
        CHECK_EQUAL(map.any.capacity, capacity);
        check_all(&map);
        hash_map_free(&map);
    }
}

TEST(a_hash_map_shrinks_to_what_it_holds)
{
    numbers map = HASH_MAP_EMPTY;

    begin_with_nothing();
    fill(&map, 400);
    for (int key = 10; key < 400; key++)
        model_remove(&map, key);
    CHECK(map.any.capacity >= 400);
    fail_alloc_after(1);
    hash_map_shrink(&map);
    CHECK(fail_alloc_stop() && map.any.capacity >= 400);
    check_all(&map);
    hash_map_shrink(&map);
    CHECK_EQUAL(map.any.capacity, 16);
    fail_alloc_after(1);
    hash_map_shrink(&map);
    CHECK(!fail_alloc_stop()); /* it cannot be smaller */
    check_all(&map);
    hash_map_clear(&map);
    CHECK_EQUAL(map.any.capacity, 16);
    hash_map_shrink(&map);
    check_nothing_is_left();
}

TEST(an_insertion_without_memory_leaves_the_hash_map_as_it_was)
{
    numbers map = HASH_MAP_EMPTY;
    size_t grown = 0;

    begin_with_nothing();
    for (int key = 0; key < MODEL_KEYS; key++) {
        const size_t capacity = map.any.capacity;
        TRY_AT_EVERY_ALLOCATION(hash_map_try_insert(&map, key, 5), check_all(&map));
        grown += map.any.capacity != capacity;
        model.has[key] = true;
        model.value[key] = 5;
        model.length++;
    }
    CHECK_EQUAL(grown, 9); /* 4, 8, ... 1024 */
    fail_alloc_after(1);
    CHECK_EQUAL(hash_map_try_reserve(&map, 1000), -ENOMEM);
    CHECK(fail_alloc_stop());
    check_all(&map);
    hash_map_free(&map);
    check_nothing_is_left();
    fail_alloc_after(1);
    CHECK(hash_map_try_get_or_insert(&map, 1, 1) == NULL && fail_alloc_stop());
    CHECK_EQUAL(map.length, 0);
    check_nothing_is_left();
}

/* --- ownership --- */

static uint64_t boxed_hash(const void *key, uint64_t seed)
{
    const struct boxed *const boxed = key;
    return key_hash_number((uint64_t)*boxed->box, seed);
}

static bool boxed_equal(const void *left, const void *right)
{
    return boxed_compare(left, right) == 0;
}

typedef HASH_MAP(struct boxed, struct boxed) boxes;
#define NO_BOXES HASH_MAP_HASHED(boxed_hash, boxed_equal, boxed_drop, boxed_drop)

static void fill_boxes(boxes *map, int count)
{
    for (int i = 0; i < count; i++)
        hash_map_insert(map, boxed_new(i), boxed_new(i * 2));
}

TEST(a_hash_map_drops_what_it_owns_and_no_more)
{
    boxes map = NO_BOXES;
    struct boxed taken = {NULL};

    begin();
    fill_boxes(&map, 100);
    hash_map_insert(&map, boxed_new(5), boxed_new(1)); /* drops a value and the key given */
    CHECK_EQUAL(map.length, 100);
    struct boxed sought = boxed_new(6);
    CHECK(hash_map_take(&map, sought, &taken)); /* the key is dropped, the value is ours */
    CHECK_EQUAL(boxed_end(taken), 12);
    CHECK(!hash_map_remove(&map, sought));
    for (*sought.box = 10; *sought.box < 60; ++*sought.box)
        CHECK(hash_map_remove(&map, sought) && hash_map_invariants_hold(&map));
    boxed_drop(&sought);
    const struct boxed *const there = hash_map_get_or_insert(&map, boxed_new(80), boxed_new(1));
    CHECK(there != NULL && *there->box == 160); /* both given are dropped */
    hash_map_clear(&map);
    CHECK_EQUAL(map.length, 0);
    fill_boxes(&map, 3);
    hash_map_free(&map);
    check_nothing_is_left();
}

TEST(a_hash_map_is_freed_with_its_scope)
{
    begin();
    {
        SCOPED(hash_map_free) boxes map = NO_BOXES;
        fill_boxes(&map, 20);
    }
    check_nothing_is_left();
}

TEST(a_clone_of_a_hash_map_shares_nothing_with_it)
{
    boxes map = NO_BOXES, copy = NO_BOXES;

    begin();
    fill_boxes(&map, 100);
    fill_boxes(&copy, 7); /* dropped by the clone */
    hash_map_clone(&copy, &map, boxed_try_clone, boxed_try_clone);
    CHECK(copy.length == 100 && hash_map_invariants_hold(&copy));
    hash_map_for_each (entry, &copy) {
        const struct boxed *const value = hash_map_get(&map, entry->key);
        CHECK(value != NULL && value->box != entry->value.box && *value->box == *entry->value.box);
    }
    hash_map_free(&map);
    CHECK(hash_map_invariants_hold(&copy));
    hash_map_clone(&copy, &map, NULL, NULL); /* of an empty one */
    CHECK_EQUAL(copy.length, 0);
    check_nothing_is_left();
}

TEST(a_clone_of_plain_entries_copies_them)
{
    numbers map = HASH_MAP_EMPTY, copy = HASH_MAP_EMPTY;

    for (int i = 0; i < 50; i++)
        hash_map_insert(&map, i, (uint64_t)i * 3);
    hash_map_clone(&copy, &map, NULL, NULL);
    hash_map_free(&map);
    for (int i = 0; i < 50; i++)
        CHECK_EQUAL(*hash_map_get(&copy, i), (uint64_t)i * 3);
    hash_map_free(&copy);
}

TEST(a_clone_of_a_hash_map_without_memory_leaves_nothing_behind)
{
    boxes map = NO_BOXES, copy = NO_BOXES;

    begin();
    fill_boxes(&map, 30);
    fill_boxes(&copy, 3);
    TRY_AT_EVERY_ALLOCATION(hash_map_try_clone(&copy, &map, boxed_try_clone, boxed_try_clone),
                            CHECK(copy.length == 3 && hash_map_invariants_hold(&copy)));
    CHECK(copy.length == 30 && hash_map_invariants_hold(&copy));
    hash_map_free(&map);
    hash_map_free(&copy);
    check_nothing_is_left();
}

/* --- the invariants notice --- */

TEST(hash_map_invariants_notice_a_changed_table)
{
    numbers map = HASH_MAP_EMPTY;

    begin_with_nothing();
    fill(&map, 5);
    struct hash_slot *slot = map.any.slots;
    while (slot->entry == 0)
        slot++;
    map.length--;
    CHECK(!hash_map_invariants_hold(&map));
    map.length++;
    slot->hash ^= 1U << 31;
    CHECK(!hash_map_invariants_hold(&map));
    slot->hash ^= 1U << 31;
    slot->entry = slot->entry % 5 + 1;
    CHECK(!hash_map_invariants_hold(&map));
    slot->entry = (slot->entry + 3) % 5 + 1;
    CHECK(hash_map_invariants_hold(&map));
    map.any.capacity++;
    CHECK(!hash_map_invariants_hold(&map));
    map.any.capacity--;
    hash_map_free(&map);
}
