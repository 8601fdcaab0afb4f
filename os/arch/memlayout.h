/*
 * memlayout.h - where things lie. Included by assembly too; linker-qemu.ld checks that it agrees.
 *
 *   virtual                                  physical
 *   0xffffffe000000000                       any frames         heap, with HEAP_BACKING=paged
 *   0xffffffc080000000 + n                   0x80000000 + n     RAM: firmware, kernel, the rest
 *   0xffffffc000000000 + n                   n                  devices below RAM
 *   below 0x0000004000000000                 -                  user space
 */
#pragma once

/* The first 128 GiB of physical memory are mapped here, one to one. */
#define DIRECT_MAP_OFFSET 0xffffffc000000000
#define DIRECT_MAP_SIZE   0x2000000000

/* With HEAP_BACKING=paged the kernel's heap lies in here, between pages that are not mapped. One
 * gigapage: all tables of the range hang on one entry of the root. */
#define KERNEL_HEAP_RANGE      0xffffffe000000000
#define KERNEL_HEAP_RANGE_SIZE 0x40000000

/* fw_dynamic jumps to where QEMU loaded the kernel: 2 MiB above the start of RAM. */
#define KERNEL_PHYSICAL 0x80200000

#define PAGE_SIZE     4096
#define MEGAPAGE_SIZE 0x200000
#define GIGAPAGE_SIZE 0x40000000

/* The Makefile gives a kernel larger ones whose code is full of checks. */
#ifndef BOOT_STACK_SIZE
#define BOOT_STACK_SIZE 16384
#define TRAP_STACK_SIZE 8192
#endif

/* The shadow of SANITIZE=kasan, and how much from stext on it covers (guard/shadow.h). */
#define KASAN_SHADOW        0xffffffc080800000
#define KASAN_COVERED       0x2000000
#define KASAN_SHADOW_OFFSET 0xdfffffc8707c0000 /* KASAN_SHADOW - stext / 8, for compilers */

#ifndef __ASSEMBLER__
#include <stdint.h>

/* From linker-qemu.ld: where each part begins and ends, as virtual addresses. */
extern char stext[], etext[], srodata[], erodata[], sdata[], edata[];
extern char boot_stack_guard[], boot_stack_bottom[], boot_stack_top[];
extern char trap_stack_bottom[], trap_stack_top[]; /* trap.S */
extern char sbss[], ebss[], ekernel[];

static inline void *physical_to_virtual(uint64_t physical)
{
    return (void *)(physical + DIRECT_MAP_OFFSET);
}

static inline uint64_t virtual_to_physical(const void *address)
{
    return (uint64_t)address - DIRECT_MAP_OFFSET;
}
#endif
