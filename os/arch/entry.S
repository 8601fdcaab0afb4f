# entry.S - from the firmware's jump to C.
#
# OpenSBI enters here in supervisor mode with paging off, on any one hart, with
#   a0 = this hart's id      a1 = physical address of the device tree
# It has not cleared .bss. All other harts are stopped until SBI HSM starts them.
#
# The kernel is linked at its high addresses; la is relative to pc, so until the jump it gives
# physical ones.

#include "arch/memlayout.h"
#include "arch/pagetable.h"

    .section .text.entry, "ax"
    .globl _start
_start:
    csrw    sie, zero
    mv      s0, a0
    mv      s1, a1

    # Turn on paging. The root table below maps nothing where we stand now, so the very next fetch
    # faults; stvec sends it to the same instruction's high address.
    la      t0, high_half
    li      t1, DIRECT_MAP_OFFSET
    add     t0, t0, t1
    csrw    stvec, t0
    la      t0, kernel_page_table
    srli    t0, t0, PAGE_SHIFT
    li      t1, SATP_SV39 << SATP_MODE_SHIFT
    or      t0, t0, t1
    sfence.vma
    csrw    satp, t0
    .balign 4
high_half:
    la      t0, trap_entry
    csrw    stvec, t0
    la      sp, boot_stack_top

    # A tree inside the image would be lost to the clearing of .bss: take it for missing.
    la      t0, stext
    la      t1, ekernel
    li      t2, DIRECT_MAP_OFFSET
    add     t2, t2, s1
    bltu    t2, t0, 1f
    bgeu    t2, t1, 1f
    li      s1, 0
1:
    la      a0, sbss
    li      a1, 0
    la      a2, ebss
    sub     a2, a2, a0
    call    memset

    mv      a0, s0
    mv      a1, s1
    mv      s0, zero            # the end of every backtrace
    call    kernel_main         # does not return

    # The root page table: the upper half of the address space begins with physical memory from 0
    # on, in gigapages. mm/kernel_map.c takes back what these rights give too freely.
    .section .data
    .globl kernel_page_table
    .balign PAGE_SIZE
kernel_page_table:
    .fill   PAGE_TABLE_ENTRIES / 2, 8, 0
    .set    gigapage, 0
    .rept   DIRECT_MAP_SIZE / GIGAPAGE_SIZE
    .dword  (gigapage * GIGAPAGE_SIZE >> PAGE_SHIFT << PTE_PPN_SHIFT) | PTE_KERNEL_DATA | PTE_X
    .set    gigapage, gigapage + 1
    .endr
    .fill   PAGE_TABLE_ENTRIES / 2 - DIRECT_MAP_SIZE / GIGAPAGE_SIZE, 8, 0

    # linker-qemu.ld takes these, or compares them with its own.
    .globl  memlayout_offset, memlayout_physical, memlayout_stack_size
    .globl  memlayout_kasan_shadow, memlayout_kasan_covered
    .set    memlayout_kasan_shadow, KASAN_SHADOW
    .set    memlayout_kasan_covered, KASAN_COVERED
    .set    memlayout_offset, DIRECT_MAP_OFFSET
    .set    memlayout_physical, KERNEL_PHYSICAL
    .set    memlayout_stack_size, BOOT_STACK_SIZE
