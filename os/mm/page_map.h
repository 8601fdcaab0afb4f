/*
 * page_map.h - the pages of an address space: map one, look one up, unmap one.
 *
 * An address space is a root table and what hangs on it, a tree of three levels (Sv39, see
 * arch/pagetable.h). The tables below the root are page frames: made when the first page below them
 * is mapped, given back when the last one is unmapped. Pages have 4 KiB; addresses are multiples of
 * that.
 *
 * It does not lock: the caller sees to it that nobody else changes the same tree. Translations are
 * flushed on the hart that calls, so on every other hart the caller has to.
 */
#pragma once

#include <stdbool.h>

#include "arch/pagetable.h"

/*
 * Map the page at `address` to the frame at `physical`, with the rights of a constant PTE_KERNEL_*.
 * false: no frame is left for a table, and nothing is changed. Panics where something is mapped
 * there already, or where the page would be both writable and executable.
 */
bool page_map(struct page_table *root, uint64_t address, uint64_t physical, uint64_t rights);

/* The page's entry; 0 where none is mapped, or the address lies in a larger page. */
pte_t page_lookup(const struct page_table *root, uint64_t address);

/* Unmap the page, and return the physical address of its frame, which is the caller's again. Panics
 * where none is mapped. Fastest from the highest address down. */
uint64_t page_unmap(struct page_table *root, uint64_t address);
