/*
 * hash_map.h - a map without an order (Rust's HashMap).
 *
 *     HASH_MAP(const char *, int) ages = HASH_MAP_EMPTY;
 *     hash_map_insert(&ages, "ada", 36);
 *     int *age = hash_map_get(&ages, "ada");                  NULL: no such key
 *     hash_map_for_each (entry, &ages)
 *         use(entry->key, entry->value);
 *     hash_map_free(&ages);
 *
 * Algorithm: the entries stand one after another, as in a vec, and a table of slots says where each
 * is; R. Hettinger, "More compact dictionaries with faster iteration", 2012, as in Python's dict
 * since 3.6. The table is open addressing with linear probing: D. E. Knuth, The Art of Computer
 * Programming vol. 3, section 6.4, algorithm L; a removal closes its gap by algorithm R, so that
 * there are no tombstones.
 *
 *     slots     | -- | h2:1 | h9:0 | -- | h4:2 | -- | -- | -- |     hash, number of the entry
 *     entries   | k v | k v | k v |  free   |                       3 of 6; one block with the
 * slots
 *
 * Invariants: an entry's slot is found from slot `hash & mask` on without passing a free one; slots
 * are a power of two, and half of them are always free.
 *
 * Integers and strings (char *) bring their hash (key.h), with a seed of each map's own; keys of
 * any other type need HASH_MAP_HASHED. Insertion, lookup and removal take O(1) on average, and O(n)
 * if all hashes are the same. Growth doubles the slots and calls no hash function. Iteration goes
 * over the entries alone: in the order of insertion, until a removal moves the last entry into its
 * gap. A clear keeps the memory.
 *
 * The map owns keys and values, as in btree_map.h. An insertion that grows the map, and a removal,
 * make addresses of values invalid. Not for several harts at once: the caller locks.
 */
#pragma once

#include "collections/element.h"
#include "collections/key.h"
#include "heap/heap.h"

struct hash_slot {
    uint32_t hash;
    uint32_t entry; /* 1 more than the entry's number; 0: the slot is free */
};

/* Where things are in an entry, by the types of key and value. */
struct hash_shape {
    enum key_kind kind;
    size_t key_size, value_size;
    size_t value;        /* offset; the key is at 0 */
    struct layout entry; /* of one entry */
};

typedef uint64_t hash_function(const void *key, uint64_t seed);
typedef bool hash_equal(const void *left, const void *right);

struct hash_map {
    size_t length;   /* entries */
    size_t capacity; /* entries that there is room for */
    void *entries;
    struct hash_slot *slots; /* NULL while capacity is 0 */
    size_t mask;             /* number of slots - 1 */
    uint64_t seed;
    const struct hash_shape *shape; /* set with the first capacity */
    hash_function *hash;            /* both NULL: integers or strings */
    hash_equal *equal;
    element_drop *drop_key; /* NULL: keys own nothing */
    element_drop *drop_value;
};

/* A map's type. Of entry_of nothing but the type is ever used. */
#define HASH_MAP(key_type, value_type)                                                             \
    union {                                                                                        \
        struct hash_map any;                                                                       \
        size_t length; /* entries in the map */                                                    \
        struct {                                                                                   \
            key_type const key;                                                                    \
            value_type value;                                                                      \
        } * entry_of;                                                                              \
    }

/* Initialisers: a map that drops nothing; one with destructors; one with a hash and an equality of
 * its own, and destructors. Keys that are equal must have the same hash; key_hash_bytes helps. */
#define HASH_MAP_EMPTY HASH_MAP_HASHED(NULL, NULL, NULL, NULL)
#define HASH_MAP_DROPPING(key_dropper, value_dropper)                                              \
    HASH_MAP_HASHED(NULL, NULL, key_dropper, value_dropper)
#define HASH_MAP_HASHED(hasher, equality, key_dropper, value_dropper)                              \
    {                                                                                              \
        .any = {                                                                                   \
            .hash = (hasher),                                                                      \
            .equal = (equality),                                                                   \
            .drop_key = (key_dropper),                                                             \
            .drop_value = (value_dropper)                                                          \
        }                                                                                          \
    }

/* --- keys and values ---------------------------------------------------------------------------
 */

/* Put `value` under `key`. Where the map has the key already it keeps its own: the old value is
 * dropped, and the key given. The first ends in the allocation error handler when there is no
 * memory; the second is -ENOMEM, with the map unchanged and both still the caller's, or 0. */
#define hash_map_insert(m, key_, value_)     HASH_CALL(hash_must_insert, m, key_, value_)
#define hash_map_try_insert(m, key_, value_) HASH_CALL(hash_insert, m, key_, value_)

/* The address of the value under `key`. Where there is none `value` is put there first; else key
 * and value given are dropped. Without memory as above, the second being NULL. */
#define hash_map_get_or_insert(m, key_, value_)                                                    \
    ((__typeof__((m)->entry_of->value) *)HASH_CALL(hash_must_get_or_insert, m, key_, value_))
#define hash_map_try_get_or_insert(m, key_, value_)                                                \
    ((__typeof__((m)->entry_of->value) *)HASH_CALL(hash_get_or_insert, m, key_, value_))

/* The address of the value under `key`, or NULL. */
#define hash_map_get(m, key_)                                                                      \
    ({                                                                                             \
        const struct hash_shape get_shape_ = HASH_SHAPE((m)->entry_of);                            \
        __typeof__((m)->entry_of->key) get_key_ = (key_);                                          \
        (__typeof__((m)->entry_of->value) *)hash_get(&(m)->any, &get_key_, &get_shape_);           \
    })

#define hash_map_contains(m, key_) (hash_map_get(m, key_) != NULL)

/* Remove `key`; false: it is not there. hash_map_remove drops the value; hash_map_take moves it to
 * *value, and it is the caller's then. The map's key is dropped. */
#define hash_map_remove(m, key_)                                                                   \
    ({                                                                                             \
        __typeof__((m)->entry_of->key) remove_key_ = (key_);                                       \
        hash_remove(&(m)->any, &remove_key_, NULL);                                                \
    })
#define hash_map_take(m, key_, value_)                                                             \
    ({                                                                                             \
        __typeof__((m)->entry_of->key) take_key_ = (key_);                                         \
        __auto_type const take_value_ = (value_);                                                  \
        ELEMENT_TYPES_MATCH(take_value_, &(m)->entry_of->value);                                   \
        hash_remove(&(m)->any, &take_key_, take_value_);                                           \
    })

/* --- all of a map ------------------------------------------------------------------------------
 */

/* hash_map_for_each (entry, &map) { ... }: entry->key and entry->value of each. The loop must not
 * insert or remove. */
#define hash_map_for_each(name, m)                                                                 \
    for (__auto_type name##_in_ = (m); name##_in_ != NULL; name##_in_ = NULL)                      \
        for (__typeof__(name##_in_->entry_of)                                                      \
                 name = name##_in_->any.entries,                                                   \
                 name##_end_ = name##_in_->any.length == 0 ? name : name + name##_in_->any.length; \
             name < name##_end_; (name)++)

/* Make room for `additional` more entries than there are. Without memory as above. */
#define hash_map_reserve(m, additional)     HASH_RESERVE(hash_must_reserve, m, additional)
#define hash_map_try_reserve(m, additional) HASH_RESERVE(hash_reserve, m, additional)

/* Make `to` a copy of `from`; what was in `to` is dropped. clone_key and clone_value are as in
 * element.h. Without memory as above. */
#define hash_map_clone(to, from, clone_key, clone_value)                                           \
    HASH_CLONE(hash_must_clone, to, from, clone_key, clone_value)
#define hash_map_try_clone(to, from, clone_key, clone_value)                                       \
    HASH_CLONE(hash_clone, to, from, clone_key, clone_value)

/* Give back what is not in use; where the heap cannot, the map stays as it was. */
void hash_map_shrink(void *map);

/* Drop all entries; the memory stays. */
void hash_map_clear(void *map);

/* Drop all entries and give back the memory. The map is empty then and can be used again. For
 * SCOPED(hash_map_free), too. */
void hash_map_free(void *map);

bool hash_map_invariants_hold(const void *map);

/* --- behind the macros -------------------------------------------------------------------------
 */

#define HASH_SHAPE(entry_of)                                                                       \
    {                                                                                              \
        .kind = KEY_KIND((entry_of)->key), .key_size = sizeof(entry_of)->key,                      \
        .value_size = sizeof(entry_of)->value, .value = offsetof(__typeof__(*(entry_of)), value),  \
        .entry = {                                                                                 \
            sizeof *(entry_of),                                                                    \
            __alignof__(*(entry_of))                                                               \
        }                                                                                          \
    }

#define HASH_CALL(function, m, key_, value_)                                                       \
    ({                                                                                             \
        static const struct hash_shape shape_ = HASH_SHAPE((m)->entry_of);                         \
        __typeof__((m)->entry_of->key) put_key_ = (key_);                                          \
        const __typeof__((m)->entry_of->value) put_value_ = (value_);                              \
        function(&(m)->any, &shape_, &put_key_, &put_value_);                                      \
    })

#define HASH_RESERVE(function, m, additional)                                                      \
    ({                                                                                             \
        static const struct hash_shape shape_ = HASH_SHAPE((m)->entry_of);                         \
        function(&(m)->any, &shape_, (additional));                                                \
    })

#define HASH_CLONE(function, to, from, clone_key, clone_value)                                     \
    ({                                                                                             \
        ELEMENT_TYPES_MATCH(&(to)->entry_of->key, &(from)->entry_of->key);                         \
        ELEMENT_TYPES_MATCH(&(to)->entry_of->value, &(from)->entry_of->value);                     \
        function(&(to)->any, &(from)->any, (clone_key), (clone_value));                            \
    })

int hash_insert(struct hash_map *map, const struct hash_shape *shape, const void *key,
                const void *value);
void hash_must_insert(struct hash_map *map, const struct hash_shape *shape, const void *key,
                      const void *value);
void *hash_get_or_insert(struct hash_map *map, const struct hash_shape *shape, const void *key,
                         const void *value);
void *hash_must_get_or_insert(struct hash_map *map, const struct hash_shape *shape, const void *key,
                              const void *value);
bool hash_remove(struct hash_map *map, const void *key, void *value);
int hash_reserve(struct hash_map *map, const struct hash_shape *shape, size_t additional);
void hash_must_reserve(struct hash_map *map, const struct hash_shape *shape, size_t additional);
int hash_clone(struct hash_map *to, const struct hash_map *from, element_clone *clone_key,
               element_clone *clone_value);
void hash_must_clone(struct hash_map *to, const struct hash_map *from, element_clone *clone_key,
                     element_clone *clone_value);
void *hash_get_other(const struct hash_map *map, const void *key);

/* The value under an integer, or NULL; inlined, with the sizes of `shape` known. */
KEY_INLINE void *hash_get_number(const struct hash_map *map, uint64_t number,
                                 const struct hash_shape *shape)
{
    const uint32_t hash = (uint32_t)key_hash_number(number, map->seed);

    for (size_t i = hash & map->mask;; i = (i + 1) & map->mask) {
        const struct hash_slot slot = map->slots[i];
        if (slot.entry == 0)
            return NULL;
        if (slot.hash != hash)
            continue;
        char *const entry = (char *)map->entries + (slot.entry - 1UL) * shape->entry.size;
        if (key_load(entry, shape->kind, shape->key_size) == number)
            return entry + shape->value;
    }
}

KEY_INLINE void *hash_get(const struct hash_map *map, const void *key,
                          const struct hash_shape *shape)
{
    if (map->length == 0)
        return NULL;
    if (shape->kind == KEY_SIGNED || shape->kind == KEY_UNSIGNED)
        return hash_get_number(map, key_load(key, shape->kind, shape->key_size), shape);
    return hash_get_other(map, key);
}
