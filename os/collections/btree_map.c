/* btree_map.c - see btree_map.h: search, split, merge. */
#include "collections/btree_map.h"

#include "lib/errno.h"

/* --- nodes -------------------------------------------------------------------------------------
 */

static void *key_at(const struct btree_map *map, const struct btree_node *node, size_t index)
{
    return (char *)node + map->shape->keys + index * map->shape->key_size;
}

static void *value_at(const struct btree_map *map, const struct btree_node *node, size_t index)
{
    return (char *)node + map->shape->values + index * map->shape->value_size;
}

static struct btree_node **children(const struct btree_map *map, const struct btree_node *node)
{
    return (struct btree_node **)(void *)((char *)node + map->shape->children);
}

static struct layout layout_of_level(const struct btree_shape *shape, unsigned level)
{
    const size_t behind = level > 0 ? (BTREE_CAPACITY + 1) * sizeof(struct btree_node *) : 0;
    return (struct layout){shape->children + behind, shape->align};
}

static struct btree_node *new_node(const struct btree_map *map, unsigned level)
{
    struct btree_node *const node = heap_alloc(layout_of_level(map->shape, level));
    if (node != NULL)
        *node = (struct btree_node){.level = (uint16_t)level};
    return node;
}

static void free_node(const struct btree_map *map, struct btree_node *node)
{
    heap_dealloc(node, layout_of_level(map->shape, node->level));
}

/* Tell the children from `first` on who their parent is. */
static void adopt(const struct btree_map *map, struct btree_node *node, size_t first)
{
    for (size_t i = first; node->level > 0 && i <= node->length; i++) {
        struct btree_node *const child = children(map, node)[i];
        child->parent = node;
        child->slot = (uint16_t)i;
    }
}

/* Copy one key or value; that of the commonest size without a call. */
static void copy(void *to, const void *from, size_t size)
{
    if (size == sizeof(uint64_t))
        memcpy(to, from, sizeof(uint64_t));
    else
        memcpy(to, from, size);
}

/* Repeat the last key behind itself. */
static void pad(const struct btree_map *map, struct btree_node *node)
{
    const void *const last = key_at(map, node, node->length - 1UL);

    for (size_t i = node->length; i < BTREE_CAPACITY; i++)
        copy(key_at(map, node, i), last, map->shape->key_size);
}

/* The keys behind the last have gone elsewhere. A number that is left there is greater and harms no
 * search; but an address may soon be that of nothing. */
static void forget_tail(const struct btree_map *map, struct btree_node *node)
{
    if (node->length > 0 && (map->compare != NULL || map->shape->kind >= KEY_STRING))
        pad(map, node);
}

static void put(const struct btree_map *map, struct btree_node *node, size_t index, const void *key,
                const void *value)
{
    copy(key_at(map, node, index), key, map->shape->key_size);
    copy(value_at(map, node, index), value, map->shape->value_size);
    if (index + 1 == node->length)
        pad(map, node);
}

/* Copy `count` entries from `index` on to the end of node `to`, and the children around them. */
static void append(const struct btree_map *map, struct btree_node *to,
                   const struct btree_node *from, size_t index, size_t count)
{
    const size_t end = to->length;

    memcpy(key_at(map, to, end), key_at(map, from, index), count * map->shape->key_size);
    memcpy(value_at(map, to, end), value_at(map, from, index), count * map->shape->value_size);
    if (to->level > 0)
        memcpy(&children(map, to)[end], &children(map, from)[index],
               (count + 1) * sizeof(struct btree_node *));
    to->length = (uint16_t)(end + count);
    adopt(map, to, end);
    pad(map, to);
}

/* Make room for an entry at `index`, and for a child behind it. The node is not full. */
static void open_slot(const struct btree_map *map, struct btree_node *node, size_t index)
{
    const struct btree_shape *const shape = map->shape;
    const size_t behind = node->length - index;

    memmove(key_at(map, node, index + 1), key_at(map, node, index),
            (BTREE_CAPACITY - 1 - index) * shape->key_size);
    memmove(value_at(map, node, index + 1), value_at(map, node, index), behind * shape->value_size);
    if (node->level > 0)
        memmove(&children(map, node)[index + 2], &children(map, node)[index + 1],
                behind * sizeof(struct btree_node *));
    node->length++;
}

/* Take out the entry at `index`, and the child behind it. */
static void close_slot(const struct btree_map *map, struct btree_node *node, size_t index)
{
    const struct btree_shape *const shape = map->shape;
    const size_t behind = node->length - 1 - index;

    memmove(key_at(map, node, index), key_at(map, node, index + 1),
            (BTREE_CAPACITY - 1 - index) * shape->key_size);
    memmove(value_at(map, node, index), value_at(map, node, index + 1), behind * shape->value_size);
    if (node->level > 0)
        memmove(&children(map, node)[index + 1], &children(map, node)[index + 2],
                behind * sizeof(struct btree_node *));
    node->length--;
    adopt(map, node, index + 1);
    if (behind == 0)
        forget_tail(map, node);
}

/* --- search ------------------------------------------------------------------------------------
 */

/* Three-way, as by qsort's function, for keys of any kind. */
static __attribute__((noinline)) int order(const struct btree_map *map, const void *a,
                                           const void *b)
{
    const enum key_kind kind = map->shape->kind;
    const size_t size = map->shape->key_size;

    if (map->compare != NULL)
        return map->compare(a, b);
    if (kind == KEY_STRING)
        return strcmp(key_string(a), key_string(b));
    const uint64_t left = key_load(a, kind, size), right = key_load(b, kind, size);
    return key_less(left, right, kind) ? -1 : left != right;
}

/* What is looked for: a number, or a key that order() compares. */
struct sought {
    const struct btree_map *map;
    const void *key;
    uint64_t number;
};

/* Three-way, the key at `slot` and the one sought. An integer's kind and size are constants in the
 * searches below, and then this is one instruction. */
KEY_INLINE int order_at(const struct sought *sought, const char *slot, enum key_kind kind,
                        size_t size)
{
    if (kind == KEY_OTHER)
        return order(sought->map, slot, sought->key);
    const uint64_t number = key_load(slot, kind, size);
    return key_less(number, sought->number, kind) ? -1 : number != sought->number;
}

/* The number of keys in a node that are less than the one sought; BTREE_CAPACITY where all are. The
 * slots behind the last key are as good as it. */
KEY_INLINE size_t rank_in(const char *keys, const struct sought *sought, enum key_kind kind,
                          size_t size)
{
    size_t rank = 0;

    if (order_at(sought, keys + 7 * size, kind, size) < 0)
        rank = 8;
    if (order_at(sought, keys + (rank + 3) * size, kind, size) < 0)
        rank += 4;
    if (order_at(sought, keys + (rank + 1) * size, kind, size) < 0)
        rank += 2;
    if (order_at(sought, keys + rank * size, kind, size) < 0)
        rank += 1;
    return rank;
}

/* Go down from `node`, to the key sought or to where it would be in a leaf. */
KEY_INLINE struct btree_found descend(struct btree_node *node, const struct sought *sought,
                                      enum key_kind kind, size_t size, size_t keys_at,
                                      size_t children_at)
{
    for (;;) {
        const char *const keys = (const char *)node + keys_at;
        size_t rank = rank_in(keys, sought, kind, size);
        if (rank >= node->length)
            rank = node->length;
        else if (order_at(sought, keys + rank * size, kind, size) == 0)
            return (struct btree_found){node, (uint32_t)rank, true};
        if (node->level == 0)
            return (struct btree_found){node, (uint32_t)rank, false};
        node = ((struct btree_node **)(void *)((char *)node + children_at))[rank];
    }
}

struct btree_found btree_find_uint64(struct btree_node *root, uint64_t key, size_t children_at)
{
    const struct sought sought = {NULL, NULL, key};
    return descend(root, &sought, KEY_UNSIGNED, sizeof key, sizeof *root, children_at);
}

struct btree_found btree_find_int(struct btree_node *root, int key, size_t children_at)
{
    const struct sought sought = {NULL, NULL, (uint64_t)key};
    return descend(root, &sought, KEY_SIGNED, sizeof key, sizeof *root, children_at);
}

struct btree_found btree_find_any(const struct btree_map *map, const void *key)
{
    const struct btree_shape *const shape = map->shape;
    const struct sought sought = {map, key, 0};
    return descend(map->root, &sought, KEY_OTHER, shape->key_size, shape->keys, shape->children);
}

static struct btree_found find(const struct btree_map *map, const void *key)
{
    return btree_find(map, key, map->shape);
}

/* --- insertion ---------------------------------------------------------------------------------
 */

/* Put a new root above `old`, without keys as yet. */
static int grow(struct btree_map *map, struct btree_node *old)
{
    struct btree_node *const root = new_node(map, old->level + 1U);

    if (root == NULL)
        return -ENOMEM;
    children(map, root)[0] = old;
    old->parent = root;
    old->slot = 0;
    map->root = root;
    return 0;
}

/*
 * Split the full node of `place` in two, and the middle entry goes up; `place` is then in the half
 * where it belongs. The parent needs room for that entry, so it is split first where it is full,
 * and so on up. All allocations are made on the way up and all changes on the way back: when one
 * fails, nothing has changed.
 *
 *     parent    | .. d  x .. |             | .. d  H  x .. |
 *                     |            =>            |  |
 *     node       | A B C .. H I J .. |     | A .. G |  | I J .. |
 */
static int split(struct btree_map *map, struct btree_place *place)
{
    struct btree_node *const left = place->node, *right = new_node(map, left->level);
    const size_t middle = place->index < 7 ? 6 : place->index > 8 ? 8 : 7; /* 7 remain, or more */
    struct btree_place above = {left->parent, left->slot};
    int error = 0;

    if (right == NULL)
        return -ENOMEM;
    if (above.node == NULL)
        error = grow(map, left);
    else if (above.node->length == BTREE_CAPACITY)
        error = split(map, &above);
    if (error != 0) {
        free_node(map, right);
        return error;
    }
    append(map, right, left, middle + 1, BTREE_CAPACITY - 1 - middle);
    open_slot(map, left->parent, left->slot);
    put(map, left->parent, left->slot, key_at(map, left, middle), value_at(map, left, middle));
    children(map, left->parent)[left->slot + 1] = right;
    adopt(map, left->parent, left->slot + 1UL);
    left->length = (uint16_t)middle;
    forget_tail(map, left);
    if (place->index > middle)
        *place = (struct btree_place){right, place->index - middle - 1};
    return 0;
}

/* The first node of an empty map. */
static int plant(struct btree_map *map, const struct btree_shape *shape)
{
    if (shape->kind == KEY_OTHER && map->compare == NULL)
        panic("btree_map: keys of this type need an order: BTREE_MAP_ORDERED");
    map->shape = shape;
    map->root = new_node(map, 0);
    return map->root == NULL ? -ENOMEM : 0;
}

/* 0: the key is at *place. 1: it is not in the map, but there is room for it at *place. */
static int find_or_make_room(struct btree_map *map, const struct btree_shape *shape,
                             const void *key, struct btree_place *place)
{
    int error = 0;

    if (map->root == NULL) {
        error = plant(map, shape);
        *place = (struct btree_place){map->root, 0};
    } else {
        const struct btree_found found = find(map, key);
        *place = (struct btree_place){found.node, found.index};
        if (found.is_there)
            return 0;
        if (found.node->length == BTREE_CAPACITY)
            error = split(map, place);
    }
    return error != 0 ? error : 1;
}

static void drop(element_drop *dropper, void *slot)
{
    if (dropper != NULL)
        dropper(slot);
}

/* `key` and `value` are copies of the caller's, which may be dropped. */
static void drop_copy(element_drop *dropper, const void *copy)
{
    drop(dropper, (void *)(uintptr_t)copy);
}

static void put_new(struct btree_map *map, struct btree_place place, const void *key,
                    const void *value)
{
    open_slot(map, place.node, place.index);
    put(map, place.node, place.index, key, value);
    map->length++;
}

int btree_insert(struct btree_map *map, const struct btree_shape *shape, const void *key,
                 const void *value)
{
    struct btree_place place;
    const int is_new = find_or_make_room(map, shape, key, &place);

    if (is_new < 0)
        return is_new;
    if (is_new) {
        put_new(map, place, key, value);
    } else {
        void *const old = value_at(map, place.node, place.index);
        drop(map->drop_value, old);
        drop_copy(map->drop_key, key);
        memcpy(old, value, shape->value_size);
    }
    return 0;
}

void *btree_get_or_insert(struct btree_map *map, const struct btree_shape *shape, const void *key,
                          const void *value)
{
    struct btree_place place;
    const int is_new = find_or_make_room(map, shape, key, &place);

    if (is_new < 0)
        return NULL;
    if (is_new) {
        put_new(map, place, key, value);
    } else {
        drop_copy(map->drop_key, key);
        drop_copy(map->drop_value, value);
    }
    return value_at(map, place.node, place.index);
}

void btree_must_insert(struct btree_map *map, const struct btree_shape *shape, const void *key,
                       const void *value)
{
    if (btree_insert(map, shape, key, value) != 0)
        heap_alloc_error(layout_of_level(shape, 0));
}

void *btree_must_get_or_insert(struct btree_map *map, const struct btree_shape *shape,
                               const void *key, const void *value)
{
    void *const slot = btree_get_or_insert(map, shape, key, value);

    if (slot == NULL)
        heap_alloc_error(layout_of_level(shape, 0));
    return slot;
}

/* --- removal -----------------------------------------------------------------------------------
 */

/* The entry in front of child `slot` goes down to it, and the last entry of the child before up. */
static void borrow_from_left(const struct btree_map *map, struct btree_node *parent, size_t slot)
{
    struct btree_node *const node = children(map, parent)[slot];
    struct btree_node *const left = children(map, parent)[slot - 1];
    const size_t last = left->length - 1UL;

    open_slot(map, node, 0);
    put(map, node, 0, key_at(map, parent, slot - 1), value_at(map, parent, slot - 1));
    if (node->level > 0) {
        children(map, node)[1] = children(map, node)[0];
        children(map, node)[0] = children(map, left)[left->length];
        adopt(map, node, 0);
    }
    put(map, parent, slot - 1, key_at(map, left, last), value_at(map, left, last));
    left->length--;
    forget_tail(map, left);
}

/* The entry behind child `slot` goes down to it, and the first entry of the child behind up. */
static void borrow_from_right(const struct btree_map *map, struct btree_node *parent, size_t slot)
{
    struct btree_node *const node = children(map, parent)[slot];
    struct btree_node *const right = children(map, parent)[slot + 1];

    open_slot(map, node, node->length);
    put(map, node, node->length - 1UL, key_at(map, parent, slot), value_at(map, parent, slot));
    put(map, parent, slot, key_at(map, right, 0), value_at(map, right, 0));
    if (node->level > 0) {
        children(map, node)[node->length] = children(map, right)[0];
        adopt(map, node, node->length);
        children(map, right)[0] = children(map, right)[1];
    }
    close_slot(map, right, 0);
    adopt(map, right, 0);
}

/*
 * Make one node of child `slot`, the entry behind it, and the child behind that.
 *
 *     parent    | .. d  H  x .. |             | .. d  x .. |
 *                     |  |              =>          |
 *             | A .. G |  | I J .. |           | A .. G H I J .. |
 */
static void merge(const struct btree_map *map, struct btree_node *parent, size_t slot)
{
    struct btree_node *const left = children(map, parent)[slot];
    struct btree_node *const right = children(map, parent)[slot + 1];

    open_slot(map, left, left->length);
    put(map, left, left->length - 1UL, key_at(map, parent, slot), value_at(map, parent, slot));
    append(map, left, right, 0, right->length);
    close_slot(map, parent, slot);
    free_node(map, right);
}

/* From a node that has lost an entry upwards, see that none has too few: it is merged with the node
 * beside it, or gets an entry from there if one node would be too small for both. */
static void rebalance(struct btree_map *map, struct btree_node *node)
{
    while (node->length < BTREE_MINIMUM && node->parent != NULL) {
        struct btree_node *const parent = node->parent, **const child = children(map, parent);
        const size_t slot = node->slot, left = slot > 0 ? slot - 1 : slot;

        if (child[left]->length + child[left + 1]->length >= BTREE_CAPACITY) {
            if (left < slot)
                borrow_from_left(map, parent, slot);
            else
                borrow_from_right(map, parent, slot);
            return;
        }
        merge(map, parent, left);
        node = parent;
    }
    if (map->root->length == 0) {
        struct btree_node *const old = map->root;
        map->root = old->level > 0 ? children(map, old)[0] : NULL;
        if (map->root != NULL)
            map->root->parent = NULL;
        free_node(map, old);
    }
}

/* In an inner node the entry before, which is the last of a leaf, takes the place of the removed.
 */
bool btree_remove(struct btree_map *map, const void *key, void *value)
{
    if (map->root == NULL)
        return false;
    const struct btree_found found = find(map, key);
    if (!found.is_there)
        return false;
    const struct btree_place place = {found.node, found.index};
    struct btree_place leaf = place;
    drop(map->drop_key, key_at(map, place.node, place.index));
    if (value != NULL)
        copy(value, value_at(map, place.node, place.index), map->shape->value_size);
    else
        drop(map->drop_value, value_at(map, place.node, place.index));
    if (place.node->level > 0) {
        leaf = btree_previous(map, place);
        put(map, place.node, place.index, key_at(map, leaf.node, leaf.index),
            value_at(map, leaf.node, leaf.index));
    }
    close_slot(map, leaf.node, leaf.index);
    map->length--;
    rebalance(map, leaf.node);
    return true;
}

/* --- order -------------------------------------------------------------------------------------
 */

static const struct btree_place nowhere = {NULL, 0};

/* The places at both ends of the leaves below a node. */
static struct btree_place leftmost(const struct btree_map *map, struct btree_node *node)
{
    while (node->level > 0)
        node = children(map, node)[0];
    return (struct btree_place){node, 0};
}

static struct btree_place rightmost(const struct btree_map *map, struct btree_node *node)
{
    while (node->level > 0)
        node = children(map, node)[node->length];
    return (struct btree_place){node, node->length - 1UL};
}

struct btree_place btree_first(const struct btree_map *map)
{
    return map->root == NULL ? nowhere : leftmost(map, map->root);
}

struct btree_place btree_last(const struct btree_map *map)
{
    return map->root == NULL ? nowhere : rightmost(map, map->root);
}

/* Where `place` is behind the last entry of its node, the next entry is above. */
static struct btree_place climb_over_end(struct btree_place place)
{
    while (place.node != NULL && place.index == place.node->length)
        place = (struct btree_place){place.node->parent, place.node->slot};
    return place.node == NULL ? nowhere : place;
}

struct btree_place btree_climb_next(const struct btree_map *map, struct btree_place place)
{
    place.index++;
    if (place.node->level > 0)
        return leftmost(map, children(map, place.node)[place.index]);
    return climb_over_end(place);
}

struct btree_place btree_climb_previous(const struct btree_map *map, struct btree_place place)
{
    if (place.node->level > 0)
        return rightmost(map, children(map, place.node)[place.index]);
    while (place.node != NULL && place.index == 0)
        place = (struct btree_place){place.node->parent, place.node->slot};
    return place.node == NULL ? nowhere : (struct btree_place){place.node, place.index - 1};
}

struct btree_place btree_lower_bound(const struct btree_map *map, const void *key)
{
    if (map->root == NULL)
        return nowhere;
    const struct btree_found found = find(map, key);
    return climb_over_end((struct btree_place){found.node, found.index});
}

/* The entry in front of `place`, which may be behind the last. */
static struct btree_place before(const struct btree_map *map, struct btree_place place)
{
    return place.node == NULL ? btree_last(map) : btree_previous(map, place);
}

struct btree_range btree_all(const struct btree_map *map)
{
    return (struct btree_range){map, btree_first(map), nowhere};
}

struct btree_range btree_all_back(const struct btree_map *map)
{
    return (struct btree_range){map, btree_last(map), nowhere};
}

struct btree_range btree_range(const struct btree_map *map, const void *from, const void *to)
{
    if (map->root == NULL || order(map, from, to) >= 0)
        return (struct btree_range){map, nowhere, nowhere};
    return (struct btree_range){map, btree_lower_bound(map, from), btree_lower_bound(map, to)};
}

struct btree_range btree_range_back(const struct btree_map *map, const void *from, const void *to)
{
    const struct btree_range range = btree_range(map, from, to);

    if (range.at.node == range.end.node && range.at.index == range.end.index)
        return range;
    return (struct btree_range){map, before(map, range.end), before(map, range.at)};
}

static void check_place(const char *what, struct btree_place place)
{
    if (place.node == NULL || place.index >= place.node->length)
        panic("btree_map: no %s here: the place is not that of an entry", what);
}

const void *btree_key_at(const struct btree_map *map, struct btree_place place)
{
    check_place("key", place);
    return key_at(map, place.node, place.index);
}

void *btree_value_at(const struct btree_map *map, struct btree_place place)
{
    check_place("value", place);
    return value_at(map, place.node, place.index);
}

/* --- all of a map ------------------------------------------------------------------------------
 */

/* Drop and free all from `node` down; a child may be missing. As deep as the tree: a few levels. */
static void destroy(const struct btree_map *map, struct btree_node *node)
{
    for (size_t i = 0; i < node->length; i++) {
        drop(map->drop_key, key_at(map, node, i));
        drop(map->drop_value, value_at(map, node, i));
    }
    for (size_t i = 0; node->level > 0 && i <= node->length; i++)
        if (children(map, node)[i] != NULL)
            destroy(map, children(map, node)[i]);
    free_node(map, node);
}

void btree_map_free(void *map)
{
    struct btree_map *const tree = map;

    if (tree->root != NULL)
        destroy(tree, tree->root);
    tree->root = NULL;
    tree->length = 0;
}

/* How to clone, and what for. */
struct cloning {
    const struct btree_map *map;
    element_clone *key;
    element_clone *value;
};

static int clone_slot(element_clone *clone, void *to, const void *from, size_t size)
{
    if (clone != NULL)
        return clone(to, from);
    memcpy(to, from, size);
    return 0;
}

static int clone_entry(const struct cloning *how, struct btree_node *to,
                       const struct btree_node *from, size_t index)
{
    const struct btree_map *const map = how->map;
    void *const key = key_at(map, to, index);

    if (clone_slot(how->key, key, key_at(map, from, index), map->shape->key_size) != 0)
        return -ENOMEM;
    if (clone_slot(how->value, value_at(map, to, index), value_at(map, from, index),
                   map->shape->value_size) == 0)
        return 0;
    drop(map->drop_key, key);
    return -ENOMEM;
}

/* Fill `to` like `from`. Its length counts what it has already, so that it can be destroyed. */
static int clone_into(const struct cloning *how, struct btree_node *to,
                      const struct btree_node *from);

static struct btree_node *clone_node(const struct cloning *how, const struct btree_node *from)
{
    struct btree_node *const to = new_node(how->map, from->level);

    if (to == NULL || clone_into(how, to, from) == 0)
        return to;
    destroy(how->map, to);
    return NULL;
}

static int clone_into(const struct cloning *how, struct btree_node *to,
                      const struct btree_node *from)
{
    for (size_t i = 0; i <= from->length; i++) {
        if (from->level > 0) {
            struct btree_node *const child = clone_node(how, children(how->map, from)[i]);
            children(how->map, to)[i] = child;
            if (child == NULL)
                return -ENOMEM;
        }
        if (i < from->length) {
            if (clone_entry(how, to, from, i) != 0) {
                return -ENOMEM;
            }
            to->length++;
        }
    }
    adopt(how->map, to, 0);
    pad(how->map, to);
    return 0;
}

int btree_clone(struct btree_map *to, const struct btree_map *from, element_clone *clone_key,
                element_clone *clone_value)
{
    const struct cloning how = {from, clone_key, clone_value};
    struct btree_map copy = *from;

    if (from->root != NULL) {
        copy.root = clone_node(&how, from->root);
        if (copy.root == NULL)
            return -ENOMEM;
    }
    btree_map_free(to);
    *to = copy;
    return 0;
}

void btree_must_clone(struct btree_map *to, const struct btree_map *from, element_clone *clone_key,
                      element_clone *clone_value)
{
    if (btree_clone(to, from, clone_key, clone_value) != 0)
        heap_alloc_error(layout_of_level(from->shape, 0));
}

/* Each node has one entry that is its first. */
size_t btree_map_nodes(const void *map)
{
    const struct btree_map *const tree = map;
    size_t nodes = 0;

    for (struct btree_place place = btree_first(tree); place.node != NULL;
         place = btree_next(tree, place))
        nodes += place.index == 0;
    return nodes;
}

/* --- invariants --------------------------------------------------------------------------------
 */

/* Behind the last key stand ascending numbers not less than it; or that key, where there may be
 * addresses. */
static bool padding_holds(const struct btree_map *map, const struct btree_node *node)
{
    const bool is_number = map->compare == NULL && map->shape->kind < KEY_STRING;

    for (size_t i = node->length; i < BTREE_CAPACITY; i++) {
        const void *const slot = key_at(map, node, i), *const in_front = key_at(map, node, i - 1);
        if (is_number ? order(map, in_front, slot) > 0
                      : memcmp(in_front, slot, map->shape->key_size) != 0)
            return false;
    }
    return true;
}

static bool node_holds(const struct btree_map *map, const struct btree_node *node)
{
    const unsigned least = node->parent == NULL ? 1 : BTREE_MINIMUM;

    if (node->length < least || node->length > BTREE_CAPACITY || !padding_holds(map, node))
        return false;
    for (size_t i = 0; node->level > 0 && i <= node->length; i++) {
        const struct btree_node *const child = children(map, node)[i];
        if (child->parent != node || child->slot != i || child->level + 1 != node->level ||
            !node_holds(map, child))
            return false;
    }
    return true;
}

bool btree_map_invariants_hold(const void *map)
{
    const struct btree_map *const tree = map;
    const void *last = NULL;
    size_t length = 0;

    if (tree->root == NULL)
        return tree->length == 0;
    if (tree->root->parent != NULL || !node_holds(tree, tree->root))
        return false;
    for (struct btree_place place = btree_first(tree); place.node != NULL;
         place = btree_next(tree, place)) {
        const void *const key = btree_key_at(tree, place);
        if (last != NULL && order(tree, last, key) >= 0)
            return false;
        last = key;
        length++;
    }
    return length == tree->length;
}
