/* test_trace.c - the recorder, with a small ring and a clock of its own. */
#define HEAP_TRACE   1
#define TRACE_EVENTS 4
#include "heap/trace.c"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "test/test.h"

static uint64_t clock_now;
static char text[4096];

/* Each look at the clock takes a tick, as if the recorder were slow. */
uint64_t trace_time(void)
{
    return clock_now++;
}

unsigned trace_callers(uint32_t *offsets, unsigned most)
{
    (void)most;
    offsets[0] = 8;
    offsets[1] = 16;
    return 2;
}

static const char *name(uint32_t offset)
{
    return offset == 8 ? "inner" : NULL;
}

__attribute__((format(printf, 1, 2))) static void print(const char *format, ...)
{
    const size_t length = strlen(text);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text + length, sizeof text - length, format, arguments);
    va_end(arguments);
}

static struct trace_figures figures(void)
{
    return (struct trace_figures){40, 64, 128};
}

static void print_blocks(const void *design)
{
    CHECK(design == &clock_now);
    trace_print_free(0x1040, 1);
    trace_print_slab(0x1080, 64, 16);
}

static const char *printed(bool has_orders)
{
    struct trace_report report = {
        .allocator = "toy",
        .time_unit = "ticks",
        .stats =
            {.total = 256, .user = 40, .allocated = 64, .peak = 96, .live = 1, .order_size = 32},
        .design = &clock_now,
        .print_blocks = has_orders ? print_blocks : NULL,
        .name = name,
        .print = print,
    };

    report.stats.free_blocks[0] = 2;
    report.stats.free_blocks[3] = 1;
    text[0] = '\0';
    trace_print(&report);
    return text;
}

static void start(uint64_t now)
{
    trace_start(0x1000, 256);
    trace.own_time = 0;
    clock_now = now;
}

TEST(a_trace_gives_each_event_its_line)
{
    start(100);
    trace_split(0x1000, 3);
    trace_alloc((void *)0x1000, 40, 64, figures);
    trace_realloc(0x1000, 40, 64, (void *)0x1040, 50, 64, figures);
    trace_fail(1000, figures);
    CHECK(
        strcmp(printed(true),
               "heap-trace 1 allocator=toy base=0x1000 size=256 granule=32 time=ticks dropped=0\n"
               "S 100 0x1000 3\n"
               "A 101 0x1000 40 64 40 64 128 inner,?\n"
               "R 102 0x1000 40 64 0x1040 50 64 40 64 128 inner,?\n"
               "X 103 1000 inner,?\n"
               "B 0x1040 1\n"
               "K 0x1080 64 16\n"
               "stats total=256 user=40 allocated=64 peak=96 live=1 largest_free=0 free=o0:2,o3:1\n"
               "heap-trace-end events=4\n") == 0);
}

TEST(a_full_ring_drops_its_oldest_events_and_says_how_many)
{
    start(7);
    for (unsigned order = 1; order <= 6; order++)
        trace_merge(0x1000, order);
    CHECK(strstr(printed(false), " dropped=2\nM 9 0x1000 3\nM 10 0x1000 4\n") != NULL);
    CHECK(strstr(text, "M 12 0x1000 6\nstats ") != NULL);
    CHECK(strstr(text, " free=-\nheap-trace-end events=4\n") != NULL);
}

TEST(a_full_heap_with_orders_says_that_no_block_is_free)
{
    struct trace_report report = {
        .allocator = "toy", .design = &clock_now, .print_blocks = print_blocks, .print = print};

    start(0);
    text[0] = '\0';
    trace_print(&report);
    CHECK(strstr(text, " free=none\nheap-trace-end events=0\n") != NULL);
}

TEST(what_another_buddy_system_does_is_not_in_the_trace)
{
    start(0);
    trace_split(0x9000, 3);
    trace_merge(0xfe0, 1);
    CHECK(strstr(printed(true), "dropped=0\nB ") != NULL);
    trace_grow(0x9000, 8192);
    trace_split(0x9000, 3);
    CHECK(strstr(printed(true), "G 2 0x9000 8192\nS 3 0x9000 3\nB ") != NULL);
}

TEST(slabs_and_growth_have_lines_without_callers)
{
    start(0);
    trace_slab_take((void *)0x1000, 4096, 48);
    trace_slab_give(0x1000, 4096);
    trace_grow(0x9000, 8192);
    CHECK(strstr(printed(false), "T 0 0x1000 4096 48\nU 1 0x1000 4096\nG 2 0x9000 8192\n") != NULL);
}
