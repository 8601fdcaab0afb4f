/* kernel_heap_calls.h - the calls that can be made of the kernel's heap (heap/heap.h). */
#pragma once

/* A layout is two arguments, size and align. */
enum kernel_heap_call {
    KERNEL_HEAP_NOTHING,      /* what a call costs by itself */
    KERNEL_HEAP_ALLOC,        /* size, align: an address or 0 */
    KERNEL_HEAP_ALLOC_ZEROED, /* size, align: an address or 0 */
    KERNEL_HEAP_DEALLOC,      /* block, size, align; does not return where that is an error */
    KERNEL_HEAP_REALLOC,      /* block, size, align, new size: an address or 0 */
    KERNEL_HEAP_KMALLOC,      /* size: an address or 0 */
    KERNEL_HEAP_KFREE,        /* block; does not return where that is an error */
    KERNEL_HEAP_TOTAL,        /* bytes of the heap that blocks can be made of */
};
