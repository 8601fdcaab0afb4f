/* interrupts.h - this hart's interrupts, off and back as they were. */
#pragma once

#include "arch/csr.h"

/* Returns what interrupts_restore wants. */
static inline unsigned long interrupts_off(void)
{
    unsigned long sstatus;
    __asm__ volatile("csrrci %0, sstatus, %1" : "=r"(sstatus) : "i"(SSTATUS_SIE) : "memory");
    return sstatus & SSTATUS_SIE;
}

static inline void interrupts_restore(unsigned long flags)
{
    __asm__ volatile("csrs sstatus, %0" : : "r"(flags) : "memory");
}
