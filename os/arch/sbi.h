/*
 * sbi.h - calls to the firmware (RISC-V Supervisor Binary Interface specification, 1.0).
 *
 * An extension is used only where sbi_probe() finds it; the console falls back to the legacy call,
 * which OpenSBI has had from the start (the debug console came with OpenSBI 1.3).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    SBI_LEGACY_PUTCHAR = 0x01,
    SBI_LEGACY_SHUTDOWN = 0x08,
    SBI_BASE = 0x10,
    SBI_HSM = 0x48534d,
    SBI_SRST = 0x53525354,
    SBI_DBCN = 0x4442434e,
};

enum sbi_hart_state { SBI_HART_STARTED = 0, SBI_HART_STOPPED = 1 };

struct sbi_version {
    unsigned spec_major, spec_minor;
    unsigned long implementation; /* 1: OpenSBI */
    unsigned long version;        /* OpenSBI: major << 16 | minor */
};

struct sbi_version sbi_version(void);
bool sbi_probe(unsigned long extension);

/* An enum sbi_hart_state, or another state or a negative error of the HSM extension. */
long sbi_hart_status(uint64_t hart);

void sbi_console_put(char character);

/* Switch the machine off, as well as the firmware can. Returns where it cannot. */
void sbi_shutdown(bool failure);
