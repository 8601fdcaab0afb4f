/*
 * machine.c - what the device tree says of the machine; machine.h is its contract.
 *
 * Two looks at the tree: /chosen and /aliases first, for the name of the console, then one walk
 * over all nodes that takes what it knows: cpus, memory, reservations, the console, the finisher.
 * A node's reg is read with the cells of its parent (specification 2.3.5, 2.3.6) and taken up to
 * the root through each bus's ranges (2.3.8). Nodes with a status other than "okay" are skipped.
 * Time is linear in the tree's size: what costs more is done MACHINE_MAX_RANGES times at most.
 *
 * Not read: phandles, interrupts, PCI's three-cell addresses, dynamic reservations.
 *
 * The functions that can find a fault return false then, and have called refuse().
 */
#include "drivers/machine.h"
#include "lib/errno.h"
#include "lib/fdt.h"
#include "lib/printf.h"
#include "lib/string.h"

enum { PATH_SIZE = 256, TEXT_SIZE = 64, MAX_REG_SHIFT = 8 };

struct reader {
    struct machine *machine;
    struct fdt fdt;
    struct fdt_walk walk;
    char console[PATH_SIZE]; /* the path to look for; "": the first UART that has a driver */
    bool console_found;
    char *why;
    size_t why_size;
};

/* A piece of the tree made fit for print: cut, and with ? for what is not ASCII text. */
struct text {
    char characters[TEXT_SIZE];
};

/* A node's reg: count entries of an address and a size. */
struct reg {
    const uint8_t *bytes;
    size_t count;
    uint32_t address_cells, size_cells;
};

static struct text joined(struct text text, const char *string)
{
    size_t at = strlen(text.characters);
    for (; at < TEXT_SIZE - 1 && *string != '\0'; at++, string++)
        text.characters[at] = *string >= ' ' && *string <= '~' ? *string : '?';
    text.characters[at] = '\0';
    return text;
}

static struct text printable(const char *string)
{
    return joined((struct text){""}, string);
}

static struct text path_text(const struct reader *reader)
{
    struct text text = {""};
    for (size_t level = 1; level < reader->walk.depth; level++)
        text = joined(joined(text, "/"), reader->walk.path[level].name);
    return text;
}

__attribute__((format(printf, 2, 3))) static bool refuse(struct reader *reader, const char *format,
                                                         ...)
{
    va_list arguments;
    va_start(arguments, format);
    kvsnprintf(reader->why, reader->why_size, format, arguments);
    va_end(arguments);
    return false;
}

static bool refuse_node(struct reader *reader, const char *what)
{
    return refuse(reader, "device tree: %s has %s", path_text(reader).characters, what);
}

static struct fdt_value property(const struct reader *reader, const char *name)
{
    return fdt_property(&reader->fdt, &reader->walk.path[reader->walk.depth - 1], name);
}

static bool property_is(const struct reader *reader, const char *name, const char *string)
{
    const char *value = fdt_string(property(reader, name));
    return value != NULL && strcmp(value, string) == 0;
}

/* Is either string in the node's compatible list? */
static bool is_compatible(const struct reader *reader, const char *one, const char *other)
{
    struct fdt_value compatible = property(reader, "compatible");
    return fdt_lists(compatible, one) || fdt_lists(compatible, other);
}

static bool is_usable(const struct reader *reader)
{
    return property(reader, "status").bytes == NULL || property_is(reader, "status", "okay") ||
           property_is(reader, "status", "ok");
}

/* Is the node reached a child of the root's child `name`? */
static bool is_child_of(const struct reader *reader, const char *name)
{
    return reader->walk.depth == 3 && strcmp(reader->walk.path[1].name, name) == 0;
}

/* Read a property of one or two cells, at most `max`, into *number; leave that if there is none. */
static bool read_number(struct reader *reader, const char *name, uint64_t max, uint64_t *number)
{
    struct fdt_value value = property(reader, name);
    if (value.bytes == NULL)
        return true;
    bool sized = value.size == 4 || value.size == 8;
    uint64_t read = sized ? fdt_cells(value.bytes, value.size / 4) : 0;
    if (!sized || read > max)
        return refuse(reader, "device tree: %s of %s is not a number or too large", name,
                      path_text(reader).characters);
    *number = read;
    return true;
}

/* Read a property that is a string, if it is there, into *string. */
static bool read_string(struct reader *reader, const char *name, const char **string)
{
    struct fdt_value value = property(reader, name);
    if (value.bytes == NULL)
        return true;
    *string = fdt_string(value);
    return *string != NULL || refuse(reader, "device tree: %s does not end in NUL", name);
}

/* Find the node's reg; an empty one is a fault. */
static bool find_reg(struct reader *reader, struct reg *reg)
{
    const struct fdt_node *parent = &reader->walk.path[reader->walk.depth - 2];
    struct fdt_value value = property(reader, "reg");
    if (value.bytes == NULL)
        return refuse_node(reader, "no reg");
    if (parent->address_cells < 1 || parent->address_cells > 2 || parent->size_cells > 2)
        return refuse_node(reader, "addresses or sizes that are not of one or two cells");
    size_t entry = 4 * ((size_t)parent->address_cells + parent->size_cells);
    if (value.size == 0 || value.size % entry != 0)
        return refuse_node(reader, "a reg that does not fit #address-cells and #size-cells");
    *reg = (struct reg){value.bytes, value.size / entry, parent->address_cells, parent->size_cells};
    return true;
}

static struct range reg_entry(const struct reg *reg, size_t index)
{
    const uint8_t *address = reg->bytes + 4 * index * (reg->address_cells + reg->size_cells);
    const uint8_t *size = address + 4 * (size_t)reg->address_cells;
    return (struct range){fdt_cells(address, reg->address_cells), fdt_cells(size, reg->size_cells)};
}

/* Take *range from the addresses of `bus` to those of its parent, which stands before it. */
static bool cross_bus(const struct fdt_node *bus, struct range *range)
{
    size_t here = bus->address_cells, above = (bus - 1)->address_cells, sizes = bus->size_cells;
    size_t entry = 4 * (here + above + sizes);
    if (bus->ranges.bytes == NULL || here > 2 || above > 2 || sizes > 2)
        return false;
    if (bus->ranges.size == 0)
        return true;
    for (size_t at = 0; entry != 0 && at + entry <= bus->ranges.size; at += entry) {
        const uint8_t *bytes = bus->ranges.bytes + at;
        uint64_t from = fdt_cells(bytes, here), to = fdt_cells(bytes + 4 * here, above);
        uint64_t size = fdt_cells(bytes + 4 * (here + above), sizes);
        uint64_t offset = range->base - from;
        if (range->base < from || offset > size || range->size > size - offset)
            continue;
        range->base = to + offset;
        return range->base >= to;
    }
    return false;
}

/* Take *range, out of the node's reg, to physical addresses. */
static bool translate(struct reader *reader, struct range *range)
{
    for (size_t level = reader->walk.depth - 2; level > 0; level--) {
        if (!cross_bus(&reader->walk.path[level], range))
            return refuse_node(reader, "an address that a bus above it does not translate");
    }
    return range->size <= UINT64_MAX - range->base ||
           refuse_node(reader, "a range that ends beyond 64 bits");
}

static bool read_first_reg(struct reader *reader, struct range *range)
{
    struct reg reg = {0};
    if (!find_reg(reader, &reg))
        return false;
    *range = reg_entry(&reg, 0);
    return translate(reader, range);
}

static bool add_range(struct reader *reader, struct range *list, uint32_t *count,
                      struct range range)
{
    if (*count == MACHINE_MAX_RANGES)
        return refuse(reader, "device tree has more than %d ranges of %s", MACHINE_MAX_RANGES,
                      list == reader->machine->ram ? "memory" : "reserved memory");
    list[(*count)++] = range;
    return true;
}

/* Add the entries of the node's reg, but for empty ones, to the list. */
static bool add_reg(struct reader *reader, struct range *list, uint32_t *count)
{
    struct reg reg = {0};
    if (!find_reg(reader, &reg))
        return false;
    for (size_t i = 0; i < reg.count; i++) {
        struct range range = reg_entry(&reg, i);
        if (range.size != 0 &&
            !(translate(reader, &range) && add_range(reader, list, count, range)))
            return false;
    }
    return true;
}

static bool add_hart(struct reader *reader)
{
    struct machine *machine = reader->machine;
    struct reg reg = {0};
    if (!find_reg(reader, &reg) ||
        !read_number(reader, "timebase-frequency", UINT64_MAX, &machine->timebase_hz))
        return false;
    uint64_t id = reg_entry(&reg, 0).base;
    for (uint32_t i = 0; i < machine->hart_count; i++) {
        if (machine->hart_ids[i] == id)
            return refuse_node(reader, "the hart id of another cpu");
    }
    if (machine->hart_count == MACHINE_MAX_HARTS)
        return refuse(reader, "device tree has more cpus than the %d that are supported",
                      MACHINE_MAX_HARTS);
    machine->hart_ids[machine->hart_count++] = id;
    return true;
}

static bool read_uart(struct reader *reader)
{
    struct range reg;
    uint64_t clock_hz = 0, shift = 0, width = 1;
    if (!read_first_reg(reader, &reg) ||
        !read_number(reader, "clock-frequency", UINT32_MAX, &clock_hz) ||
        !read_number(reader, "reg-shift", MAX_REG_SHIFT, &shift) ||
        !read_number(reader, "reg-io-width", UINT32_MAX, &width))
        return false;
    if (width != 1 && width != 4)
        return refuse_node(reader, "a reg-io-width other than 1 and 4");
    if (reg.base % width != 0 || (1U << shift) % width != 0)
        return refuse_node(reader, "registers not aligned to its reg-io-width");
    if (reg.size < (7U << shift) + width)
        return refuse_node(reader, "a reg too small for eight registers");
    reader->machine->uart =
        (struct uart){reg.base, (uint32_t)clock_hz, (uint32_t)shift, (uint32_t)width};
    reader->console_found = true;
    return true;
}

static bool has_uart_driver(const struct reader *reader)
{
    return is_compatible(reader, "ns16550a", "ns16550");
}

static bool is_console(const struct reader *reader)
{
    if (reader->console_found)
        return false;
    return reader->console[0] == '\0' ? has_uart_driver(reader)
                                      : fdt_is_at(&reader->walk, reader->console);
}

static bool read_console(struct reader *reader)
{
    const char *compatible = fdt_string(property(reader, "compatible"));
    if (has_uart_driver(reader))
        return read_uart(reader);
    return refuse(reader, "console %s is \"%s\": no driver (need ns16550a)",
                  path_text(reader).characters,
                  printable(compatible == NULL ? "" : compatible).characters);
}

static bool read_finisher(struct reader *reader)
{
    struct range reg;
    if (!read_first_reg(reader, &reg))
        return false;
    reader->machine->finisher = reg.base;
    return true;
}

/* Take what the node reached says, whatever it is. */
static bool read_node(struct reader *reader)
{
    struct machine *machine = reader->machine;
    if (fdt_is_at(&reader->walk, "/cpus"))
        return read_number(reader, "timebase-frequency", UINT64_MAX, &machine->timebase_hz);
    if (reader->walk.depth < 2 || !is_usable(reader))
        return true;
    if (is_child_of(reader, "cpus") && property_is(reader, "device_type", "cpu"))
        return add_hart(reader);
    if (property_is(reader, "device_type", "memory"))
        return add_reg(reader, machine->ram, &machine->ram_count);
    if (is_child_of(reader, "reserved-memory") && property(reader, "reg").bytes != NULL)
        return add_reg(reader, machine->reserved, &machine->reserved_count);
    if (is_console(reader))
        return read_console(reader);
    if (machine->finisher == 0 && is_compatible(reader, "sifive,test0", "sifive,test1"))
        return read_finisher(reader);
    return true;
}

static bool read_nodes(struct reader *reader)
{
    bool good = true;
    reader->walk = (struct fdt_walk){.fdt = &reader->fdt};
    while (good && fdt_next_node(&reader->walk))
        good = read_node(reader);
    return good;
}

static void sort(struct range *list, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        struct range range = list[i];
        uint32_t to = i;
        for (; to > 0 && list[to - 1].base > range.base; to--)
            list[to] = list[to - 1];
        list[to] = range;
    }
}

/* Sort RAM, at least one range, and merge neighbours that touch. */
static bool tidy_ram(struct reader *reader)
{
    struct machine *machine = reader->machine;
    struct range *last = machine->ram;
    sort(machine->ram, machine->ram_count);
    for (uint32_t i = 1; i < machine->ram_count; i++) {
        struct range next = machine->ram[i];
        if (next.base < last->base + last->size)
            return refuse(reader, "device tree has memory nodes that overlap");
        if (next.base == last->base + last->size)
            last->size += next.size;
        else
            *++last = next;
    }
    machine->ram_count = (uint32_t)(last - machine->ram) + 1;
    return true;
}

/* Did the walk find all that the kernel cannot do without? */
static bool is_complete(struct reader *reader)
{
    const struct machine *machine = reader->machine;
    if (machine->ram_count == 0)
        return refuse(reader, "device tree has no memory node of any size");
    if (machine->hart_count == 0)
        return refuse(reader, "device tree has no usable cpu node");
    if (machine->timebase_hz == 0)
        return refuse(reader, "device tree has no timebase-frequency");
    if (!reader->console_found && reader->console[0] == '\0')
        return refuse(reader, "device tree has no console (need ns16550a)");
    return reader->console_found ||
           refuse(reader, "console %s is not a usable node of the device tree",
                  printable(reader->console).characters);
}

static bool read_reservations(struct reader *reader)
{
    struct machine *machine = reader->machine;
    for (size_t i = 0; i < reader->fdt.reservation_count; i++) {
        struct range range;
        fdt_reservation(&reader->fdt, i, &range.base, &range.size);
        if (range.size > UINT64_MAX - range.base)
            return refuse(reader, "device tree has a memory reservation that ends beyond 64 bits");
        if (range.size != 0 &&
            !add_range(reader, machine->reserved, &machine->reserved_count, range))
            return false;
    }
    return true;
}

/* Walk to the node at `path`; false if there is none. */
static bool find(struct reader *reader, const char *path)
{
    reader->walk = (struct fdt_walk){.fdt = &reader->fdt};
    while (fdt_next_node(&reader->walk)) {
        if (fdt_is_at(&reader->walk, path))
            return true;
    }
    return false;
}

/* Keep the name of the console, which its options may follow behind a colon. */
static bool keep_console(struct reader *reader, const char *name)
{
    size_t length = 0;
    while (name[length] != '\0' && name[length] != ':' && length < PATH_SIZE)
        length++;
    if (length == PATH_SIZE)
        return refuse(reader, "device tree: stdout-path is too long");
    memcpy(reader->console, name, length);
    reader->console[length] = '\0';
    return true;
}

/* Put the path that an alias stands for in its place. */
static bool resolve_console(struct reader *reader)
{
    if (reader->console[0] == '/' || reader->console[0] == '\0')
        return true;
    const char *path = NULL;
    if (find(reader, "/aliases"))
        path = fdt_string(property(reader, reader->console));
    if (path == NULL || path[0] != '/')
        return refuse(reader, "console %s is neither a path nor an alias of one",
                      printable(reader->console).characters);
    return keep_console(reader, path);
}

static bool read_initrd(struct reader *reader)
{
    uint64_t start = 0, end = 0;
    if ((property(reader, "linux,initrd-start").bytes == NULL) !=
        (property(reader, "linux,initrd-end").bytes == NULL))
        return refuse(reader, "device tree has an initrd with a start alone or an end alone");
    if (!read_number(reader, "linux,initrd-start", UINT64_MAX, &start) ||
        !read_number(reader, "linux,initrd-end", UINT64_MAX, &end))
        return false;
    if (end < start)
        return refuse(reader, "device tree has an initrd that ends before it starts");
    reader->machine->initrd = (struct range){start, end - start};
    return true;
}

static void read_random_seed(struct reader *reader)
{
    const struct fdt_value seed = property(reader, "rng-seed");
    if (seed.size >= sizeof reader->machine->random_seed)
        memcpy(&reader->machine->random_seed, seed.bytes, sizeof reader->machine->random_seed);
}

static bool read_chosen(struct reader *reader)
{
    const char *console = "";
    if (!find(reader, "/chosen"))
        return true;
    read_random_seed(reader);
    return read_string(reader, "bootargs", &reader->machine->bootargs) &&
           read_string(reader, "stdout-path", &console) && keep_console(reader, console) &&
           read_initrd(reader);
}

int machine_read(struct machine *machine, const void *tree, size_t limit, char *why,
                 size_t why_size)
{
    struct reader reader = {.machine = machine, .why = why, .why_size = why_size};
    const char *fault;
    if (fdt_open(&reader.fdt, tree, limit, &fault) != 0) {
        refuse(&reader, "%s", fault);
        return -EINVAL;
    }
    *machine = (struct machine){.bootargs = "", .tree_size = reader.fdt.size};
    bool good = read_chosen(&reader) && resolve_console(&reader) && read_reservations(&reader) &&
                read_nodes(&reader) && is_complete(&reader) && tidy_ram(&reader);
    return good ? 0 : -EINVAL;
}
