/*
 * shadow.h - which bytes of the kernel may be accessed (SANITIZE=kasan).
 *
 * Idea: K. Serebryany et al., "AddressSanitizer: A Fast Address Sanity Checker", USENIX ATC 2012.
 * A byte of shadow stands for 8 bytes of memory:
 *
 *     00         all 8 may be accessed
 *     01 to 07   the first so many may
 *     others     none may, and the byte says why (enum shadow)
 *
 *     memory  | header, red zone .. | 8 bytes | 8 bytes | 5 bytes   | red zone | ..
 *     shadow    fa fa fa fa fa fa     00        00        05          fa fa      an object of 21
 *
 * The shadow of an address is at address / 8 + KASAN_SHADOW_OFFSET. It covers the kernel's image:
 * code, data, stacks and HEAP_SPACE. What lies elsewhere is not checked. The compiler puts a call
 * of __asan_loadN or __asan_storeN in front of every access, and has functions write to the
 * shadow of red zones around their local variables; red zones around global variables are told by
 * constructors, which shadow_start() runs. Not checked: the heap's own code, os/guard/, and
 * the few files that UNCHECKED in the Makefile names.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/memlayout.h"

enum {
    SHADOW_SCALE = 8,             /* bytes that a byte of shadow stands for */
    KASAN_SHADOW_ALIGN = 8 << 20, /* more than code and data take up */
};

/* Why bytes must not be accessed. Those of variables are the compilers' choice. */
enum shadow {
    SHADOW_STACK_LEFT = 0xf1, /* red zones before, between and behind local variables */
    SHADOW_STACK_MIDDLE = 0xf2,
    SHADOW_STACK_RIGHT = 0xf3,
    SHADOW_OUT_OF_SCOPE = 0xf8, /* a local variable whose block was left */
    SHADOW_GLOBAL = 0xf9,       /* red zone behind a global variable */
    SHADOW_ARRAY_LEFT = 0xca,   /* red zones around arrays of variable length */
    SHADOW_ARRAY_RIGHT = 0xcb,
    SHADOW_RED_ZONE = 0xfa, /* of an object of the heap, with its header */
    SHADOW_FREED = 0xfd,    /* an object in the quarantine */
    SHADOW_NO_OBJECT = 0xfe /* heap in which no object is */
};

/* As the compilers describe a global variable. */
struct shadow_global {
    uintptr_t start;
    size_t size, size_with_red_zone;
    const char *name, *file;
    uintptr_t has_initializer;
    const void *location;
    uintptr_t odr_indicator;
};

static inline uint8_t *shadow_of(uintptr_t address)
{
    return (uint8_t *)(address / SHADOW_SCALE + KASAN_SHADOW_OFFSET);
}

/* Whether the memory at this address has a shadow. */
static inline bool shadow_covers(uintptr_t address)
{
    return address - (uintptr_t)stext < KASAN_COVERED;
}

/* The global variable that this address lies in or in whose red zone; NULL for none. */
const struct shadow_global *shadow_global_at(uintptr_t address);

/* Check an access, if the shadow has started: reports the first wrong byte, and does not return
 * then. */
void shadow_check(uintptr_t start, size_t size, bool is_write);

/* kasan.c: the same for what has a shadow that is not all 0. Called in place of a return, so that
 * its caller is the code that is checked. */
void shadow_check_slowly(uintptr_t start, size_t size, bool is_write);

/* No access is reported: there is no shadow yet, or a report is being made. */
extern bool shadow_is_asleep;
