/* hash_map.c - misuse of HashMap. */
#include "collections/hash_map.h"

typedef HASH_MAP(int, long) ages;
typedef HASH_MAP(const char *, long) names;

int misuse_hash_map(ages *map, names *other, const ages *frozen);

int misuse_hash_map(ages *map, names *other, const ages *frozen)
{
    int number = 1, error = 0;
    long wide = 1;

    hash_map_insert(map, "text", 1);               /* error: a string is a key of ints */
    hash_map_insert(map, wide, 1);                 /* error: a long is a key of ints */
    hash_map_insert(map, 1, "text");               /* error: a string is a value of longs */
    hash_map_insert(other, 1, 1);                  /* error: a number is a key of strings */
    hash_map_insert(*map, 1, 1);                   /* error: the map stands for its address */
    hash_map_insert(frozen, 1, 1);                 /* error: a constant map is changed */
    error += hash_map_try_insert(map, &number, 1); /* error: an address is tried as a key */
    error += hash_map_try_insert(map, 1, &wide);   /* error: an address is tried as a value */
    long *found = hash_map_get(map, "text");       /* error: a string is sought among ints */
    int *short_of = hash_map_get(map, 1);          /* error: a value of longs is an int */
    int *got = hash_map_get_or_insert(map, 1, 1);  /* error: a value that may be new is an int */
    error += hash_map_remove(map, "text");         /* error: a string is removed from ints */
    error += hash_map_take(map, 1, &number);       /* error: a long is taken to an int */
    error += hash_map_take(map, 1, wide);          /* error: a value is taken to no address */
    hash_map_clone(map, other, NULL, NULL);        /* error: a map is cloned to another type */
    error += hash_map_try_clone(other, map, 0, 0); /* error: a clone to another type is tried */
    *other = *map;                                 /* error: a map is assigned to another type */
    hash_map_reserve(frozen, 1);                   /* error: a constant map gets memory */

    hash_map_for_each (entry, map) {
        entry->key = number;  /* error: a key in the map is changed */
        entry->value = &wide; /* error: a value of longs is an address */
        number = entry;       /* error: an entry is a number */
        entry->value = entry->key;
    }
    hash_map_insert(map, number, wide);
    hash_map_clone(map, frozen, NULL, NULL);
    hash_map_reserve(map, 1);
    return error + hash_map_take(map, number, &wide) + (hash_map_get(frozen, 1) != NULL) +
           hash_map_contains(other, "name");
}
