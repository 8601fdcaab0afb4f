/* heap_test.h - the heap shown at work. Part of the demo, and a test. */
#pragma once

#include <stdbool.h>

/*
 * A box that holds 5 and a vector of 0..499, pushed and read back; each address must lie in
 * the heap's memory (with HEAP_BACKING=bss between sbss and ebss), and when both are freed the heap
 * must have as much in use as before. Returns true, or prints what went wrong.
 */
bool heap_test(void);

/* Prints where a box and a vector live, and the count of a value with two owners, then one. */
void heap_demo(void);
