/* test_heap_space.c - the heap's memory in .bss: HEAP_BACKING=bss. */
#include "arch/memlayout.h"
#include "mm/heap_memory.h"
#include "test/test.h"

TEST(heap_space_lies_in_bss)
{
    CHECK((char *)HEAP_SPACE == sbss);
    CHECK((char *)HEAP_SPACE + sizeof HEAP_SPACE <= ebss);
}
