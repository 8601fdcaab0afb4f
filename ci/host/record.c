/*
 * record.c - plays the mix of os/test/trace/ on a heap on this machine, and prints its trace, in
 * the same words as a traced kernel. Time is in nanoseconds, since a program cannot count its own
 * instructions here.
 *
 * The functions on the stack are found by frame pointers, their names by `nm` of this program.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "heap/heap.h"
#include "heap/trace.h"
#include "test/trace/mix.h"

static _Alignas(KERNEL_HEAP_ALIGN) uint8_t heap_space[KERNEL_HEAP_SIZE];

enum { MAX_FUNCTIONS = 4096, NAME_SIZE = 64 };

extern const char __executable_start[], etext[]; /* the linker's */

static struct function {
    uint32_t offset; /* from __executable_start */
    char name[NAME_SIZE];
} functions[MAX_FUNCTIONS]; /* by address */
static size_t function_count;

uint64_t trace_time(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static bool is_text(uintptr_t address)
{
    return address >= (uintptr_t)__executable_start && address < (uintptr_t)etext;
}

/* A frame is the caller's frame and the return address. main returns to the C library, whose frames
 * are not known. */
unsigned trace_callers(uint32_t *offsets, unsigned most)
{
    const uintptr_t *const own = __builtin_frame_address(0);
    const uintptr_t *frame = (const uintptr_t *)own[0];
    unsigned count = 0;

    for (; count < most && is_text(frame[1]); frame = (const uintptr_t *)frame[0])
        offsets[count++] = (uint32_t)(frame[1] - (uintptr_t)__executable_start);
    return count;
}

static void read_functions(const char *program)
{
    char command[4096], line[256], type;
    unsigned long address;

    snprintf(command, sizeof command, "nm -n '%s'", program);
    FILE *const names = popen(command, "r");
    while (names != NULL && function_count < MAX_FUNCTIONS &&
           fgets(line, sizeof line, names) != NULL) {
        struct function *const function = &functions[function_count];
        if (sscanf(line, "%lx %c %63s", &address, &type, function->name) == 3 &&
            (type == 't' || type == 'T') && is_text(address)) {
            function->offset = (uint32_t)(address - (uintptr_t)__executable_start);
            function_count++;
        }
    }
    if (names == NULL || pclose(names) != 0)
        fprintf(stderr, "record: no names of functions: nm does not run\n");
}

/* The last function that begins before a return address. */
static const char *function_name(uint32_t offset)
{
    const char *name = NULL;

    for (size_t i = 0; i < function_count && functions[i].offset < offset; i++)
        name = functions[i].name;
    return name;
}

__attribute__((format(printf, 1, 2))) static void print(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
}

int main(int argc, char **argv)
{
    struct trace_report report = {.time_unit = "ns", .name = function_name, .print = print};

    (void)argc;
    read_functions(argv[0]);
    init_heap(heap_space, sizeof heap_space);
    trace_mix();
    heap_trace_report(&report);
    trace_print(&report);
    return 0;
}
