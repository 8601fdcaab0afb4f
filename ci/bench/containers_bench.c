/*
 * containers_bench.c - plays the cases of one side, for callgrind.
 *
 * Each case gets the same COUNT keys, all different, in an order of its own. It is run as
 * `valgrind --tool=callgrind --instr-atstart=no`; each case ends with a dump of callgrind's
 * counters, whose trigger is its name. Prints each case's sum.
 */
#include "containers.h"

#include <stdio.h>

#include <valgrind/callgrind.h>

enum { COUNT = 10000 };

static uint64_t state = 1;

/* splitmix64 (Steele, Lea, Flood 2014): a permutation of its counter, so no key comes twice. */
static uint64_t next_random(void)
{
    uint64_t z = state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* R. A. Fisher and F. Yates; R. Durstenfeld, CACM 7(7), 1964. */
static void shuffle(uint64_t *keys)
{
    for (size_t i = COUNT - 1; i > 0; i--) {
        const size_t other = next_random() % (i + 1);
        const uint64_t key = keys[i];
        keys[i] = keys[other];
        keys[other] = key;
    }
}

int main(void)
{
    static uint64_t keys[COUNT];

    bench_prepare();
    for (size_t i = 0; i < COUNT; i++)
        keys[i] = next_random();
    for (const struct bench_case *one = bench_cases; one->name != NULL; one++) {
        shuffle(keys);
        CALLGRIND_START_INSTRUMENTATION;
        const uint64_t sum = one->run(keys, COUNT);
        CALLGRIND_STOP_INSTRUMENTATION;
        CALLGRIND_DUMP_STATS_AT(one->name);
        printf("%s = %llu\n", one->name, (unsigned long long)sum);
    }
    bench_tell(keys, COUNT);
    return 0;
}
