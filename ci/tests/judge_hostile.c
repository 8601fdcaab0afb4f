/* judge_hostile.c - code that does what no examined code should; test_judge.py examines it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test/exam/exam.h"

enum hostile_call {
    ANSWER, /* argument 0 */
    EXIT,
    LOOP,
    WAIT,
    FLOOD,
    PRINT_AND_EXIT,
    WRITE_ON_ALL_FILES,
    KILL_PARENT,
    READ_FREED_MEMORY,
    OVERFLOW_AN_INT,
    CALL_NULL,
    RECURSE,
    TAKE_ALL_MEMORY,
};

static void write_on_all_files(void)
{
    for (int file = 3; file < 64; file++)
        if (write(file, "PASS PASS PASS PASS PASS PASS PA", 32) < 0)
            continue;
}

static int read_freed_memory(void)
{
    char *volatile block = malloc(16);
    free(block);
    return block[3];
}

static int recurse(volatile int depth)
{
    return depth < 0 ? 0 : recurse(depth + 1) + depth;
}

static void take_all_memory(void)
{
    for (;;) {
        char *const block = malloc(1 << 20);
        if (block == NULL)
            abort();
        memset(block, 1, 1 << 20);
    }
}

uint64_t exam_answer(const struct exam_turn *turn)
{
    volatile int number = 0x7fffffff;
    void (*volatile nothing)(void) = NULL;

    switch ((enum hostile_call)turn->call) {
    case ANSWER:
        return turn->arguments[0];
    case EXIT:
        exit(0);
    case LOOP:
        for (;;)
            number = 1;
    case WAIT:
        pause();
        break;
    case FLOOD:
        for (;;)
            puts("ok 1 - all tests passed");
    case PRINT_AND_EXIT:
        puts("score: 100");
        exit(0);
    case WRITE_ON_ALL_FILES:
        write_on_all_files();
        break;
    case KILL_PARENT:
        kill(getppid(), SIGKILL);
        pause();
        break;
    case READ_FREED_MEMORY:
        return (uint64_t)read_freed_memory();
    case OVERFLOW_AN_INT:
        number++;
        break;
    case CALL_NULL:
        nothing();
        break;
    case RECURSE:
        return (uint64_t)recurse(0);
    case TAKE_ALL_MEMORY:
        take_all_memory();
        break;
    }
    return UINT64_MAX;
}
