/* test_frame.c - page frames. */
#include "arch/memlayout.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "test/test.h"

static bool in_ram(const void *frame, size_t size)
{
    const uint64_t physical = virtual_to_physical(frame);

    for (unsigned i = 0; i < this_machine.ram_count; i++) {
        const struct range *const ram = &this_machine.ram[i];
        if (physical >= ram->base && physical + size <= ram->base + ram->size)
            return true;
    }
    return false;
}

TEST(frames_are_pages_of_ram_outside_of_the_kernel)
{
    void *const frame = frame_alloc(0);

    CHECK(frame != NULL);
    CHECK_EQUAL((uintptr_t)frame % PAGE_SIZE, 0);
    CHECK(in_ram(frame, PAGE_SIZE));
    CHECK((char *)frame >= ekernel || (char *)frame + PAGE_SIZE <= stext);
    frame_free(frame, 0);
    CHECK(frame_invariants_hold());
}

TEST(nearly_all_ram_is_in_frames)
{
    struct heap_stats stats;
    uint64_t ram = 0;

    for (unsigned i = 0; i < this_machine.ram_count; i++)
        ram += this_machine.ram[i].size;
    frame_stats(&stats);
    CHECK(stats.total > ram - ram / 256 - (uint64_t)(ekernel - stext) - (8 << 20));
    CHECK(stats.total < ram);
}

/* Every frame is taken and written to: none of them is memory of the kernel or of a device. */
TEST(all_frames_can_be_taken_and_given_back)
{
    struct heap_stats before, after;
    void **last = NULL;
    size_t taken = 0;

    frame_stats(&before);
    for (void **frame; (frame = frame_alloc(0)) != NULL; last = frame, taken++) {
        memset(frame, 0x55, PAGE_SIZE);
        *frame = last;
    }
    frame_stats(&after);
    CHECK_EQUAL(after.largest_free, 0);
    CHECK_EQUAL(taken, (before.total - before.allocated) / PAGE_SIZE);
    while (last != NULL) {
        void **const next = *last;
        frame_free(last, 0);
        last = next;
    }
    frame_stats(&after);
    CHECK_EQUAL(after.largest_free, before.largest_free);
    CHECK(frame_invariants_hold());
}

TEST(frames_come_in_contiguous_powers_of_two)
{
    void *const frames = frame_alloc(5);

    CHECK(frames != NULL && in_ram(frames, (size_t)PAGE_SIZE << 5));
    frame_free(frames, 5);
    CHECK(frame_alloc(39) == NULL);
    CHECK(frame_alloc(1000) == NULL);
}

PANIC_TEST(panics_on_a_frame_freed_twice)
{
    void *const frame = frame_alloc(0);
    frame_free(frame, 0);
    frame_free(frame, 0);
}
