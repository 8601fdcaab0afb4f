/* config.h - sizes that a course may want to change. */
#pragma once

/*
 * The kernel's heap, in bytes; any size will do in which a block can have half of it (heap.c
 * checks). The heaps keep records of about 1/33 of it: this leaves 4 MiB for blocks, so
 * that on an empty heap a single request can have all of them.
 */
#define KERNEL_HEAP_SIZE ((4ul * 1024 + 136) * 1024)

/* The heap begins at a multiple of this, and so can serve alignments up to it. linker-qemu.ld puts
 * .bss, with the heap at its start, at such an address. */
#define KERNEL_HEAP_ALIGN (4ul * 1024 * 1024)

/* Harts that use the heap; a slab heap has caches for each. */
#ifndef HEAP_HARTS
#define HEAP_HARTS 1
#endif

/* Of a guarded heap (guard/guard.h): how many bytes of freed memory are kept from being used again;
 * and with HEAP_DEBUG=1, after how many operations all of the heap is checked, 0 for never. */
#define QUARANTINE_BYTES       (64ul * 1024)
#define HEAP_DEBUG_CHECK_EVERY 128
