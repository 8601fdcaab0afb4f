/*
 * test_panics.c - every way to end in a panic. Each is run in a boot of its own, and the host looks
 * at what the kernel says: ci/tests/test_kernel.py has the texts.
 */
#include "arch/memlayout.h"
#include "collections/box.h"
#include "collections/ref_cell.h"
#include "collections/vec.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "test/test.h"

/* Hides from the compiler where a pointer comes from, lest it sees what is wrong with it. */
static void *hide(uintptr_t address)
{
    __asm__ volatile("" : "+r"(address));
    return (void *)address;
}

static __attribute__((noinline)) void outer_function(void (*inner)(void))
{
    inner();
    __asm__ volatile("" ::: "memory"); /* no tail call */
}

static __attribute__((noinline)) void inner_function(void)
{
    panic("as asked: %d", 42);
}

PANIC_TEST(panics_with_a_backtrace)
{
    outer_function(inner_function);
}

static __attribute__((noinline)) void leaf_function(void)
{
    *(volatile int *)hide(0x10) = 1;
}

PANIC_TEST(panics_with_a_backtrace_out_of_a_leaf)
{
    outer_function(leaf_function);
}

PANIC_TEST(panics_on_a_null_pointer)
{
    CHECK(*(volatile int *)hide(0) == 0);
}

PANIC_TEST(panics_on_a_write_to_code)
{
    *(volatile int *)hide((uintptr_t)stext) = 0;
}

PANIC_TEST(panics_on_a_write_to_constants)
{
    *(volatile char *)hide((uintptr_t)srodata) = 0;
}

PANIC_TEST(panics_on_a_jump_into_data)
{
    static unsigned code[] = {0x00008067}; /* ret */
    void (*const function)(void) = (void (*)(void))(uintptr_t)hide((uintptr_t)code);
    function();
}

PANIC_TEST(panics_on_a_jump_into_other_ram)
{
    void (*const function)(void) = (void (*)(void))(uintptr_t)hide((uintptr_t)ekernel);
    function();
}

PANIC_TEST(panics_on_an_illegal_instruction)
{
    __asm__ volatile("unimp");
}

static __attribute__((noinline)) void smash_stack(size_t size)
{
    char local[16];
    memset(hide((uintptr_t)local), 'x', size);
}

PANIC_TEST(panics_on_a_smashed_stack)
{
    smash_stack(64);
}

static __attribute__((noinline)) unsigned recurse(unsigned depth)
{
    volatile unsigned char local[256];
    local[0] = (unsigned char)depth;
    return local[0] == 0 && depth > 1u << 30 ? 0 : recurse(depth + 1) + local[0];
}

PANIC_TEST(panics_on_stack_overflow)
{
    CHECK(recurse(0) != 0);
}

PANIC_TEST(panics_once_when_reporting_panics)
{
    panic("%s", (char *)hide(0x10));
}

PANIC_TEST(panics_on_double_free)
{
    void *const block = kmalloc(100);
    kfree(block);
    kfree(hide((uintptr_t)block));
}

PANIC_TEST(panics_on_foreign_free)
{
    int local;
    kfree(hide((uintptr_t)&local));
}

PANIC_TEST(panics_on_interior_free)
{
    char *const block = kmalloc(100);
    kfree(block + 32);
}

PANIC_TEST(panics_on_misaligned_free)
{
    char *const block = kmalloc(100);
    kfree(block + 1);
}

PANIC_TEST(panics_on_wrong_layout)
{
    int *const box = box_new(int, 1);
    heap_dealloc(box, (struct layout){4096, 8});
}

PANIC_TEST(panics_out_of_heap)
{
    VEC(uint64_t) vec = VEC_EMPTY;
    for (;;)
        vec_push(&vec, 1);
}

PANIC_TEST(panics_out_of_bounds)
{
    VEC(int) vec = VEC_EMPTY;
    vec_push(&vec, 1);
    CHECK(*vec_at(&vec, vec.length) == 0);
}

PANIC_TEST(panics_on_a_borrow_in_conflict)
{
    REF_CELL(int) cell = REF_CELL_OF(5);
    SCOPED_BORROW(reader, &cell);
    SCOPED_BORROW_MUT(writer, &cell);
    *writer = *reader;
}
