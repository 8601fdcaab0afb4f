/*
 * main.c - the workload of a kernel under examination: makes one call after the other.
 *
 * The examiner (ci/grader/guest_subject.py) has stopped the machine at exam_stop. From outside it
 * reads exam_turn.result, writes the next turn, and goes on at exam_go. It counts the instructions
 * until the next stop.
 */
#include "test/exam/exam.h"
#include "workload.h"

struct exam_turn exam_turn;

void exam_stop(void);
__asm__(".section .text.exam_stop, \"ax\"\n"
        "    .globl exam_stop, exam_go\n"
        "exam_stop:\n"
        "    nop\n"
        "exam_go:\n"
        "    ret\n"
        "    .previous\n");

int workload(const struct bootargs *bootargs)
{
    (void)bootargs;
    for (;;) {
        exam_stop();
        exam_turn.result = exam_answer(&exam_turn);
    }
}
