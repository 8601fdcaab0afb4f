/*
 * backtrace.h - who called whom, by frame pointers.
 *
 * The kernel is built with -fno-omit-frame-pointer: s0 points just above the two words a function
 * saves on entry, the return address at s0 - 8 and the caller's s0 at s0 - 16. The chain ends where
 * a frame does not lie on a kernel stack above the one before.
 */
#pragma once

#include <stdint.h>

#include "arch/trap.h"

/* Print a line for each function from the one that the frame was taken in. */
void backtrace_print(const struct trap_frame *frame);

/* The return addresses, as offsets from stext, in the frame that `fp` points above and in those of
 * its callers; at most `most`. Returns how many. */
unsigned backtrace_callers(unsigned long fp, uint32_t *offsets, unsigned most);

/* The function that this address lies in and the distance from its start; NULL for none. */
const char *backtrace_function(unsigned long address, unsigned *distance);
