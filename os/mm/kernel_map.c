/*
 * kernel_map.c - the kernel's own address space.
 *
 * Sv39. The direct map is made of gigapages. The one that the kernel lies in is split: megapages
 * for all of it, and pages for the megapages from stext up to sbss, where rights change from page
 * to page.
 */
#include "mm/kernel_map.h"

#include "arch/memlayout.h"
#include "arch/pagetable.h"
#include "lib/panic.h"

enum { IMAGE_TABLES = 8 };

static struct page_table gigapage_table;
static struct page_table image_tables[IMAGE_TABLES];

/* The rights of the page at this address between stext and sbss; 0: none. */
static uint64_t image_rights(uint64_t address)
{
    if (address < (uint64_t)etext)
        return PTE_KERNEL_TEXT;
    if (address < (uint64_t)erodata)
        return PTE_KERNEL_RODATA;
    if (address == (uint64_t)boot_stack_guard)
        return 0;
    return PTE_KERNEL_DATA;
}

static void fill(struct page_table *table, uint64_t physical, uint64_t step)
{
    for (unsigned i = 0; i < PAGE_TABLE_ENTRIES; i++)
        table->entries[i] = pte_make(physical + i * step, PTE_KERNEL_DATA);
}

static void point_to(pte_t *entry, const struct page_table *table)
{
    *entry = pte_make(virtual_to_physical(table), PTE_V);
}

/* Split the megapages of [stext, sbss) into pages with their own rights. */
static void split_image(void)
{
    unsigned used = 0;

    for (uint64_t mega = (uint64_t)stext; mega < (uint64_t)sbss; mega += MEGAPAGE_SIZE) {
        if (used == IMAGE_TABLES)
            panic("the kernel's image is larger than %u megapages", used);
        struct page_table *const table = &image_tables[used++];
        for (unsigned i = 0; i < PAGE_TABLE_ENTRIES; i++) {
            const uint64_t address = mega + (uint64_t)i * PAGE_SIZE;
            const uint64_t rights = image_rights(address);
            table->entries[i] =
                rights != 0 ? pte_make(virtual_to_physical((void *)address), rights) : 0;
        }
        point_to(&gigapage_table.entries[pte_index(mega, 1)], table);
    }
}

void kernel_map_protect(void)
{
    struct page_table *const root = &kernel_page_table;
    const unsigned home = pte_index((uint64_t)stext, 2);

    fill(&gigapage_table, virtual_to_physical(stext) & -(uint64_t)GIGAPAGE_SIZE, MEGAPAGE_SIZE);
    split_image();
    point_to(&root->entries[home], &gigapage_table);
    for (unsigned i = PAGE_TABLE_ENTRIES / 2; i < PAGE_TABLE_ENTRIES; i++)
        root->entries[i] &= ~(pte_t)PTE_X;
    pagetable_flush();
}
