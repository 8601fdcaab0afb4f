/* btree.c - misuse of BTreeMap and BTreeSet. */
#include "collections/btree_map.h"
#include "collections/btree_set.h"

typedef BTREE_MAP(int, long) ages;
typedef BTREE_MAP(const char *, long) names;
typedef BTREE_SET(int) ids;

int misuse_btree(ages *map, names *other, ids *set, const ages *frozen);

int misuse_btree(ages *map, names *other, ids *set, const ages *frozen)
{
    int number = 1, error = 0;
    long wide = 1;
    struct btree_place place = btree_map_first(frozen);

    btree_map_insert(map, "text", 1); /* error: a string is a key of ints */
    btree_map_insert(map, wide, 1);   /* error: a long is a key of ints */
    btree_map_insert(map, 1, "text"); /* error: a string is a value of longs */
    btree_map_insert(other, 1, 1);    /* error: a number is a key of strings */
    btree_map_insert(*map, 1, 1);     /* error: the map is given in place of its address */
    btree_map_insert(frozen, 1, 1);   /* error: a constant map is changed */
    error += btree_map_try_insert(map, &number, 1); /* error: an address is tried as a key */
    error += btree_map_try_insert(map, 1, &wide);   /* error: an address is tried as a value */
    long *found = btree_map_get(map, "text");       /* error: a string is looked for among ints */
    int *short_of = btree_map_get(map, 1);          /* error: a value of longs is an int */
    int *got = btree_map_get_or_insert(map, 1, 1);  /* error: a value that may be new is an int */
    error += btree_map_remove(map, "text");         /* error: a string is removed from ints */
    error += btree_map_take(map, 1, &number);       /* error: a long is taken to an int */
    error += btree_map_take(map, 1, wide);          /* error: a value is taken to no address */
    btree_map_clone(map, other, NULL, NULL);        /* error: a map is cloned to another type */
    error += btree_map_try_clone(set, map, NULL, NULL); /* error: a map is cloned to a set */
    *other = *map;                          /* error: a map is assigned to another type */
    btree_map_for_range (each, map, 1, "z") /* error: a range of ints ends at a string */
        error++;
    char *text = btree_map_value(map, place);   /* error: the address of a long is a string */
    int *key = btree_map_key(map, place);       /* error: a key in the map may be changed */
    place = btree_map_lower_bound(map, "text"); /* error: a string is a bound of ints */
    btree_set_insert(set, "text");              /* error: a string is in a set of ints */
    error += btree_set_contains(set, &number);  /* error: an address is looked for in ints */
    *map = *set;                                /* error: a set is assigned to a map */

    btree_map_insert(map, number, wide);
    btree_set_insert(set, number);
    btree_map_clone(map, frozen, NULL, NULL);
    btree_map_for_each (entry, map) {
        number = entry.key; /* error: the address of a key is a number */
        *entry.key = 1;     /* error: a key in the map is changed */
        *entry.value = number;
    }
    btree_map_for_each (entry, frozen)
        error += *entry.key + (int)*entry.value;
    error += *btree_map_key(frozen, place) + (int)*btree_map_value(map, place);
    return error + btree_map_take(map, number, &wide) + (btree_map_get(frozen, 1) != NULL) +
           btree_map_contains(other, "name");
}
