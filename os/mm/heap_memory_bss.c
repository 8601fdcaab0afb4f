/* heap_memory_bss.c - the heap's memory is part of the kernel's image. */
#include "arch/memlayout.h"
#include "mm/heap_memory.h"

/* All of the kernel's heap: blocks, and its map behind them. linker-qemu.ld places it first in
 * .bss. */
_Alignas(KERNEL_HEAP_ALIGN) uint8_t HEAP_SPACE[KERNEL_HEAP_SIZE]
    __attribute__((section(".bss.heap_space")));

const char heap_memory_name[] = ".bss";

bool heap_memory_make(struct heap_memory *memory)
{
    *memory = (struct heap_memory){HEAP_SPACE, sizeof HEAP_SPACE, sizeof HEAP_SPACE};
    return true;
}

bool heap_memory_grow(struct layout layout)
{
    (void)layout;
    return false;
}

bool heap_memory_holds(const void *address)
{
    return (const char *)address >= sbss && (const char *)address < ebss;
}
