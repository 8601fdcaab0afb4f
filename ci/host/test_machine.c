/*
 * test_machine.c - tests of machine_read() and, through it, of lib/fdt.c.
 *
 * Most tests begin_board(), which has all that a machine needs but a console, add what they are
 * about, and then ask for accepted() or refused(why).
 */
#include <stdio.h>
#include <time.h>

#include "lib/errno.h"
#include "test/test.h"
#include "tree_builder.h"

static struct tree tree;
static struct machine machine;
static uint8_t *bytes; /* the tree last read, kept because bootargs points into it */
static size_t bytes_size;
static char why[160];

static void add_cpu(const char *name, uint32_t id)
{
    tree_node(&tree, name);
    tree_string(&tree, "device_type", "cpu");
    tree_cells(&tree, "reg", id);
}

static void begin_cpus(void)
{
    tree_node(&tree, "cpus");
    tree_cells(&tree, "#address-cells", 1);
    tree_cells(&tree, "#size-cells", 0);
}

static void add_cpus(void)
{
    begin_cpus();
    tree_cells(&tree, "timebase-frequency", 10000000);
    add_cpu("cpu@3", 3);
    tree_node_end(&tree);
    tree_node_end(&tree);
}

static void begin_root(void)
{
    tree_begin(&tree);
    tree_node(&tree, "");
    tree_cells(&tree, "#address-cells", 2);
    tree_cells(&tree, "#size-cells", 2);
}

static void add_memory(uint64_t base, uint64_t size)
{
    tree_node(&tree, "memory@");
    tree_string(&tree, "device_type", "memory");
    tree_cells(&tree, "reg", (uint32_t)(base >> 32), (uint32_t)base, (uint32_t)(size >> 32),
               (uint32_t)size);
    tree_node_end(&tree);
}

static void begin_board(void)
{
    begin_root();
    add_cpus();
    add_memory(0x80000000, 0x8000000);
}

/* A node with a two-cell reg and a compatible, left open. */
static void begin_device(const char *name, const char *compatible, uint32_t base)
{
    tree_node(&tree, name);
    tree_string(&tree, "compatible", compatible);
    tree_cells(&tree, "reg", 0, base, 0, 0x100);
}

static void add_device(const char *name, const char *compatible, uint32_t base)
{
    begin_device(name, compatible, base);
    tree_node_end(&tree);
}

static void add_serial(void)
{
    add_device("serial@10000000", "ns16550a", 0x10000000);
}

static void begin_chosen(const char *stdout_path)
{
    tree_node(&tree, "chosen");
    tree_string(&tree, "stdout-path", stdout_path);
}

static void add_chosen(const char *stdout_path)
{
    begin_chosen(stdout_path);
    tree_node_end(&tree);
}

/* Read the bytes; they are ours from now on. */
static int read_bytes(uint8_t *made, size_t size)
{
    free(bytes);
    bytes = made;
    bytes_size = size;
    memset(why, 0, sizeof(why));
    return machine_read(&machine, bytes, bytes_size, why, sizeof(why));
}

static int read_tree(void)
{
    size_t size;
    uint8_t *made = tree_finish(&tree, &size);
    tree_free(&tree);
    return read_bytes(made, size);
}

static int read_board(void)
{
    tree_node_end(&tree);
    return read_tree();
}

static bool accepted(void)
{
    int result = read_board();
    if (result != 0)
        printf("# refused: %s\n", why);
    return result == 0 && machine_invariants_hold(&machine, bytes, bytes_size);
}

static bool was_refused(int result, const char *text)
{
    bool good = result == -EINVAL && strstr(why, text) != NULL;
    if (!good)
        printf("# result %d, %s\n", result, why);
    return good;
}

static bool refused(const char *text)
{
    return was_refused(read_board(), text);
}

/* A board with some of everything, in bytes. */
static uint8_t *good_tree(size_t *size)
{
    begin_board();
    tree_reserve(&tree, 0x80000000, 0x20000);
    add_chosen("serial0:115200n8");
    tree_node(&tree, "aliases");
    tree_string(&tree, "serial0", "/serial@10000000");
    tree_node_end(&tree);
    add_serial();
    add_device("test@100000", "sifive,test1", 0x100000);
    tree_node_end(&tree);
    uint8_t *made = tree_finish(&tree, size);
    tree_free(&tree);
    return made;
}

static uint8_t *copy(const uint8_t *from, size_t size)
{
    uint8_t *to = malloc(size);
    if (to == NULL)
        abort();
    if (size != 0)
        memcpy(to, from, size);
    return to;
}

/* Read the good tree with one header field replaced. */
static int read_with_field(size_t at, uint32_t word)
{
    size_t size;
    uint8_t *made = good_tree(&size);
    tree_store32(made + at, word);
    return read_bytes(made, size);
}

static uint32_t good_field(size_t at)
{
    size_t size;
    uint8_t *made = good_tree(&size);
    uint32_t word = tree_load32(made + at);
    free(made);
    return word;
}

/* What is read of a good tree. */

TEST(a_good_tree_gives_the_whole_machine)
{
    size_t size;
    uint8_t *made = good_tree(&size);
    CHECK_EQUAL(read_bytes(made, size), 0);
    CHECK(machine_invariants_hold(&machine, bytes, bytes_size));
    CHECK_EQUAL(machine.hart_count, 1);
    CHECK_EQUAL(machine.hart_ids[0], 3);
    CHECK_EQUAL(machine.ram_count, 1);
    CHECK_EQUAL(machine.ram[0].base, 0x80000000);
    CHECK_EQUAL(machine.ram[0].size, 0x8000000);
    CHECK_EQUAL(machine.uart.base, 0x10000000);
    CHECK_EQUAL(machine.uart.reg_width, 1);
    CHECK_EQUAL(machine.finisher, 0x100000);
    CHECK_EQUAL(machine.timebase_hz, 10000000);
    CHECK_EQUAL(machine.tree_size, size);
    CHECK_EQUAL(machine.initrd.size, 0);
    CHECK(strcmp(machine.bootargs, "") == 0);
}

/* The corpus file NAME that stands beside this source file. */
static int read_corpus(const char *name)
{
    char path[512];
    const char *slash = strrchr(__FILE__, '/');
    int folder = slash == NULL ? 0 : (int)(slash - __FILE__) + 1;
    snprintf(path, sizeof(path), "%.*scorpus_machine/%s", folder, __FILE__, name);
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL);
    static uint8_t buffer[16384];
    size_t size = fread(buffer, 1, sizeof(buffer), file);
    fclose(file);
    return read_bytes(copy(buffer, size), size);
}

TEST(the_tree_of_qemu_virt_is_read)
{
    CHECK_EQUAL(read_corpus("virt.dtb"), 0);
    CHECK_EQUAL(machine.hart_count, 2);
    CHECK_EQUAL(machine.ram[0].size, 128 << 20);
    CHECK_EQUAL(machine.uart.base, 0x10000000);
    CHECK_EQUAL(machine.uart.clock_hz, 3686400);
    CHECK_EQUAL(machine.finisher, 0x100000);
    CHECK_EQUAL(machine.timebase_hz, 10000000);
}

TEST(two_numa_nodes_that_touch_are_one_range_of_ram)
{
    CHECK_EQUAL(read_corpus("virt_numa_initrd.dtb"), 0);
    CHECK_EQUAL(machine.ram_count, 1);
    CHECK_EQUAL(machine.ram[0].size, 256 << 20);
    CHECK_EQUAL(machine.initrd.base, 0x88200000);
    CHECK_EQUAL(machine.initrd.size, 5000);
    CHECK(strcmp(machine.bootargs, "test=all seed=7") == 0);
}

TEST(a_tree_with_one_cell_addresses_and_a_two_cell_bus_is_read)
{
    CHECK_EQUAL(read_corpus("one_cell_bus.dtb"), 0);
    CHECK_EQUAL(machine.uart.base, 0x10001000);
    CHECK_EQUAL(machine.uart.reg_shift, 2);
    CHECK_EQUAL(machine.uart.reg_width, 4);
    CHECK_EQUAL(machine.uart.clock_hz, 1843200);
    CHECK_EQUAL(machine.finisher, 0x40000000);
    CHECK_EQUAL(machine.ram_count, 1);
    CHECK_EQUAL(machine.ram[0].size, 0x10100000);
    CHECK_EQUAL(machine.hart_count, 1);
    CHECK_EQUAL(machine.reserved_count, 2);
}

/* The format: header, blocks, tokens. */

TEST(a_tree_cut_at_any_length_is_refused)
{
    size_t size;
    uint8_t *made = good_tree(&size);
    for (size_t length = 0; length < size; length++) {
        CHECK_EQUAL(read_bytes(copy(made, length), length), -EINVAL);
        CHECK(why[0] != '\0');
    }
    free(made);
}

TEST(a_tree_cut_at_any_length_that_says_so_in_its_header_is_refused)
{
    size_t size;
    uint8_t *made = good_tree(&size);
    for (size_t length = 40; length < size; length++) {
        uint8_t *cut = copy(made, length);
        tree_store32(cut + TREE_AT_SIZE, (uint32_t)length);
        CHECK_EQUAL(read_bytes(cut, length), -EINVAL);
    }
    free(made);
}

TEST(a_structure_block_cut_at_any_length_is_refused)
{
    uint32_t whole = good_field(TREE_AT_STRUCTURE_SIZE);
    for (uint32_t length = 0; length < whole; length++)
        CHECK_EQUAL(read_with_field(TREE_AT_STRUCTURE_SIZE, length), -EINVAL);
}

TEST(a_tree_with_any_byte_changed_is_read_safely)
{
    size_t size;
    uint8_t *made = good_tree(&size);
    for (size_t at = 0; at < size; at++) {
        for (unsigned change = 1; change < 256; change = change < 8 ? change + 1 : change * 2 - 1) {
            uint8_t *changed = copy(made, size);
            changed[at] ^= (uint8_t)change;
            int result = read_bytes(changed, size);
            CHECK(result == -EINVAL ? why[0] != '\0'
                                    : machine_invariants_hold(&machine, bytes, bytes_size));
        }
    }
    free(made);
}

TEST(a_tree_with_any_word_made_a_limit_is_read_safely)
{
    static const uint32_t words[] = {0, 1, 3, 4, 0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff};
    size_t size;
    uint8_t *made = good_tree(&size);
    for (size_t at = 0; at + 4 <= size; at += 4) {
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
            uint8_t *changed = copy(made, size);
            tree_store32(changed + at, words[i]);
            int result = read_bytes(changed, size);
            CHECK(result == -EINVAL ? why[0] != '\0'
                                    : machine_invariants_hold(&machine, bytes, bytes_size));
        }
    }
    free(made);
}

TEST(a_tree_may_stand_at_an_odd_address)
{
    size_t size;
    uint8_t *made = good_tree(&size), *odd = malloc(size + 1);
    memcpy(odd + 1, made, size);
    CHECK_EQUAL(machine_read(&machine, odd + 1, size, why, sizeof(why)), 0);
    CHECK_EQUAL(machine.uart.base, 0x10000000);
    free(made);
    free(odd);
}

TEST(bytes_beyond_the_tree_are_not_the_tree)
{
    size_t size;
    uint8_t *made = good_tree(&size);
    made = realloc(made, size + 100);
    CHECK_EQUAL(read_bytes(made, size + 100), 0);
    CHECK_EQUAL(machine.tree_size, size);
}

TEST(a_wrong_magic_number_is_refused)
{
    CHECK(was_refused(read_with_field(TREE_AT_MAGIC, 0xedfe0dd0), "magic"));
}

TEST(a_version_older_than_17_is_refused)
{
    CHECK(was_refused(read_with_field(TREE_AT_VERSION, 16), "version"));
}

TEST(a_version_no_reader_of_17_can_read_is_refused)
{
    CHECK(was_refused(read_with_field(TREE_AT_LAST_COMPATIBLE, 18), "version"));
}

TEST(a_newer_version_that_a_reader_of_17_can_read_is_accepted)
{
    CHECK_EQUAL(read_with_field(TREE_AT_VERSION, 18), 0);
}

TEST(a_total_size_beyond_the_limit_is_refused)
{
    CHECK(was_refused(read_with_field(TREE_AT_SIZE, good_field(TREE_AT_SIZE) + 1), "total size"));
}

TEST(a_total_size_below_the_header_is_refused)
{
    CHECK(was_refused(read_with_field(TREE_AT_SIZE, 39), "total size"));
}

TEST(a_structure_block_beyond_the_tree_is_refused)
{
    CHECK(was_refused(read_with_field(TREE_AT_STRUCTURE, good_field(TREE_AT_SIZE) + 4),
                      "structure block out of place"));
}

TEST(a_structure_block_whose_end_wraps_is_refused)
{
    CHECK(was_refused(read_with_field(TREE_AT_STRUCTURE_SIZE, 0xfffffffc),
                      "structure block out of place"));
}

TEST(a_structure_block_that_is_not_aligned_is_refused)
{
    uint32_t at = good_field(TREE_AT_STRUCTURE) - 2;
    CHECK(was_refused(read_with_field(TREE_AT_STRUCTURE, at), "structure block out of place"));
}

TEST(a_structure_block_inside_the_header_is_refused)
{
    CHECK(was_refused(read_with_field(TREE_AT_STRUCTURE, 36), "structure block out of place"));
}

TEST(a_strings_block_beyond_the_tree_is_refused)
{
    uint32_t size = good_field(TREE_AT_STRINGS_SIZE) + 1;
    CHECK(was_refused(read_with_field(TREE_AT_STRINGS_SIZE, size), "strings block out of place"));
}

TEST(a_strings_block_that_no_nul_ends_is_refused)
{
    uint32_t size = good_field(TREE_AT_STRINGS_SIZE) - 1;
    CHECK(was_refused(read_with_field(TREE_AT_STRINGS_SIZE, size), "no NUL ends"));
}

TEST(a_reservation_block_beyond_the_tree_is_refused)
{
    uint32_t at = (good_field(TREE_AT_SIZE) + 15) / 8 * 8;
    CHECK(was_refused(read_with_field(TREE_AT_RESERVATIONS, at), "block out of place"));
}

TEST(a_reservation_block_that_is_not_aligned_is_refused)
{
    CHECK(was_refused(read_with_field(TREE_AT_RESERVATIONS, 44), "block out of place"));
}

TEST(a_reservation_block_without_an_end_is_refused)
{
    size_t size;
    tree_begin(&tree);
    tree_reserve(&tree, 1, 1);
    uint8_t *made = tree_pack(&tree, &size);
    tree_free(&tree);
    CHECK(was_refused(read_bytes(made, size), "without an end"));
}

TEST(a_structure_block_without_an_end_is_refused)
{
    size_t size;
    begin_board();
    tree_reserve(&tree, 0, 0);
    tree_node_end(&tree);
    uint8_t *made = tree_pack(&tree, &size);
    tree_free(&tree);
    CHECK(was_refused(read_bytes(made, size), "malformed"));
}

TEST(a_tree_without_a_root_is_refused)
{
    tree_begin(&tree);
    CHECK(was_refused(read_tree(), "not one root"));
}

TEST(a_tree_with_two_roots_is_refused)
{
    begin_board();
    tree_node_end(&tree);
    tree_node(&tree, "");
    CHECK(refused("not one root"));
}

TEST(a_tree_that_ends_inside_a_node_is_refused)
{
    begin_board();
    tree_node(&tree, "open");
    CHECK(refused("ends inside a node"));
}

TEST(a_node_end_too_many_is_refused)
{
    begin_board();
    tree_node_end(&tree);
    CHECK(refused("not one root"));
}

TEST(a_property_outside_the_root_is_refused)
{
    tree_begin(&tree);
    tree_string(&tree, "name", "value");
    CHECK(was_refused(read_tree(), "not one root"));
}

TEST(a_property_behind_a_child_is_refused)
{
    begin_board();
    tree_string(&tree, "name", "value");
    CHECK(refused("behind a child"));
}

TEST(an_unknown_token_is_refused)
{
    begin_board();
    tree_token(&tree, 5);
    CHECK(refused("malformed"));
}

TEST(nops_are_skipped_anywhere)
{
    begin_root();
    tree_token(&tree, TREE_NOP);
    tree_cells(&tree, "other", 1);
    tree_token(&tree, TREE_NOP);
    add_cpus();
    tree_token(&tree, TREE_NOP);
    add_memory(0x80000000, 0x1000);
    add_serial();
    tree_token(&tree, TREE_NOP);
    CHECK(accepted());
}

TEST(a_node_name_that_no_nul_ends_is_refused)
{
    size_t size;
    tree_begin(&tree);
    tree_reserve(&tree, 0, 0);
    tree_token(&tree, TREE_BEGIN_NODE);
    tree_append(&tree.structure, "abcd", 4);
    uint8_t *made = tree_pack(&tree, &size);
    tree_free(&tree);
    CHECK(was_refused(read_bytes(made, size), "malformed"));
}

TEST(a_property_longer_than_the_structure_is_refused)
{
    begin_board();
    tree_node(&tree, "device");
    tree_token(&tree, TREE_PROPERTY);
    tree_append32(&tree.structure, 0xffffffff);
    tree_append32(&tree.structure, 0);
    tree_node_end(&tree);
    CHECK(refused("malformed"));
}

TEST(a_property_name_outside_the_strings_is_refused)
{
    begin_board();
    tree_node(&tree, "device");
    tree_token(&tree, TREE_PROPERTY);
    tree_append32(&tree.structure, 0);
    tree_append32(&tree.structure, (uint32_t)tree.strings.size);
    tree_node_end(&tree);
    CHECK(refused("malformed"));
}

static void nest(unsigned depth)
{
    for (unsigned i = 0; i < depth; i++)
        tree_node(&tree, "x");
    for (unsigned i = 0; i < depth; i++)
        tree_node_end(&tree);
}

TEST(sixteen_levels_of_nodes_are_read)
{
    begin_board();
    add_serial();
    nest(15);
    CHECK(accepted());
}

TEST(seventeen_levels_of_nodes_are_refused)
{
    begin_board();
    nest(16);
    CHECK(refused("deeper than 16"));
}

TEST(a_depth_bomb_is_refused)
{
    begin_board();
    nest(100000);
    CHECK(refused("deeper than 16"));
}

/* Harts and the clock. */

TEST(harts_keep_their_ids_and_their_order)
{
    begin_root();
    begin_cpus();
    tree_cells(&tree, "timebase-frequency", 1);
    for (uint32_t i = 0; i < 3; i++) {
        add_cpu("cpu", 7 - i);
        tree_node_end(&tree);
    }
    tree_node_end(&tree);
    add_memory(0, 0x1000);
    add_serial();
    CHECK(accepted());
    CHECK_EQUAL(machine.hart_count, 3);
    CHECK_EQUAL(machine.hart_ids[0], 7);
    CHECK_EQUAL(machine.hart_ids[2], 5);
}

/* A board with one good hart, and one of this status. */
static void board_with_status(const char *status)
{
    begin_root();
    begin_cpus();
    tree_cells(&tree, "timebase-frequency", 1);
    add_cpu("cpu@0", 0);
    tree_node_end(&tree);
    add_cpu("cpu@1", 1);
    tree_string(&tree, "status", status);
    tree_node_end(&tree);
    tree_node_end(&tree);
    add_memory(0, 0x1000);
    add_serial();
}

TEST(a_hart_whose_status_is_okay_counts)
{
    board_with_status("okay");
    CHECK(accepted());
    CHECK_EQUAL(machine.hart_count, 2);
}

TEST(a_hart_whose_status_is_ok_counts)
{
    board_with_status("ok");
    CHECK(accepted());
    CHECK_EQUAL(machine.hart_count, 2);
}

TEST(a_disabled_hart_is_skipped)
{
    board_with_status("disabled");
    CHECK(accepted());
    CHECK_EQUAL(machine.hart_count, 1);
}

static void board_with_harts(uint32_t count)
{
    begin_root();
    begin_cpus();
    tree_cells(&tree, "timebase-frequency", 1);
    for (uint32_t i = 0; i < count; i++) {
        add_cpu("cpu", i);
        tree_node_end(&tree);
    }
    tree_node(&tree, "cpu-map");
    tree_node_end(&tree);
    tree_node_end(&tree);
    add_memory(0, 0x1000);
    add_serial();
}

TEST(as_many_harts_as_are_supported_are_read)
{
    board_with_harts(MACHINE_MAX_HARTS);
    CHECK(accepted());
    CHECK_EQUAL(machine.hart_count, MACHINE_MAX_HARTS);
}

TEST(a_hart_too_many_is_refused)
{
    board_with_harts(MACHINE_MAX_HARTS + 1);
    CHECK(refused("64 that are supported"));
}

TEST(a_tree_without_harts_is_refused)
{
    board_with_harts(0);
    CHECK(refused("no usable cpu"));
}

TEST(two_harts_with_one_id_are_refused)
{
    begin_board();
    add_serial();
    begin_cpus();
    add_cpu("cpu@3", 3);
    tree_node_end(&tree);
    tree_node_end(&tree);
    CHECK(refused("hart id of another"));
}

TEST(a_hart_without_reg_is_refused)
{
    begin_board();
    begin_cpus();
    tree_node(&tree, "cpu@0");
    tree_string(&tree, "device_type", "cpu");
    tree_node_end(&tree);
    tree_node_end(&tree);
    CHECK(refused("/cpus/cpu@0 has no reg"));
}

TEST(a_timebase_in_a_cpu_node_is_read)
{
    begin_root();
    begin_cpus();
    add_cpu("cpu@0", 0);
    tree_cells(&tree, "timebase-frequency", 1, 2);
    tree_node_end(&tree);
    tree_node_end(&tree);
    add_memory(0, 0x1000);
    add_serial();
    CHECK(accepted());
    CHECK_EQUAL(machine.timebase_hz, 0x100000002);
}

TEST(a_tree_without_a_timebase_is_refused)
{
    begin_root();
    begin_cpus();
    add_cpu("cpu@0", 0);
    tree_node_end(&tree);
    tree_node_end(&tree);
    add_memory(0, 0x1000);
    add_serial();
    CHECK(refused("no timebase-frequency"));
}

TEST(a_timebase_of_three_bytes_is_refused)
{
    begin_root();
    begin_cpus();
    tree_bytes(&tree, "timebase-frequency", "abc", 3);
    tree_node_end(&tree);
    CHECK(refused("timebase-frequency of /cpus is not a number"));
}

/* Memory. */

TEST(a_tree_without_memory_is_refused)
{
    begin_root();
    add_cpus();
    add_serial();
    CHECK(refused("device tree has no memory node"));
}

TEST(memory_of_size_zero_is_no_memory)
{
    begin_root();
    add_cpus();
    add_serial();
    add_memory(0x80000000, 0);
    CHECK(refused("device tree has no memory node"));
}

TEST(ram_is_sorted)
{
    begin_board();
    add_serial();
    add_memory(0x200000000, 0x1000);
    add_memory(0x1000, 0x1000);
    CHECK(accepted());
    CHECK_EQUAL(machine.ram_count, 3);
    CHECK_EQUAL(machine.ram[0].base, 0x1000);
    CHECK_EQUAL(machine.ram[2].base, 0x200000000);
}

TEST(ram_that_touches_is_merged)
{
    begin_board();
    add_serial();
    add_memory(0x88000000, 0x1000);
    add_memory(0x7ffff000, 0x1000);
    CHECK(accepted());
    CHECK_EQUAL(machine.ram_count, 1);
    CHECK_EQUAL(machine.ram[0].base, 0x7ffff000);
    CHECK_EQUAL(machine.ram[0].size, 0x8002000);
}

TEST(ram_that_overlaps_is_refused)
{
    begin_board();
    add_serial();
    add_memory(0x87fff000, 0x2000);
    CHECK(refused("overlap"));
}

TEST(ram_inside_ram_is_refused)
{
    begin_board();
    add_serial();
    add_memory(0x80001000, 0x1000);
    CHECK(refused("overlap"));
}

TEST(ram_that_ends_beyond_64_bits_is_refused)
{
    begin_board();
    add_memory(UINT64_MAX - 0xfff, 0x1001);
    CHECK(refused("beyond 64 bits"));
}

TEST(more_ram_ranges_than_fit_are_refused)
{
    begin_board();
    for (uint64_t i = 0; i < MACHINE_MAX_RANGES; i++)
        add_memory(i * 0x2000, 0x1000);
    CHECK(refused("more than 16 ranges of memory"));
}

TEST(a_memory_node_without_reg_is_refused)
{
    begin_board();
    tree_node(&tree, "memory@1");
    tree_string(&tree, "device_type", "memory");
    tree_node_end(&tree);
    CHECK(refused("/memory@1 has no reg"));
}

TEST(a_memory_reg_that_is_not_whole_entries_is_refused)
{
    begin_board();
    tree_node(&tree, "memory@1");
    tree_string(&tree, "device_type", "memory");
    tree_cells(&tree, "reg", 0, 0x1000, 0);
    tree_node_end(&tree);
    CHECK(refused("a reg that does not fit"));
}

static void board_with_root_cells(uint32_t address_cells, uint32_t size_cells)
{
    tree_begin(&tree);
    tree_node(&tree, "");
    tree_cells(&tree, "#address-cells", address_cells);
    tree_cells(&tree, "#size-cells", size_cells);
    add_cpus();
    tree_node(&tree, "memory");
    tree_string(&tree, "device_type", "memory");
}

TEST(three_address_cells_are_refused)
{
    board_with_root_cells(3, 1);
    tree_cells(&tree, "reg", 0, 0, 0x1000, 0x1000);
    tree_node_end(&tree);
    CHECK(refused("one or two cells"));
}

TEST(address_and_size_cells_whose_sum_wraps_are_refused)
{
    board_with_root_cells(1, 0xffffffff);
    tree_cells(&tree, "reg", 0x1000);
    tree_node_end(&tree);
    CHECK(refused("one or two cells"));
}

TEST(cells_that_the_root_does_not_give_are_two_and_one)
{
    tree_begin(&tree);
    tree_node(&tree, "");
    add_cpus();
    tree_node(&tree, "memory");
    tree_string(&tree, "device_type", "memory");
    tree_cells(&tree, "reg", 1, 0x1000, 0x2000);
    tree_node_end(&tree);
    tree_node(&tree, "serial");
    tree_string(&tree, "compatible", "ns16550");
    tree_cells(&tree, "reg", 0, 0x5000, 8);
    tree_node_end(&tree);
    CHECK(accepted());
    CHECK_EQUAL(machine.ram[0].base, 0x100001000);
    CHECK_EQUAL(machine.ram[0].size, 0x2000);
}

/* Reserved memory. */

TEST(the_reservation_block_and_reserved_memory_are_both_reserved)
{
    begin_board();
    add_serial();
    tree_reserve(&tree, 0x1234, 1);
    tree_node(&tree, "reserved-memory");
    tree_cells(&tree, "#address-cells", 2);
    tree_cells(&tree, "#size-cells", 2);
    tree_bytes(&tree, "ranges", "", 0);
    tree_node(&tree, "firmware@80000000");
    tree_cells(&tree, "reg", 0, 0x80000000, 0, 0x20000, 0, 0x80040000, 0, 0x1000);
    tree_node_end(&tree);
    tree_node(&tree, "dynamic");
    tree_cells(&tree, "size", 0, 0x1000);
    tree_node_end(&tree);
    tree_node_end(&tree);
    CHECK(accepted());
    CHECK_EQUAL(machine.reserved_count, 3);
    CHECK_EQUAL(machine.reserved[0].base, 0x1234);
    CHECK_EQUAL(machine.reserved[1].base, 0x80000000);
    CHECK_EQUAL(machine.reserved[2].size, 0x1000);
}

TEST(an_empty_reservation_that_does_not_end_the_block_is_skipped)
{
    begin_board();
    add_serial();
    tree_reserve(&tree, 0x1000, 0);
    tree_reserve(&tree, 0x2000, 1);
    CHECK(accepted());
    CHECK_EQUAL(machine.reserved_count, 1);
    CHECK_EQUAL(machine.reserved[0].base, 0x2000);
}

TEST(more_reservations_than_fit_are_refused)
{
    begin_board();
    for (uint64_t i = 1; i <= MACHINE_MAX_RANGES + 1; i++)
        tree_reserve(&tree, i, i);
    CHECK(refused("more than 16 ranges of reserved memory"));
}

TEST(a_reservation_that_ends_beyond_64_bits_is_refused)
{
    begin_board();
    tree_reserve(&tree, UINT64_MAX, 1);
    CHECK(refused("beyond 64 bits"));
}

/* Chosen: arguments and initrd. */

TEST(boot_arguments_lie_inside_the_tree)
{
    begin_board();
    add_serial();
    tree_node(&tree, "chosen");
    tree_string(&tree, "bootargs", "test=heap");
    tree_node_end(&tree);
    CHECK(accepted());
    CHECK(strcmp(machine.bootargs, "test=heap") == 0);
    CHECK((const uint8_t *)machine.bootargs > bytes);
    CHECK((const uint8_t *)machine.bootargs + 10 <= bytes + bytes_size);
}

static void board_with_seed(size_t size)
{
    begin_board();
    add_serial();
    tree_node(&tree, "chosen");
    tree_bytes(&tree, "rng-seed", "\1\2\3\4\5\6\7\10\11", size);
    tree_node_end(&tree);
}

TEST(a_seed_is_the_first_eight_bytes)
{
    board_with_seed(9);
    CHECK(accepted());
    CHECK(memcmp(&machine.random_seed, "\1\2\3\4\5\6\7\10", 8) == 0);
}

TEST(a_seed_of_fewer_than_eight_bytes_is_none)
{
    board_with_seed(7);
    CHECK(accepted());
    CHECK_EQUAL(machine.random_seed, 0);
}

TEST(boot_arguments_that_no_nul_ends_are_refused)
{
    begin_board();
    tree_node(&tree, "chosen");
    tree_bytes(&tree, "bootargs", "test", 4);
    tree_node_end(&tree);
    CHECK(refused("bootargs does not end in NUL"));
}

static void board_with_initrd(void)
{
    begin_board();
    add_serial();
    tree_node(&tree, "chosen");
}

TEST(an_initrd_may_have_one_cell_and_two_cell_ends)
{
    board_with_initrd();
    tree_cells(&tree, "linux,initrd-start", 0x80000000);
    tree_cells(&tree, "linux,initrd-end", 1, 0);
    tree_node_end(&tree);
    CHECK(accepted());
    CHECK_EQUAL(machine.initrd.base, 0x80000000);
    CHECK_EQUAL(machine.initrd.size, 0x80000000);
}

TEST(an_initrd_that_ends_before_it_starts_is_refused)
{
    board_with_initrd();
    tree_cells(&tree, "linux,initrd-start", 2);
    tree_cells(&tree, "linux,initrd-end", 1);
    tree_node_end(&tree);
    CHECK(refused("initrd"));
}

TEST(an_initrd_with_a_start_alone_is_refused)
{
    board_with_initrd();
    tree_cells(&tree, "linux,initrd-start", 2);
    tree_node_end(&tree);
    CHECK(refused("initrd"));
}

TEST(an_initrd_with_an_end_alone_is_refused)
{
    board_with_initrd();
    tree_cells(&tree, "linux,initrd-end", 2);
    tree_node_end(&tree);
    CHECK(refused("initrd"));
}

TEST(an_initrd_address_of_twelve_bytes_is_refused)
{
    board_with_initrd();
    tree_cells(&tree, "linux,initrd-start", 0, 0, 2);
    tree_cells(&tree, "linux,initrd-end", 3);
    tree_node_end(&tree);
    CHECK(refused("linux,initrd-start of /chosen"));
}

/* The console. */

TEST(the_console_is_the_one_that_stdout_path_names)
{
    begin_board();
    add_serial();
    add_device("serial@20000000", "ns16550a", 0x20000000);
    add_chosen("/serial@20000000");
    CHECK(accepted());
    CHECK_EQUAL(machine.uart.base, 0x20000000);
}

TEST(the_options_behind_stdout_path_are_left_out)
{
    begin_board();
    add_serial();
    add_chosen("/serial@10000000:115200n8");
    CHECK(accepted());
}

TEST(stdout_path_may_leave_out_the_unit_address)
{
    begin_board();
    add_serial();
    add_chosen("/serial");
    CHECK(accepted());
}

TEST(stdout_path_may_not_leave_out_half_a_name)
{
    begin_board();
    add_serial();
    add_chosen("/seria");
    CHECK(refused("console /seria is not a usable node"));
}

TEST(stdout_path_may_be_an_alias)
{
    begin_board();
    add_chosen("serial1:9600");
    add_serial();
    add_device("serial@20000000", "ns16550a", 0x20000000);
    tree_node(&tree, "aliases");
    tree_string(&tree, "serial0", "/serial@10000000");
    tree_string(&tree, "serial1", "/serial@20000000");
    tree_node_end(&tree);
    CHECK(accepted());
    CHECK_EQUAL(machine.uart.base, 0x20000000);
}

TEST(an_alias_that_is_not_there_is_refused)
{
    begin_board();
    add_serial();
    add_chosen("serial9");
    CHECK(refused("console serial9 is neither a path nor an alias"));
}

TEST(an_alias_of_an_alias_is_refused)
{
    begin_board();
    add_serial();
    add_chosen("serial0");
    tree_node(&tree, "aliases");
    tree_string(&tree, "serial0", "serial0");
    tree_node_end(&tree);
    CHECK(refused("neither a path nor an alias"));
}

TEST(without_stdout_path_the_first_uart_is_the_console)
{
    begin_board();
    add_device("serial@30000000", "acme,uart9", 0x30000000);
    add_device("serial@20000000", "ns16550a", 0x20000000);
    add_serial();
    CHECK(accepted());
    CHECK_EQUAL(machine.uart.base, 0x20000000);
}

TEST(a_tree_without_a_console_is_refused)
{
    begin_board();
    CHECK(refused("no console (need ns16550a)"));
}

TEST(a_console_without_a_driver_is_refused_by_name)
{
    begin_board();
    add_chosen("/serial@10000000");
    add_device("serial@10000000", "acme,uart9", 0x10000000);
    CHECK(refused("console /serial@10000000 is \"acme,uart9\": no driver (need ns16550a)"));
}

TEST(a_console_that_is_disabled_is_refused)
{
    begin_board();
    add_chosen("/serial@10000000");
    begin_device("serial@10000000", "ns16550a", 0x10000000);
    tree_string(&tree, "status", "disabled");
    tree_node_end(&tree);
    CHECK(refused("not a usable node"));
}

TEST(a_stdout_path_that_no_nul_ends_is_refused)
{
    begin_board();
    add_serial();
    tree_node(&tree, "chosen");
    tree_bytes(&tree, "stdout-path", "/serial", 7);
    tree_node_end(&tree);
    CHECK(refused("stdout-path does not end in NUL"));
}

TEST(a_stdout_path_of_any_length_is_read_safely)
{
    char path[600] = "/";
    for (size_t length = 1; length < sizeof(path) - 1; length++) {
        path[length] = 'x';
        begin_board();
        add_serial();
        add_chosen(path);
        CHECK(refused(length < 255 ? "not a usable node" : "too long"));
    }
}

TEST(control_characters_of_the_tree_are_not_printed)
{
    begin_board();
    add_chosen("/serial\033[2J\n\377");
    add_device("serial\033[2J\n\377", "acme\r\n\"", 0x10000000);
    CHECK(refused("console /serial?[2J?? is \"acme??\"\": no driver"));
}

TEST(a_line_about_very_long_names_is_cut)
{
    static char name[200], compatible[4000];
    memset(name, 'n', sizeof(name) - 1);
    memset(compatible, 'c', sizeof(compatible) - 1);
    begin_board();
    begin_chosen("/soc");
    tree_node_end(&tree);
    add_device("soc", compatible, 0x1000);
    CHECK(refused("c\": no driver (need ns16550a)"));
    begin_board();
    tree_node(&tree, name);
    tree_string(&tree, "device_type", "memory");
    tree_node_end(&tree);
    CHECK(refused("n has no reg"));
}

static void board_with_uart(const char *property_name, uint32_t value)
{
    begin_board();
    begin_device("serial", "ns16550a", 0x10000000);
    tree_cells(&tree, property_name, value);
    tree_node_end(&tree);
}

TEST(any_string_of_the_compatible_list_may_be_known)
{
    begin_board();
    tree_node(&tree, "serial");
    tree_bytes(&tree, "compatible", "acme,uart\0ns16550", 18);
    tree_cells(&tree, "reg", 0, 0x1000, 0, 0x100);
    tree_node_end(&tree);
    CHECK(accepted());
}

TEST(a_compatible_list_that_no_nul_ends_is_not_read_beyond_its_end)
{
    begin_board();
    tree_node(&tree, "serial");
    tree_bytes(&tree, "compatible", "acme,uart\0ns16550a", 18);
    tree_cells(&tree, "reg", 0, 0x1000, 0, 0x100);
    tree_node_end(&tree);
    CHECK(refused("no console"));
}

TEST(the_uart_clock_is_read)
{
    board_with_uart("clock-frequency", 1843200);
    CHECK(accepted());
    CHECK_EQUAL(machine.uart.clock_hz, 1843200);
}

TEST(a_reg_shift_of_two_is_read)
{
    board_with_uart("reg-shift", 2);
    CHECK(accepted());
    CHECK_EQUAL(machine.uart.reg_shift, 2);
}

TEST(a_reg_shift_beyond_reason_is_refused)
{
    board_with_uart("reg-shift", 32);
    CHECK(refused("reg-shift"));
}

TEST(a_reg_io_width_of_two_is_refused)
{
    board_with_uart("reg-io-width", 2);
    CHECK(refused("reg-io-width other than 1 and 4"));
}

TEST(four_byte_registers_a_byte_apart_are_refused)
{
    board_with_uart("reg-io-width", 4);
    CHECK(refused("not aligned"));
}

TEST(a_uart_too_small_for_its_registers_is_refused)
{
    board_with_uart("reg-shift", 6);
    CHECK(refused("too small for eight registers"));
}

/* Buses. */

/* A bus with one-cell addresses, left open, that shows [0x1000, 0x3000) at 0x1_0000_0000. */
static void begin_bus(const char *name)
{
    tree_node(&tree, name);
    tree_cells(&tree, "#address-cells", 1);
    tree_cells(&tree, "#size-cells", 1);
    tree_cells(&tree, "ranges", 0, 9, 9, 1, 0x1000, 1, 0, 0x2000);
}

static void add_bus_serial(uint32_t base, uint32_t size)
{
    tree_node(&tree, "serial");
    tree_string(&tree, "compatible", "ns16550a");
    tree_cells(&tree, "reg", base, size);
    tree_node_end(&tree);
    tree_node_end(&tree);
}

TEST(a_bus_translates_addresses)
{
    begin_board();
    begin_bus("soc");
    add_bus_serial(0x2000, 0x1000);
    CHECK(accepted());
    CHECK_EQUAL(machine.uart.base, 0x100001000);
}

TEST(an_address_below_the_bus_is_refused)
{
    begin_board();
    begin_bus("soc");
    add_bus_serial(0xff0, 0x100);
    CHECK(refused("/soc/serial has an address that a bus above it does not translate"));
}

TEST(a_range_that_leaves_the_bus_is_refused)
{
    begin_board();
    begin_bus("soc");
    add_bus_serial(0x2000, 0x1001);
    CHECK(refused("does not translate"));
}

TEST(a_bus_with_empty_ranges_keeps_addresses)
{
    begin_board();
    tree_node(&tree, "soc");
    tree_cells(&tree, "#address-cells", 2);
    tree_cells(&tree, "#size-cells", 2);
    tree_bytes(&tree, "ranges", "", 0);
    add_serial();
    tree_node_end(&tree);
    CHECK(accepted());
    CHECK_EQUAL(machine.uart.base, 0x10000000);
}

TEST(a_bus_without_ranges_does_not_lead_to_the_console)
{
    begin_board();
    tree_node(&tree, "soc");
    tree_cells(&tree, "#address-cells", 2);
    tree_cells(&tree, "#size-cells", 2);
    add_serial();
    tree_node_end(&tree);
    CHECK(refused("does not translate"));
}

TEST(a_bus_on_a_bus_translates_twice)
{
    begin_board();
    begin_bus("soc");
    tree_node(&tree, "inner");
    tree_cells(&tree, "#address-cells", 1);
    tree_cells(&tree, "#size-cells", 1);
    tree_cells(&tree, "ranges", 0, 0x1800, 0x800);
    add_bus_serial(0x10, 0x20);
    tree_node_end(&tree);
    CHECK(accepted());
    CHECK_EQUAL(machine.uart.base, 0x100000810);
}

TEST(a_bus_that_translates_beyond_64_bits_is_refused)
{
    begin_board();
    tree_node(&tree, "soc");
    tree_cells(&tree, "#address-cells", 1);
    tree_cells(&tree, "#size-cells", 1);
    tree_cells(&tree, "ranges", 0, 0xffffffff, 0xfffff000, 0x3000);
    add_bus_serial(0x2000, 0x100);
    CHECK(refused("does not translate"));
}

TEST(an_address_below_a_bus_range_of_any_size_is_refused)
{
    begin_board();
    tree_node(&tree, "soc");
    tree_cells(&tree, "#address-cells", 1);
    tree_cells(&tree, "#size-cells", 2);
    tree_cells(&tree, "ranges", 0x20000000, 0, 0, 0xffffffff, 0xffffffff);
    tree_node(&tree, "serial");
    tree_string(&tree, "compatible", "ns16550a");
    tree_cells(&tree, "reg", 0x10000000, 0, 0x100);
    tree_node_end(&tree);
    tree_node_end(&tree);
    CHECK(refused("does not translate"));
}

TEST(a_bus_range_without_a_size_is_not_read)
{
    begin_board();
    add_serial();
    tree_node(&tree, "soc");
    tree_cells(&tree, "#address-cells", 1);
    tree_cells(&tree, "#size-cells", 1);
    tree_cells(&tree, "ranges", 0x1000, 1, 0);
    tree_node(&tree, "test");
    tree_string(&tree, "compatible", "sifive,test0");
    tree_cells(&tree, "reg", 0x1000, 0);
    tree_node_end(&tree);
    tree_node_end(&tree);
    CHECK(refused("/soc/test has an address that a bus above it does not translate"));
}

TEST(a_bus_below_three_cell_addresses_is_refused)
{
    begin_board();
    tree_node(&tree, "pci");
    tree_cells(&tree, "#address-cells", 3);
    tree_cells(&tree, "#size-cells", 1);
    tree_bytes(&tree, "ranges", "", 0);
    tree_node(&tree, "isa");
    tree_cells(&tree, "#address-cells", 1);
    tree_cells(&tree, "#size-cells", 1);
    tree_cells(&tree, "ranges", 0x1000, 0, 0, 0x1000, 0x1000);
    add_bus_serial(0x1000, 0x100);
    tree_node_end(&tree);
    CHECK(refused("does not translate"));
}

/* The finisher. */

TEST(a_machine_may_have_no_finisher)
{
    begin_board();
    add_serial();
    CHECK(accepted());
    CHECK_EQUAL(machine.finisher, 0);
}

TEST(sifive_test0_is_a_finisher)
{
    begin_board();
    add_serial();
    add_device("test@100000", "sifive,test0", 0x100000);
    CHECK(accepted());
    CHECK_EQUAL(machine.finisher, 0x100000);
}

/* Time: each tree is a megabyte or so, made to cost its square. */

enum { MANY = 50000 };

static bool read_in_time(void)
{
    clock_t start = clock();
    read_board();
    return clock() - start < CLOCKS_PER_SEC;
}

TEST(many_properties_above_many_nodes_are_read_in_time)
{
    begin_root();
    for (uint32_t i = 0; i < MANY; i++)
        tree_bytes(&tree, "x", "", 0);
    for (uint32_t i = 0; i < MANY; i++) {
        tree_node(&tree, "");
        tree_node_end(&tree);
    }
    CHECK(read_in_time());
}

TEST(long_property_names_are_read_in_time)
{
    char *name = malloc(500001);
    memset(name, 'x', 500000);
    name[500000] = '\0';
    begin_root();
    tree_name(&tree, name);
    for (uint32_t i = 0; i < MANY; i++) {
        tree_token(&tree, TREE_PROPERTY);
        tree_append32(&tree.structure, 0);
        tree_append32(&tree.structure, i);
    }
    free(name);
    CHECK(read_in_time());
}

TEST(many_empty_ranges_of_memory_are_read_in_time)
{
    begin_root();
    tree_node(&tree, "memory");
    for (uint32_t i = 0; i < MANY; i++)
        tree_bytes(&tree, "x", "", 0);
    tree_string(&tree, "device_type", "memory");
    void *zeros = calloc(MANY, 16);
    tree_bytes(&tree, "reg", zeros, MANY * (size_t)16);
    free(zeros);
    tree_node_end(&tree);
    CHECK(read_in_time());
}

TEST(a_long_path_below_long_names_is_read_in_time)
{
    char *name = malloc(500001);
    memset(name, 'x', 500000);
    name[500000] = '\0';
    begin_root();
    add_chosen(name);
    tree_node(&tree, name);
    for (uint32_t i = 0; i < MANY; i++) {
        tree_node(&tree, "");
        tree_node_end(&tree);
    }
    tree_node_end(&tree);
    free(name);
    CHECK(read_in_time());
}
