/* pagetable.h - Sv39 page-table entries (RISC-V privileged specification, section 4.4). */
#pragma once

#include "arch/memlayout.h"

#define PTE_V 0x01 /* valid */
#define PTE_R 0x02
#define PTE_W 0x04
#define PTE_X 0x08
#define PTE_G 0x20 /* in every address space */
#define PTE_A 0x40 /* accessed: set by us, since hardware may fault instead of setting it */
#define PTE_D 0x80 /* dirty: likewise */

#define PTE_KERNEL_TEXT   (PTE_V | PTE_R | PTE_X | PTE_G | PTE_A)
#define PTE_KERNEL_RODATA (PTE_V | PTE_R | PTE_G | PTE_A)
#define PTE_KERNEL_DATA   (PTE_V | PTE_R | PTE_W | PTE_G | PTE_A | PTE_D)

#define PTE_PPN_SHIFT 10
#define PAGE_SHIFT    12

#define SATP_SV39       8
#define SATP_MODE_SHIFT 60

#define PAGE_TABLE_ENTRIES 512

#ifndef __ASSEMBLER__
#include <stdint.h>

typedef uint64_t pte_t;

/* A page of 512 entries. Level 2 is the root; an entry there stands for a gigapage. */
struct __attribute__((aligned(PAGE_SIZE))) page_table {
    pte_t entries[PAGE_TABLE_ENTRIES];
};

static inline pte_t pte_make(uint64_t physical, uint64_t flags)
{
    return physical >> PAGE_SHIFT << PTE_PPN_SHIFT | flags;
}

static inline uint64_t pte_physical(pte_t entry)
{
    return entry >> PTE_PPN_SHIFT << PAGE_SHIFT;
}

/* Let this hart see changes of tables, and forget what it remembers of them. */
static inline void pagetable_flush(void)
{
    __asm__ volatile("sfence.vma" : : : "memory");
}

/* The entry's number in a table of this level, for a virtual address. */
static inline unsigned pte_index(uint64_t address, unsigned level)
{
    return (unsigned)(address >> (PAGE_SHIFT + 9 * level)) % PAGE_TABLE_ENTRIES;
}
#endif
