/* guard_calls.c - the calls on a guarded heap, without a kernel: what it reports and prints goes to
 * the examiner's desk. */
#include "test/exam/guard_calls.h"

#include "config.h"
#include "drivers/console.h"
#include "guard/report.h"
#include "lib/panic.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "test/exam/exam.h"

static struct guarded heap;
static struct guard_desk *desk;
static size_t text_length;
static unsigned site; /* of the call that is being made */
static char site_names[GUARD_SITES][8];

/* --- what the guards call ---
 */

void trace_here(struct guard_trace *trace)
{
    memset(trace, 0, sizeof *trace);
    trace->callers[0] = site;
}

const char *report_place(const struct guard_trace *trace)
{
    return site_names[trace->callers[0] % GUARD_SITES];
}

void kprintf(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    const int length =
        kvsnprintf(desk->text + text_length, GUARD_TEXT - text_length, format, arguments);
    va_end(arguments);
    text_length += (size_t)length;
    if (text_length >= GUARD_TEXT)
        text_length = GUARD_TEXT - 1;
}

static _Noreturn void report(enum guard_report kind, uintptr_t address,
                             const struct guard_object *object)
{
    desk->report = kind;
    desk->address = address;
    if (object != NULL) {
        desk->object = guard_start(object);
        desk->is_freed = object->is_freed;
        desk->allocated = object->allocated.callers[0];
        desk->freed = object->freed.callers[0];
    }
    panic("reported");
}

void report_free(const void *block, enum free_result result, const struct guard_object *near)
{
    desk->result = result;
    report(REPORT_FREE, (uintptr_t)block, near);
}

void report_broken(uintptr_t address, const struct guard_object *object)
{
    report(REPORT_BROKEN, address, object);
}

void report_header(uintptr_t header, const struct guard_object *before)
{
    report(REPORT_HEADER, header, before);
}

/* --- what the examiner calls ---
 */

static uint64_t init(const uint64_t *argument)
{
    desk = (void *)argument[0];
    memset(desk, 0, sizeof *desk);
    desk->header = sizeof(struct guard_object);
    desk->quarantine_bytes = QUARANTINE_BYTES;
    for (unsigned i = 0; i < GUARD_SITES; i++)
        ksnprintf(site_names[i], sizeof site_names[i], "site %u", i);
    return guarded_init(&heap, (void *)argument[1], argument[2]);
}

static uint64_t leaks(void)
{
    text_length = 0;
    guard_report_leaks();
    return text_length;
}

static uint64_t stats(void)
{
    struct heap_stats stats;

    guarded_stats(&heap, &stats);
    desk->live = stats.live;
    desk->used = stats.allocated;
    desk->quarantined = heap.quarantined;
    return 0;
}

uint64_t exam_answer(const struct exam_turn *turn)
{
    const uint64_t *const argument = turn->arguments;
    void *const block = (void *)argument[0];
    const struct layout layout = {argument[1], argument[2]};

    switch ((enum guard_call)turn->call) {
    case GUARD_INIT:
        return init(argument);
    case GUARD_ALLOC:
        site = (unsigned)argument[2];
        return (uint64_t)guarded_alloc(&heap, (struct layout){argument[0], argument[1]});
    case GUARD_DEALLOC:
        site = (unsigned)argument[3];
        return guarded_dealloc(&heap, block, layout);
    case GUARD_REALLOC:
        site = (unsigned)argument[4];
        return (uint64_t)guarded_realloc(&heap, block, layout, argument[3]);
    case GUARD_LOOK:
        return guarded_check(&heap, block, layout);
    case GUARD_SEARCH:
        return guarded_invariants_hold(&heap);
    case GUARD_LEAKS:
        return leaks();
    case GUARD_STATS:
        return stats();
    }
    return UINT64_MAX;
}
