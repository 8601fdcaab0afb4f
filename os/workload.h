/*
 * workload.h - what the kernel does once it has booted.
 *
 * There are two, and the Makefile links one: demo.c, which shows the heap, and test/runner.c, which
 * runs the tests.
 */
#pragma once

#include "lib/bootargs.h"

/* Returns the status to switch off with. */
int workload(const struct bootargs *bootargs);
