/*
 * frame.h - page frames: all RAM that nothing else has.
 *
 * The buddy system of heap/buddy.h with a granule of 4 KiB, over what the device tree calls RAM
 * less the firmware, the kernel, the tree, the initrd and what the tree reserves. Each free stretch
 * of RAM is a region of it. A frame is known by its address in the direct map. Making it writes one
 * byte a frame and touches no frame but the ends of each stretch.
 *
 * Every function takes the allocator's lock with interrupts off.
 */
#pragma once

#include "drivers/machine.h"
#include "heap/layout.h"

/* tree: physical address of the device tree. Panics where no frame is left. */
void frames_init(const struct machine *machine, uint64_t tree);

/* 1 << order frames, contiguous and aligned to their size (up to the alignment of the stretch they
 * are in); not cleared. NULL: there are none. The caller gives them back with the same order. */
void *frame_alloc(unsigned order);

/* Give back what frame_alloc(order) gave; panics if it is not that. */
void frame_free(void *block, unsigned order);

/* Sizes in bytes. */
void frame_stats(struct heap_stats *stats);
bool frame_invariants_hold(void);
