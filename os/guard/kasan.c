/* kasan.c - explains a wrong access that the shadow has shown. */
#include "arch/backtrace.h"
#include "drivers/console.h"
#include "guard/report.h"
#include "guard/shadow.h"
#include "lib/panic.h"

enum { ROWS = 3, ROW = 16 }; /* of shadow to print; bytes in each */

/* What a function writes at the start of the red zone before its first local variable. */
struct stack_frame {
    uintptr_t magic;
    const char *variables; /* how many, and of each: offset, size, length of its name, name:line */
    uintptr_t function;    /* an address in it */
};

enum { STACK_FRAME_MAGIC = 0x41b58ab3 };

struct access {
    uintptr_t address; /* of the first wrong byte */
    uint8_t why;       /* enum shadow */
    struct guard_trace here;
};

/* Of a byte behind the accessible ones of its 8, the next shadow says why. */
static uint8_t reason_at(uintptr_t address)
{
    while (*shadow_of(address) < SHADOW_SCALE)
        address += SHADOW_SCALE;
    return *shadow_of(address);
}

static const char *reason_text(uint8_t why)
{
    switch (why) {
    case SHADOW_STACK_LEFT:
    case SHADOW_STACK_MIDDLE:
    case SHADOW_STACK_RIGHT:
    case SHADOW_ARRAY_LEFT:
    case SHADOW_ARRAY_RIGHT:
        return "out of bounds of a local variable";
    case SHADOW_OUT_OF_SCOPE:
        return "use of a local variable out of its scope";
    case SHADOW_GLOBAL:
        return "out of bounds of a global variable";
    case SHADOW_RED_ZONE:
        return "out of bounds of an object of the heap";
    case SHADOW_FREED:
        return "use after free of an object of the heap";
    default:
        return "heap in which no object is";
    }
}

/* --- local variables -------------------------------------------------------------------------- */

/* The frame whose variables lie around this address; NULL for none. */
static const struct stack_frame *frame_around(uintptr_t address)
{
    uintptr_t at = align_down(address, SHADOW_SCALE);

    while (*shadow_of(at) != SHADOW_STACK_LEFT && at > (uintptr_t)boot_stack_bottom)
        at -= SHADOW_SCALE;
    while (*shadow_of(at - SHADOW_SCALE) == SHADOW_STACK_LEFT)
        at -= SHADOW_SCALE;
    const struct stack_frame *const frame = (const struct stack_frame *)at;
    return frame->magic == STACK_FRAME_MAGIC ? frame : NULL;
}

static size_t parse_number(const char **text)
{
    size_t number = 0;

    for (; **text >= '0' && **text <= '9'; (*text)++)
        number = number * 10 + (size_t)(**text - '0');
    if (**text == ' ')
        (*text)++;
    return number;
}

struct variable {
    uintptr_t start;
    size_t size;
    const char *name; /* ends in ':', ' ' or NUL */
};

static size_t distance(const struct variable *variable, uintptr_t address)
{
    if (address < variable->start)
        return variable->start - address;
    return address < variable->start + variable->size ? 0
                                                      : address - variable->start - variable->size;
}

/* Of the variables of a frame the one nearest to this address. */
static struct variable nearest_variable(const struct stack_frame *frame, uintptr_t address)
{
    const char *text = frame->variables;
    struct variable nearest = {0, 0, ""};

    for (size_t left = parse_number(&text); left > 0; left--) {
        struct variable variable;
        variable.start = (uintptr_t)frame + parse_number(&text);
        variable.size = parse_number(&text);
        const size_t length = parse_number(&text);
        variable.name = text;
        text += length + 1;
        if (nearest.start == 0 || distance(&variable, address) < distance(&nearest, address))
            nearest = variable;
    }
    return nearest;
}

static void print_name(const char *name)
{
    for (; *name != '\0' && *name != ':' && *name != ' '; name++)
        kprintf("%c", *name);
}

/* --- the report ------------------------------------------------------------------------------- */

/* `0 bytes behind`, as seen from what is at `start`. */
static void print_distance(uintptr_t address, uintptr_t start, size_t size)
{
    if (address < start)
        kprintf("  address    %zu bytes before ", start - address);
    else if (address < start + size)
        kprintf("  address    %zu bytes into ", address - start);
    else
        kprintf("  address    %zu bytes behind ", address - start - size);
}

static void explain_local(uintptr_t address)
{
    const struct stack_frame *const frame = frame_around(address);
    unsigned ignored;

    if (frame == NULL)
        return;
    const struct variable variable = nearest_variable(frame, address);
    const char *const function = backtrace_function(frame->function, &ignored);
    print_distance(address, variable.start, variable.size);
    kprintf("variable ");
    print_name(variable.name);
    kprintf(" of %s, %zu bytes at %p\n", function != NULL ? function : "?", variable.size,
            (void *)variable.start);
}

static void explain_global(uintptr_t address)
{
    const struct shadow_global *const global = shadow_global_at(address);

    if (global == NULL)
        return;
    print_distance(address, global->start, global->size);
    kprintf("variable %s of %s, %zu bytes at %p\n", global->name, global->file, global->size,
            (void *)global->start);
}

static void explain_object(uintptr_t address)
{
    const struct guard_object *const object = guard_near(address);

    if (object != NULL)
        report_object(address, object);
}

/* The shadow of the address in brackets, with what is before and after it. */
static void print_shadow(uintptr_t address)
{
    const size_t step = ROW * SHADOW_SCALE;
    uintptr_t at = align_down(address, step) - ROWS / 2 * step;

    kprintf(
        "  shadow     of 8 bytes each: 00 accessible, 01 to 07 the first so many, others not\n");
    for (unsigned row = 0; row < ROWS; row++) {
        kprintf("    %p ", (void *)at);
        for (unsigned i = 0; i < ROW; i++, at += SHADOW_SCALE) {
            const bool is_it = at == align_down(address, SHADOW_SCALE);
            kprintf(is_it ? "[%02x]" : " %02x ", shadow_covers(at) ? *shadow_of(at) : 0);
        }
        kprintf("\n");
    }
}

static void explain(const void *context)
{
    const struct access *const access = context;

    switch (access->why) {
    case SHADOW_RED_ZONE:
    case SHADOW_FREED:
    case SHADOW_NO_OBJECT:
        explain_object(access->address);
        break;
    case SHADOW_GLOBAL:
        explain_global(access->address);
        break;
    default:
        explain_local(access->address);
    }
    report_trace("used", &access->here);
    print_shadow(access->address);
}

/* The first forbidden byte of [start, end), else `end`. */
static uintptr_t first_forbidden(uintptr_t start, uintptr_t end)
{
    for (uintptr_t at = start; at < end;) {
        const uintptr_t eight = align_down(at, SHADOW_SCALE);
        const uint8_t shadow = *shadow_of(at);
        const size_t accessible = shadow == 0 ? SHADOW_SCALE : shadow < SHADOW_SCALE ? shadow : 0;
        if (at < eight + accessible)
            at = eight + accessible;
        if (at < eight + SHADOW_SCALE)
            return at < end ? at : end;
    }
    return end;
}

void shadow_check_slowly(uintptr_t start, size_t size, bool is_write)
{
    const uintptr_t bad = first_forbidden(start, start + size);

    if (bad == start + size || shadow_is_asleep)
        return;
    shadow_is_asleep = true;
    struct access access = {bad, reason_at(bad), {{0}}};
    trace_here(&access.here);
    panic_explained(explain, &access, "kasan: %s of %zu bytes at %p: %s",
                    is_write ? "write" : "read", size, (void *)start, reason_text(access.why));
}
