/*
 * fdt.c - a reader of flattened device trees; fdt.h is its contract.
 *
 * Every read of the structure block goes through next_token(), which keeps its offset a multiple
 * of four and at most structure_end. The strings block ends in NUL, so a name that starts inside
 * it also ends inside it, whatever its length: no name is measured, and the walk stays linear.
 */
#include "lib/fdt.h"
#include "lib/errno.h"
#include "lib/string.h"

#define MAGIC UINT32_C(0xd00dfeed)

enum { VERSION = 17, HEADER_SIZE = 40, RESERVATION_SIZE = 16 };

/* The header's 32-bit fields, in order; F_BOOT_CPU is not looked at. */
enum {
    F_MAGIC,
    F_SIZE,
    F_STRUCTURE,
    F_STRINGS,
    F_RESERVATIONS,
    F_VERSION,
    F_LAST_COMPATIBLE,
    F_BOOT_CPU,
    F_STRINGS_SIZE,
    F_STRUCTURE_SIZE
};

enum { BEGIN_NODE = 1, END_NODE = 2, PROPERTY = 3, NOP = 4, END = 9 };

struct token {
    uint32_t kind;
    const char *name;       /* of a node or a property */
    struct fdt_value value; /* of a property */
};

static uint32_t load32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

uint64_t fdt_cells(const uint8_t *bytes, size_t count)
{
    uint64_t number = 0;
    for (size_t i = 0; i < count; i++)
        number = number << 32 | load32(bytes + 4 * i);
    return number;
}

static size_t align4(size_t size)
{
    return (size + 3) & ~(size_t)3;
}

static bool take_name(const struct fdt *fdt, size_t *offset, struct token *token)
{
    const uint8_t *name = fdt->bytes + *offset;
    const uint8_t *nul = memchr(name, '\0', fdt->structure_end - *offset);
    if (nul == NULL)
        return false;
    token->name = (const char *)name;
    *offset += align4((size_t)(nul - name) + 1);
    return true;
}

static bool take_property(const struct fdt *fdt, size_t *offset, struct token *token)
{
    if (fdt->structure_end - *offset < 8)
        return false;
    size_t size = load32(fdt->bytes + *offset);
    size_t name = load32(fdt->bytes + *offset + 4);
    *offset += 8;
    if (size > fdt->structure_end - *offset || name >= fdt->strings_size)
        return false;
    token->name = (const char *)fdt->bytes + fdt->strings + name;
    token->value = (struct fdt_value){fdt->bytes + *offset, size};
    *offset += align4(size);
    return true;
}

/* Read the token at *offset, NOPs skipped, and step over it. False if it is unknown, or does not
 * lie in the structure block whole. */
static bool next_token(const struct fdt *fdt, size_t *offset, struct token *token)
{
    do {
        if (fdt->structure_end - *offset < 4)
            return false;
        token->kind = load32(fdt->bytes + *offset);
        *offset += 4;
    } while (token->kind == NOP);

    switch (token->kind) {
    case BEGIN_NODE:
        return take_name(fdt, offset, token);
    case PROPERTY:
        return take_property(fdt, offset, token);
    default:
        return token->kind == END_NODE || token->kind == END;
    }
}

/* The checks below return what is wrong, or NULL. */

static uint32_t field(const struct fdt *fdt, size_t index)
{
    return load32(fdt->bytes + 4 * index);
}

static const char *check_header(struct fdt *fdt, size_t limit)
{
    if (limit < HEADER_SIZE)
        return "device tree is cut short in its header";
    if (field(fdt, F_MAGIC) != MAGIC)
        return "no device tree here: its magic number is missing";
    if (field(fdt, F_VERSION) < VERSION || field(fdt, F_LAST_COMPATIBLE) > VERSION)
        return "device tree has a version that cannot be read as 17";
    fdt->size = field(fdt, F_SIZE);
    if (fdt->size < HEADER_SIZE || fdt->size > limit)
        return "device tree has a total size that cannot be";
    return NULL;
}

/* Is [offset, offset + size) behind the header and inside the tree? */
static bool block_fits(const struct fdt *fdt, size_t offset, size_t size)
{
    return offset >= HEADER_SIZE && offset <= fdt->size && size <= fdt->size - offset;
}

static const char *check_blocks(struct fdt *fdt)
{
    size_t structure_size = field(fdt, F_STRUCTURE_SIZE);
    fdt->structure = field(fdt, F_STRUCTURE);
    fdt->structure_end = fdt->structure + structure_size;
    if (!block_fits(fdt, fdt->structure, structure_size) ||
        (fdt->structure | structure_size) % 4 != 0)
        return "device tree has a structure block out of place";
    fdt->strings = field(fdt, F_STRINGS);
    fdt->strings_size = field(fdt, F_STRINGS_SIZE);
    if (!block_fits(fdt, fdt->strings, fdt->strings_size))
        return "device tree has a strings block out of place";
    if (fdt->strings_size != 0 && fdt->bytes[fdt->strings + fdt->strings_size - 1] != '\0')
        return "device tree has a strings block that no NUL ends";
    return NULL;
}

void fdt_reservation(const struct fdt *fdt, size_t index, uint64_t *base, uint64_t *size)
{
    const uint8_t *entry = fdt->bytes + fdt->reservations + index * RESERVATION_SIZE;
    *base = fdt_cells(entry, 2);
    *size = fdt_cells(entry + 8, 2);
}

/* The block has no size of its own: an entry of two zeros ends it. */
static const char *check_reservations(struct fdt *fdt)
{
    fdt->reservations = field(fdt, F_RESERVATIONS);
    if (!block_fits(fdt, fdt->reservations, 0) || fdt->reservations % 8 != 0)
        return "device tree has a memory reservation block out of place";
    size_t room = (fdt->size - fdt->reservations) / RESERVATION_SIZE;
    for (size_t i = 0; i < room; i++) {
        uint64_t base, size;
        fdt_reservation(fdt, i, &base, &size);
        fdt->reservation_count = i;
        if (base == 0 && size == 0)
            return NULL;
    }
    return "device tree has a memory reservation block without an end";
}

/* One root, every node closed, and in each node properties before children. */
static const char *check_structure(const struct fdt *fdt)
{
    _Static_assert(FDT_MAX_DEPTH == 16, "a text below says so");
    size_t offset = fdt->structure, depth = 0;
    bool root_seen = false;
    struct token token = {0};
    for (uint32_t before = 0; token.kind != END; before = token.kind) {
        if (!next_token(fdt, &offset, &token))
            return "device tree has a structure block that is malformed or cut short";
        if (depth == 0 && token.kind != (root_seen ? END : BEGIN_NODE))
            return "device tree is not one root node and what is in it";
        if (depth != 0 && token.kind == END)
            return "device tree ends inside a node";
        if (token.kind == PROPERTY && before == END_NODE)
            return "device tree has a property behind a child node";
        if (token.kind == BEGIN_NODE && depth == FDT_MAX_DEPTH)
            return "device tree is nested deeper than 16 nodes";
        depth += token.kind == BEGIN_NODE;
        depth -= token.kind == END_NODE;
        root_seen = true;
    }
    return NULL;
}

int fdt_open(struct fdt *fdt, const void *tree, size_t limit, const char **why)
{
    *fdt = (struct fdt){.bytes = tree};
    *why = check_header(fdt, limit);
    if (*why == NULL)
        *why = check_blocks(fdt);
    if (*why == NULL)
        *why = check_reservations(fdt);
    if (*why == NULL)
        *why = check_structure(fdt);
    return *why == NULL ? 0 : -EINVAL;
}

struct fdt_value fdt_property(const struct fdt *fdt, const struct fdt_node *node, const char *name)
{
    size_t offset = node->properties;
    struct token token;
    while (next_token(fdt, &offset, &token) && token.kind == PROPERTY) {
        if (strcmp(token.name, name) == 0)
            return token.value;
    }
    return (struct fdt_value){0};
}

static uint32_t cells_of(const struct fdt *fdt, const struct fdt_node *node, const char *name,
                         uint32_t absent)
{
    struct fdt_value value = fdt_property(fdt, node, name);
    if (value.bytes == NULL)
        return absent;
    return value.size == 4 ? load32(value.bytes) : UINT32_MAX;
}

static struct fdt_node node_at(const struct fdt *fdt, size_t properties, const char *name)
{
    struct fdt_node node = {.name = name, .properties = properties};
    node.address_cells = cells_of(fdt, &node, "#address-cells", 2);
    node.size_cells = cells_of(fdt, &node, "#size-cells", 1);
    node.ranges = fdt_property(fdt, &node, "ranges");
    return node;
}

bool fdt_next_node(struct fdt_walk *walk)
{
    struct token token;
    if (walk->offset == 0)
        walk->offset = walk->fdt->structure;
    while (next_token(walk->fdt, &walk->offset, &token) && token.kind != END) {
        if (token.kind == BEGIN_NODE) {
            walk->path[walk->depth++] = node_at(walk->fdt, walk->offset, token.name);
            return true;
        }
        walk->depth -= token.kind == END_NODE;
    }
    walk->offset = walk->fdt->structure_end;
    return false;
}

static bool component_names(const char *component, size_t length, const char *name)
{
    if (strncmp(name, component, length) != 0)
        return false;
    return name[length] == '\0' || (name[length] == '@' && memchr(component, '@', length) == NULL);
}

bool fdt_is_at(const struct fdt_walk *walk, const char *path)
{
    for (size_t level = 1; level < walk->depth; level++) {
        if (*path++ != '/')
            return false;
        size_t length = 0;
        while (path[length] != '\0' && path[length] != '/')
            length++;
        if (!component_names(path, length, walk->path[level].name))
            return false;
        path += length;
    }
    return *path == '\0';
}

const char *fdt_string(struct fdt_value value)
{
    if (value.bytes == NULL || memchr(value.bytes, '\0', value.size) == NULL)
        return NULL;
    return (const char *)value.bytes;
}

bool fdt_lists(struct fdt_value value, const char *string)
{
    const char *item;
    while ((item = fdt_string(value)) != NULL) {
        if (strcmp(item, string) == 0)
            return true;
        size_t step = strlen(item) + 1;
        value = (struct fdt_value){value.bytes + step, value.size - step};
    }
    return false;
}
