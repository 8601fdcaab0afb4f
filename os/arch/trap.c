/* trap.c - what a trap in the kernel was. */
#include "arch/trap.h"

#include <stddef.h>

#include "arch/csr.h"

const char *trap_cause_name(unsigned long scause)
{
    /* Privileged specification, table 4.2. */
    static const char *const exceptions[] = {
        [0] = "instruction address misaligned",
        [1] = "instruction access fault",
        [2] = "illegal instruction",
        [3] = "breakpoint",
        [4] = "load address misaligned",
        [5] = "load access fault",
        [6] = "store address misaligned",
        [7] = "store access fault",
        [8] = "environment call from user mode",
        [9] = "environment call from supervisor mode",
        [12] = "instruction page fault",
        [13] = "load page fault",
        [15] = "store page fault",
    };
    static const char *const interrupts[] = {
        [1] = "supervisor software interrupt",
        [5] = "supervisor timer interrupt",
        [9] = "supervisor external interrupt",
    };
    const unsigned long code = scause & ~SCAUSE_INTERRUPT;
    const char *name = NULL;

    if (scause & SCAUSE_INTERRUPT)
        name = code < sizeof interrupts / sizeof *interrupts ? interrupts[code] : NULL;
    else
        name = code < sizeof exceptions / sizeof *exceptions ? exceptions[code] : NULL;
    return name != NULL ? name : "reserved cause";
}
