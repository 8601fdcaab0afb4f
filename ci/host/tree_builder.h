/*
 * tree_builder.h - makes flattened device trees for tests, good ones and bad ones.
 *
 * tree_begin(); then nodes and properties in the tree's order; then tree_finish(), which gives the
 * tree in a malloc of exactly its size, so that a sanitizer sees any read beyond it. Nothing is
 * checked: a test may leave a node open, or put any token anywhere. tree_pack() gives the blocks as
 * they are, without the ends that tree_finish() adds.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/machine.h"

enum { TREE_BEGIN_NODE = 1, TREE_END_NODE = 2, TREE_PROPERTY = 3, TREE_NOP = 4, TREE_END = 9 };

enum {
    TREE_AT_MAGIC = 0,
    TREE_AT_SIZE = 4,
    TREE_AT_STRUCTURE = 8,
    TREE_AT_STRINGS = 12,
    TREE_AT_RESERVATIONS = 16,
    TREE_AT_VERSION = 20,
    TREE_AT_LAST_COMPATIBLE = 24,
    TREE_AT_STRINGS_SIZE = 32,
    TREE_AT_STRUCTURE_SIZE = 36,
};

struct tree_block {
    uint8_t *bytes;
    size_t size, room;
};

struct tree {
    struct tree_block structure, strings, reservations;
};

static inline void tree_store32(uint8_t *to, uint32_t word)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(word >> (24 - 8 * i));
}

static inline uint32_t tree_load32(const uint8_t *from)
{
    return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

static inline void tree_append(struct tree_block *block, const void *bytes, size_t size)
{
    if (block->size + size > block->room) {
        block->room = 2 * (block->size + size);
        block->bytes = realloc(block->bytes, block->room);
        if (block->bytes == NULL)
            abort();
    }
    if (size != 0)
        memcpy(block->bytes + block->size, bytes, size);
    block->size += size;
}

static inline void tree_append32(struct tree_block *block, uint32_t word)
{
    uint8_t bytes[4];
    tree_store32(bytes, word);
    tree_append(block, bytes, 4);
}

static inline void tree_align(struct tree_block *block)
{
    while (block->size % 4 != 0)
        tree_append(block, "", 1);
}

static inline void tree_begin(struct tree *tree)
{
    *tree = (struct tree){0};
}

static inline void tree_free(struct tree *tree)
{
    free(tree->structure.bytes);
    free(tree->strings.bytes);
    free(tree->reservations.bytes);
    *tree = (struct tree){0};
}

static inline void tree_token(struct tree *tree, uint32_t token)
{
    tree_append32(&tree->structure, token);
}

static inline void tree_node(struct tree *tree, const char *name)
{
    tree_token(tree, TREE_BEGIN_NODE);
    tree_append(&tree->structure, name, strlen(name) + 1);
    tree_align(&tree->structure);
}

static inline void tree_node_end(struct tree *tree)
{
    tree_token(tree, TREE_END_NODE);
}

/* The offset of `name` in the strings block, shared by all properties of that name. */
static inline size_t tree_name(struct tree *tree, const char *name)
{
    struct tree_block *strings = &tree->strings;
    for (size_t at = 0; at < strings->size; at += strlen((char *)strings->bytes + at) + 1) {
        if (strcmp((char *)strings->bytes + at, name) == 0)
            return at;
    }
    tree_append(strings, name, strlen(name) + 1);
    return strings->size - strlen(name) - 1;
}

static inline void tree_bytes(struct tree *tree, const char *name, const void *bytes, size_t size)
{
    size_t at = tree_name(tree, name);
    tree_token(tree, TREE_PROPERTY);
    tree_append32(&tree->structure, (uint32_t)size);
    tree_append32(&tree->structure, (uint32_t)at);
    tree_append(&tree->structure, bytes, size);
    tree_align(&tree->structure);
}

static inline void tree_string(struct tree *tree, const char *name, const char *string)
{
    tree_bytes(tree, name, string, strlen(string) + 1);
}

static inline void tree_words(struct tree *tree, const char *name, const uint32_t *words,
                              size_t count)
{
    struct tree_block block = {0};
    for (size_t i = 0; i < count; i++)
        tree_append32(&block, words[i]);
    tree_bytes(tree, name, block.bytes, block.size);
    free(block.bytes);
}

/* tree_cells(tree, "reg", 0, 0x80000000, 0, 0x1000) */
#define tree_cells(tree, name, ...)                                                                \
    tree_words(tree, name, (const uint32_t[]){__VA_ARGS__},                                        \
               sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static inline void tree_reserve(struct tree *tree, uint64_t base, uint64_t size)
{
    tree_append32(&tree->reservations, (uint32_t)(base >> 32));
    tree_append32(&tree->reservations, (uint32_t)base);
    tree_append32(&tree->reservations, (uint32_t)(size >> 32));
    tree_append32(&tree->reservations, (uint32_t)size);
}

static inline void tree_header(uint8_t *bytes, const struct tree *tree, uint32_t size)
{
    uint32_t structure = (uint32_t)(40 + tree->reservations.size);
    tree_store32(bytes + TREE_AT_MAGIC, 0xd00dfeed);
    tree_store32(bytes + TREE_AT_SIZE, size);
    tree_store32(bytes + TREE_AT_STRUCTURE, structure);
    tree_store32(bytes + TREE_AT_STRINGS, structure + (uint32_t)tree->structure.size);
    tree_store32(bytes + TREE_AT_RESERVATIONS, 40);
    tree_store32(bytes + TREE_AT_VERSION, 17);
    tree_store32(bytes + TREE_AT_LAST_COMPATIBLE, 16);
    tree_store32(bytes + TREE_AT_STRINGS_SIZE, (uint32_t)tree->strings.size);
    tree_store32(bytes + TREE_AT_STRUCTURE_SIZE, (uint32_t)tree->structure.size);
}

/* The blocks as they are behind a header that fits; the caller frees it. */
static inline uint8_t *tree_pack(const struct tree *tree, size_t *size)
{
    const struct tree_block *blocks[] = {&tree->reservations, &tree->structure, &tree->strings};
    *size = 40 + blocks[0]->size + blocks[1]->size + blocks[2]->size;
    uint8_t *bytes = calloc(1, *size);
    if (bytes == NULL)
        abort();
    tree_header(bytes, tree, (uint32_t)*size);
    for (size_t i = 0, at = 40; i < 3; at += blocks[i++]->size) {
        if (blocks[i]->size != 0)
            memcpy(bytes + at, blocks[i]->bytes, blocks[i]->size);
    }
    return bytes;
}

/* The tree as the specification wants it; the caller frees it. */
static inline uint8_t *tree_finish(struct tree *tree, size_t *size)
{
    tree_reserve(tree, 0, 0);
    tree_token(tree, TREE_END);
    return tree_pack(tree, size);
}

static inline bool range_holds(struct range range)
{
    return range.size != 0 && range.size <= UINT64_MAX - range.base;
}

static inline bool ranges_hold(const struct machine *machine)
{
    for (uint32_t i = 0; i < machine->reserved_count; i++) {
        if (!range_holds(machine->reserved[i]))
            return false;
    }
    for (uint32_t i = 0; i < machine->ram_count; i++) {
        if (!range_holds(machine->ram[i]))
            return false;
        if (i > 0 && machine->ram[i].base <= machine->ram[i - 1].base + machine->ram[i - 1].size)
            return false;
    }
    return true;
}

static inline bool bootargs_hold(const struct machine *machine, const uint8_t *tree)
{
    uintptr_t start = (uintptr_t)machine->bootargs, low = (uintptr_t)tree;
    if (start < low || start >= low + machine->tree_size)
        return machine->bootargs[0] == '\0';
    return memchr(machine->bootargs, '\0', machine->tree_size - (start - low)) != NULL;
}

/* What machine.h promises of a machine read from the tree, of which `limit` bytes may be read. */
static inline bool machine_invariants_hold(const struct machine *machine, const uint8_t *tree,
                                           size_t limit)
{
    return machine->tree_size <= limit && machine->hart_count >= 1 &&
           machine->hart_count <= MACHINE_MAX_HARTS && machine->ram_count >= 1 &&
           machine->ram_count <= MACHINE_MAX_RANGES &&
           machine->reserved_count <= MACHINE_MAX_RANGES && machine->timebase_hz != 0 &&
           machine->initrd.size <= UINT64_MAX - machine->initrd.base &&
           (machine->uart.reg_width == 1 || machine->uart.reg_width == 4) &&
           machine->uart.base % machine->uart.reg_width == 0 && ranges_hold(machine) &&
           bootargs_hold(machine, tree);
}
