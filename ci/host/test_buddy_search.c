/*
 * test_buddy_search.c - every state that a tiny heap can reach.
 *
 * Breadth first from the empty heap: from each state every alloc, free and realloc is tried, and
 * every wrong free. Two states are the same when they have the same blocks, live or free, and the
 * same order in the free lists; where that makes too many, the order is left out and one stands for
 * all.
 *
 * How many states there must be is known: let C(k) count the states of a block of order k. It is
 * free, live, or split into two halves that are not both free as a whole: C(0) = 2, C(k) =
 * C(k - 1)^2 + 1. A heap of several top blocks has the product. With the order in the lists, each
 * state counts once for every permutation of its free blocks of each order.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap/buddy.h"
#include "test/test.h"

enum {
    GRANULE = BUDDY_GRANULE,
    MOST_GRANULES = 13,
    MEMORY = MOST_GRANULES * (GRANULE + 1),
    ORDERS = 4,
    KEY_SIZE = 2 * MOST_GRANULES,
    SLOTS = 1 << 17,
    MOST_STATES = SLOTS / 2,
};

/* The heap lies at one place, so a state is a copy of its bytes. */
struct state {
    struct buddy buddy;
    uint8_t memory[MEMORY];
    uint8_t key[KEY_SIZE];
};

static _Alignas(1024) uint8_t memory[MEMORY];
static struct buddy buddy;

static struct state *states;
static size_t state_count;
static uint32_t slots[SLOTS]; /* number of a state, + 1, by hash; 0: none */
static bool lists_matter;

/* What is at a granule, by walking over heads: order, and LIVE_BLOCK. */
enum { LIVE_BLOCK = 0x80, NOT_A_HEAD = 0x7f };

static void find_blocks(uint8_t blocks[MOST_GRANULES])
{
    memset(blocks, NOT_A_HEAD, MOST_GRANULES);
    for (size_t granule = 0; granule < buddy.granules;) {
        blocks[granule] = buddy.map[granule];
        granule += (size_t)1 << (blocks[granule] & 0x7f);
    }
}

static void make_key(uint8_t key[KEY_SIZE])
{
    uint8_t *next = key + MOST_GRANULES;

    memset(key, 0xff, KEY_SIZE);
    find_blocks(key);
    if (!lists_matter)
        return;
    for (unsigned order = 0; order < ORDERS; order++)
        for (struct dlist_node *node = buddy.free[order].next; node != &buddy.free[order];
             node = node->next)
            *next++ = (uint8_t)((size_t)((uint8_t *)node - memory) / GRANULE);
}

static size_t hash(const uint8_t key[KEY_SIZE])
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (size_t i = 0; i < KEY_SIZE; i++)
        sum = (sum ^ key[i]) * UINT64_C(0x100000001b3);
    return (size_t)(sum ^ sum >> 32) % SLOTS;
}

/* Enter the heap's present state, unless it is known. */
static void enter_state(void)
{
    uint8_t key[KEY_SIZE];

    CHECK(buddy_invariants_hold(&buddy));
    make_key(key);
    size_t slot = hash(key);
    for (; slots[slot] != 0; slot = (slot + 1) % SLOTS)
        if (memcmp(states[slots[slot] - 1].key, key, KEY_SIZE) == 0)
            return;
    CHECK(state_count < MOST_STATES);
    struct state *const state = &states[state_count];
    state->buddy = buddy;
    memcpy(state->memory, memory, MEMORY);
    memcpy(state->key, key, KEY_SIZE);
    slots[slot] = (uint32_t)++state_count;
}

static void restore(const struct state *state)
{
    buddy = state->buddy;
    memcpy(memory, state->memory, MEMORY);
}

static bool is_unchanged(const struct state *state)
{
    return memcmp(&buddy, &state->buddy, sizeof buddy) == 0 &&
           memcmp(memory, state->memory, MEMORY) == 0;
}

static size_t count_blocks(const uint8_t *key, uint8_t block)
{
    size_t count = 0;
    for (size_t granule = 0; granule < buddy.granules; granule++)
        count += key[granule] == block;
    return count;
}

/* Asked for by size or by alignment alone, an order is the same. */
static void try_alloc(const struct state *state, unsigned order, bool by_align)
{
    const size_t bytes = (size_t)GRANULE << order;
    size_t fitting = 0;

    restore(state);
    for (unsigned k = order; k < ORDERS; k++)
        fitting += count_blocks(state->key, (uint8_t)k);
    const struct layout layout = by_align ? (struct layout){1, bytes} : (struct layout){bytes, 1};
    uint8_t *const block = buddy_alloc(&buddy, layout);
    CHECK((block != NULL) == (fitting > 0));
    if (block == NULL)
        CHECK(is_unchanged(state));
    else
        CHECK((size_t)(block - memory) % bytes == 0);
    enter_state();
}

static void try_free(const struct state *state, size_t granule, bool with_layout)
{
    const size_t bytes = (size_t)GRANULE << (state->key[granule] & 0x7f);

    restore(state);
    CHECK_EQUAL(buddy_dealloc(&buddy, memory + granule * GRANULE,
                              with_layout ? (struct layout){bytes, 1} : LAYOUT_UNKNOWN),
                FREE_OK);
    enter_state();
}

static void try_realloc(const struct state *state, size_t granule, unsigned order)
{
    const struct layout layout = {(size_t)GRANULE << (state->key[granule] & 0x7f), 1};

    restore(state);
    uint8_t *const block = memory + granule * GRANULE;
    block[layout.size - 1] = 0x5c;
    block[0] = 0xc5;
    const uint8_t *const moved = buddy_realloc(&buddy, block, layout, (size_t)GRANULE << order);
    const uint8_t *const kept = moved != NULL ? moved : block;
    CHECK(kept[0] == 0xc5);
    if (moved == NULL || layout.size <= (size_t)GRANULE << order)
        CHECK(kept[layout.size - 1] == 0x5c);
    enter_state();
}

/* A free of each granule's first and second byte and of what lies around the heap. */
static void try_wrong_frees(const struct state *state)
{
    uint8_t block = NOT_A_HEAD;

    restore(state);
    for (size_t granule = 0; granule < buddy.granules; granule++) {
        const bool head = state->key[granule] != NOT_A_HEAD;
        uint8_t *const address = memory + granule * GRANULE;
        block = head ? state->key[granule] : block;
        const bool live = block & LIVE_BLOCK;
        CHECK_EQUAL(buddy_dealloc(&buddy, address + 1, LAYOUT_UNKNOWN),
                    live ? FREE_MISALIGNED : FREE_TWICE);
        if (live && head)
            CHECK_EQUAL(buddy_dealloc(&buddy, address, (struct layout){SIZE_MAX, 1}),
                        FREE_WRONG_LAYOUT);
        else
            CHECK_EQUAL(buddy_dealloc(&buddy, address, LAYOUT_UNKNOWN),
                        live ? FREE_INTERIOR : FREE_TWICE);
    }
    CHECK_EQUAL(buddy_dealloc(&buddy, buddy.map, LAYOUT_UNKNOWN), FREE_FOREIGN);
    CHECK_EQUAL(buddy_dealloc(&buddy, NULL, LAYOUT_UNKNOWN), FREE_FOREIGN);
    CHECK(is_unchanged(state));
}

static void try_everything(const struct state *state)
{
    for (unsigned order = 0; order < ORDERS; order++)
        for (int by_align = 0; by_align < 2; by_align++)
            try_alloc(state, order, by_align);
    for (size_t granule = 0; granule < buddy.granules; granule++) {
        if (state->key[granule] == NOT_A_HEAD || !(state->key[granule] & LIVE_BLOCK))
            continue;
        try_free(state, granule, false);
        try_free(state, granule, true);
        for (unsigned order = 0; order < ORDERS; order++)
            try_realloc(state, granule, order);
    }
    try_wrong_frees(state);
}

/* --- how many states there must be --------------------------------------------------------------
 */

static size_t configurations(unsigned order)
{
    const size_t half = order == 0 ? 1 : configurations(order - 1);
    return half * half + 1;
}

static size_t expected_configurations(size_t granules)
{
    size_t product = 1;
    for (unsigned order = 0; order < ORDERS; order++)
        if (granules >> order & 1)
            product *= configurations(order);
    return product;
}

/* In how many orders the free blocks of a state can stand in their lists. */
static size_t permutations(const uint8_t *key)
{
    size_t product = 1;
    for (unsigned order = 0; order < ORDERS; order++)
        for (size_t count = count_blocks(key, (uint8_t)order); count > 1; count--)
            product *= count;
    return product;
}

static void search(size_t granules)
{
    states = malloc(MOST_STATES * sizeof *states);
    CHECK(states != NULL);
    CHECK(buddy_init(&buddy, memory, granules * (GRANULE + 1)));
    enter_state();
    for (size_t i = 0; i < state_count; i++)
        try_everything(&states[i]);
}

/*
 * If every state with its lists in every order is there, then all that have the same blocks, of
 * which there are permutations(key), weigh one together; if one is missing, the sum is too small.
 */
static void check_all_orders_of_all_states(size_t granules)
{
    enum { ONE = 24 * 24 }; /* a multiple of all permutations of a heap of up to 8 granules */
    size_t weight = 0;

    lists_matter = true;
    search(granules);
    for (size_t i = 0; i < state_count; i++)
        weight += ONE / permutations(states[i].key);
    CHECK_EQUAL(weight, ONE * expected_configurations(granules));
    free(states);
}

TEST(all_states_of_a_heap_of_4_granules)
{
    check_all_orders_of_all_states(4);
}

TEST(all_states_of_a_heap_of_5_granules)
{
    check_all_orders_of_all_states(5);
}

TEST(all_states_of_a_heap_of_6_granules)
{
    check_all_orders_of_all_states(6);
}

TEST(all_states_of_a_heap_of_7_granules)
{
    check_all_orders_of_all_states(7);
}

TEST(all_states_of_a_heap_of_8_granules)
{
    check_all_orders_of_all_states(8);
}

TEST(all_blocks_of_a_heap_of_13_granules)
{
    search(13);
    CHECK_EQUAL(state_count, 677 * 26 * 2);
    CHECK_EQUAL(state_count, expected_configurations(13));
    free(states);
}
