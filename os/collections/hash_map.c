/* hash_map.c - see hash_map.h: entries in a row, and a table of slots. */
#include "collections/hash_map.h"

#include "lib/errno.h"
#include "lib/panic.h"

enum { FEWEST_SLOTS = 8 };

/* Half of the slots stay free: then a search looks at one and a half of them, or fewer. */
static size_t capacity_of(size_t slots)
{
    return slots / 2;
}

/* --- keys --------------------------------------------------------------------------------------
 */

static bool is_number(const struct hash_map *map)
{
    return map->shape->kind == KEY_SIGNED || map->shape->kind == KEY_UNSIGNED;
}

/* Keys that are no numbers; apart, so that what numbers need is inlined. */
static __attribute__((noinline)) uint64_t hash_of_other(const struct hash_map *map, const void *key)
{
    if (map->shape->kind == KEY_STRING)
        return key_hash_bytes(key_string(key), strlen(key_string(key)), map->seed);
    return key_hash_number(map->hash(key, map->seed), map->seed);
}

static __attribute__((noinline)) bool is_equal_other(const struct hash_map *map, const void *left,
                                                     const void *right)
{
    if (map->shape->kind == KEY_STRING)
        return strcmp(key_string(left), key_string(right)) == 0;
    return map->equal(left, right);
}

static uint64_t number_of(const struct hash_map *map, const void *key)
{
    return key_load(key, map->shape->kind, map->shape->key_size);
}

static uint32_t hash_of(const struct hash_map *map, const void *key)
{
    return (uint32_t)(is_number(map) ? key_hash_number(number_of(map, key), map->seed)
                                     : hash_of_other(map, key));
}

static bool is_equal(const struct hash_map *map, const void *left, const void *right)
{
    return is_number(map) ? number_of(map, left) == number_of(map, right)
                          : is_equal_other(map, left, right);
}

/* A number that no map had before. It is no secret. */
static uint64_t next_seed(void)
{
    static uint64_t seeds;
    return key_mix(__atomic_add_fetch(&seeds, UINT64_C(0x9e3779b97f4a7c15), __ATOMIC_RELAXED),
                   KEY_MULTIPLIER);
}

/* --- the table ---------------------------------------------------------------------------------
 */

static void *entry_at(const struct hash_map *map, size_t index)
{
    return element_at(map->entries, index, map->shape->entry.size);
}

static void *value_of(const struct hash_map *map, void *entry)
{
    return (char *)entry + map->shape->value;
}

/* The slot of the entry with this key, or the free one where the search for it ends. */
static struct hash_slot *find(const struct hash_map *map, const void *key, uint32_t hash)
{
    for (size_t i = hash & map->mask;; i = (i + 1) & map->mask) {
        struct hash_slot *const slot = &map->slots[i];
        if (slot->entry == 0)
            return slot;
        if (slot->hash == hash && is_equal(map, entry_at(map, slot->entry - 1UL), key))
            return slot;
    }
}

/* The first slot, from where a search for `hash` begins, with this entry; 0: that is free. */
static struct hash_slot *slot_with(const struct hash_map *map, size_t entry, uint32_t hash)
{
    size_t i = hash & map->mask;

    while (map->slots[i].entry != entry)
        i = (i + 1) & map->mask;
    return &map->slots[i];
}

/* Free a slot. Those behind it move up, but none to a place in front of its first one. */
static void close_gap(struct hash_map *map, size_t gap)
{
    for (size_t i = (gap + 1) & map->mask; map->slots[i].entry != 0; i = (i + 1) & map->mask) {
        const size_t first = map->slots[i].hash & map->mask;
        if (((i - first) & map->mask) >= ((i - gap) & map->mask)) {
            map->slots[gap] = map->slots[i];
            gap = i;
        }
    }
    map->slots[gap].entry = 0;
}

/* --- memory ------------------------------------------------------------------------------------
 */

/* One block: `slots` slots, and behind them the entries. False: it would be too large. */
static bool block_of(const struct hash_shape *shape, size_t slots, struct layout *block,
                     size_t *entries)
{
    const size_t slot_align = _Alignof(struct hash_slot), align = shape->entry.align;
    size_t size;

    *entries = align_up(slots * sizeof(struct hash_slot), align);
    if (__builtin_mul_overflow(capacity_of(slots), shape->entry.size, &size) ||
        __builtin_add_overflow(size, *entries, &size))
        return false;
    *block = (struct layout){size, align > slot_align ? align : slot_align};
    return true;
}

/* Give `map`, which has none, the memory for `slots` slots, all free. */
static int allocate(struct hash_map *map, size_t slots)
{
    struct layout block;
    size_t entries;

    if (!block_of(map->shape, slots, &block, &entries))
        return -ENOMEM;
    map->slots = heap_alloc(block);
    if (map->slots == NULL)
        return -ENOMEM;
    memset(map->slots, 0, slots * sizeof(struct hash_slot));
    map->entries = (char *)map->slots + entries;
    map->mask = slots - 1;
    map->capacity = capacity_of(slots);
    return 0;
}

static void release(struct hash_map *map)
{
    struct layout block;
    size_t entries;

    if (map->capacity > 0 && block_of(map->shape, map->mask + 1, &block, &entries))
        heap_dealloc(map->slots, block);
    map->slots = NULL;
    map->entries = NULL;
    map->capacity = map->mask = 0;
}

/* Move to a table with room for `wanted` entries, not less than there are. The hashes are in the
 * slots already. */
static int resize(struct hash_map *map, size_t wanted)
{
    struct hash_map moved = *map;
    size_t slots = FEWEST_SLOTS;

    while (capacity_of(slots) < wanted)
        slots *= 2;
    if (allocate(&moved, slots) != 0)
        return -ENOMEM;
    if (map->length > 0)
        memcpy(moved.entries, map->entries, map->length * map->shape->entry.size);
    for (size_t i = 0; i <= map->mask && map->capacity > 0; i++) {
        const struct hash_slot slot = map->slots[i];
        if (slot.entry != 0)
            *slot_with(&moved, 0, slot.hash) = slot;
    }
    release(map);
    *map = moved;
    return 0;
}

int hash_reserve(struct hash_map *map, const struct hash_shape *shape, size_t additional)
{
    size_t wanted;

    if ((shape->kind == KEY_OTHER) != (map->hash != NULL && map->equal != NULL))
        panic("hash_map: integers and strings have a hash; keys of another type need "
              "HASH_MAP_HASHED");
    if (additional <= map->capacity - map->length)
        return 0;
    if (__builtin_add_overflow(map->length, additional, &wanted) || wanted > UINT32_MAX / 2)
        return -ENOMEM; /* an entry's number has 32 bits */
    if (map->capacity == 0) {
        map->shape = shape;
        map->seed = next_seed();
    }
    return resize(map, wanted);
}

void hash_map_shrink(void *map)
{
    struct hash_map *const table = map;

    if (table->length == 0)
        release(table);
    else if (table->length <= capacity_of((table->mask + 1) / 2) && table->mask >= FEWEST_SLOTS)
        (void)resize(table, table->length);
}

static _Noreturn void no_memory(const struct hash_shape *shape, size_t entries)
{
    size_t size;

    if (__builtin_mul_overflow(entries, shape->entry.size + sizeof(struct hash_slot), &size))
        size = SIZE_MAX;
    heap_alloc_error((struct layout){size, shape->entry.align});
}

void hash_must_reserve(struct hash_map *map, const struct hash_shape *shape, size_t additional)
{
    if (hash_reserve(map, shape, additional) != 0)
        no_memory(shape, additional);
}

/* --- entries -----------------------------------------------------------------------------------
 */

static void drop(element_drop *dropper, const void *what)
{
    if (dropper != NULL)
        dropper((void *)(uintptr_t)what); /* a copy of the caller's is const, but is dropped */
}

void *hash_get_other(const struct hash_map *map, const void *key)
{
    const struct hash_slot *const slot = find(map, key, hash_of(map, key));
    return slot->entry == 0 ? NULL : value_of(map, entry_at(map, slot->entry - 1UL));
}

/* 0: the key has the entry *entry. 1: it has none, and a new one, *entry, has been made for it and
 * its value. -ENOMEM. */
static int find_or_add(struct hash_map *map, const struct hash_shape *shape, const void *key,
                       void **entry)
{
    if (map->capacity == 0 && hash_reserve(map, shape, 1) != 0)
        return -ENOMEM;
    const uint32_t hash = hash_of(map, key);
    struct hash_slot *slot = find(map, key, hash);
    if (slot->entry != 0) {
        *entry = entry_at(map, slot->entry - 1UL);
        return 0;
    }
    if (map->length == map->capacity) {
        if (hash_reserve(map, shape, 1) != 0)
            return -ENOMEM;
        slot = slot_with(map, 0, hash);
    }
    *entry = entry_at(map, map->length++);
    *slot = (struct hash_slot){hash, (uint32_t)map->length};
    memcpy(*entry, key, shape->key_size);
    return 1;
}

int hash_insert(struct hash_map *map, const struct hash_shape *shape, const void *key,
                const void *value)
{
    void *entry;
    const int is_new = find_or_add(map, shape, key, &entry);

    if (is_new < 0)
        return is_new;
    if (!is_new) {
        drop(map->drop_value, value_of(map, entry));
        drop(map->drop_key, key);
    }
    memcpy(value_of(map, entry), value, shape->value_size);
    return 0;
}

void *hash_get_or_insert(struct hash_map *map, const struct hash_shape *shape, const void *key,
                         const void *value)
{
    void *entry;
    const int is_new = find_or_add(map, shape, key, &entry);

    if (is_new < 0)
        return NULL;
    if (is_new) {
        memcpy(value_of(map, entry), value, shape->value_size);
    } else {
        drop(map->drop_key, key);
        drop(map->drop_value, value);
    }
    return value_of(map, entry);
}

void hash_must_insert(struct hash_map *map, const struct hash_shape *shape, const void *key,
                      const void *value)
{
    if (hash_insert(map, shape, key, value) != 0)
        no_memory(shape, map->length + 1);
}

void *hash_must_get_or_insert(struct hash_map *map, const struct hash_shape *shape, const void *key,
                              const void *value)
{
    void *const slot = hash_get_or_insert(map, shape, key, value);

    if (slot == NULL)
        no_memory(shape, map->length + 1);
    return slot;
}

/* The last entry takes the place of the one that goes. */
bool hash_remove(struct hash_map *map, const void *key, void *value)
{
    if (map->length == 0)
        return false;
    struct hash_slot *const slot = find(map, key, hash_of(map, key));
    if (slot->entry == 0)
        return false;

    const size_t index = slot->entry - 1UL, last = map->length - 1;
    void *const entry = entry_at(map, index);
    close_gap(map, (size_t)(slot - map->slots));
    drop(map->drop_key, entry);
    if (value != NULL)
        memcpy(value, value_of(map, entry), map->shape->value_size);
    else
        drop(map->drop_value, value_of(map, entry));
    if (index != last) {
        const void *const moved = entry_at(map, last);
        slot_with(map, last + 1, hash_of(map, moved))->entry = (uint32_t)index + 1;
        memcpy(entry, moved, map->shape->entry.size);
    }
    map->length = last;
    return true;
}

/* --- all of a map ------------------------------------------------------------------------------
 */

static void drop_entry(const struct hash_map *map, size_t index)
{
    drop(map->drop_key, entry_at(map, index));
    drop(map->drop_value, value_of(map, entry_at(map, index)));
}

void hash_map_clear(void *map)
{
    struct hash_map *const table = map;

    for (size_t i = 0; i < table->length; i++)
        drop_entry(table, i);
    table->length = 0;
    if (table->capacity > 0)
        memset(table->slots, 0, (table->mask + 1) * sizeof(struct hash_slot));
}

void hash_map_free(void *map)
{
    hash_map_clear(map);
    release(map);
}

static int clone_part(element_clone *clone, void *to, const void *from, size_t size)
{
    if (clone != NULL)
        return clone(to, from);
    memcpy(to, from, size);
    return 0;
}

static int clone_entry(struct hash_map *to, const struct hash_map *from, element_clone *clone_key,
                       element_clone *clone_value)
{
    void *const entry = entry_at(to, to->length), *const model = entry_at(from, to->length);

    if (clone_part(clone_key, entry, model, to->shape->key_size) != 0)
        return -ENOMEM;
    if (clone_part(clone_value, value_of(to, entry), value_of(from, model),
                   to->shape->value_size) == 0)
        return 0;
    drop(to->drop_key, entry);
    return -ENOMEM;
}

int hash_clone(struct hash_map *to, const struct hash_map *from, element_clone *clone_key,
               element_clone *clone_value)
{
    struct hash_map copy = *from;

    copy.length = 0;
    if (from->capacity > 0 && allocate(&copy, from->mask + 1) != 0)
        return -ENOMEM;
    for (; copy.length < from->length; copy.length++)
        if (clone_entry(&copy, from, clone_key, clone_value) != 0) {
            hash_map_free(&copy);
            return -ENOMEM;
        }
    if (from->capacity > 0)
        memcpy(copy.slots, from->slots, (from->mask + 1) * sizeof(struct hash_slot));
    hash_map_free(to);
    *to = copy;
    return 0;
}

void hash_must_clone(struct hash_map *to, const struct hash_map *from, element_clone *clone_key,
                     element_clone *clone_value)
{
    if (hash_clone(to, from, clone_key, clone_value) != 0)
        no_memory(from->shape, from->length);
}

bool hash_map_invariants_hold(const void *map)
{
    const struct hash_map *const table = map;
    size_t used = 0;

    if (table->capacity == 0)
        return table->length == 0 && table->slots == NULL;
    if (table->length > table->capacity || table->capacity != capacity_of(table->mask + 1) ||
        !is_power_of_two(table->mask + 1))
        return false;
    for (size_t i = 0; i <= table->mask; i++)
        used += table->slots[i].entry != 0;
    if (used != table->length)
        return false;
    for (size_t i = 0; i < table->length; i++) {
        const void *const key = entry_at(table, i);
        if (find(table, key, hash_of(table, key))->entry != i + 1)
            return false;
    }
    return true;
}
