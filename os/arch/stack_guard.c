/* stack_guard.c - what the compiler wants for -fstack-protector-strong; stack_guard.h says why. */
#include "arch/stack_guard.h"

#include <stddef.h>

#include "arch/backtrace.h"
#include "arch/csr.h"
#include "lib/panic.h"

_Noreturn void __stack_chk_fail(void); /* the compilers call it */

/* This value serves until stack_guard_init(). */
uintptr_t __stack_chk_guard = 0x5f62b0a7d3c41900;

/* The guard's lowest byte, the first in memory, is 0: a string can neither be copied with it nor
 * over it. */
__attribute__((no_stack_protector)) void stack_guard_init(uint64_t seed)
{
    __stack_chk_guard = (seed != 0 ? seed : csr_read(time)) << 8;
}

void __stack_chk_fail(void)
{
    unsigned distance;
    const char *const name =
        backtrace_function((unsigned long)__builtin_return_address(0) - 1, &distance);

    panic("stack smashed in %s", name != NULL ? name : "?");
}
