/*
 * replay.h - plays a trace on a heap, and lets each operation be measured by itself.
 *
 * A free never says the block's layout. A realloc does, as Rust's GlobalAlloc has it.
 */
#pragma once

#include "test/bench/traces.h"
#include "test/pure/allocators.h"

/* The heap that is measured; the allocator makes it, and plays on it. */
extern union any_heap replayed;

/* begin() and end() are called in front of and behind each operation; what happens in between is
 * one call of a counted function in replay.c, the verb, and its return. */
struct meter {
    void (*begin)(void);
    void (*end)(enum trace_verb verb);
};

/* What a slot of a trace holds now. */
struct replay_slot {
    void *block; /* NULL: none */
    struct layout layout;
};

enum replay_end {
    REPLAY_DONE,
    REPLAY_NO_MEMORY, /* an alloc or a realloc came back with NULL, in a trace that may not fail */
    REPLAY_REFUSED,   /* a free of a live block was refused, or a block is misaligned: a bug */
};

/*
 * Play the operations from `from` up to `to`. The slots are empty before the first part of a trace,
 * and what one part leaves there the next one takes up. meter is NULL where nothing is measured.
 */
enum replay_end replay(const struct allocator *allocator, const struct trace *trace,
                       struct replay_slot *slots, size_t from, size_t to,
                       const struct meter *meter);

/* Measures one call of each verb of an allocator that returns at once. What an operation takes is
 * what its meter shows, less what the meter shows here for its verb, plus 1. */
void replay_nothing(const struct meter *meter);
