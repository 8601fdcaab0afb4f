/*
 * heap_memory_paged.c - the heap's memory is a range of virtual memory, on page frames.
 *
 *     KERNEL_HEAP_RANGE     START           end                    LIMIT
 *     |  guard, not mapped  |  mapped, R W  |  not mapped as yet   |  guard  |
 *
 * The frames come from all over RAM; only their pages are side by side. `end` moves up when the
 * heap grows, and never comes back.
 */
#include "arch/memlayout.h"
#include "arch/pagetable.h"
#include "heap/heap.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/heap_memory.h"
#include "mm/kernel_map.h"
#include "mm/page_map.h"

#define START (KERNEL_HEAP_RANGE + KERNEL_HEAP_ALIGN)
#define LIMIT (KERNEL_HEAP_RANGE + KERNEL_HEAP_RANGE_SIZE - PAGE_SIZE)

/* The least block that the heap grows for, and the alignment that an added region is sure to serve.
 * Each region is one more to look into for a block, so
 * there is an end to them: enough to double eight times, and to halve as frames run short. */
enum { LEAST_GROWTH = 32 * PAGE_SIZE, GROWTH_ALIGN = PAGE_SIZE, MOST_GROWTHS = 24 };

_Static_assert(KERNEL_HEAP_ALIGN % PAGE_SIZE == 0, "the heap's start is a page's");
_Static_assert(KERNEL_HEAP_SIZE <= LIMIT - START, "the heap fits into its range");

const char heap_memory_name[] = "the heap's range";

/* Changed at boot and in the rescue hook, which is never called twice at a time. */
static uint64_t end = START;
static unsigned growths; /* that there have been */

/* A page is cleared, as .bss is: what an earlier kernel's heap left there would look alive. */
static bool map_page(uint64_t address)
{
    void *const frame = frame_alloc(0);

    if (frame == NULL)
        return false;
    memset(frame, 0, PAGE_SIZE);
    if (page_map(&kernel_page_table, address, virtual_to_physical(frame), PTE_KERNEL_DATA))
        return true;
    frame_free(frame, 0);
    return false;
}

/* Unmap all pages from `start` on, from the last to the first. */
static void unmap_from(uint64_t start)
{
    while (end > start) {
        end -= PAGE_SIZE;
        frame_free(physical_to_virtual(page_unmap(&kernel_page_table, end)), 0);
    }
}

/* Map `size` bytes more, whole pages; all or nothing. */
static bool map_more(uint64_t size)
{
    const uint64_t start = end;

    for (; end < start + size; end += PAGE_SIZE)
        if (!map_page(end)) {
            unmap_from(start);
            return false;
        }
    return true;
}

bool heap_memory_make(struct heap_memory *memory)
{
    if (!map_more(align_up(KERNEL_HEAP_SIZE, PAGE_SIZE)))
        return false;
    *memory = (struct heap_memory){(uint8_t *)START, end - START, LIMIT - START};
    return true;
}

/* How large a region must be to have room for a block of this size in any design: a buddy system
 * makes it a power of two, and an eighth more is room enough for all records. */
static uint64_t region_for(size_t size)
{
    uint64_t block = LEAST_GROWTH;

    while (block < size)
        block *= 2;
    return block + block / 8;
}

/* Map `most` bytes more, or where frames are short a half of it, a quarter, ... down to `least`. */
static bool map_region(uint64_t most, uint64_t least)
{
    for (uint64_t size = most; size > least; size = align_down(size / 2, PAGE_SIZE))
        if (map_more(size))
            return true;
    return map_more(least);
}

bool heap_memory_grow(struct layout layout)
{
    const uint64_t start = end, room = LIMIT - end, as_much_again = end - START;

    if (growths == MOST_GROWTHS || layout.align > GROWTH_ALIGN || layout.size > room)
        return false;
    const uint64_t least = region_for(layout.size);
    const uint64_t most = as_much_again > least ? as_much_again : least;
    if (least > room || !map_region(most < room ? most : room, least))
        return false;
    if (!heap_add_region((void *)start, end - start)) {
        unmap_from(start);
        return false;
    }
    growths++;
    return true;
}

bool heap_memory_holds(const void *address)
{
    return (uint64_t)address >= START && (uint64_t)address < end;
}
