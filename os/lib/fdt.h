/*
 * fdt.h - a reader of flattened device trees (Devicetree Specification 0.4, chapter 5).
 *
 * fdt_open() checks a tree whole: header, blocks, tokens, nesting, names. What it accepted can be
 * walked without errors, in the tree's order and in time linear in its size. Nothing is copied,
 * changed or allocated, and nothing is read outside the tree. Knows versions 17 and later that a
 * reader of version 17 can read. Does not look nodes up by phandle, and does not judge what
 * properties mean, but for the three that its struct fdt_node holds.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FDT_MAX_DEPTH = 16 }; /* nodes from the root to the deepest, both counted */

struct fdt {
    const uint8_t *bytes;
    size_t size;                     /* bytes of the whole tree */
    size_t structure, structure_end; /* offsets in bytes[] */
    size_t strings, strings_size;
    size_t reservations, reservation_count;
};

/* A property's value, big-endian, of any alignment. bytes is NULL when there is no such property.
 */
struct fdt_value {
    const uint8_t *bytes;
    size_t size;
};

struct fdt_node {
    const char *name;                   /* with its unit address; anything but NUL may be in it */
    size_t properties;                  /* where they start in the tree */
    uint32_t address_cells, size_cells; /* of its children's reg; UINT32_MAX: malformed */
    struct fdt_value ranges;
};

/* Start one with {.fdt = &fdt}. path[0] is the root, path[depth - 1] the node reached. */
struct fdt_walk {
    const struct fdt *fdt;
    size_t offset; /* of the next token in the structure block */
    size_t depth;
    struct fdt_node path[FDT_MAX_DEPTH];
};

/* Check the tree at `tree`, of which at most `limit` bytes may be read. Returns 0, or -EINVAL with
 * *why saying what is wrong; then *fdt is of no use. */
int fdt_open(struct fdt *fdt, const void *tree, size_t limit, const char **why);

/* Step to the next node, parents before children. False once there is none. */
bool fdt_next_node(struct fdt_walk *walk);

/* Is the node reached the one at `path`, absolute and below the root? A component of the path may
 * leave out the unit address. Takes time linear in the path's length. */
bool fdt_is_at(const struct fdt_walk *walk, const char *path);

/* The node's property called `name`, the first if there are several. */
struct fdt_value fdt_property(const struct fdt *fdt, const struct fdt_node *node, const char *name);

/* The value as a string, or NULL when it is absent or no NUL ends it. */
const char *fdt_string(struct fdt_value value);

/* Is `string` in the value, a list of NUL-terminated strings? */
bool fdt_lists(struct fdt_value value, const char *string);

/* The number in `count` 32-bit cells, 0 to 2 of them, at `bytes`. */
uint64_t fdt_cells(const uint8_t *bytes, size_t count);

/* Entry `index`, below reservation_count, of the memory reservation block. */
void fdt_reservation(const struct fdt *fdt, size_t index, uint64_t *base, uint64_t *size);
