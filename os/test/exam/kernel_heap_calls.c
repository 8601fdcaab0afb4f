/* kernel_heap_calls.c - the calls on the heap of the kernel under examination. */
#include "test/exam/kernel_heap_calls.h"

#include "heap/heap.h"
#include "test/exam/exam.h"

static uint64_t total(void)
{
    struct heap_stats stats;

    heap_stats(&stats);
    return stats.total;
}

uint64_t exam_answer(const struct exam_turn *turn)
{
    const uint64_t *const argument = turn->arguments;
    void *const block = (void *)argument[0];

    switch ((enum kernel_heap_call)turn->call) {
    case KERNEL_HEAP_NOTHING:
        return 0;
    case KERNEL_HEAP_ALLOC:
        return (uint64_t)heap_alloc((struct layout){argument[0], argument[1]});
    case KERNEL_HEAP_ALLOC_ZEROED:
        return (uint64_t)heap_alloc_zeroed((struct layout){argument[0], argument[1]});
    case KERNEL_HEAP_DEALLOC:
        heap_dealloc(block, (struct layout){argument[1], argument[2]});
        return 0;
    case KERNEL_HEAP_REALLOC:
        return (uint64_t)heap_realloc(block, (struct layout){argument[1], argument[2]},
                                      argument[3]);
    case KERNEL_HEAP_KMALLOC:
        return (uint64_t)kmalloc(argument[0]);
    case KERNEL_HEAP_KFREE:
        kfree(block);
        return 0;
    case KERNEL_HEAP_TOTAL:
        return total();
    }
    return UINT64_MAX;
}
