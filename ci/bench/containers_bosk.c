/* containers_bosk.c - the cases of containers.h on Bosk's collections. */
#include "containers.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "collections/binary_heap.h"
#include "collections/btree_map.h"
#include "collections/deque.h"
#include "collections/hash_map.h"
#include "collections/vec.h"

void panic_at(const char *file, int line, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "%s:%d: ", file, line);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

void bench_prepare(void)
{
    static _Alignas(KERNEL_HEAP_ALIGN) uint8_t memory[KERNEL_HEAP_SIZE];
    init_heap(memory, sizeof memory);
}

/* --- Vec --- */

static VEC(int) vec = VEC_EMPTY;

static uint64_t push(const uint64_t *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        vec_push(&vec, (int)keys[i]);
    return vec.length;
}

/* How seldom a push has to make room. */
static void tell_reallocations(size_t count)
{
    VEC(int) pushed = VEC_EMPTY;
    size_t reallocations = 0;

    for (size_t i = 0; i < count; i++) {
        reallocations += pushed.length == pushed.capacity;
        vec_push(&pushed, (int)i);
    }
    printf("fact: Vec: pushes to a reallocation, of %zu = %.1f\n", count,
           (double)count / (double)reallocations);
    vec_free(&pushed);
}

/* --- Deque --- */

static DEQUE(int) deque = DEQUE_EMPTY;

static uint64_t deque_push(const uint64_t *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        deque_push_back(&deque, (int)keys[i]);
    return deque.length;
}

static uint64_t deque_index(const uint64_t *keys, size_t count)
{
    uint64_t sum = 0;

    (void)keys;
    for (size_t i = 0; i < count; i++)
        sum += (uint64_t)*deque_at(&deque, i);
    return sum;
}

static uint64_t deque_pop(const uint64_t *keys, size_t count)
{
    uint64_t sum = 0;
    int value;

    (void)keys;
    (void)count;
    while (deque_pop_front(&deque, &value))
        sum += (uint64_t)value;
    return sum;
}

/* --- BinaryHeap --- */

static int compare_ints(const void *left, const void *right)
{
    const int a = *(const int *)left, b = *(const int *)right;
    return (a > b) - (a < b);
}

static BINARY_HEAP(int) heap = BINARY_HEAP_EMPTY(compare_ints);

static uint64_t heap_push(const uint64_t *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        binary_heap_push(&heap, (int)keys[i]);
    return heap.length;
}

static uint64_t heap_pop(const uint64_t *keys, size_t count)
{
    uint64_t sum = 0;
    int value;

    (void)keys;
    (void)count;
    while (binary_heap_pop(&heap, &value))
        sum = sum * 31 + (uint64_t)value;
    return sum;
}

/* --- BTreeMap --- */

static BTREE_MAP(uint64_t, uint64_t) tree = BTREE_MAP_EMPTY;

static uint64_t tree_insert(const uint64_t *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        btree_map_insert(&tree, keys[i], i);
    return tree.length;
}

static uint64_t tree_lookup(const uint64_t *keys, size_t count)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++) {
        const uint64_t *const found = btree_map_get(&tree, keys[i]);
        if (found != NULL)
            sum += *found;
    }
    return sum;
}

static uint64_t tree_lookup_absent(const uint64_t *keys, size_t count)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += btree_map_contains(&tree, keys[i] + 1);
    return sum;
}

static uint64_t tree_iterate(const uint64_t *keys, size_t count)
{
    uint64_t sum = 0;

    (void)keys;
    (void)count;
    btree_map_for_each (entry, &tree)
        sum += *entry.key ^ *entry.value;
    return sum;
}

static uint64_t tree_remove(const uint64_t *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        btree_map_remove(&tree, keys[i]);
    return tree.length;
}

/* --- HashMap --- */

static HASH_MAP(uint64_t, uint64_t) table = HASH_MAP_EMPTY;

static uint64_t table_insert(const uint64_t *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        hash_map_insert(&table, keys[i], i);
    return table.length;
}

static uint64_t table_lookup(const uint64_t *keys, size_t count)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++) {
        const uint64_t *const found = hash_map_get(&table, keys[i]);
        if (found != NULL)
            sum += *found;
    }
    return sum;
}

static uint64_t table_lookup_absent(const uint64_t *keys, size_t count)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += hash_map_contains(&table, keys[i] + 1);
    return sum;
}

static uint64_t table_iterate(const uint64_t *keys, size_t count)
{
    uint64_t sum = 0;

    (void)keys;
    (void)count;
    hash_map_for_each (entry, &table)
        sum += entry->key ^ entry->value;
    return sum;
}

static uint64_t table_remove(const uint64_t *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        hash_map_remove(&table, keys[i]);
    return table.length;
}

/* How full the nodes are: keys to slots for keys. */
static void tell_fill(const char *order, const uint64_t *keys, size_t count)
{
    BTREE_MAP(uint64_t, uint64_t) map = BTREE_MAP_EMPTY;

    for (size_t i = 0; i < count; i++)
        btree_map_insert(&map, keys[i], i);
    const size_t slots = btree_map_nodes(&map) * BTREE_CAPACITY;
    printf("fact: BTreeMap: node fill, %s keys = %.1f %%\n", order,
           100.0 * (double)map.length / (double)slots);
    btree_map_free(&map);
}

void bench_tell(const uint64_t *keys, size_t count)
{
    static uint64_t ascending[10000], descending[10000];

    for (size_t i = 0; i < count; i++)
        ascending[i] = descending[count - 1 - i] = i;
    tell_reallocations(count);
    tell_fill("ascending", ascending, count);
    tell_fill("descending", descending, count);
    tell_fill("random", keys, count);
}

/* --- what is played --- */

const struct bench_case bench_cases[] = {
    {"Vec: push", push},
    {"Deque: push", deque_push},
    {"Deque: at", deque_index},
    {"Deque: pop", deque_pop},
    {"BinaryHeap: push", heap_push},
    {"BinaryHeap: pop", heap_pop},
    {"BTreeMap: insert", tree_insert},
    {"BTreeMap: lookup", tree_lookup},
    {"BTreeMap: lookup, absent", tree_lookup_absent},
    {"BTreeMap: iterate", tree_iterate},
    {"BTreeMap: remove", tree_remove},
    {"HashMap: insert", table_insert},
    {"HashMap: lookup", table_lookup},
    {"HashMap: lookup, absent", table_lookup_absent},
    {"HashMap: iterate", table_iterate},
    {"HashMap: remove", table_remove},
    {NULL, NULL},
};
