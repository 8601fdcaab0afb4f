/* backtrace.c - who called whom, by frame pointers. */
#include "arch/backtrace.h"

#include <stdbool.h>
#include <stdint.h>

#include "arch/memlayout.h"
#include "drivers/console.h"
#include "lib/symbols.h"

enum { BACKTRACE_DEPTH = 32 };

/* Made by ci/symbols.awk. */
extern const uint64_t kernel_symbol_count;
extern const struct symbol kernel_symbols[];
extern const char kernel_symbol_names[];

static bool is_text(unsigned long address)
{
    return address >= (unsigned long)stext && address < (unsigned long)etext;
}

static bool is_stack(unsigned long address)
{
    return address % 8 == 0 && ((address > (unsigned long)boot_stack_bottom + 8 &&
                                 address <= (unsigned long)boot_stack_top) ||
                                (address > (unsigned long)trap_stack_bottom + 8 &&
                                 address <= (unsigned long)trap_stack_top));
}

const char *backtrace_function(unsigned long address, unsigned *distance)
{
    if (!is_text(address))
        return NULL;
    return symbol_name(kernel_symbols, kernel_symbol_count, kernel_symbol_names,
                       (uint32_t)(address - (unsigned long)stext), distance);
}

static void print_line(unsigned level, unsigned long address, bool is_return)
{
    unsigned distance = 0;
    /* A call may be a function's last instruction: look for the call, not for what follows it. */
    const char *name = backtrace_function(address - is_return, &distance);

    if (name != NULL)
        kprintf("  #%u %p %s+0x%x\n", level, (void *)address, name, distance + is_return);
    else
        kprintf("  #%u %p\n", level, (void *)address);
}

/*
 * Whether the function that trapped has its return address in ra still and not (or no longer) in a
 * frame of its own: ra then points into another function, and is not what the frame has.
 */
static bool returns_to_ra(const struct trap_frame *frame)
{
    const unsigned long pc = frame->sepc, ra = frame->x[1], fp = frame->x[8];
    unsigned distance;

    if (!is_text(ra) || (is_stack(fp) && ((unsigned long *)fp)[-1] == ra))
        return false;
    return backtrace_function(ra - 1, &distance) != backtrace_function(pc, &distance);
}

void backtrace_print(const struct trap_frame *frame)
{
    uint32_t offsets[BACKTRACE_DEPTH];
    unsigned long fp = frame->x[8];
    unsigned level = 0, count;

    kprintf("backtrace:\n");
    print_line(level++, frame->sepc, false);
    if (returns_to_ra(frame))
        print_line(level++, frame->x[1], true);
    /* A function that calls none saves s0 alone, where others save ra. */
    if (is_stack(fp) && is_stack(((unsigned long *)fp)[-1]))
        fp = ((unsigned long *)fp)[-1];
    count = backtrace_callers(fp, offsets, BACKTRACE_DEPTH);
    for (unsigned i = 0; i < count; i++)
        print_line(level++, (unsigned long)stext + offsets[i], true);
}

unsigned backtrace_callers(unsigned long fp, uint32_t *offsets, unsigned most)
{
    unsigned count = 0;

    while (count < most && is_stack(fp)) {
        const unsigned long *const saved = (unsigned long *)fp;
        if (!is_text(saved[-1]))
            break;
        offsets[count++] = (uint32_t)(saved[-1] - (unsigned long)stext);
        if (saved[-2] <= fp)
            break;
        fp = saved[-2];
    }
    return count;
}
