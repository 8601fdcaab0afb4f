/* interrupts.h - stands in front of os/arch/interrupts.h on the host, where there are none. */
#pragma once

static inline unsigned long interrupts_off(void)
{
    return 0;
}

static inline void interrupts_restore(unsigned long flags)
{
    (void)flags;
}
