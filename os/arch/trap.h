/*
 * trap.h - exceptions and interrupts.
 *
 * Until there are processes every trap is a bug of the kernel: it is reported once, and the machine
 * ends. trap_entry (trap.S) saves a trap frame on a stack of its own, as the kernel's own stack may
 * be what is broken.
 */
#pragma once

/* All that is known of the code that trapped. x[0] is unused; x[2] is sp. trap.S has the layout. */
struct trap_frame {
    unsigned long x[32];
    unsigned long sepc, sstatus, scause, stval;
};

_Static_assert(sizeof(struct trap_frame) == 36 * sizeof(long), "trap.S saves 36 words");

/* A cause of scause, by the name that the privileged specification has for it. */
const char *trap_cause_name(unsigned long scause);

/* Called by trap.S, on the trap stack. */
_Noreturn void trap_panic(const struct trap_frame *frame);
_Noreturn void trap_in_panic(void);

/* Fill frame->x with the caller's registers and frame->sepc with where it called from. */
void trap_save_registers(struct trap_frame *frame);
