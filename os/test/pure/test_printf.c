/* test_printf.c - formatted text against the text expected. */
#include "lib/printf.h"
#include "lib/string.h"
#include "test/test.h"

static char text[128];

/* The compiler does not check these formats: some are wrong on purpose. */
static int format(const char *pattern, ...)
{
    va_list arguments;
    va_start(arguments, pattern);
    const int length = kvsnprintf(text, sizeof text, pattern, arguments);
    va_end(arguments);
    return length;
}

/* PRINTS("expected", "format", arguments...): both the text and the length returned. */
#define PRINTS(expected, ...)                                                                      \
    do {                                                                                           \
        const int length_ = format(__VA_ARGS__);                                                   \
        CHECK(strcmp(text, expected) == 0);                                                        \
        CHECK_EQUAL(length_, sizeof expected - 1);                                                 \
    } while (0)

TEST(plain_text_is_printed_as_it_stands)
{
    PRINTS("", "");
    PRINTS("a heap of memory\n", "a heap of memory\n");
}

TEST(signed_numbers_are_printed_in_decimal)
{
    PRINTS("0 7 -7", "%d %i %d", 0, 7, -7);
    PRINTS("2147483647 -2147483648", "%d %d", INT32_MAX, INT32_MIN);
}

TEST(unsigned_numbers_are_printed_in_decimal)
{
    PRINTS("0 4294967295", "%u %u", 0U, UINT32_MAX);
}

TEST(hexadecimal_is_printed_in_either_case)
{
    PRINTS("0 deadbeef DEADBEEF", "%x %x %X", 0U, 0xdeadbeefU, 0xdeadbeefU);
}

TEST(numbers_of_64_bits_are_printed_whole)
{
    PRINTS("9223372036854775807", "%ld", INT64_MAX);
    PRINTS("-9223372036854775808", "%ld", INT64_MIN);
    PRINTS("18446744073709551615", "%lu", UINT64_MAX);
    PRINTS("ffffffffffffffff", "%lx", UINT64_MAX);
}

TEST(the_lengths_l_ll_z_t_and_j_are_64_bits)
{
    PRINTS("-5000000000 -5000000000", "%ld %lld", -5000000000L, -5000000000LL);
    PRINTS("-5000000000 -5000000000", "%td %jd", (ptrdiff_t)-5000000000, (intmax_t)-5000000000);
    PRINTS("5000000000 5000000000", "%zu %ju", (size_t)5000000000, (uintmax_t)5000000000);
    PRINTS("12a05f200 12A05F200", "%llx %zX", 5000000000ULL, (size_t)5000000000);
}

TEST(the_length_h_cuts_to_16_bits)
{
    PRINTS("-1 65535 ffff 4464", "%hd %hu %hx %hd", 65535, 65535, 0xaffff, 70000);
}

TEST(the_length_hh_cuts_to_8_bits)
{
    PRINTS("-1 255 ff 44", "%hhd %hhu %hhx %hhd", 255, 255, 0xaff, 300);
}

TEST(characters_are_printed_alone)
{
    PRINTS("ab", "%c%c", 'a', 'b');
    CHECK_EQUAL(format("%c", '\0'), 1);
}

TEST(strings_are_printed_to_their_end)
{
    PRINTS("one  two", "%s %s %s", "one", "", "two");
}

TEST(a_null_string_is_printed_as_such)
{
    PRINTS("(null)", "%s", (const char *)NULL);
}

TEST(pointers_are_printed_in_hexadecimal_with_a_prefix)
{
    PRINTS("0x0", "%p", (void *)NULL);
    PRINTS("0xffffffc080200000", "%p", (void *)(uintptr_t)0xffffffc080200000);
}

TEST(a_percent_sign_is_printed_by_two)
{
    PRINTS("100%", "%d%%", 100);
}

TEST(a_width_fills_with_blanks_on_the_left)
{
    PRINTS("   42|  -42|    x|  str|  ff", "%5d|%5d|%5c|%5s|%4x", 42, -42, 'x', "str", 0xff);
    PRINTS("  0x1f", "%6p", (void *)(uintptr_t)0x1f);
}

TEST(a_width_never_cuts)
{
    PRINTS("12345|-12345|string", "%2d|%3d|%3s", 12345, -12345, "string");
}

TEST(a_minus_fills_on_the_right)
{
    PRINTS("42   |-42  |x    |str  |", "%-5d|%-5d|%-5c|%-5s|", 42, -42, 'x', "str");
}

TEST(a_zero_fills_between_the_sign_and_the_digits)
{
    PRINTS("00042|-0042|+0042", "%05d|%05d|%+05d", 42, -42, 42);
    PRINTS("0x001f|00ff", "%06p|%04x", (void *)(uintptr_t)0x1f, 0xff);
}

TEST(a_zero_means_nothing_for_text)
{
    PRINTS("  str|    c", "%05s|%05c", "str", 'c');
}

TEST(a_zero_means_nothing_on_the_right)
{
    PRINTS("42   |", "%-05d|", 42);
    PRINTS("42   |", "%0-5d|", 42);
}

TEST(a_plus_marks_numbers_that_are_not_negative)
{
    PRINTS("+7 +0 -7", "%+d %+d %+d", 7, 0, -7);
}

TEST(a_precision_cuts_a_string)
{
    PRINTS("abc||abcdef|  ab", "%.3s|%.0s|%.9s|%4.2s", "abcdef", "abcdef", "abcdef", "abcdef");
}

TEST(a_precision_reads_no_further_than_it_says)
{
    static const char open[3] = {'a', 'b', 'c'};
    PRINTS("abc", "%.3s", open);
}

TEST(an_unknown_conversion_is_printed_as_it_stands)
{
    PRINTS("%q|%5y|%-08lk", "%q|%5y|%-08lk");
}

TEST(after_an_unknown_conversion_the_rest_is_printed)
{
    PRINTS("%w then 3", "%w then %d", 3);
}

TEST(a_format_may_end_in_a_conversion_that_is_not_complete)
{
    PRINTS("%", "%");
    PRINTS("50%5l", "50%5l");
}

TEST(a_huge_width_does_not_overflow)
{
    CHECK_EQUAL(format("%99999d", 1), 99999);
    CHECK_EQUAL(strlen(text), sizeof text - 1);
    PRINTS("%99999999999999999999d", "%99999999999999999999d");
}

TEST(text_that_is_cut_ends_in_nul_and_has_its_whole_length)
{
    char buffer[8] = "???????";
    CHECK_EQUAL(ksnprintf(buffer, 5, "%s", "0123456789"), 10);
    CHECK(memcmp(buffer, "0123\0??", 8) == 0);
}

TEST(text_that_just_fits_is_not_cut)
{
    char buffer[5];
    CHECK_EQUAL(ksnprintf(buffer, sizeof buffer, "%d", 1234), 4);
    CHECK(strcmp(buffer, "1234") == 0);
}

TEST(a_buffer_of_one_byte_gets_the_nul_alone)
{
    char buffer[2] = "?";
    CHECK_EQUAL(ksnprintf(buffer, 1, "%d", 1234), 4);
    CHECK(buffer[0] == '\0' && buffer[1] == '\0');
}

TEST(a_buffer_of_no_bytes_is_not_written)
{
    char buffer[1] = {'?'};
    CHECK_EQUAL(ksnprintf(buffer, 0, "%d", 1234), 4);
    CHECK(buffer[0] == '?');
}

static void count_character(char character, void *context)
{
    size_t *const counts = context;
    counts[character == 'x' ? 0 : 1]++;
}

static int format_by_character(size_t counts[2], const char *pattern, ...)
{
    va_list arguments;
    va_start(arguments, pattern);
    const int length = kvformat(count_character, counts, pattern, arguments);
    va_end(arguments);
    return length;
}

TEST(each_character_is_handed_out_once)
{
    size_t counts[2] = {0, 0};
    CHECK_EQUAL(format_by_character(counts, "%sx%3d", "xxx", 5), 7);
    CHECK_EQUAL(counts[0], 4);
    CHECK_EQUAL(counts[1], 3);
}
