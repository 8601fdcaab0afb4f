/* test_bootargs.c - the kernel's command line. */
#include "lib/bootargs.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "test/test.h"

static struct bootargs args;
static char why[160];

static void parse(const char *text)
{
    CHECK_EQUAL(bootargs_parse(&args, text, why, sizeof why), 0);
}

static void check_refused(const char *text, const char *reason)
{
    CHECK_EQUAL(bootargs_parse(&args, text, why, sizeof why), -EINVAL);
    CHECK(strcmp(why, reason) == 0);
}

TEST(an_empty_command_line_gives_the_defaults)
{
    parse("");
    CHECK_EQUAL(args.level, LOG_INFO);
    CHECK(args.test[0] == '\0');
}

TEST(blanks_alone_give_the_defaults)
{
    parse("    ");
    CHECK_EQUAL(args.level, LOG_INFO);
    CHECK(args.test[0] == '\0');
}

TEST(each_log_level_is_known_by_its_name)
{
    parse("log=error");
    CHECK_EQUAL(args.level, LOG_ERROR);
    parse("log=warn");
    CHECK_EQUAL(args.level, LOG_WARN);
    parse("log=info");
    CHECK_EQUAL(args.level, LOG_INFO);
    parse("log=debug");
    CHECK_EQUAL(args.level, LOG_DEBUG);
}

TEST(a_test_is_chosen_by_its_name)
{
    parse("test=many_boxes");
    CHECK(strcmp(args.test, "many_boxes") == 0);
}

TEST(words_may_stand_among_many_blanks)
{
    parse("  log=warn   test=large_vec ");
    CHECK_EQUAL(args.level, LOG_WARN);
    CHECK(strcmp(args.test, "large_vec") == 0);
}

TEST(the_last_word_of_a_kind_counts)
{
    parse("log=error test=a log=debug test=b");
    CHECK_EQUAL(args.level, LOG_DEBUG);
    CHECK(strcmp(args.test, "b") == 0);
}

TEST(nothing_is_left_of_an_earlier_command_line)
{
    parse("log=error test=abc");
    parse("");
    CHECK_EQUAL(args.level, LOG_INFO);
    CHECK(args.test[0] == '\0');
}

TEST(an_unknown_word_is_named)
{
    check_refused("colour=red",
                  "unknown bootarg \"colour=red\": known are log=LEVEL and test=NAME");
}

TEST(an_unknown_word_is_named_alone_among_good_ones)
{
    check_refused("log=info quiet test=a",
                  "unknown bootarg \"quiet\": known are log=LEVEL and test=NAME");
}

TEST(an_unknown_log_level_is_named)
{
    check_refused("log=loud",
                  "unknown bootarg \"log=loud\": log= takes error, warn, info or debug");
}

TEST(a_log_level_must_be_the_whole_word)
{
    check_refused("log=infos",
                  "unknown bootarg \"log=infos\": log= takes error, warn, info or debug");
    check_refused("log=inf", "unknown bootarg \"log=inf\": log= takes error, warn, info or debug");
    check_refused("log=", "unknown bootarg \"log=\": log= takes error, warn, info or debug");
}

TEST(a_known_name_without_its_value_is_unknown)
{
    check_refused("log", "unknown bootarg \"log\": known are log=LEVEL and test=NAME");
}

TEST(a_test_must_have_a_name)
{
    check_refused("test=", "unknown bootarg \"test=\": test= takes a test's name");
}

/* "test=" and `length` letters. */
static const char *test_word(size_t length)
{
    static char word[200];
    memcpy(word, "test=", 5);
    memset(word + 5, 'x', length);
    word[5 + length] = '\0';
    return word;
}

TEST(a_test_name_of_79_letters_fits)
{
    parse(test_word(TEST_NAME_SIZE - 1));
    CHECK_EQUAL(strlen(args.test), TEST_NAME_SIZE - 1);
}

TEST(a_test_name_of_80_letters_is_refused)
{
    check_refused(test_word(TEST_NAME_SIZE),
                  "unknown bootarg \"test=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\": "
                  "test= takes a test's name");
}

TEST(a_long_unknown_word_is_cut_after_40_letters)
{
    check_refused("0123456789012345678901234567890123456789A",
                  "unknown bootarg \"0123456789012345678901234567890123456789\": "
                  "known are log=LEVEL and test=NAME");
}

TEST(the_reason_is_cut_to_its_buffer)
{
    char small[8] = "???????";
    CHECK_EQUAL(bootargs_parse(&args, "bad", small, sizeof small - 1), -EINVAL);
    CHECK(memcmp(small, "unknow\0", 7) == 0);
    CHECK(small[7] == '\0');
}
