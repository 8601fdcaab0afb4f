/* main.c - the workload of a traced kernel: uses the heap, and prints what it did. */
#include "arch/backtrace.h"
#include "arch/memlayout.h"
#include "drivers/console.h"
#include "heap/heap.h"
#include "heap/trace.h"
#include "test/trace/mix.h"
#include "workload.h"

/* A call may be a function's last instruction: look for the call, not for what follows it. */
static const char *function_name(uint32_t offset)
{
    unsigned distance;
    return backtrace_function((unsigned long)stext + offset - 1, &distance);
}

int workload(const struct bootargs *args)
{
    struct trace_report report = {
        .time_unit = "instructions", .name = function_name, .print = kprintf};

    (void)args;
    trace_mix();
    heap_trace_report(&report);
    trace_print(&report);
    return 0;
}
