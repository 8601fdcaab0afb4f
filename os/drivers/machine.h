/*
 * machine.h - what the device tree says of the machine we run on.
 *
 * machine_read() turns a flattened device tree (Devicetree Specification 0.4, chapter 5) into one
 * plain struct. Nothing else in the kernel reads the tree. Pure C: it builds for the host, where
 * it is fuzzed.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { MACHINE_MAX_HARTS = 64, MACHINE_MAX_RANGES = 16 };

/* A range of physical addresses, in bytes: [base, base + size). */
struct range {
    uint64_t base, size;
};

struct uart {
    uint64_t base;      /* physical address of register 0 */
    uint32_t clock_hz;  /* 0: the tree does not say */
    uint32_t reg_shift; /* register n is at base + (n << reg_shift) */
    uint32_t reg_width; /* bytes an access: 1 or 4 */
};

struct machine {
    uint32_t hart_count;
    uint64_t
        hart_ids[MACHINE_MAX_HARTS]; /* in the tree's order; any of them may be the boot hart */
    uint32_t ram_count;              /* at least 1 */
    struct range ram[MACHINE_MAX_RANGES]; /* sorted by base; neither empty nor overlapping */
    uint32_t reserved_count;
    struct range reserved[MACHINE_MAX_RANGES]; /* memory reservations and /reserved-memory */
    struct range initrd;                       /* size 0: none */
    struct uart uart;                          /* the console that /chosen/stdout-path names */
    uint64_t finisher;                         /* sifive,test0 base; 0: none */
    uint64_t timebase_hz;
    const char *bootargs; /* inside the tree, NUL-terminated; "" when there are none */
    size_t tree_size;     /* bytes of the whole tree */
    uint64_t random_seed; /* the first eight bytes of /chosen's rng-seed; 0: it has none */
};

/* The machine we run on: main.c reads it at boot, and nothing changes it after. */
extern struct machine this_machine;

/*
 * Read the tree at `tree` into *machine. `limit` is how many bytes may be read there at most; the
 * tree's own sizes and offsets are checked against it and against each other before each use.
 * Returns 0, or -EINVAL with one line of text in why[why_size] that says what is wrong with the
 * tree; then *machine holds nothing of use. The tree must stay as long as bootargs is used.
 */
int machine_read(struct machine *machine, const void *tree, size_t limit, char *why,
                 size_t why_size);
