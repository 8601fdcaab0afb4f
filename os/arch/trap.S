# trap.S - the way in for traps taken in the kernel.

#include "arch/memlayout.h"

    .macro save register
    sd      x\register, 8 * \register(sp)
    .endm

    .text
    .globl trap_entry
    .balign 4
trap_entry:
    csrw    sscratch, sp
    la      sp, trap_stack_top - 36 * 8
    .irp register, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, \
        24, 25, 26, 27, 28, 29, 30, 31
    save    \register
    .endr
    csrr    t0, sscratch
    sd      t0, 8 * 2(sp)
    csrr    t0, sepc
    sd      t0, 8 * 32(sp)
    csrr    t0, sstatus
    sd      t0, 8 * 33(sp)
    csrr    t0, scause
    sd      t0, 8 * 34(sp)
    csrr    t0, stval
    sd      t0, 8 * 35(sp)

    # A trap while this one is being reported says so once; a trap in that stops the hart.
    la      t0, trap_again
    csrw    stvec, t0
    mv      a0, sp
    mv      s0, zero
    call    trap_panic

    .balign 4
trap_again:
    la      t0, trap_stop
    csrw    stvec, t0
    la      sp, trap_stack_top
    call    trap_in_panic

    .balign 4
trap_stop:
    wfi
    j       trap_stop

    .globl trap_save_registers
trap_save_registers:
    .irp register, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, \
        23, 24, 25, 26, 27, 28, 29, 30, 31
    sd      x\register, 8 * \register(a0)
    .endr
    sd      ra, 8 * 32(a0)
    ret

    .bss
    .balign 16
    .globl trap_stack_bottom, trap_stack_top
trap_stack_bottom:
    .skip   TRAP_STACK_SIZE
trap_stack_top:
