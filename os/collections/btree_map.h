/*
 * btree_map.h - a map in the order of its keys, as a B-tree (Rust's BTreeMap).
 *
 *     BTREE_MAP(int, const char *) names = BTREE_MAP_EMPTY;
 *     btree_map_insert(&names, 7, "seven");
 *     const char **name = btree_map_get(&names, 7);           NULL: no such key
 *     btree_map_for_each(entry, &names) use(*entry.key, *entry.value);
 *     btree_map_free(&names);
 *
 * Algorithm: R. Bayer and E. McCreight, Acta Informatica 1(3), 1972; D. E. Knuth, The Art of
 * Computer Programming vol. 3, section 6.2.4; Cormen et al., Introduction to Algorithms, chapter 18
 * with t = 8. Rust's BTreeMap, which this follows in its verbs, has t = 6.
 *
 * A node holds up to 15 keys in ascending order, and their values; an inner node also has a child
 * in front of each key and one behind the last.
 *
 *     leaf    | parent, slot, length, level | k0 k1 .. k14 | v0 v1 .. v14 |
 *     inner   | parent, slot, length, level | k0 k1 .. k14 | v0 v1 .. v14 | c0 c1 .. c15 |
 *
 * Invariants: every node but the root has at least 7 keys, so that a map of n keys has at most
 * log8((n + 1) / 2) + 1 levels; all leaves are at level 0; all keys below child i lie between key
 * i - 1 and key i. Slots behind the last key hold it once more, or numbers that are no less: thus a
 * search looks at four slots of a node, whatever its length.
 *
 * 15 fits the heap: with a header of 16 bytes, keys and values of 8 make leaves of 256 bytes, and
 * keys and values of 4 leaves of 136; both are close to a size class of slab.
 *
 * Integers are ordered by value, strings (char *) by strcmp; BTREE_MAP_ORDERED gives another order,
 * and keys of any other type need one. A lookup takes O(log n) comparisons. An insertion allocates
 * only where a node is full, and all that it needs before it changes anything. A removal never
 * allocates. No spare room is kept, so there is nothing to reserve or to shrink.
 *
 * The map owns keys and values: it drops them by the functions of BTREE_MAP_DROPPING when they are
 * removed or replaced. Insertion and removal make all addresses of keys and values, and all places,
 * invalid. Not for several harts at once: the caller locks.
 */
#pragma once

#include "collections/element.h"
#include "collections/key.h"
#include "heap/heap.h"
#include "lib/panic.h"

enum { BTREE_CAPACITY = 15, BTREE_MINIMUM = 7 };

struct btree_node {
    struct btree_node *parent; /* NULL: this is the root */
    uint16_t slot;             /* which of the parent's children this is */
    uint16_t length;           /* keys */
    uint16_t level;            /* 0: a leaf */
};

/* Where things are in a node, by the types of key and value. */
struct btree_shape {
    enum key_kind kind;
    size_t key_size, value_size;   /* bytes */
    size_t keys, values, children; /* offsets; a leaf ends where children would begin */
    size_t align;                  /* of a node */
};

struct btree_map {
    size_t length;                   /* keys in the map */
    struct btree_node *root;         /* NULL: it is empty */
    const struct btree_shape *shape; /* NULL until the first insertion */
    element_compare *compare;        /* as for qsort; NULL: the keys' own order */
    element_drop *drop_key;          /* NULL: keys own nothing */
    element_drop *drop_value;
};

/* An entry of a map; node NULL: behind the last or in front of the first. */
struct btree_place {
    struct btree_node *node;
    size_t index;
};

/* From `at` up to, but without, `end`. */
struct btree_range {
    const struct btree_map *map;
    struct btree_place at, end;
};

/* A map's type. Of the last three fields nothing but their type is ever used. */
#define BTREE_MAP(key_type, value_type)                                                            \
    union {                                                                                        \
        struct btree_map any;                                                                      \
        size_t length; /* keys in the map */                                                       \
        key_type *key_of;                                                                          \
        value_type *value_of;                                                                      \
        struct {                                                                                   \
            struct btree_range range;                                                              \
            key_type const *key;                                                                   \
            value_type *value;                                                                     \
        } * entry_of;                                                                              \
    }

/* Initialisers: a map that drops nothing, with its keys' own order; one with destructors; one with
 * an order, and destructors. A function may be NULL. */
#define BTREE_MAP_EMPTY BTREE_MAP_ORDERED(NULL, NULL, NULL)
#define BTREE_MAP_DROPPING(key_dropper, value_dropper)                                             \
    BTREE_MAP_ORDERED(NULL, key_dropper, value_dropper)
#define BTREE_MAP_ORDERED(order, key_dropper, value_dropper)                                       \
    {                                                                                              \
        .any = {.compare = (order), .drop_key = (key_dropper), .drop_value = (value_dropper) }     \
    }

/* --- keys and values ---------------------------------------------------------------------------
 */

/* Put `value` under `key`. Where the map has the key already it keeps its own: the old value is
 * dropped, and the key given. The first ends in the allocation error handler when there is no
 * memory; the second is -ENOMEM, with the map unchanged and both still the caller's, or 0. */
#define btree_map_insert(m, key, value)     BTREE_CALL(btree_must_insert, m, key, value)
#define btree_map_try_insert(m, key, value) BTREE_CALL(btree_insert, m, key, value)

/* The address of the value under `key`. Where there is none `value` is put there first; else key
 * and value given are dropped. Without memory as above, the second being NULL. */
#define btree_map_get_or_insert(m, key, value)                                                     \
    ((__typeof__((m)->value_of))BTREE_CALL(btree_must_get_or_insert, m, key, value))
#define btree_map_try_get_or_insert(m, key, value)                                                 \
    ((__typeof__((m)->value_of))BTREE_CALL(btree_get_or_insert, m, key, value))

/* The address of the value under `key`, or NULL. */
#define btree_map_get(m, key)                                                                      \
    ({                                                                                             \
        const __typeof__(*(m)->key_of) get_key_ = (key);                                           \
        const struct btree_shape get_shape_ = BTREE_SHAPE(*(m)->key_of, *(m)->value_of);           \
        (__typeof__((m)->value_of))btree_get(&(m)->any, &get_key_, &get_shape_);                   \
    })

#define btree_map_contains(m, key) (btree_map_get(m, key) != NULL)

/* Remove `key`; false: it is not there. btree_map_remove drops the value; btree_map_take moves it
 * to *value, and it is the caller's then. The map's key is dropped. */
#define btree_map_remove(m, key)                                                                   \
    ({                                                                                             \
        const __typeof__(*(m)->key_of) remove_key_ = (key);                                        \
        btree_remove(&(m)->any, &remove_key_, NULL);                                               \
    })
#define btree_map_take(m, key, value)                                                              \
    ({                                                                                             \
        const __typeof__(*(m)->key_of) take_key_ = (key);                                          \
        __auto_type const take_value_ = (value);                                                   \
        ELEMENT_TYPES_MATCH(take_value_, (m)->value_of);                                           \
        btree_remove(&(m)->any, &take_key_, take_value_);                                          \
    })

/* --- all of a map ------------------------------------------------------------------------------
 */

/* Make `to` a copy of `from`; what was in `to` is dropped. clone_key and clone_value are as in
 * element.h. Without memory as above: `to` is
 * unchanged, and what was cloned has been dropped. */
#define btree_map_clone(to, from, clone_key, clone_value)                                          \
    BTREE_CLONE(btree_must_clone, to, from, clone_key, clone_value)
#define btree_map_try_clone(to, from, clone_key, clone_value)                                      \
    BTREE_CLONE(btree_clone, to, from, clone_key, clone_value)

/* Drop all keys and values and give back all memory. The map is empty then and can be used again.
 * For SCOPED(btree_map_free), too. */
void btree_map_free(void *map);

/* The same: an empty map has no memory. */
static inline void btree_map_clear(void *map)
{
    btree_map_free(map);
}

/* Nodes of the map: what it takes of the heap. */
size_t btree_map_nodes(const void *map);

bool btree_map_invariants_hold(const void *map);

/* --- in order ----------------------------------------------------------------------------------
 */

/* Run the statement that follows for each entry in ascending order: *entry.key and *entry.value. It
 * must not insert or remove. _back: in descending order; _range: keys from `from` up to, but
 * without, `to`. */
#define btree_map_for_each(entry, m) BTREE_FOR(entry, m, btree_all(&(m)->any), btree_next)
#define btree_map_for_each_back(entry, m)                                                          \
    BTREE_FOR(entry, m, btree_all_back(&(m)->any), btree_previous)
#define btree_map_for_range(entry, m, from, to)                                                    \
    BTREE_FOR(entry, m, BTREE_RANGE(btree_range, m, from, to), btree_next)
#define btree_map_for_range_back(entry, m, from, to)                                               \
    BTREE_FOR(entry, m, BTREE_RANGE(btree_range_back, m, from, to), btree_previous)

/* The place of the first or last entry, or of the first whose key is not less than `key`. */
#define btree_map_first(m) btree_first(&(m)->any)
#define btree_map_last(m)  btree_last(&(m)->any)
#define btree_map_lower_bound(m, key)                                                              \
    ({                                                                                             \
        const __typeof__(*(m)->key_of) bound_key_ = (key);                                         \
        btree_lower_bound(&(m)->any, &bound_key_);                                                 \
    })

/* What is at a place; a place without an entry panics. */
#define btree_map_key(m, place)   ((const __typeof__(*(m)->key_of) *)btree_key_at(&(m)->any, place))
#define btree_map_value(m, place) ((__typeof__((m)->value_of))btree_value_at(&(m)->any, place))

/* The place of the entry behind or in front of the one at `place`. */
#define btree_map_next(m, place)     btree_next(&(m)->any, place)
#define btree_map_previous(m, place) btree_previous(&(m)->any, place)

/* --- behind the macros -------------------------------------------------------------------------
 */

#define BTREE_ALIGN(offset, align) (((offset) + (align)-1) / (align) * (align))
#define BTREE_KEYS(key)            BTREE_ALIGN(sizeof(struct btree_node), __alignof__(key))
#define BTREE_VALUES(key, value)                                                                   \
    BTREE_ALIGN(BTREE_KEYS(key) + BTREE_CAPACITY * sizeof(key), __alignof__(value))
#define BTREE_CHILDREN(key, value)                                                                 \
    BTREE_ALIGN(BTREE_VALUES(key, value) + BTREE_CAPACITY * sizeof(value), sizeof(void *))
#define BTREE_LARGER(a, b) ((a) > (b) ? (a) : (b))
#define BTREE_SHAPE(key, value)                                                                    \
    {                                                                                              \
        .kind = KEY_KIND(key), .key_size = sizeof(key), .value_size = sizeof(value),               \
        .keys = BTREE_KEYS(key), .values = BTREE_VALUES(key, value),                               \
        .children = BTREE_CHILDREN(key, value),                                                    \
        .align = BTREE_LARGER(__alignof__(struct btree_node),                                      \
                              BTREE_LARGER(__alignof__(key), __alignof__(value))),                 \
    }

#define BTREE_CALL(function, m, key, value)                                                        \
    ({                                                                                             \
        static const struct btree_shape shape_ = BTREE_SHAPE(*(m)->key_of, *(m)->value_of);        \
        const __typeof__(*(m)->key_of) put_key_ = (key);                                           \
        const __typeof__(*(m)->value_of) put_value_ = (value);                                     \
        function(&(m)->any, &shape_, &put_key_, &put_value_);                                      \
    })

#define BTREE_CLONE(function, to, from, clone_key, clone_value)                                    \
    ({                                                                                             \
        ELEMENT_TYPES_MATCH((to)->key_of, (from)->key_of);                                         \
        ELEMENT_TYPES_MATCH((to)->value_of, (from)->value_of);                                     \
        function(&(to)->any, &(from)->any, (clone_key), (clone_value));                            \
    })

#define BTREE_RANGE(function, m, from, to)                                                         \
    ({                                                                                             \
        const __typeof__(*(m)->key_of) from_key_ = (from), to_key_ = (to);                         \
        function(&(m)->any, &from_key_, &to_key_);                                                 \
    })

#define BTREE_FOR(entry, m, all, step)                                                             \
    for (__typeof__(*(m)->entry_of) entry = {all, NULL, NULL};                                     \
         entry.range.at.node != NULL &&                                                            \
         (entry.range.at.node != entry.range.end.node ||                                           \
          entry.range.at.index != entry.range.end.index) &&                                        \
         (entry.key = btree_slot(entry.range.at, BTREE_KEYS(*(m)->key_of), sizeof *(m)->key_of),   \
         entry.value = btree_slot(entry.range.at, BTREE_VALUES(*(m)->key_of, *(m)->value_of),      \
                                  sizeof *(m)->value_of),                                          \
         true);                                                                                    \
         entry.range.at = step(entry.range.map, entry.range.at))

static inline void *btree_slot(struct btree_place place, size_t offset, size_t size)
{
    return (char *)place.node + offset + place.index * size;
}

/* Where a key is, or would be in a leaf. Small enough to be returned in registers. */
struct btree_found {
    struct btree_node *node;
    uint32_t index;
    bool is_there;
};

struct btree_found btree_find_uint64(struct btree_node *root, uint64_t key, size_t children_at);
struct btree_found btree_find_int(struct btree_node *root, int key, size_t children_at);
struct btree_found btree_find_any(const struct btree_map *map, const void *key);

/* int and uint64_t, the commonest keys, have a search of their own; which it is, is known at
 * compile time where the shape is. The map is not empty. */
KEY_INLINE struct btree_found btree_find(const struct btree_map *map, const void *key,
                                         const struct btree_shape *shape)
{
    if (map->compare == NULL && shape->kind == KEY_UNSIGNED && shape->key_size == sizeof(uint64_t))
        return btree_find_uint64(map->root, key_load(key, KEY_UNSIGNED, sizeof(uint64_t)),
                                 shape->children);
    if (map->compare == NULL && shape->kind == KEY_SIGNED && shape->key_size == sizeof(int))
        return btree_find_int(map->root, (int)key_load(key, KEY_SIGNED, sizeof(int)),
                              shape->children);
    return btree_find_any(map, key);
}

KEY_INLINE void *btree_get(const struct btree_map *map, const void *key,
                           const struct btree_shape *shape)
{
    if (map->root == NULL)
        return NULL;
    const struct btree_found found = btree_find(map, key, shape);
    const struct btree_place place = {found.node, found.index};
    return found.is_there ? btree_slot(place, shape->values, shape->value_size) : NULL;
}

struct btree_place btree_climb_next(const struct btree_map *map, struct btree_place place);
struct btree_place btree_climb_previous(const struct btree_map *map, struct btree_place place);

static inline struct btree_place btree_next(const struct btree_map *map, struct btree_place place)
{
    if (place.node->level > 0 || place.index + 1 == place.node->length)
        return btree_climb_next(map, place);
    place.index++;
    return place;
}

static inline struct btree_place btree_previous(const struct btree_map *map,
                                                struct btree_place place)
{
    if (place.node->level > 0 || place.index == 0)
        return btree_climb_previous(map, place);
    place.index--;
    return place;
}

int btree_insert(struct btree_map *map, const struct btree_shape *shape, const void *key,
                 const void *value);
void btree_must_insert(struct btree_map *map, const struct btree_shape *shape, const void *key,
                       const void *value);
void *btree_get_or_insert(struct btree_map *map, const struct btree_shape *shape, const void *key,
                          const void *value);
void *btree_must_get_or_insert(struct btree_map *map, const struct btree_shape *shape,
                               const void *key, const void *value);
bool btree_remove(struct btree_map *map, const void *key, void *value);
int btree_clone(struct btree_map *to, const struct btree_map *from, element_clone *clone_key,
                element_clone *clone_value);
void btree_must_clone(struct btree_map *to, const struct btree_map *from, element_clone *clone_key,
                      element_clone *clone_value);
struct btree_place btree_first(const struct btree_map *map);
struct btree_place btree_last(const struct btree_map *map);
struct btree_place btree_lower_bound(const struct btree_map *map, const void *key);
struct btree_range btree_all(const struct btree_map *map);
struct btree_range btree_all_back(const struct btree_map *map);
struct btree_range btree_range(const struct btree_map *map, const void *from, const void *to);
struct btree_range btree_range_back(const struct btree_map *map, const void *from, const void *to);
const void *btree_key_at(const struct btree_map *map, struct btree_place place);
void *btree_value_at(const struct btree_map *map, struct btree_place place);
