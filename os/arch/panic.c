/* panic.c - the kernel's last words. */
#include "lib/panic.h"

#include <stdatomic.h>
#include <stddef.h>

#include "arch/backtrace.h"
#include "arch/csr.h"
#include "arch/interrupts.h"
#include "arch/memlayout.h"
#include "arch/trap.h"
#include "drivers/console.h"
#include "drivers/power.h"

enum { EXIT_PANIC = 1 };

static atomic_uint panicking;

/* Nothing may be locked or allocated from here on. Only the first hart to panic goes on. */
static void begin(void)
{
    interrupts_off();
    if (atomic_exchange(&panicking, 1))
        trap_in_panic();
    console_break_lock();
}

static _Noreturn void end(const struct trap_frame *frame)
{
    static const char *const names[32] = {
        "",   "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0",
        "a1", "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
        "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
    };

    kprintf("registers:\n  pc  %016lx", frame->sepc);
    for (unsigned i = 1; i < 32; i++)
        kprintf("%s%-3s %016lx", i % 4 == 0 ? "\n  " : "  ", names[i], frame->x[i]);
    kprintf("\n");
    backtrace_print(frame);
    power_off(EXIT_PANIC);
}

static void print_reason(const char *format, va_list arguments)
{
    begin();
    kprintf("panic: ");
    kvprintf(format, arguments);
    kprintf("\n");
}

void panic_at(const char *file, int line, const char *format, ...)
{
    struct trap_frame frame;
    va_list arguments;

    trap_save_registers(&frame);
    va_start(arguments, format);
    print_reason(format, arguments);
    va_end(arguments);
    kprintf("  at %s:%d\n", file, line);
    end(&frame);
}

void panic_explained(void (*explain)(const void *context), const void *context, const char *format,
                     ...)
{
    struct trap_frame frame;
    va_list arguments;

    trap_save_registers(&frame);
    va_start(arguments, format);
    print_reason(format, arguments);
    va_end(arguments);
    explain(context);
    end(&frame);
}

void trap_panic(const struct trap_frame *frame)
{
    unsigned distance = 0;
    const char *const name = backtrace_function(frame->sepc, &distance);

    begin();
    kprintf("panic: trap: %s at %s+0x%x, address 0x%lx\n", trap_cause_name(frame->scause),
            name != NULL ? name : "?", distance, frame->stval);
    kprintf("  scause %lx  sepc %016lx  stval %016lx  sstatus %016lx\n", frame->scause, frame->sepc,
            frame->stval, frame->sstatus);
    if (frame->stval >= (unsigned long)boot_stack_guard &&
        frame->stval < (unsigned long)boot_stack_bottom)
        kprintf("  the address is in the guard page: the boot stack has overflowed\n");
    if (frame->scause != SCAUSE_INSTRUCTION_PAGE_FAULT &&
        frame->stval - KERNEL_HEAP_RANGE < KERNEL_HEAP_RANGE_SIZE)
        kprintf("  the address is in a guard of the heap: no page of the heap is there\n");
    end(frame);
}

void trap_in_panic(void)
{
    kprintf("\npanic: again while reporting a panic: %s at 0x%lx, address 0x%lx\n",
            trap_cause_name(csr_read(scause)), csr_read(sepc), csr_read(stval));
    power_off(EXIT_PANIC);
}
