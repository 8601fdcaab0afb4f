/* power.c - the end of the machine: finisher, else firmware, else sleep. */
#include "drivers/power.h"

#include <stddef.h>

#include "arch/memlayout.h"
#include "arch/sbi.h"
#include "drivers/console.h"

enum { FINISHER_PASS = 0x5555, FINISHER_FAIL = 0x3333 };

static volatile uint32_t *finisher;

void power_use_finisher(uint64_t physical)
{
    finisher = physical != 0 ? physical_to_virtual(physical) : NULL;
}

void power_off(uint8_t status)
{
    if (status == 0)
        kprintf("bosk: shutting down\n");
    if (finisher != NULL)
        *finisher = status == 0 ? FINISHER_PASS : (uint32_t)status << 16 | FINISHER_FAIL;
    sbi_shutdown(status != 0);
    for (;;)
        __asm__ volatile("wfi");
}
