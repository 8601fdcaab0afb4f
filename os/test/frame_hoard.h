/* frame_hoard.h - for tests in which page frames run out: takes them, and gives them back. */
#pragma once

#include <stddef.h>

#include "arch/memlayout.h"
#include "mm/frame.h"

static void **hoard; /* the frame taken last; each holds the address of the one before */

static inline size_t free_frames(void)
{
    struct heap_stats stats;

    frame_stats(&stats);
    return (stats.total - stats.allocated) / PAGE_SIZE;
}

/* Take all frames but so many. */
static inline void hoard_frames(size_t but)
{
    for (size_t count = free_frames(); count > but; count--) {
        void **const frame = frame_alloc(0);
        *frame = hoard;
        hoard = frame;
    }
}

static inline void give_back_hoard(void)
{
    while (hoard != NULL) {
        void **const frame = hoard;
        hoard = *frame;
        frame_free(frame, 0);
    }
}
