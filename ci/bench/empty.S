# empty.S - the least that a kernel can do under OpenSBI: shut down. `make bench` measures the boot
# of Bosk against its boot: what is left is the time that the emulator and the firmware take.

    .set    FINISHER, 0x100000      # QEMU's virt machine
    .set    FINISHER_PASS, 0x5555

    .globl  _start
_start:
    li      t0, FINISHER
    li      t1, FINISHER_PASS
    sw      t1, 0(t0)
1:  wfi
    j       1b
