/*
 * btree_set.h - a set in the order of its keys (Rust's BTreeSet).
 *
 *     BTREE_SET(int) primes = BTREE_SET_EMPTY;
 *     btree_set_insert(&primes, 7);
 *     btree_set_for_each(entry, &primes) use(*entry.key);
 *     btree_set_free(&primes);
 *
 * It is a BTREE_MAP whose values have no size: its nodes have no room for them. What is said in
 * btree_map.h holds here, too.
 */
#pragma once

#include "collections/btree_map.h"

struct btree_nothing {
};

#define BTREE_SET(key_type)                   BTREE_MAP(key_type, struct btree_nothing)
#define BTREE_SET_EMPTY                       BTREE_MAP_EMPTY
#define BTREE_SET_DROPPING(key_dropper)       BTREE_MAP_DROPPING(key_dropper, NULL)
#define BTREE_SET_ORDERED(order, key_dropper) BTREE_MAP_ORDERED(order, key_dropper, NULL)

/* Put `key` into the set; where it is there already, the one given is dropped. */
#define btree_set_insert(set, key)     btree_map_insert(set, key, (struct btree_nothing){})
#define btree_set_try_insert(set, key) btree_map_try_insert(set, key, (struct btree_nothing){})

#define btree_set_contains(set, key) btree_map_contains(set, key)

/* Remove and drop `key`; false: it is not there. */
#define btree_set_remove(set, key) btree_map_remove(set, key)

#define btree_set_clone(to, from, clone_key)     btree_map_clone(to, from, clone_key, NULL)
#define btree_set_try_clone(to, from, clone_key) btree_map_try_clone(to, from, clone_key, NULL)

#define btree_set_for_each(entry, set)            btree_map_for_each (entry, set)
#define btree_set_for_each_back(entry, set)       btree_map_for_each_back (entry, set)
#define btree_set_for_range(entry, set, from, to) btree_map_for_range (entry, set, from, to)
#define btree_set_for_range_back(entry, set, from, to)                                             \
    btree_map_for_range_back (entry, set, from, to)

#define btree_set_first(set)            btree_map_first(set)
#define btree_set_last(set)             btree_map_last(set)
#define btree_set_lower_bound(set, key) btree_map_lower_bound(set, key)
#define btree_set_next(set, place)      btree_map_next(set, place)
#define btree_set_previous(set, place)  btree_map_previous(set, place)
#define btree_set_key(set, place)       btree_map_key(set, place)

static inline void btree_set_free(void *set)
{
    btree_map_free(set);
}

static inline void btree_set_clear(void *set)
{
    btree_map_clear(set);
}

static inline bool btree_set_invariants_hold(const void *set)
{
    return btree_map_invariants_hold(set);
}
