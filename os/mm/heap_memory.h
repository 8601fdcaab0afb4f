/*
 * heap_memory.h - where the kernel's heap lies: in HEAP_SPACE, a zero-initialised array in .bss.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"

struct heap_memory {
    uint8_t *start; /* a multiple of KERNEL_HEAP_ALIGN */
    size_t size;    /* bytes to begin with */
    size_t limit;   /* bytes that it may grow to */
};

/* Get the heap its memory: once, at boot, when there are page frames. false: they are too few, and
 * as many are free as before. */
bool heap_memory_make(struct heap_memory *memory);

/* Whether a block of the heap may lie at this address; and what is so called. */
bool heap_memory_holds(const void *address);
extern const char heap_memory_name[];

extern uint8_t HEAP_SPACE[KERNEL_HEAP_SIZE];
