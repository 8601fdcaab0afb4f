/*
 * containers.h - what containers_bench.c plays, on Bosk's collections and on C++'s.
 *
 * Both sides, containers_bosk.c and containers_std.cc, have the same cases in the same order and
 * keep one container of each kind: a case finds it as the case before has left it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct bench_case {
    const char *name;                                    /* "container: verb" */
    uint64_t (*run)(const uint64_t *keys, size_t count); /* a sum that both sides must agree on */
};

#ifdef __cplusplus
extern "C" {
#endif

extern const struct bench_case bench_cases[]; /* up to a NULL name */

void bench_prepare(void); /* called first */

/* Called last: prints what is measured besides instructions, as "fact: NAME = VALUE" lines. */
void bench_tell(const uint64_t *keys, size_t count);

#ifdef __cplusplus
}
#endif
