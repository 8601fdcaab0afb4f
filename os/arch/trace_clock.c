/* trace_clock.c - what the heap's recorder asks of the machine; empty but in a traced kernel. */
#include "heap/trace.h"

#if HEAP_TRACE
#include "arch/backtrace.h"
#include "arch/csr.h"

uint64_t trace_time(void)
{
    return csr_read(instret);
}

/* Not the return address of this function, but those of the one that calls it, and so on up. */
unsigned trace_callers(uint32_t *offsets, unsigned most)
{
    const unsigned long *const own = __builtin_frame_address(0);
    return backtrace_callers(own[-2], offsets, most);
}
#endif
