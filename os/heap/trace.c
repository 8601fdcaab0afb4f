/* trace.c - the ring of events and its text. Empty but in a traced kernel. */
#include "heap/trace.h"

#if HEAP_TRACE
#include "lib/panic.h"

enum { TRACE_REGIONS = 64 };

static struct {
    struct {
        uintptr_t start;
        size_t size;
    } regions[TRACE_REGIONS]; /* of the heap */
    size_t region_count;
    struct trace_event ring[TRACE_EVENTS]; /* event n of all is at n % TRACE_EVENTS */
    uint64_t count;                        /* events since the start, dropped ones too */
    uint64_t own_time;                     /* used up by the recorder */
    const struct trace_report *report;     /* while trace_print runs */
} trace;

static bool is_in_heap(uintptr_t address)
{
    for (size_t i = 0; i < trace.region_count; i++)
        if (address - trace.regions[i].start < trace.regions[i].size)
            return true;
    return false;
}

static void add_region(uintptr_t start, size_t size)
{
    if (trace.region_count == TRACE_REGIONS)
        panic("a traced heap has at most %d regions",
              TRACE_REGIONS); /* GCOVR_EXCL_LINE: grows less */
    trace.regions[trace.region_count].start = start;
    trace.regions[trace.region_count++].size = size;
}

/* Not inlined: the functions told begin with the one that calls this. */
__attribute__((noinline)) void trace_record(const struct trace_event *event,
                                            trace_figures_reader *figures)
{
    const uint64_t start = trace_time();
    if (event->kind != 'X' && !is_in_heap(event->address))
        return;
    struct trace_event *const place = &trace.ring[trace.count++ % TRACE_EVENTS];

    *place = *event;
    place->time = start - trace.own_time;
    if (figures != NULL) {
        place->figures = figures();
        place->depth = (uint8_t)trace_callers(place->callers, TRACE_DEPTH);
    }
    trace.own_time += trace_time() - start;
}

void trace_start(uintptr_t start, size_t size)
{
    trace.count = 0;
    trace.region_count = 0;
    add_region(start, size);
}

void trace_grow(uintptr_t start, size_t size)
{
    add_region(start, size);
    trace_record(&(struct trace_event){.kind = 'G', .address = start, .size = size}, NULL);
}

static void print_callers(const struct trace_event *event)
{
    const struct trace_report *const report = trace.report;

    for (unsigned i = 0; i < event->depth; i++) {
        const char *name = report->name(event->callers[i]);
        report->print("%s%s", i == 0 ? " " : ",", name != NULL ? name : "?");
    }
    report->print(event->depth == 0 ? " -\n" : "\n");
}

/* The rest of the line of an alloc, a free or a realloc. */
static void print_sizes(const struct trace_event *event)
{
    const struct trace_figures *const figures = &event->figures;
    trace.report->print(" %zu %zu %zu %zu %zu", event->size, event->block, figures->user,
                        figures->allocated, figures->largest_free);
    print_callers(event);
}

static void print_event(const struct trace_event *event)
{
    void (*const print)(const char *, ...) = trace.report->print;
    const unsigned long address = event->address;

    print("%c %lu", event->kind, (unsigned long)event->time);
    switch (event->kind) {
    case 'A':
    case 'F':
        print(" 0x%lx", address);
        print_sizes(event);
        break;
    case 'R':
        print(" 0x%lx %zu %zu 0x%lx", (unsigned long)event->old.address, event->old.size,
              event->old.block, address);
        print_sizes(event);
        break;
    case 'X':
        print(" %zu", event->size);
        print_callers(event);
        break;
    case 'S':
    case 'M':
        print(" 0x%lx %u\n", address, event->order);
        break;
    case 'T':
        print(" 0x%lx %zu %zu\n", address, event->size, event->block);
        break;
    default: /* U, G */
        print(" 0x%lx %zu\n", address, event->size);
    }
}

void trace_print_free(uintptr_t address, unsigned order)
{
    trace.report->print("B 0x%lx %u\n", (unsigned long)address, order);
}

void trace_print_slab(uintptr_t address, size_t bytes, size_t object_size)
{
    trace.report->print("K 0x%lx %zu %zu\n", (unsigned long)address, bytes, object_size);
}

static void print_free_blocks(const struct heap_stats *stats)
{
    const char *before = "";

    for (unsigned order = 0; order < HEAP_ORDERS; order++)
        if (stats->free_blocks[order] != 0) {
            trace.report->print("%so%u:%zu", before, order, stats->free_blocks[order]);
            before = ",";
        }
    if (before[0] == '\0')
        trace.report->print("none");
}

static void print_stats(const struct trace_report *report)
{
    const struct heap_stats *const stats = &report->stats;

    report->print("stats total=%zu user=%zu allocated=%zu peak=%zu live=%zu largest_free=%zu free=",
                  stats->total, stats->user, stats->allocated, stats->peak, stats->live,
                  stats->largest_free);
    if (report->print_blocks != NULL)
        print_free_blocks(stats);
    else
        report->print("-");
    report->print("\n");
}

void trace_print(const struct trace_report *report)
{
    const uint64_t kept = trace.count < TRACE_EVENTS ? trace.count : TRACE_EVENTS;

    trace.report = report;
    report->print("heap-trace 1 allocator=%s base=0x%lx size=%zu granule=%zu time=%s dropped=%lu\n",
                  report->allocator, (unsigned long)trace.regions[0].start, trace.regions[0].size,
                  report->stats.order_size, report->time_unit, (unsigned long)(trace.count - kept));
    for (uint64_t i = trace.count - kept; i < trace.count; i++)
        print_event(&trace.ring[i % TRACE_EVENTS]);
    if (report->print_blocks != NULL)
        report->print_blocks(report->design);
    print_stats(report);
    report->print("heap-trace-end events=%lu\n", (unsigned long)kept);
    trace.report = NULL;
}
#endif
