/* test_boot.c - what the boot must have left behind. */
#include "arch/memlayout.h"
#include "arch/sbi.h"
#include "arch/stack_guard.h"
#include "drivers/machine.h"
#include "heap/heap.h"
#include "heap_test.h"
#include "test/test.h"

TEST(one_hart_runs_and_the_others_are_stopped)
{
    unsigned started = 0, stopped = 0;

    for (unsigned i = 0; i < this_machine.hart_count; i++) {
        const long state = sbi_hart_status(this_machine.hart_ids[i]);
        started += state == SBI_HART_STARTED;
        stopped += state == SBI_HART_STOPPED;
    }
    CHECK_EQUAL(started, 1);
    CHECK_EQUAL(stopped, this_machine.hart_count - 1);
}

TEST(the_stack_guard_is_made_of_the_seed_in_the_tree)
{
    CHECK(this_machine.random_seed != 0);
    CHECK(__stack_chk_guard == this_machine.random_seed << 8);
}

TEST(sections_follow_each_other_in_whole_pages)
{
    char *const bounds[] = {stext, etext, srodata, erodata, sdata, edata, sbss, ebss, ekernel};

    for (unsigned i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        CHECK((uintptr_t)bounds[i] % PAGE_SIZE == 0);
        CHECK(i == 0 || bounds[i] >= bounds[i - 1]);
    }
}

TEST(ram_holds_the_kernel)
{
    const struct range *const ram = &this_machine.ram[0];

    CHECK(virtual_to_physical(stext) >= ram->base);
    CHECK(virtual_to_physical(ekernel) <= ram->base + ram->size);
}

TEST(heap_test_passes)
{
    CHECK(heap_test());
}
