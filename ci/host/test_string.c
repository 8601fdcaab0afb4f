/* test_string.c - the kernel's string functions against those of the host. */
#include <stdint.h>
#include <string.h>

#include "test/test.h"

/* The kernel's functions under names of their own. */
#define memcpy  kernel_memcpy
#define memmove kernel_memmove
#define memset  kernel_memset
#define memcmp  kernel_memcmp
#define memchr  kernel_memchr
#define strlen  kernel_strlen
#define strcmp  kernel_strcmp
#define strncmp kernel_strncmp
#include "lib/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strcmp
#undef strncmp

enum { ALIGNS = 16, SIZES = 131, ROOM = 256 };

static _Alignas(16) uint8_t source[ROOM], kernel_out[ROOM], host_out[ROOM];

static void fill(void)
{
    for (size_t i = 0; i < ROOM; i++) {
        source[i] = (uint8_t)(i * 37 + 11);
        kernel_out[i] = host_out[i] = (uint8_t)(i * 91 + 5);
    }
}

/* The whole room, so that a byte written beyond the size is seen. */
static bool outs_agree(void)
{
    return memcmp(kernel_out, host_out, ROOM) == 0;
}

static int sign(int number)
{
    return (number > 0) - (number < 0);
}

/* Or all tests here would compare them with themselves: string.c must not be linked as well. */
TEST(the_functions_compared_with_are_not_the_kernels)
{
    extern const char __executable_start[], _end[];
    const uintptr_t start = (uintptr_t)__executable_start, end = (uintptr_t)_end;
    CHECK((uintptr_t)memcpy < start || (uintptr_t)memcpy >= end);
    CHECK((uintptr_t)strncmp < start || (uintptr_t)strncmp >= end);
}

TEST(memcpy_copies_every_size_from_and_to_every_alignment)
{
    for (size_t to = 0; to < ALIGNS; to++)
        for (size_t from = 0; from < ALIGNS; from++)
            for (size_t size = 0; size < SIZES; size++) {
                fill();
                memcpy(host_out + to, source + from, size);
                CHECK(kernel_memcpy(kernel_out + to, source + from, size) == kernel_out + to);
                CHECK(outs_agree());
            }
}

TEST(memmove_moves_every_size_over_every_distance)
{
    for (size_t to = 0; to < 40; to++)
        for (size_t from = 0; from < 40; from++)
            for (size_t size = 0; size < SIZES; size++) {
                fill();
                memmove(host_out + to, host_out + from, size);
                CHECK(kernel_memmove(kernel_out + to, kernel_out + from, size) == kernel_out + to);
                CHECK(outs_agree());
            }
}

TEST(memset_sets_every_size_at_every_alignment)
{
    for (size_t to = 0; to < ALIGNS; to++)
        for (size_t size = 0; size < SIZES; size++) {
            fill();
            memset(host_out + to, 0xc3, size);
            CHECK(kernel_memset(kernel_out + to, 0xc3, size) == kernel_out + to);
            CHECK(outs_agree());
        }
}

TEST(memset_takes_the_low_byte_of_its_number)
{
    static const int bytes[] = {0, 1, 0x7f, 0x80, 0xff, 0x100, 0x1234, -1, -128, INT32_MIN};
    for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++) {
        fill();
        memset(host_out + 3, bytes[i], 100);
        kernel_memset(kernel_out + 3, bytes[i], 100);
        CHECK(outs_agree());
    }
}

TEST(memcmp_finds_a_difference_wherever_it_is)
{
    for (size_t size = 0; size < SIZES; size++)
        for (size_t at = 0; at <= size; at++) {
            fill();
            memcpy(host_out, source, ROOM);
            host_out[at] = (uint8_t)(source[at] + 0x80);
            CHECK(sign(kernel_memcmp(source, host_out, size)) ==
                  sign(memcmp(source, host_out, size)));
            CHECK(sign(kernel_memcmp(host_out, source, size)) ==
                  sign(memcmp(host_out, source, size)));
        }
}

TEST(memcmp_compares_unsigned_bytes)
{
    for (int left = 0; left < 256; left++)
        for (int right = 0; right < 256; right++) {
            const uint8_t a = (uint8_t)left, b = (uint8_t)right;
            CHECK_EQUAL(sign(kernel_memcmp(&a, &b, 1)), sign(left - right));
        }
}

TEST(memchr_finds_the_first_of_each_byte_up_to_the_limit)
{
    fill();
    for (size_t i = 0; i < ROOM; i++)
        source[i] = (uint8_t)(i / 2);
    for (int byte = 0; byte < 256; byte++)
        for (size_t size = 0; size <= ROOM; size += 5)
            CHECK(kernel_memchr(source, byte, size) == memchr(source, byte, size));
}

TEST(memchr_takes_the_low_byte_of_its_number)
{
    fill();
    CHECK(kernel_memchr(source, source[9] + 256, ROOM) == memchr(source, source[9], ROOM));
    CHECK(kernel_memchr(source, source[9] - 256, ROOM) == memchr(source, source[9], ROOM));
}

TEST(memchr_reads_nothing_beyond_its_limit)
{
    static const uint8_t bytes[4] = {1, 2, 3, 4};
    CHECK(kernel_memchr(bytes, 9, sizeof bytes) == NULL);
    CHECK(kernel_memchr(bytes, 1, 0) == NULL);
}

TEST(strlen_counts_up_to_the_nul)
{
    for (size_t length = 0; length < SIZES; length++) {
        char text[SIZES];
        memset(text, 'x', sizeof text);
        text[length] = '\0';
        CHECK_EQUAL(kernel_strlen(text), length);
    }
}

static const char *const words[] = {
    "", "a", "b", "ab", "aa", "abc", "abd", "abcd", "\x80", "\xff", "a\xff", "a\x7f", "abc\0d",
};
enum { WORDS = sizeof words / sizeof words[0] };

TEST(strcmp_orders_as_the_hosts_does)
{
    for (size_t i = 0; i < WORDS; i++)
        for (size_t k = 0; k < WORDS; k++)
            CHECK_EQUAL(sign(kernel_strcmp(words[i], words[k])), sign(strcmp(words[i], words[k])));
}

TEST(strncmp_orders_as_the_hosts_does_under_every_limit)
{
    for (size_t i = 0; i < WORDS; i++)
        for (size_t k = 0; k < WORDS; k++)
            for (size_t limit = 0; limit < 7; limit++)
                CHECK_EQUAL(sign(kernel_strncmp(words[i], words[k], limit)),
                            sign(strncmp(words[i], words[k], limit)));
}

TEST(strncmp_reads_nothing_beyond_its_limit)
{
    static const char open[3] = {'a', 'b', 'c'};
    CHECK_EQUAL(kernel_strncmp(open, "abcd", sizeof open), 0);
    CHECK(kernel_strncmp(open, "abd", sizeof open) < 0);
}
