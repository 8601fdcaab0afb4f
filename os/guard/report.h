/*
 * report.h - how a memory error is explained.
 *
 *     panic: heap: 0xffffffc080400080: double free: this memory is free already
 *       address    0 bytes into a freed object of 24 bytes at 0xffffffc080400080
 *       allocated  os/demo.c:12 in demo < workload < kernel_main
 *       freed      os/demo.c:14 in demo < workload < kernel_main
 *       used       os/demo.c:15 in demo < workload < kernel_main
 *
 * A place is where the outermost function that is no part of heap or collections was; then come its
 * callers. Lines are those of the table that ci/lines.awk makes of the kernel's debug information.
 */
#pragma once

#include "guard/guard.h"

/* Fill *trace with the callers of the function that calls this. */
void trace_here(struct guard_trace *trace);

/* Print `  label  FILE:LINE in FUNCTION < CALLER < ...` and a line end. */
void report_trace(const char *label, const struct guard_trace *trace);

/* The `FILE:LINE in FUNCTION` that the trace comes from. */
const char *report_place(const struct guard_trace *trace);

/* Print where the address lies seen from the object, and the object's history. */
void report_object(uintptr_t address, const struct guard_object *object);

/* A free that is an error; `near` is as of guard_near. */
_Noreturn void report_free(const void *block, enum free_result result,
                           const struct guard_object *near);

/* Somebody wrote to the byte at `address`, which is around or in the object. */
_Noreturn void report_broken(uintptr_t address, const struct guard_object *object);

/* What should be a header is none; `before` is the one before it in its list, or NULL. */
_Noreturn void report_header(uintptr_t header, const struct guard_object *before);
