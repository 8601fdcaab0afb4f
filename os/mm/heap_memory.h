/*
 * heap_memory.h - where the kernel's heap lies.
 *
 * `make HEAP_BACKING=name` says which of these is linked:
 *
 *     heap_memory_bss.c     HEAP_SPACE, a zero-initialised array in .bss
 *     heap_memory_paged.c   a range of virtual memory, mapped page by page on page frames; it grows
 */
#pragma once

#include "config.h"
#include "heap/layout.h"

struct heap_memory {
    uint8_t *start; /* a multiple of KERNEL_HEAP_ALIGN */
    size_t size;    /* bytes to begin with */
    size_t range;   /* bytes that it may have one day */
};

/* Get the heap its memory: once, at boot, when there are page frames. false: they are too few, and
 * as many are free as before. */
bool heap_memory_make(struct heap_memory *memory);

/* The kernel's rescue hook (heap_set_rescue): let the heap grow so that the layout has room. false:
 * it does not grow, its range or the page frames are used up, or an added region is not sure to be
 * aligned so well; then as many frames are free as before. */
bool heap_memory_grow(struct layout layout);

/* Whether a block of the heap may lie at this address; and what is so called. */
bool heap_memory_holds(const void *address);
extern const char heap_memory_name[];

/* With HEAP_BACKING=bss only. */
extern uint8_t HEAP_SPACE[KERNEL_HEAP_SIZE];
