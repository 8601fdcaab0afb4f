/*
 * test_allocator_search.c - every state that a tiny heap can reach, for each design.
 *
 * Breadth first from the empty heap: from each state every alloc, free and realloc is tried, and
 * every wrong free, beside a model. Two states are the same when all that the design goes by is:
 * the blocks, live or free, and the order of its lists. What else is in memory is to mean nothing,
 * so one state stands for all that differ in it alone.
 *
 * Of a buddy heap it is known how many states there must be. Let C(k) count the states of a block
 * of order k. It is free, live, or split into two halves that are not both free as a whole: C(0) =
 * 2, C(k) = C(k - 1)^2 + 1. A heap of several top blocks has the product. With the order in the
 * lists, each state counts once for every permutation of its free blocks of each order; where that
 * makes too many, the order is left out.
 */
#include <stdio.h>
#include <stdlib.h>

#define MODEL_UNITS 24
#include "heap_model.h"
#include "test/test.h"

enum {
    MEMORY = MODEL_UNITS * 32,
    KEY_SIZE = 2 * MODEL_UNITS,
    SLOTS = 1 << 17,
    MOST_STATES = SLOTS / 2,
};

/* The heap lies at one place, so a state is a copy of its bytes. */
struct state {
    struct model model;
    uint8_t memory[MEMORY];
    uint8_t key[KEY_SIZE];
};

static _Alignas(1024) uint8_t memory[MEMORY];
static struct model model;

static struct state *states;
static size_t state_count;
static uint32_t slots[SLOTS]; /* number of a state, + 1, by hash; 0: none */
static void (*make_key)(uint8_t key[KEY_SIZE]);

_Noreturn void model_fail(const char *file, int line, const char *what)
{
    printf("%s, state %zu:\n", model.design->verbs->name, state_count);
    test_fail(file, line, what);
}

static uint64_t hash(uint64_t sum, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) /* FNV-1a */
        sum = (sum ^ ((const uint8_t *)bytes)[i]) * UINT64_C(0x100000001b3);
    return sum ^ sum >> 32;
}

/* Enter the heap's present state, unless it is known. */
static void enter_state(void)
{
    uint8_t key[KEY_SIZE] = {0};

    make_key(key);
    size_t slot = hash(1, key, KEY_SIZE) % SLOTS;
    for (; slots[slot] != 0; slot = (slot + 1) % SLOTS)
        if (memcmp(states[slots[slot] - 1].key, key, KEY_SIZE) == 0)
            return;
    CHECK(state_count < MOST_STATES);
    struct state *const state = &states[state_count];
    state->model = model;
    memcpy(state->memory, memory, MEMORY);
    memcpy(state->key, key, KEY_SIZE);
    slots[slot] = (uint32_t)++state_count;
}

static void restore(const struct state *state)
{
    model = state->model;
    memcpy(memory, state->memory, MEMORY);
}

static bool is_unchanged(const struct state *state)
{
    return memcmp(&model.heap, &state->model.heap, sizeof model.heap) == 0 &&
           memcmp(memory, state->memory, MEMORY) == 0;
}

/* In granules. */
static const size_t sizes[] = {1, 2, 3, 4, 8};

enum { SIZES = sizeof sizes / sizeof sizes[0] };

static size_t bytes_of(size_t i)
{
    return sizes[i] * (model.design->granule > 1 ? model.design->granule : 16);
}

static void try_alloc(const struct state *state, struct layout layout)
{
    restore(state);
    const size_t live = model.live_count;
    model_alloc(&model, layout, (uint8_t)layout.size);
    if (model.live_count == live)
        CHECK(is_unchanged(state));
    enter_state();
}

static void try_free(const struct state *state, size_t index, bool with_layout)
{
    restore(state);
    model_free(&model, index, with_layout);
    enter_state();
}

static void try_realloc(const struct state *state, size_t index, size_t new_size)
{
    restore(state);
    model.live[index].stamp = (uint8_t)new_size; /* for its bytes to tell that */
    model_fill(&model.live[index]);
    if (model_realloc(&model, index, new_size))
        enter_state();
}

/* A free of each half granule and the byte behind it, and of what lies around the heap. */
static void try_wrong_frees(const struct state *state)
{
    const size_t step = model.design->granule > 1 ? model.design->granule / 2 : 8;
    const uintptr_t end = (uintptr_t)model.base + model.granules * model.design->granule;

    restore(state);
    for (uintptr_t address = (uintptr_t)memory - step; address < end + 2 * step; address += step) {
        model_bad_free(&model, address, LAYOUT_UNKNOWN);
        model_bad_free(&model, address + 1, LAYOUT_UNKNOWN);
    }
    for (size_t i = 0; i < model.live_count; i++)
        model_bad_free(&model, (uintptr_t)model.live[i].start, (struct layout){SIZE_MAX, 1});
    model_bad_free(&model, 0, LAYOUT_UNKNOWN);
    CHECK(is_unchanged(state));
}

static void try_everything(const struct state *state)
{
    for (size_t i = 0; i < SIZES; i++) {
        try_alloc(state, (struct layout){bytes_of(i), 1});
        if (is_power_of_two(sizes[i]))
            try_alloc(state, (struct layout){1, bytes_of(i)});
    }
    for (size_t index = 0; index < state->model.live_count; index++) {
        try_free(state, index, false);
        try_free(state, index, true);
        for (size_t i = 0; i < SIZES; i++)
            try_realloc(state, index, bytes_of(i));
    }
    try_wrong_frees(state);
}

static void search(int design, size_t size, void (*key)(uint8_t[KEY_SIZE]))
{
    make_key = key;
    states = malloc(MOST_STATES * sizeof *states);
    CHECK(states != NULL);
    CHECK(model_init(&model, &model_designs[design], memory, size));
    enter_state();
    for (size_t i = 0; i < state_count; i++)
        try_everything(&states[i]);
}

/* --- buddy: how many states there must be ------------------------------------------------------
 */

enum { ORDERS = 4, LIVE_BLOCK = 0x80, NOT_A_HEAD = 0x7f };

/* What begins at each granule: a block's order, and LIVE_BLOCK. */
static void key_of_blocks(uint8_t key[KEY_SIZE])
{
    struct model_gap gap;

    memset(key, NOT_A_HEAD, KEY_SIZE);
    for (size_t i = 0; i < model.live_count; i++)
        key[model.live[i].first] = (uint8_t)(LIVE_BLOCK | highest_bit(model.live[i].span));
    for (size_t from = 0; (gap = model_gap_of_tree(&model, from)).span > 0;
         from = gap.first + gap.span)
        key[gap.first] = (uint8_t)highest_bit(gap.span);
}

/* And the order of the free lists. */
static void key_of_blocks_and_lists(uint8_t key[KEY_SIZE])
{
    const struct buddy *const buddy = &model.heap.buddy;
    uint8_t *next = key + MODEL_UNITS;

    key_of_blocks(key);
    for (unsigned order = 0; order < ORDERS; order++)
        for (const struct dlist_node *node = buddy->free[order].next; node != &buddy->free[order];
             node = node->next)
            *next++ = (uint8_t)((size_t)((const uint8_t *)node - memory) / BUDDY_GRANULE);
}

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
static size_t permutations(const uint8_t key[KEY_SIZE])
{
    size_t product = 1;
    for (uint8_t order = 0; order < ORDERS; order++)
        for (size_t i = 0, count = 0; i < MODEL_UNITS; i++)
            if (key[i] == order)
                product *= ++count;
    return product;
}

/*
 * If every state with its lists in every order is there, then all that have the same blocks, of
 * which there are permutations(key), weigh one together; if one is missing, the sum is too small.
 */
static void check_all_orders_of_all_states(size_t granules)
{
    enum { ONE = 24 * 24 }; /* a multiple of all permutations of a heap of up to 8 granules */
    size_t weight = 0;

    search(MODEL_BUDDY, granules * (BUDDY_GRANULE + 1), key_of_blocks_and_lists);
    for (size_t i = 0; i < state_count; i++)
        weight += ONE / permutations(states[i].key);
    CHECK_EQUAL(weight, ONE * expected_configurations(granules));
    free(states);
}

TEST(buddy_has_all_states_of_4_granules)
{
    check_all_orders_of_all_states(4);
}

TEST(buddy_has_all_states_of_5_granules)
{
    check_all_orders_of_all_states(5);
}

TEST(buddy_has_all_states_of_6_granules)
{
    check_all_orders_of_all_states(6);
}

TEST(buddy_has_all_states_of_7_granules)
{
    check_all_orders_of_all_states(7);
}

TEST(buddy_has_all_states_of_8_granules)
{
    check_all_orders_of_all_states(8);
}

TEST(buddy_has_all_blocks_of_13_granules)
{
    search(MODEL_BUDDY, (size_t)13 * (BUDDY_GRANULE + 1), key_of_blocks);
    CHECK_EQUAL(state_count, 677 * 26 * 2);
    CHECK_EQUAL(state_count, expected_configurations(13));
    free(states);
}

/* --- the others ---------------------------------------------------------------------------------
 */

static uint8_t unit_of(const void *block)
{
    return (uint8_t)((size_t)((const uint8_t *)block - memory) / 16 + 1);
}

/* The size of each live block: where the free regions are follows from them. */
static void key_of_sizes(uint8_t key[KEY_SIZE])
{
    for (size_t i = 0; i < model.live_count; i++)
        key[unit_of(model.live[i].start)] = (uint8_t)model.live[i].layout.size;
}

/* And where the next search begins. */
static void key_of_bitmap(uint8_t key[KEY_SIZE])
{
    key_of_sizes(key);
    key[0] = (uint8_t)model.heap.bitmap.hint;
}

/* And the blocks in the lists of the classes. */
static void key_of_block(uint8_t key[KEY_SIZE])
{
    uint8_t *next = key + MODEL_UNITS;

    key_of_sizes(key);
    for (size_t i = 0; i < BLOCK_CLASSES; i++, next++)
        for (const struct block_node *node = model.heap.block.free[i]; node; node = node->next)
            *next++ = unit_of(node);
}

/* It goes by nothing else. */
static void key_of_bump(uint8_t key[KEY_SIZE])
{
    key[0] = (uint8_t)(model.heap.bump.next - model.heap.bump.start);
    key[1] = (uint8_t)model.live_count;
}

static void check_all_states(int design, size_t size, void (*key)(uint8_t[KEY_SIZE]))
{
    search(design, size, key);
    CHECK(state_count > 200);
    free(states);
}

TEST(bump_is_right_in_all_states)
{
    check_all_states(MODEL_BUMP, 224, key_of_bump);
}

TEST(list_is_right_in_all_states)
{
    check_all_states(MODEL_LIST, 224, key_of_sizes);
}

TEST(block_is_right_in_all_states)
{
    check_all_states(MODEL_BLOCK, 160, key_of_block);
}

TEST(bitmap_is_right_in_all_states)
{
    check_all_states(MODEL_BITMAP, 128, key_of_bitmap);
}

/*
 * --- slab: its states are too many, and its memory too large to keep copies of -------------------
 *
 * So all runs of a few operations are tried instead, in a heap with a chunk and a rest left:
 * objects of which a slab has few, runs that are cached and that are not, and a block.
 */

enum { RUN_LENGTH = 5 };

static _Alignas(RUN_CHUNK) uint8_t slab_memory[SLAB_SMALLEST_HEAP];
static size_t first_kept; /* offset of the memory that changes */

static struct {
    struct model model;
    uint8_t memory[SLAB_SMALLEST_HEAP];
} steps[RUN_LENGTH + 1];

static const size_t slab_sizes[] = {2048, 4096, 30000, 50000, 65536};

static void run_on(size_t done, size_t fillers);

/* Does the operation with `index` and `size`, goes on from there, and comes back. */
static void step(void (*operation)(size_t index, size_t size), size_t index, size_t size,
                 size_t done, size_t fillers)
{
    operation(index, size);
    run_on(done + 1, fillers);
    model = steps[done].model;
    memcpy(slab_memory + first_kept, steps[done].memory, sizeof slab_memory - first_kept);
}

static void alloc_step(size_t index, size_t size)
{
    model_alloc(&model, (struct layout){size, 1}, (uint8_t)index);
}

static void free_step(size_t index, size_t size)
{
    model_free(&model, index, size != 0);
}

static void realloc_step(size_t index, size_t size)
{
    model_realloc(&model, index, size);
}

static void run_on(size_t done, size_t fillers)
{
    if (done == RUN_LENGTH)
        return;
    steps[done].model = model;
    memcpy(steps[done].memory, slab_memory + first_kept, sizeof slab_memory - first_kept);
    for (size_t i = 0; i < sizeof slab_sizes / sizeof slab_sizes[0]; i++) {
        step(alloc_step, i, slab_sizes[i], done, fillers);
        for (size_t index = fillers; index < model.live_count; index++)
            step(realloc_step, index, slab_sizes[i], done, fillers);
    }
    for (size_t index = fillers; index < model.live_count; index++)
        step(free_step, index, 0, done, fillers);
}

TEST(slab_is_right_in_all_short_runs)
{
    CHECK(model_init(&model, &model_designs[MODEL_SLAB], slab_memory, sizeof slab_memory));
    const size_t chunks = model.heap.slab.runs.buddy.granules - 1;
    for (size_t left = chunks; left > 0; left -= (size_t)1 << highest_bit(left)) {
        first_kept += (size_t)RUN_CHUNK << highest_bit(left);
        model_alloc(&model, (struct layout){(size_t)RUN_CHUNK << highest_bit(left), 1}, 1);
        CHECK(model.live[model.live_count - 1].start < slab_memory + first_kept);
    }
    run_on(0, model.live_count);
}
