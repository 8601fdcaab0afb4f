# jump.S - setjmp and longjmp: the registers that a call preserves.

    .macro  each operation
    \operation ra, 0(a0)
    \operation sp, 8(a0)
    \operation s0, 16(a0)
    \operation s1, 24(a0)
    \operation s2, 32(a0)
    \operation s3, 40(a0)
    \operation s4, 48(a0)
    \operation s5, 56(a0)
    \operation s6, 64(a0)
    \operation s7, 72(a0)
    \operation s8, 80(a0)
    \operation s9, 88(a0)
    \operation s10, 96(a0)
    \operation s11, 104(a0)
    .endm

    .text
    .globl setjmp, longjmp
setjmp:
    each    sd
    li      a0, 0
    ret
longjmp:
    each    ld
    mv      a0, a1
    ret
