/*
 * heap.h - the kernel's heap.
 *
 * One of the designs in this folder, chosen by `make HEAP=name`, over memory that it is given
 * (mm/heap_memory.h). The four heap_ verbs mirror Rust's GlobalAlloc: the caller says
 * the layout again when he frees. kmalloc and kfree need no size. A block from one family is not
 * freed by the other.
 *
 * Every function takes the heap's lock with interrupts off, so all may be called from a trap
 * handler; none may be called while the console prints.
 *
 * A free of anything but a live block panics with the reason (double, foreign, interior or
 * misaligned free, wrong layout), and nothing in the heap is changed by it.
 */
#pragma once

#include "config.h"
#include "heap/layout.h"

/* Make the heap of [start, start + size); before this every allocation fails. Panics where that is
 * too little memory for the design. */
void init_heap(void *start, size_t size);

/* `layout.size` bytes at a multiple of `layout.align`, not cleared or cleared. NULL: no memory, or
 * no such layout can be (size 0, size near SIZE_MAX, alignment that is not a power of two or above
 * what the heap's start has). The caller frees with heap_dealloc and the same layout. */
void *heap_alloc(struct layout layout);
void *heap_alloc_zeroed(struct layout layout);

void heap_dealloc(void *block, struct layout layout);

/* Make the block of `layout` new_size bytes long, keeping its contents and alignment; it may move.
 * NULL: no memory or new_size is impossible; the block is then as it was. */
void *heap_realloc(void *block, struct layout layout, size_t new_size);

/* `size` bytes aligned for any type; NULL as above. The caller owns the whole block, which may be
 * larger than `size`, and all of it counts as user bytes in the figures. */
void *kmalloc(size_t size);

/* Give back what kmalloc returned. kfree(NULL) does nothing. */
void kfree(void *block);

/* The allocation error handler: panics with the layout. For callers who cannot go on. */
_Noreturn void heap_alloc_error(struct layout layout);

/*
 * Have `rescue` called, once and without the lock, before an allocation fails for want of memory.
 * It may free blocks, and returns whether it has helped: then the allocation is tried once more. An
 * allocation made within it fails as without a hook. NULL: none.
 */
void heap_set_rescue(bool (*rescue)(struct layout layout));

/* Let the heap grow by [start, start + size), which is its own from then on and need not touch what
 * it has. false, with nothing changed: the region is too small, or this design does not grow. */
bool heap_add_region(void *start, size_t size);

void heap_stats(struct heap_stats *stats);
bool heap_invariants_hold(void);

/* What trace_print must know about this heap; only in a traced kernel. */
struct trace_report;
void heap_trace_report(struct trace_report *report);
