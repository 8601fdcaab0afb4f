/* kernel_map.h - the kernel's own address space. */
#pragma once

/*
 * Take back what the root table of entry.S gives too freely: no memory but the kernel's code stays
 * executable, code and constants become read-only, and the page below the boot stack is unmapped.
 */
void kernel_map_protect(void);
