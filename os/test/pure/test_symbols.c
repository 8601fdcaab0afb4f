/* test_symbols.c - names of functions by address. */
#include "lib/string.h"
#include "lib/symbols.h"
#include "test/test.h"

static const char names[] = "start\0main\0last";
static const struct symbol symbols[] = {{16, 0}, {100, 6}, {104, 11}};
enum { SYMBOLS = 3 };

static void check_symbol(uint32_t offset, const char *name, uint32_t distance)
{
    uint32_t found = 0;
    const char *const text = symbol_name(symbols, SYMBOLS, names, offset, &found);
    CHECK(text != NULL);
    CHECK(strcmp(text, name) == 0);
    CHECK_EQUAL(found, distance);
}

TEST(a_symbol_is_found_at_its_first_byte)
{
    check_symbol(16, "start", 0);
    check_symbol(100, "main", 0);
    check_symbol(104, "last", 0);
}

TEST(a_symbol_reaches_to_the_next_one)
{
    check_symbol(17, "start", 1);
    check_symbol(99, "start", 83);
    check_symbol(103, "main", 3);
}

TEST(the_last_symbol_reaches_to_the_end)
{
    check_symbol(UINT32_MAX, "last", UINT32_MAX - 104);
}

TEST(below_the_first_symbol_there_is_no_name)
{
    uint32_t distance = 7;
    CHECK(symbol_name(symbols, SYMBOLS, names, 15, &distance) == NULL);
    CHECK(symbol_name(symbols, SYMBOLS, names, 0, &distance) == NULL);
}

TEST(an_empty_symbol_table_has_no_names)
{
    uint32_t distance = 7;
    CHECK(symbol_name(symbols, 0, names, 50, &distance) == NULL);
}

TEST(of_two_symbols_at_one_place_the_last_is_named)
{
    static const struct symbol twins[] = {{8, 0}, {8, 6}};
    uint32_t distance = 7;
    CHECK(symbol_name(twins, 2, names, 8, &distance) == names + 6);
    CHECK_EQUAL(distance, 0);
}

/* Symbol i begins at 10 * i and is named by the i-th character of a text. */
TEST(symbols_are_found_in_tables_of_every_length)
{
    enum { MOST = 20 };
    static const char text[MOST] = "abcdefghijklmnopqrs";
    struct symbol table[MOST];

    for (uint32_t i = 0; i < MOST; i++)
        table[i] = (struct symbol){10 * i, i};
    for (uint32_t count = 1; count <= MOST; count++)
        for (uint32_t offset = 0; offset < 10 * count; offset++) {
            uint32_t distance = 0;
            CHECK(symbol_name(table, count, text, offset, &distance) == text + offset / 10);
            CHECK_EQUAL(distance, offset % 10);
        }
}
