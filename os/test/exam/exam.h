/*
 * exam.h - what an examiner outside asks of the code under examination, one call at a time.
 *
 * The examiner does not trust this process or this kernel: it reads what is in memory from outside,
 * and knows the answers. It writes a turn, waits for the answer, and only then makes up the next,
 * so that nothing can be read ahead. All that is needed here is to make the calls.
 *
 * The same calls are made in two places: by ci/host/examinee.c, in a process under sanitizers that
 * shares the heap's memory with the examiner; and by os/test/exam/main.c in a kernel, which the
 * examiner stops at exam_stop, its RAM being a file that he has mapped.
 */
#pragma once

#include <stdint.h>

enum { EXAM_ARGUMENTS = 5 };

struct exam_turn {
    uint64_t call; /* one of those in the header of calls: heap_calls.h, ... */
    uint64_t arguments[EXAM_ARGUMENTS];
    uint64_t result;
};

/* Make the call, and return what it returned; the calls of one subject are in one file. */
uint64_t exam_answer(const struct exam_turn *turn);
