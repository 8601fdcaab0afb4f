/* test_runs.c - runs of units over a buddy system. */
#include "heap/runs.h"
#include "lib/string.h"
#include "test/test.h"

enum { CHUNKS = 5, MOST_RUNS = 256, STEPS = 4000 };

static _Alignas(RUN_CHUNK) uint8_t memory[CHUNKS * RUN_CHUNK + 20 * RUN_UNIT];
static struct runs runs;
static uint64_t state;

/* The model: what owns each unit; 0: nobody. */
static uint16_t owner[sizeof memory / RUN_UNIT];
static struct {
    uint8_t *start;
    unsigned units;
} taken[MOST_RUNS];

static unsigned below(unsigned limit)
{
    return (unsigned)(test_random(&state) % limit);
}

static void begin(void)
{
    state = 11;
    memset(owner, 0, sizeof owner);
    memset(taken, 0, sizeof taken);
    CHECK(runs_init(&runs, memory, sizeof memory));
}

static void mark(const uint8_t *start, unsigned units, uint16_t before, uint16_t after)
{
    for (unsigned i = 0; i < units; i++) {
        uint16_t *const unit = &owner[(size_t)(start - memory) / RUN_UNIT + i];
        CHECK_EQUAL(*unit, before);
        *unit = after;
    }
}

static void take_one(unsigned index)
{
    const unsigned units = 1 + below(below(3) ? 8 : 63), align = 1U << below(4);
    uint8_t *const start = runs_take(&runs, units, align);

    if (start == NULL)
        return;
    CHECK_EQUAL((uintptr_t)start % (align * RUN_UNIT), 0);
    CHECK(start >= memory && start + units * RUN_UNIT <= memory + sizeof memory);
    mark(start, units, 0, (uint16_t)(index + 1));
    taken[index].start = start;
    taken[index].units = units;
}

static void give_one(unsigned index)
{
    mark(taken[index].start, taken[index].units, (uint16_t)(index + 1), 0);
    runs_give(&runs, taken[index].start, taken[index].units);
    taken[index].start = NULL;
}

static void resize_one(unsigned index)
{
    const unsigned wanted = 1 + below(63);
    uint8_t *const start = taken[index].start;

    if (!runs_resize(&runs, start, taken[index].units, wanted))
        return;
    mark(start, taken[index].units, (uint16_t)(index + 1), 0);
    mark(start, wanted, 0, (uint16_t)(index + 1));
    taken[index].units = wanted;
}

TEST(runs_do_not_overlap_whatever_is_taken_given_and_resized)
{
    begin();
    for (int i = 0; i < STEPS; i++) {
        const unsigned index = below(MOST_RUNS);
        if (taken[index].start == NULL)
            take_one(index);
        else if (below(3) == 0)
            resize_one(index);
        else
            give_one(index);
        CHECK(runs_invariants_hold(&runs));
    }
}

TEST(an_address_in_a_run_leads_to_its_first_byte)
{
    begin();
    for (unsigned index = 0; index < 40; index++)
        take_one(index);
    for (unsigned index = 0; index < 40; index++) {
        const uintptr_t start = (uintptr_t)taken[index].start;
        if (start == 0)
            continue;
        CHECK_EQUAL(runs_find(&runs, start), start);
        CHECK_EQUAL(runs_find(&runs, start + taken[index].units * RUN_UNIT - 1), start);
    }
}

TEST(an_address_in_no_run_leads_nowhere)
{
    begin();
    void *const run = runs_take(&runs, 3, 1);
    CHECK_EQUAL(runs_find(&runs, (uintptr_t)run + 3 * RUN_UNIT), 0);
    CHECK_EQUAL(runs_find(&runs, (uintptr_t)memory), 0);
}

TEST(all_runs_given_back_leave_whole_chunks)
{
    begin();
    const size_t available = runs.buddy.available;
    for (unsigned index = 0; index < MOST_RUNS; index++)
        take_one(index);
    CHECK(runs.buddy.live > 0);
    for (unsigned index = 0; index < MOST_RUNS; index++)
        if (taken[index].start != NULL)
            give_one(index);
    CHECK_EQUAL(runs.buddy.live, 0);
    CHECK_EQUAL(runs.buddy.available, available);
    CHECK_EQUAL(runs.units, 0);
}

TEST(a_run_is_taken_where_the_longest_free_run_is_shortest)
{
    begin();
    uint8_t *const most = runs_take(&runs, 60, 1);  /* leaves 4 in its chunk */
    uint8_t *const other = runs_take(&runs, 50, 1); /* leaves 14 in another */
    CHECK(runs_take(&runs, 4, 1) == most + 60 * RUN_UNIT);
    CHECK(runs_take(&runs, 14, 1) == other + 50 * RUN_UNIT);
}

TEST(the_end_of_the_region_serves_runs_too)
{
    begin();
    CHECK(runs.rest > 0);
    const unsigned rest = runs.rest;
    uint8_t *const run = runs_take(&runs, rest, 1);
    CHECK(run > memory + (CHUNKS - 1) * RUN_CHUNK);
    CHECK_EQUAL(runs.buddy.live, 0);
    runs_give(&runs, run, rest);
    CHECK(runs_invariants_hold(&runs));
}
