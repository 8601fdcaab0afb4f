/* test_btree.c - BTreeMap and BTreeSet, against a sorted array. */
#include "collections/btree_map.h"
#include "collections/btree_set.h"
#include "collections/scoped.h"
#include "lib/errno.h"
#include "test/fail_alloc.h"
#include "test/pure/heap_balance.h"
#include "test/test.h"

typedef BTREE_MAP(int, uint64_t) numbers;

/* --- the model: keys from 0 on, each with a value or without --- */

enum { MODEL_KEYS = 700 };

struct model {
    bool has[MODEL_KEYS];
    uint64_t value[MODEL_KEYS];
};

static struct model model;

static int model_next(int key, int step)
{
    while (key >= 0 && key < MODEL_KEYS && !model.has[key])
        key += step;
    return key;
}

/* The map has what the model has from `from` to `to`, in both directions. */
static void check_range(numbers *map, int from, int to)
{
    int key = model_next(from, 1);

    btree_map_for_range (entry, map, from, to) {
        CHECK_EQUAL(*entry.key, key);
        CHECK(*entry.value == model.value[key]);
        key = model_next(key + 1, 1);
    }
    CHECK(from >= to || key >= to);
    key = model_next(to - 1, -1);
    btree_map_for_range_back (entry, map, from, to) {
        CHECK_EQUAL(*entry.key, key);
        key = model_next(key - 1, -1);
    }
    CHECK(from >= to || key < from);
}

static void check_all(numbers *map)
{
    size_t length = 0;
    int key = model_next(0, 1);

    CHECK(btree_map_invariants_hold(map));
    btree_map_for_each (entry, map) {
        CHECK_EQUAL(*entry.key, key);
        CHECK(*entry.value == model.value[key]);
        key = model_next(key + 1, 1);
        length++;
    }
    CHECK_EQUAL(length, map->length);
    CHECK_EQUAL(key, MODEL_KEYS);
    key = model_next(MODEL_KEYS - 1, -1);
    btree_map_for_each_back (entry, map) {
        CHECK_EQUAL(*entry.key, key);
        key = model_next(key - 1, -1);
    }
    CHECK_EQUAL(key, -1);
}

static void model_insert(numbers *map, int key, uint64_t value)
{
    btree_map_insert(map, key, value);
    model.has[key] = true;
    model.value[key] = value;
}

static void model_remove(numbers *map, int key)
{
    uint64_t value = 0;

    CHECK_EQUAL(btree_map_take(map, key, &value), model.has[key]);
    CHECK(!model.has[key] || value == model.value[key]);
    model.has[key] = false;
}

static void begin_with_nothing(void)
{
    begin();
    model = (struct model){0};
}

/* A map of `count` keys from 0 on. */
static void fill(numbers *map, int count)
{
    for (int key = 0; key < count; key++)
        model_insert(map, key, (uint64_t)key * 3);
}

static uint64_t value_of(numbers *map, int key)
{
    const uint64_t *const value = btree_map_get(map, key);
    CHECK(value != NULL);
    return *value;
}

/* --- one entry --- */

TEST(an_empty_btree_map_has_no_memory)
{
    numbers map = BTREE_MAP_EMPTY;

    begin_with_nothing();
    CHECK(map.length == 0 && btree_map_get(&map, 1) == NULL && !btree_map_remove(&map, 1));
    CHECK(btree_map_first(&map).node == NULL && btree_map_last(&map).node == NULL);
    CHECK(btree_map_lower_bound(&map, 1).node == NULL);
    check_all(&map);
    check_nothing_is_left();
    btree_map_free(&map);
    check_nothing_is_left();
}

TEST(a_btree_map_has_the_value_that_was_put_last)
{
    numbers map = BTREE_MAP_EMPTY;

    begin_with_nothing();
    btree_map_insert(&map, 4, 40);
    btree_map_insert(&map, 4, 41);
    CHECK_EQUAL(map.length, 1);
    CHECK_EQUAL(value_of(&map, 4), 41);
    CHECK(btree_map_get(&map, 3) == NULL && btree_map_get(&map, 5) == NULL);
    btree_map_free(&map);
    check_nothing_is_left();
}

TEST(a_value_in_a_btree_map_can_be_changed_in_place)
{
    numbers map = BTREE_MAP_EMPTY;

    btree_map_insert(&map, 4, 40);
    uint64_t *const value = btree_map_get(&map, 4);
    CHECK(value != NULL);
    *value += 2;
    CHECK_EQUAL(value_of(&map, 4), 42);
    btree_map_free(&map);
}

TEST(get_or_insert_inserts_once_into_a_btree_map)
{
    numbers map = BTREE_MAP_EMPTY;

    for (int i = 0; i < 100; i++) {
        uint64_t *const value = btree_map_get_or_insert(&map, i % 10, 7);
        CHECK(value != NULL);
        ++*value;
    }
    CHECK_EQUAL(map.length, 10);
    btree_map_for_each (entry, &map)
        CHECK_EQUAL(*entry.value, 17);
    btree_map_free(&map);
}

static int times_asked;

static numbers *asked(numbers *map)
{
    times_asked++;
    return map;
}

TEST(arguments_of_a_btree_map_are_evaluated_once)
{
    numbers map = BTREE_MAP_EMPTY;
    int key = 0;
    uint64_t value = 0;

    times_asked = 0;
    btree_map_insert(asked(&map), key++, value++);
    CHECK(times_asked == 1 && key == 1 && value == 1);
    btree_map_for_each (entry, asked(&map))
        CHECK_EQUAL(*entry.key, 0);
    CHECK_EQUAL(times_asked, 2);
    CHECK(btree_map_get(asked(&map), --key) != NULL);
    CHECK(times_asked == 3 && key == 0);
    btree_map_free(&map);
}

/* --- many entries --- */

TEST(a_btree_map_does_as_a_sorted_array)
{
    uint64_t random = 1;
    numbers map = BTREE_MAP_EMPTY;

    begin_with_nothing();
    for (int step = 0; step < 6000; step++) {
        const int key = (int)(test_random(&random) >> 40) % MODEL_KEYS;
        const bool grows = (step / 1500) % 2 == 0; /* two times it fills up and empties */
        if (test_random(&random) % 8 < (grows ? 6 : 2))
            model_insert(&map, key, test_random(&random));
        else
            model_remove(&map, key);
        const uint64_t *const found = btree_map_get(&map, key);
        CHECK(model.has[key] ? found != NULL && *found == model.value[key] : found == NULL);
        if (step % 40 == 0)
            check_all(&map);
        if (step % 40 == 20)
            check_range(&map, key, (int)(test_random(&random) >> 40) % MODEL_KEYS);
    }
    btree_map_free(&map);
    check_nothing_is_left();
}

TEST(lower_bound_of_a_btree_map_is_the_first_key_not_less)
{
    numbers map = BTREE_MAP_EMPTY;

    begin_with_nothing();
    for (int key = 0; key < MODEL_KEYS; key += 3)
        model_insert(&map, key, 0);
    for (int key = -2; key < MODEL_KEYS; key++) {
        const struct btree_place place = btree_map_lower_bound(&map, key);
        const int expected = model_next(key < 0 ? 0 : key, 1);
        CHECK(expected == MODEL_KEYS ? place.node == NULL
                                     : *btree_map_key(&map, place) == expected);
    }
    btree_map_free(&map);
}

/* Keys in one of three orders; a permutation of 0 to MODEL_KEYS - 1. */
static int in_order(int order, int i)
{
    return order == 0 ? i : order == 1 ? MODEL_KEYS - 1 - i : i * 37 % MODEL_KEYS;
}

TEST(a_btree_map_grows_and_shrinks_in_any_order)
{
    numbers map = BTREE_MAP_EMPTY;

    for (int orders = 0; orders < 9; orders++) {
        begin_with_nothing();
        for (int i = 0; i < MODEL_KEYS; i++) {
            model_insert(&map, in_order(orders / 3, i), (uint64_t)i);
            CHECK(i % 16 != 0 || btree_map_invariants_hold(&map));
        }
        check_all(&map);
        for (int i = 0; i < MODEL_KEYS; i++) {
            model_remove(&map, in_order(orders % 3, i));
            CHECK(i % 16 != 0 || btree_map_invariants_hold(&map));
        }
        CHECK_EQUAL(map.length, 0);
        check_nothing_is_left();
    }
}

TEST(a_btree_map_has_as_many_nodes_as_blocks_on_the_heap)
{
    numbers map = BTREE_MAP_EMPTY;

    begin_with_nothing();
    for (int key = 0; key < MODEL_KEYS; key++) {
        btree_map_insert(&map, key, 0);
        heap_stats(&after);
        CHECK_EQUAL(btree_map_nodes(&map), after.live - before.live);
    }
    btree_map_free(&map);
}

TEST(nodes_of_a_btree_map_stay_more_than_half_full_when_keys_come_in_order)
{
    for (int order = 0; order < 2; order++) {
        numbers map = BTREE_MAP_EMPTY;
        for (int i = 0; i < MODEL_KEYS; i++)
            btree_map_insert(&map, in_order(order, i), 0);
        CHECK(2 * map.length > btree_map_nodes(&map) * BTREE_CAPACITY);
        btree_map_free(&map);
    }
}

/* --- order --- */

#define CHECK_ORDER_OF(type, least, middle, most)                                                  \
    do {                                                                                           \
        BTREE_SET(type) keys = BTREE_SET_EMPTY;                                                    \
        type expected[] = {least, middle, most};                                                   \
        size_t i = 0;                                                                              \
        btree_set_insert(&keys, expected[1]);                                                      \
        btree_set_insert(&keys, expected[2]);                                                      \
        btree_set_insert(&keys, expected[0]);                                                      \
        btree_set_for_each (entry, &keys)                                                          \
            CHECK(i < 3 && *entry.key == expected[i++]);                                           \
        CHECK(i == 3 && btree_set_contains(&keys, expected[2]));                                   \
        CHECK(btree_set_invariants_hold(&keys));                                                   \
        btree_set_free(&keys);                                                                     \
    } while (0)

TEST(a_btree_orders_integers_of_every_type_by_value)
{
    CHECK_ORDER_OF(int8_t, INT8_MIN, -1, INT8_MAX);
    CHECK_ORDER_OF(int16_t, INT16_MIN, -1, INT16_MAX);
    CHECK_ORDER_OF(int, INT32_MIN, -1, INT32_MAX);
    CHECK_ORDER_OF(long, INT64_MIN, -1, INT64_MAX);
    CHECK_ORDER_OF(long long, INT64_MIN, -1, INT64_MAX);
    CHECK_ORDER_OF(uint8_t, 0, 127, UINT8_MAX);
    CHECK_ORDER_OF(uint16_t, 0, 1, UINT16_MAX);
    CHECK_ORDER_OF(unsigned, 0, 1, UINT32_MAX);
    CHECK_ORDER_OF(unsigned long, 0, 1, UINT64_MAX);
    CHECK_ORDER_OF(unsigned long long, 0, 1, UINT64_MAX);
    CHECK_ORDER_OF(char, 'a', 'b', 'c');
}

TEST(a_btree_orders_strings_as_strcmp)
{
    CHECK_ORDER_OF(const char *, "", "ab", "b");
    BTREE_MAP(const char *, int) ages = BTREE_MAP_EMPTY;
    char name[] = "ada";
    btree_map_insert(&ages, "ada", 36);
    const int *const age = btree_map_get(&ages, name); /* another address */
    CHECK(age != NULL && *age == 36);
    btree_map_free(&ages);
}

static void drop_string(void *slot)
{
    char *const string = *(char **)slot;
    string[0] = '\0'; /* a comparison with it would go wrong */
    kfree(string);
}

TEST(a_btree_map_compares_with_no_string_that_it_has_dropped)
{
    BTREE_SET(char *) set = BTREE_SET_DROPPING(drop_string);
    char sought[] = "aa";

    begin();
    for (int i = 0; i < 26 * 26; i++) {
        char *const key = kmalloc(3);
        key[0] = (char)('a' + i / 26), key[1] = (char)('a' + i % 26), key[2] = '\0';
        btree_set_insert(&set, key);
    }
    for (int i = 26 * 26 - 1; i >= 0; i--) {
        sought[0] = (char)('a' + i / 26), sought[1] = (char)('a' + i % 26);
        CHECK(btree_set_remove(&set, sought));
        CHECK(!btree_set_contains(&set, sought) && btree_set_invariants_hold(&set));
    }
    check_nothing_is_left();
}

struct point {
    int x, y;
};

static int by_y_then_x(const void *left, const void *right)
{
    const struct point *const a = left, *const b = right;
    return a->y != b->y ? a->y - b->y : a->x - b->x;
}

TEST(a_btree_takes_keys_of_any_type_with_an_order)
{
    BTREE_MAP(struct point, int) map = BTREE_MAP_ORDERED(by_y_then_x, NULL, NULL);
    int expected = 0;

    for (int x = 0; x < 20; x++)
        for (int y = 0; y < 20; y++)
            btree_map_insert(&map, ((struct point){x, y}), y * 20 + x);
    CHECK(btree_map_invariants_hold(&map));
    btree_map_for_each (entry, &map)
        CHECK_EQUAL(*entry.value, expected++);
    const int *const found = btree_map_get(&map, ((struct point){3, 4}));
    CHECK(found != NULL && *found == 83);
    btree_map_free(&map);
}

static int descending(const void *left, const void *right)
{
    const int a = *(const int *)left, b = *(const int *)right;
    return (a < b) - (a > b);
}

TEST(an_order_given_overrules_that_of_integers)
{
    numbers map = BTREE_MAP_ORDERED(descending, NULL, NULL);
    int expected = 99;

    for (int key = 0; key < 100; key++)
        btree_map_insert(&map, key, 0);
    CHECK(btree_map_get(&map, 57) != NULL && btree_map_invariants_hold(&map));
    btree_map_for_each (entry, &map)
        CHECK_EQUAL(*entry.key, expected--);
    btree_map_for_range (entry, &map, 3, 5)
        test_fail(__FILE__, __LINE__, "3 is in front of 5");
    btree_map_free(&map);
}

struct wide {
    _Alignas(64) int number;
};

TEST(a_btree_aligns_keys_and_values)
{
    BTREE_MAP(char, struct wide) map = BTREE_MAP_EMPTY;

    begin();
    for (char key = 0; key < 100; key++)
        btree_map_insert(&map, key, (struct wide){key});
    btree_map_for_each (entry, &map)
        CHECK((uintptr_t)entry.value % 64 == 0 && entry.value->number == *entry.key);
    btree_map_free(&map);
    check_nothing_is_left();
}

/* --- ownership: keys and values that live on the heap --- */

enum { LIVES = 24 }; /* bytes of one; each is a block with its number */

static int *new_life(int number)
{
    int *const life = heap_alloc((struct layout){LIVES, 8});
    CHECK(life != NULL);
    *life = number;
    return life;
}

static void drop_life(void *slot)
{
    int *const life = *(int **)slot;
    *life = -1; /* a comparison with it would be noticed */
    heap_dealloc(life, (struct layout){LIVES, 8});
}

static int clone_life(void *to, const void *from)
{
    int *const life = heap_alloc((struct layout){LIVES, 8});
    if (life == NULL)
        return -ENOMEM;
    *life = **(int *const *)from;
    *(int **)to = life;
    return 0;
}

static int by_number(const void *left, const void *right)
{
    const int a = **(int *const *)left, b = **(int *const *)right;
    CHECK(a >= 0 && b >= 0);
    return (a > b) - (a < b);
}

typedef BTREE_MAP(int *, int *) lives;
#define NO_LIVES BTREE_MAP_ORDERED(by_number, drop_life, drop_life)

static void fill_lives(lives *map, int count)
{
    for (int i = 0; i < count; i++)
        btree_map_insert(map, new_life(i * 7 % count), new_life(i));
}

TEST(a_btree_map_drops_what_it_owns_and_no_more)
{
    lives map = NO_LIVES;
    int *taken = NULL;

    begin();
    fill_lives(&map, 200);
    btree_map_insert(&map, new_life(5), new_life(1)); /* drops a value and the key given */
    CHECK_EQUAL(map.length, 200);
    int *sought = new_life(6);
    CHECK(btree_map_take(&map, sought, &taken)); /* the key is dropped, the value is ours */
    CHECK(*taken >= 0 && !btree_map_remove(&map, sought));
    drop_life(&taken);
    for (*sought = 10; *sought < 100; ++*sought)
        CHECK(btree_map_remove(&map, sought) && btree_map_invariants_hold(&map));
    drop_life(&sought);
    ++**btree_map_get_or_insert(&map, new_life(150), new_life(1)); /* both given are dropped */
    btree_map_clear(&map);
    check_nothing_is_left();
    fill_lives(&map, 3);
    btree_map_free(&map);
    check_nothing_is_left();
}

TEST(a_btree_map_is_freed_with_its_scope)
{
    begin();
    {
        SCOPED(btree_map_free) lives map = NO_LIVES;
        fill_lives(&map, 50);
    }
    check_nothing_is_left();
}

TEST(a_clone_of_a_btree_map_shares_nothing_with_it)
{
    lives map = NO_LIVES, copy = NO_LIVES;

    begin();
    fill_lives(&map, 300);
    fill_lives(&copy, 7); /* dropped by the clone */
    btree_map_clone(&copy, &map, clone_life, clone_life);
    CHECK(copy.length == 300 && btree_map_invariants_hold(&copy));
    CHECK_EQUAL(btree_map_nodes(&copy), btree_map_nodes(&map));
    struct btree_place place = btree_map_first(&map);
    btree_map_for_each (entry, &copy) {
        CHECK(*entry.key != *btree_map_key(&map, place) &&
              **entry.key == **btree_map_key(&map, place));
        place = btree_map_next(&map, place);
    }
    btree_map_free(&map);
    CHECK(btree_map_invariants_hold(&copy));
    btree_map_free(&copy);
    check_nothing_is_left();
}

TEST(a_clone_of_an_empty_btree_map_is_empty)
{
    numbers map = BTREE_MAP_EMPTY, copy = BTREE_MAP_EMPTY;

    begin();
    btree_map_insert(&copy, 1, 1);
    CHECK_EQUAL(btree_map_try_clone(&copy, &map, NULL, NULL), 0);
    CHECK_EQUAL(copy.length, 0);
    check_nothing_is_left();
}

/* --- no memory --- */

/* With each allocation of an insertion failing in turn, the map stays as it was. */
static unsigned insert_without_memory(numbers *map, int key)
{
    const size_t nodes = btree_map_nodes(map);
    bool fired = true;

    for (unsigned n = 1;; n++) {
        fail_alloc_after(n);
        const int error = btree_map_try_insert(map, key, (uint64_t)key * 3);
        fired = fail_alloc_stop();
        CHECK_EQUAL(error, fired ? -ENOMEM : 0);
        if (!fired)
            return n - 1;
        CHECK_EQUAL(btree_map_nodes(map), nodes);
        heap_stats(&after);
        CHECK_EQUAL(after.live - before.live, nodes);
        check_all(map);
    }
}

TEST(an_insertion_without_memory_leaves_the_btree_map_as_it_was)
{
    numbers map = BTREE_MAP_EMPTY;
    unsigned allocations = 0, most = 0;

    begin_with_nothing();
    for (int i = 0; i < MODEL_KEYS; i++) {
        const int key = i * 37 % MODEL_KEYS;
        const unsigned needed = insert_without_memory(&map, key);
        model.has[key] = true;
        model.value[key] = (uint64_t)key * 3;
        allocations += needed;
        most = needed > most ? needed : most;
    }
    CHECK_EQUAL(allocations, btree_map_nodes(&map));
    CHECK_EQUAL(most, 3); /* a leaf, an inner node, and a root */
    btree_map_free(&map);
    check_nothing_is_left();
}

TEST(get_or_insert_without_memory_is_null)
{
    numbers map = BTREE_MAP_EMPTY;

    begin_with_nothing();
    fail_alloc_after(1);
    CHECK(btree_map_try_get_or_insert(&map, 1, 2) == NULL);
    CHECK(fail_alloc_stop() && map.length == 0);
    CHECK_EQUAL(*btree_map_try_get_or_insert(&map, 1, 2), 2);
    btree_map_free(&map);
    check_nothing_is_left();
}

TEST(a_removal_from_a_btree_map_needs_no_memory)
{
    numbers map = BTREE_MAP_EMPTY;

    begin_with_nothing();
    fill(&map, MODEL_KEYS);
    fail_alloc_after(1);
    for (int i = 0; i < MODEL_KEYS; i++)
        model_remove(&map, in_order(2, i));
    CHECK(!fail_alloc_stop());
    check_nothing_is_left();
}

TEST(a_clone_without_memory_leaves_nothing_behind)
{
    lives map = NO_LIVES, copy = NO_LIVES;
    bool fired = true;

    begin();
    for (unsigned n = 1; fired; n++) {
        fill_lives(&map, 130);
        fill_lives(&copy, 3);
        fail_alloc_after(n);
        const int error = btree_map_try_clone(&copy, &map, clone_life, clone_life);
        fired = fail_alloc_stop();
        CHECK_EQUAL(error, fired ? -ENOMEM : 0);
        CHECK_EQUAL(copy.length, fired ? 3 : 130);
        CHECK(btree_map_invariants_hold(&copy) && btree_map_invariants_hold(&map));
        btree_map_free(&map);
        btree_map_free(&copy);
        check_nothing_is_left();
    }
}

/* --- the invariants notice --- */

TEST(btree_invariants_notice_a_changed_node)
{
    numbers map = BTREE_MAP_EMPTY;

    fill(&map, 100);
    struct btree_node *const leaf = btree_map_first(&map).node, *const root = map.any.root;
    CHECK(btree_map_invariants_hold(&map) && leaf->parent == root);
    map.length++;
    CHECK(!btree_map_invariants_hold(&map));
    map.length--;
    leaf->slot++;
    CHECK(!btree_map_invariants_hold(&map));
    leaf->slot--;
    leaf->parent = leaf;
    CHECK(!btree_map_invariants_hold(&map));
    leaf->parent = root;
    leaf->length--;
    CHECK(!btree_map_invariants_hold(&map));
    leaf->length++;
    int *const key = (int *)(uintptr_t)btree_map_key(&map, btree_map_first(&map));
    *key = 1;
    CHECK(!btree_map_invariants_hold(&map));
    *key = 0;
    key[BTREE_CAPACITY - 1] = -1; /* behind the last */
    CHECK(leaf->length < BTREE_CAPACITY && !btree_map_invariants_hold(&map));
    key[BTREE_CAPACITY - 1] = INT32_MAX;
    CHECK(btree_map_invariants_hold(&map));
    btree_map_free(&map);
}

/* --- sets --- */

TEST(a_btree_set_keeps_each_key_once)
{
    SCOPED(btree_set_free) BTREE_SET(uint64_t) set = BTREE_SET_EMPTY;
    uint64_t random = 3, last = 0;
    size_t seen = 0;

    for (int i = 0; i < 1000; i++)
        btree_set_insert(&set, test_random(&random) % 500 + 1);
    CHECK(btree_set_invariants_hold(&set) && set.length <= 500);
    btree_set_for_each (entry, &set) {
        CHECK(*entry.key > last && btree_set_contains(&set, *entry.key));
        last = *entry.key;
        seen++;
    }
    CHECK_EQUAL(seen, set.length);
    CHECK(!btree_set_contains(&set, 0) && !btree_set_remove(&set, 501));
    CHECK(btree_set_remove(&set, last) && !btree_set_contains(&set, last));
}

TEST(a_btree_set_has_no_room_for_values)
{
    BTREE_SET(uint64_t) set = BTREE_SET_EMPTY;

    begin();
    btree_set_insert(&set, 1);
    heap_stats(&after);
    CHECK_EQUAL(after.user - before.user, 16 + BTREE_CAPACITY * sizeof(uint64_t));
    btree_set_free(&set);
    check_nothing_is_left();
}

TEST(a_btree_set_is_cloned_and_ranged_over_like_a_map)
{
    BTREE_SET(int) set = BTREE_SET_EMPTY, copy = BTREE_SET_EMPTY;
    int sum = 0;

    begin();
    for (int key = 0; key < 100; key++)
        btree_set_insert(&set, key);
    btree_set_clone(&copy, &set, NULL);
    btree_set_clear(&set);
    btree_set_for_range (entry, &copy, 10, 14)
        sum = sum * 100 + *entry.key;
    CHECK_EQUAL(sum, 10111213);
    sum = 0;
    btree_set_for_range_back (entry, &copy, 10, 14)
        sum = sum * 100 + *entry.key;
    CHECK_EQUAL(sum, 13121110);
    btree_set_free(&copy);
    check_nothing_is_left();
}

TEST(a_place_in_a_btree_map_leads_to_its_value)
{
    numbers map = BTREE_MAP_EMPTY;

    for (int i = 0; i < 100; i++)
        btree_map_insert(&map, i, (uint64_t)i * 3);
    for (int i = 0; i < 100; i++) {
        uint64_t *const value = btree_map_value(&map, btree_map_lower_bound(&map, i));
        CHECK_EQUAL(*value, (uint64_t)i * 3);
        *value = 0;
        CHECK_EQUAL(*btree_map_get(&map, i), 0);
    }
    btree_map_free(&map);
}
