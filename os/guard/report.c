/* report.c - how a memory error is explained. */
#include "guard/report.h"

#include "arch/backtrace.h"
#include "drivers/console.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "lib/symbols.h"

/* Made by ci/lines.awk: the places of each call, innermost first, as `FILE:LINE in FUNCTION` each.
 * More than one where it was inlined; an empty text ends them. */
extern const uint64_t kernel_line_count;
extern const struct symbol kernel_lines[];
extern const char kernel_line_names[];

__attribute__((noinline)) void trace_here(struct guard_trace *trace)
{
    const unsigned long *const own = __builtin_frame_address(0);
    const unsigned count = backtrace_callers(own[-2], trace->callers, GUARD_DEPTH);

    if (count < GUARD_DEPTH)
        trace->callers[count] = 0;
}

/* The places of the call that returns to `caller`; "?" where there is no line. */
static const char *places_of(uint32_t caller)
{
    uint32_t distance;
    const char *const places =
        symbol_name(kernel_lines, kernel_line_count, kernel_line_names, caller - 1, &distance);
    return places != NULL ? places : "?\0";
}

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* Whether it is in what allocates for others. */
static bool is_inner(const char *place)
{
    return begins_with(place, "os/guard/") || begins_with(place, "os/heap/") ||
           begins_with(place, "os/collections/") || begins_with(place, "os/test/fail_alloc.c");
}

/* A walk over all places of a trace. */
struct walk {
    const struct guard_trace *trace;
    unsigned level;    /* in the trace */
    const char *place; /* NULL: the end */
};

static const char *places_at(const struct guard_trace *trace, unsigned level)
{
    return level < GUARD_DEPTH && trace->callers[level] != 0 ? places_of(trace->callers[level])
                                                             : NULL;
}

static void step(struct walk *walk)
{
    walk->place += strlen(walk->place) + 1;
    if (*walk->place == '\0')
        walk->place = places_at(walk->trace, ++walk->level);
}

/* From the first place that is not inner, if there is one. */
static struct walk walk_outside(const struct guard_trace *trace)
{
    const struct walk start = {trace, 0, places_at(trace, 0)};
    struct walk walk = start;

    while (walk.place != NULL && is_inner(walk.place))
        step(&walk);
    return walk.place != NULL ? walk : start;
}

const char *report_place(const struct guard_trace *trace)
{
    const struct walk walk = walk_outside(trace);
    return walk.place != NULL ? walk.place : "?";
}

/* The last word of a place. */
static const char *function_in(const char *place)
{
    const char *function = place;

    for (const char *at = place; *at != '\0'; at++)
        if (*at == ' ')
            function = at + 1;
    return function;
}

void report_trace(const char *label, const struct guard_trace *trace)
{
    struct walk walk = walk_outside(trace);

    kprintf("  %-10s %s", label, report_place(trace));
    while (walk.place != NULL) {
        step(&walk);
        if (walk.place != NULL)
            kprintf(" < %s", function_in(walk.place));
    }
    kprintf("\n");
}

void report_object(uintptr_t address, const struct guard_object *object)
{
    const uintptr_t start = guard_start(object), end = guard_end(object);
    const char *const where = address < start ? "before" : address < end ? "into" : "behind";
    const size_t distance = address < start ? start - address
                            : address < end ? address - start
                                            : address - end;

    kprintf("  address    %zu bytes %s a %s object of %zu bytes at %p\n", distance, where,
            object->is_freed ? "freed" : "live", object->size, (void *)start);
    report_trace("allocated", &object->allocated);
    if (object->is_freed)
        report_trace("freed", &object->freed);
}

/* What panic_explained hands to the functions below. */
struct error {
    uintptr_t address;
    const struct guard_object *object; /* or NULL */
    struct guard_trace here;
    const char *label; /* what the code at `here` did */
};

static void explain(const void *context)
{
    const struct error *const error = context;

    if (error->object != NULL)
        report_object(error->address, error->object);
    report_trace(error->label, &error->here);
}

void report_free(const void *block, enum free_result result, const struct guard_object *near)
{
    struct error error = {(uintptr_t)block, near, {{0}}, "used"};

    trace_here(&error.here);
    panic_explained(explain, &error, "%s: %p: %s", guard_name, block, free_result_text(result));
}

void report_broken(uintptr_t address, const struct guard_object *object)
{
    struct error error = {address, object, {{0}}, "found"};
    const char *const what = address < guard_start(object) ? "overflow: written before an object"
                             : address >= guard_end(object)
                                 ? "overflow: written behind an object"
                                 : "use after free: written to a freed object";

    trace_here(&error.here);
    panic_explained(explain, &error, "%s: %p: %s", guard_name, (void *)address, what);
}

void report_header(uintptr_t header, const struct guard_object *before)
{
    struct error error = {header, before, {{0}}, "found"};

    trace_here(&error.here);
    panic_explained(explain, &error, "%s: %p: overflow: an object's header was overwritten",
                    guard_name, (void *)header);
}
