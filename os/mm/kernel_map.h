/* kernel_map.h - the kernel's own address space. */
#pragma once

#include "arch/pagetable.h"

/* Its root table. */
extern struct page_table kernel_page_table;

/*
 * Take back what the root table of entry.S gives too freely: no memory but the kernel's code stays
 * executable, code and constants become read-only, and the page below the boot stack is unmapped.
 */
void kernel_map_protect(void);
