/* page_map.c - the pages of an address space. */
#include "mm/page_map.h"

#include "lib/panic.h"
#include "lib/string.h"
#include "mm/frame.h"

enum { ROOT_LEVEL = 2 };

/* An entry that points to a table, and not to memory. */
static bool is_table(pte_t entry)
{
    return (entry & (PTE_V | PTE_R | PTE_W | PTE_X)) == PTE_V;
}

static struct page_table *table_of(pte_t entry)
{
    return physical_to_virtual(pte_physical(entry));
}

/* The page's entry; NULL where there is no table for it. */
static pte_t *find(const struct page_table *root, uint64_t address)
{
    const struct page_table *table = root;

    for (unsigned level = ROOT_LEVEL; level > 0; level--) {
        const pte_t entry = table->entries[pte_index(address, level)];
        if (!is_table(entry))
            return NULL;
        table = table_of(entry);
    }
    return (pte_t *)&table->entries[pte_index(address, 0)];
}

/* Make the tables that are missing for the page. false: no frame is left for all of them. */
static bool make_tables(struct page_table *root, uint64_t address)
{
    struct page_table *table = root;

    for (unsigned level = ROOT_LEVEL; level > 0; level--) {
        pte_t *const entry = &table->entries[pte_index(address, level)];
        if (*entry == 0) {
            struct page_table *const made = frame_alloc(0);
            if (made == NULL)
                return false;
            memset(made, 0, sizeof *made);
            *entry = pte_make(virtual_to_physical(made), PTE_V);
        }
        if (!is_table(*entry))
            panic("page_map: 0x%lx lies in a larger page", address);
        table = table_of(*entry);
    }
    return true;
}

static bool is_empty(const struct page_table *table)
{
    for (unsigned i = 0; i < PAGE_TABLE_ENTRIES; i++)
        if (table->entries[i] != 0)
            return false;
    return true;
}

/* Give back the tables below this one that are empty, on the way to the page. Returns whether this
 * one is empty then. No hart may know of a table any more when its frame is given back. */
static bool drop_tables(struct page_table *table, unsigned level, uint64_t address)
{
    pte_t *const entry = &table->entries[pte_index(address, level)];

    if (level > 0 && is_table(*entry)) {
        struct page_table *const below = table_of(*entry);
        if (drop_tables(below, level - 1, address)) {
            *entry = 0;
            pagetable_flush();
            frame_free(below, 0);
        }
    }
    return is_empty(table);
}

bool page_map(struct page_table *root, uint64_t address, uint64_t physical, uint64_t rights)
{
    if ((rights & PTE_W) && (rights & PTE_X))
        panic("page_map: 0x%lx is to be writable and executable", address);
    if (!make_tables(root, address)) {
        drop_tables(root, ROOT_LEVEL, address);
        return false;
    }
    pte_t *const entry = find(root, address);
    if (*entry != 0)
        panic("page_map: 0x%lx is mapped already", address);
    *entry = pte_make(physical, rights);
    pagetable_flush(); /* a hart may remember that there was no page */
    return true;
}

pte_t page_lookup(const struct page_table *root, uint64_t address)
{
    const pte_t *const entry = find(root, address);
    return entry != NULL ? *entry : 0;
}

uint64_t page_unmap(struct page_table *root, uint64_t address)
{
    pte_t *const entry = find(root, address);

    if (entry == NULL || *entry == 0)
        panic("page_unmap: 0x%lx is not mapped", address);
    const uint64_t physical = pte_physical(*entry);
    *entry = 0;
    pagetable_flush();
    drop_tables(root, ROOT_LEVEL, address);
    return physical;
}
