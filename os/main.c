/* main.c - the boot story. entry.S has turned on paging, cleared .bss and set up a stack. */
#include <stdarg.h>
#include <stdint.h>

#include "arch/csr.h"
#include "arch/memlayout.h"
#include "arch/sbi.h"
#include "arch/stack_guard.h"
#include "boot_error.h"
#include "drivers/console.h"
#include "drivers/machine.h"
#include "drivers/power.h"
#include "drivers/uart16550.h"
#include "guard/hooks.h"
#include "heap/heap.h"
#include "mm/frame.h"
#include "mm/heap_memory.h"
#include "mm/kernel_map.h"
#include "workload.h"

enum { EXIT_CANNOT_BOOT = 2, TREE_LIMIT = 16 << 20, WHY_SIZE = 160 };

struct machine this_machine;
static struct bootargs bootargs;
static struct heap_memory heap_memory;

void kernel_main(uint64_t hart, uint64_t tree); /* called by entry.S */

void boot_error(const char *format, ...)
{
    va_list arguments;

    kprintf("bosk: cannot boot: ");
    va_start(arguments, format);
    kvprintf(format, arguments);
    va_end(arguments);
    kprintf("\n");
    power_off(EXIT_CANNOT_BOOT);
}

/* The kernel's image must lie in RAM as a whole. */
static void check_ram(void)
{
    const uint64_t start = virtual_to_physical(stext), end = virtual_to_physical(ekernel);

    for (unsigned i = 0; i < this_machine.ram_count; i++) {
        const struct range *const ram = &this_machine.ram[i];
        if (start >= ram->base && end - ram->base <= ram->size)
            return;
    }
    boot_error("too little RAM: the kernel needs %lu MiB from 0x%lx on",
               (end - start + (1 << 20) - 1) >> 20, start);
}

static void read_machine(uint64_t tree)
{
    char why[WHY_SIZE];

    if (tree == 0 || tree % 8 != 0 || tree >= DIRECT_MAP_SIZE)
        boot_error("no device tree at 0x%lx (register a1 on entry)", tree);
    if (machine_read(&this_machine, physical_to_virtual(tree), TREE_LIMIT, why, sizeof why) != 0)
        boot_error("%s", why);
    power_use_finisher(this_machine.finisher);
    uart16550_init(&this_machine.uart);
    console_use(uart16550_put);
    check_ram();
    if (bootargs_parse(&bootargs, this_machine.bootargs, why, sizeof why) != 0)
        boot_error("%s", why);
    log_set_level(bootargs.level);
}

static void log_range(const char *what, const struct range *range)
{
    if (range->size > 0)
        log_debug("%s 0x%lx to 0x%lx", what, range->base, range->base + range->size);
}

/* What else the tree says; to be seen with bootarg log=debug. */
static void log_machine(uint64_t tree)
{
    for (unsigned i = 0; i < this_machine.ram_count; i++)
        log_range("RAM", &this_machine.ram[i]);
    for (unsigned i = 0; i < this_machine.reserved_count; i++)
        log_range("reserved", &this_machine.reserved[i]);
    log_range("initrd", &this_machine.initrd);
    log_range("device tree", &(struct range){tree, this_machine.tree_size});
    log_debug("UART 16550 at 0x%lx, finisher at 0x%lx, time base %lu Hz", this_machine.uart.base,
              this_machine.finisher, this_machine.timebase_hz);
    if (this_machine.finisher == 0)
        log_warn("no test finisher: QEMU's exit status will not tell how the run went");
}

static void print_machine(uint64_t boot_hart)
{
    const struct sbi_version sbi = sbi_version();
    uint64_t ram = 0;

    for (unsigned i = 0; i < this_machine.ram_count; i++)
        ram += this_machine.ram[i].size;
    kprintf("Bosk, the Buddy OS Kernel\n");
    kprintf("  harts     %u, booted on hart %lu, the others stopped\n", this_machine.hart_count,
            boot_hart);
    kprintf("  RAM       %lu MiB from 0x%lx\n", ram >> 20, this_machine.ram[0].base);
    kprintf("  firmware  SBI %u.%u, %s %lu.%lu\n", sbi.spec_major, sbi.spec_minor,
            sbi.implementation == 1 ? "OpenSBI" : "another than OpenSBI", sbi.version >> 16,
            sbi.version & 0xffff);
}

static void start_heap(void)
{
    if (!heap_memory_make(&heap_memory))
        boot_error("too little RAM: no page frames for a heap of %lu KiB", KERNEL_HEAP_SIZE >> 10);
    init_heap(heap_memory.start, heap_memory.size);
    heap_set_rescue(heap_memory_grow);
}

static void print_memory(void)
{
    struct heap_stats stats;

    frame_stats(&stats);
    kprintf("  frames    %zu of 4 KiB are free\n", (stats.total - stats.allocated) / PAGE_SIZE);
    heap_stats(&stats);
    kprintf("  .bss      %p to %p (sbss, ebss)\n", (void *)sbss, (void *)ebss);
    kprintf("  heap      %p to %p, %zu KiB for blocks\n", (void *)heap_memory.start,
            (void *)(heap_memory.start + heap_memory.size), stats.total >> 10);
    if (heap_memory.range > heap_memory.size)
        kprintf("            on page frames, between guard pages; its range ends at %p\n",
                (void *)(heap_memory.start + heap_memory.range));
}

void kernel_main(uint64_t hart, uint64_t tree)
{
    read_machine(tree);
    stack_guard_init(this_machine.random_seed);
    print_machine(hart);
    log_machine(tree);
    const unsigned long began = csr_read(instret);
    kernel_map_protect();
    frames_init(&this_machine, tree);
    start_heap();
    log_debug("memory was set up in %lu instructions (exact under QEMU's -icount)",
              csr_read(instret) - began);
    print_memory();
    const int status = workload(&bootargs);
    GUARD(heap_invariants_hold(); guard_report_leaks();)
    power_off((uint8_t)status);
}
