/* replay.c - plays a trace on a heap. */
#include "test/bench/replay.h"

union any_heap replayed;

/* callgrind counts in functions of these names alone, so none may be inlined, nor end in a jump. */
#define COUNTED             __attribute__((noinline)) static
#define NOT_THE_LAST_CALL() __asm__ volatile("" : : : "memory")

COUNTED void *counted_alloc(const struct allocator *allocator, struct layout layout)
{
    void *const block = allocator->alloc(&replayed, layout);
    NOT_THE_LAST_CALL();
    return block;
}

COUNTED enum free_result counted_dealloc(const struct allocator *allocator, void *block)
{
    const enum free_result result = allocator->dealloc(&replayed, block, LAYOUT_UNKNOWN);
    NOT_THE_LAST_CALL();
    return result;
}

COUNTED void *counted_realloc(const struct allocator *allocator, void *block, struct layout layout,
                              size_t new_size)
{
    void *const moved = allocator->realloc(&replayed, block, layout, new_size);
    NOT_THE_LAST_CALL();
    return moved;
}

static void begin_nothing(void)
{
}

static void end_nothing(enum trace_verb verb)
{
    (void)verb;
}

static const struct meter no_meter = {begin_nothing, end_nothing};

static enum replay_end judge(const struct trace *trace, const void *block, size_t align)
{
    if (block == NULL)
        return trace->may_fail ? REPLAY_DONE : REPLAY_NO_MEMORY;
    return (uintptr_t)block % align == 0 ? REPLAY_DONE : REPLAY_REFUSED;
}

static enum replay_end play_alloc(const struct allocator *allocator, const struct trace *trace,
                                  const struct trace_op *op, struct replay_slot *slot,
                                  const struct meter *meter)
{
    slot->layout = (struct layout){op->size, op->align};
    meter->begin();
    slot->block = counted_alloc(allocator, slot->layout);
    meter->end(TRACE_ALLOC);
    return judge(trace, slot->block, op->align);
}

static enum replay_end play_free(const struct allocator *allocator, struct replay_slot *slot,
                                 const struct meter *meter)
{
    if (slot->block == NULL)
        return REPLAY_DONE;
    meter->begin();
    const enum free_result result = counted_dealloc(allocator, slot->block);
    meter->end(TRACE_FREE);
    slot->block = NULL;
    return result == FREE_OK ? REPLAY_DONE : REPLAY_REFUSED;
}

static enum replay_end play_realloc(const struct allocator *allocator, const struct trace *trace,
                                    const struct trace_op *op, struct replay_slot *slot,
                                    const struct meter *meter)
{
    if (slot->block == NULL)
        return REPLAY_DONE;
    meter->begin();
    void *const moved = counted_realloc(allocator, slot->block, slot->layout, op->size);
    meter->end(TRACE_REALLOC);
    if (moved != NULL) {
        slot->block = moved;
        slot->layout.size = op->size;
    }
    return judge(trace, moved, slot->layout.align);
}

enum replay_end replay(const struct allocator *allocator, const struct trace *trace,
                       struct replay_slot *slots, size_t from, size_t to, const struct meter *meter)
{
    enum replay_end end = REPLAY_DONE;

    if (meter == NULL)
        meter = &no_meter;
    for (size_t i = from; i < to && end == REPLAY_DONE; i++) {
        const struct trace_op *const op = &trace->ops[i];
        struct replay_slot *const slot = &slots[op->slot];
        if (op->verb == TRACE_ALLOC)
            end = play_alloc(allocator, trace, op, slot, meter);
        else if (op->verb == TRACE_FREE)
            end = play_free(allocator, slot, meter);
        else
            end = play_realloc(allocator, trace, op, slot, meter);
    }
    return end;
}

/* --- what a call takes by itself --- */

/* One instruction, the return that every function has; what it returns is never looked at. */
__asm__(".pushsection .text\nbench_nothing:\n\tret\n.popsection");
struct nothing {
    char none;
};
void *nothing_alloc(struct nothing *heap, struct layout layout) __asm__("bench_nothing");
enum free_result nothing_dealloc(struct nothing *heap, void *block,
                                 struct layout layout) __asm__("bench_nothing");
void *nothing_realloc(struct nothing *heap, void *block, struct layout layout,
                      size_t new_size) __asm__("bench_nothing");
MEASURED_VERBS(nothing)

void replay_nothing(const struct meter *meter)
{
    const struct allocator nothing = {
        .alloc = any_nothing_alloc, .dealloc = any_nothing_dealloc, .realloc = any_nothing_realloc};

    meter->begin();
    counted_alloc(&nothing, LAYOUT_UNKNOWN);
    meter->end(TRACE_ALLOC);
    meter->begin();
    counted_dealloc(&nothing, NULL);
    meter->end(TRACE_FREE);
    meter->begin();
    counted_realloc(&nothing, NULL, LAYOUT_UNKNOWN, 0);
    meter->end(TRACE_REALLOC);
}
