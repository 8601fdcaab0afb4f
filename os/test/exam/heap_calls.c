/* heap_calls.c - the calls on an allocator by itself: the one that HEAP= chooses. */
#include "test/exam/heap_calls.h"

#include "heap/layout.h"
#include "test/exam/exam.h"
#include KERNEL_HEAP_HEADER

#define JOIN(heap, verb)          heap##_##verb
#define JOIN_EXPANDED(heap, verb) JOIN(heap, verb)
#define HEAP(verb)                JOIN_EXPANDED(KERNEL_HEAP, verb)

static struct KERNEL_HEAP heap;

uint64_t exam_answer(const struct exam_turn *turn)
{
    const uint64_t *const argument = turn->arguments;
    void *const address = (void *)argument[0];
    const struct layout layout = {argument[1], argument[2]};

    switch ((enum heap_call)turn->call) {
    case HEAP_INIT:
        return HEAP(init)(&heap, address, argument[1]);
    case HEAP_ALLOC:
        return (uint64_t)HEAP(alloc)(&heap, (struct layout){argument[0], argument[1]});
    case HEAP_DEALLOC:
        return HEAP(dealloc)(&heap, address, layout);
    case HEAP_REALLOC:
        return (uint64_t)HEAP(realloc)(&heap, address, layout, argument[3]);
    case HEAP_CHECK:
        return HEAP(check)(&heap, address, layout);
    case HEAP_BLOCK_SIZE:
        return HEAP(block_size)(&heap, address);
    case HEAP_STATS:
        HEAP(stats)(&heap, address);
        return 0;
    }
    return UINT64_MAX;
}
