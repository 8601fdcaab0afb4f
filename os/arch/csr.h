/* csr.h - supervisor control and status registers (RISC-V privileged specification, chapter 4). */
#pragma once

#define SSTATUS_SIE 0x2ul

#define SCAUSE_INTERRUPT              (1ul << 63)
#define SCAUSE_INSTRUCTION_PAGE_FAULT 12

#define csr_read(name)                                                                             \
    ({                                                                                             \
        unsigned long value_;                                                                      \
        __asm__ volatile("csrr %0, " #name : "=r"(value_));                                        \
        value_;                                                                                    \
    })

#define csr_write(name, value) __asm__ volatile("csrw " #name ", %0" : : "r"(value) : "memory")
