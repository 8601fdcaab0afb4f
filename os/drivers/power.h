/*
 * power.h - the end of the machine, with a status.
 *
 * QEMU's virt has a test finisher (sifive,test0) that makes its value the exit status of QEMU. The
 * firmware's shutdown always gives 0; so the console's last line says how it went, too.
 */
#pragma once

#include <stdint.h>

/* Physical address of the finisher, or 0 for none. */
void power_use_finisher(uint64_t physical);

/* Status 0: all went well; says so on the console first. Up to 255 otherwise. */
_Noreturn void power_off(uint8_t status);
