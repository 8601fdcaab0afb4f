/* test_text.c - Text. Each test leaves the heap as it was. */
#include "collections/text.h"

#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "test/pure/boxed.h"
#include "test/test.h"

static void check_text(const struct text *text, const char *expected)
{
    CHECK(strcmp(text_string(text), expected) == 0);
    CHECK_EQUAL(text->length, strlen(expected));
    CHECK(text->capacity == 0 ? text->data == NULL : text->length < text->capacity);
}

/* --- a model: what the text must be --- */

enum { MOST = 200 };

static char model[MOST + 1];

static void model_insert(size_t index, const char *string)
{
    const size_t count = strlen(string);
    memmove(&model[index + count], &model[index], strlen(model) - index + 1);
    for (size_t i = 0; i < count; i++)
        model[index + i] = string[i];
}

static void model_remove(size_t index, size_t count)
{
    memmove(&model[index], &model[index + count], strlen(model) - index - count + 1);
}

static void do_append_itself(struct text *text, size_t index)
{
    char part[MOST + 1];
    memcpy(part, &model[index], sizeof part - index);
    TRY_AT_EVERY_ALLOCATION(text_try_append(text, text_string(text) + index),
                            check_text(text, model));
    model_insert(strlen(model), part);
}

static void do_format(struct text *text, int number)
{
    char part[40];
    ksnprintf(part, sizeof part, "<%+d %s %x>", number, "of", (unsigned)number);
    TRY_AT_EVERY_ALLOCATION(text_try_format(text, "<%+d %s %x>", number, "of", (unsigned)number),
                            check_text(text, model));
    model_insert(strlen(model), part);
}

static void do_clone(struct text *text)
{
    struct text copy = TEXT_EMPTY;
    TRY_AT_EVERY_ALLOCATION(text_try_clone(&copy, text),
                            CHECK(copy.data == NULL && copy.capacity == 0));
    CHECK_EQUAL(text_compare(&copy, text), 0);
    text_free(text);
    *text = copy;
}

static void do_shrink(struct text *text, unsigned failing)
{
    fail_alloc_after(failing);
    text_shrink(text);
    CHECK(fail_alloc_stop() || text->capacity == (text->length > 0 ? text->length + 1 : 0));
}

static void do_pop(struct text *text)
{
    char byte = 0;
    const size_t length = strlen(model);
    CHECK_EQUAL(text_pop(text, &byte), length > 0);
    if (length == 0)
        return;
    CHECK_EQUAL(byte, model[length - 1]);
    model[length - 1] = '\0';
}

static void step(struct text *text, uint64_t *seed)
{
    static const char *const words[] = {"", "a", "be", "grün", "longer than the others"};
    const char *const word = words[test_random(seed) % 5];
    const size_t length = strlen(model), any = test_random(seed) % (length + 1);

    if (length > MOST / 3) {
        text_truncate(text, any / 4);
        model[any / 4] = '\0';
        return;
    }
    switch (test_random(seed) % 12) {
    case 0:
        TRY_AT_EVERY_ALLOCATION(text_try_push(text, 'x'), check_text(text, model));
        model_insert(length, "x");
        break;
    case 1:
    case 2:
        TRY_AT_EVERY_ALLOCATION(text_try_append(text, word), check_text(text, model));
        model_insert(length, word);
        break;
    case 3:
    case 4:
        TRY_AT_EVERY_ALLOCATION(text_try_insert(text, any, word), check_text(text, model));
        model_insert(any, word);
        break;
    case 5:
        do_append_itself(text, any);
        break;
    case 6:
        do_format(text, (int)any - 20);
        break;
    case 7:
        text_remove(text, any, (length - any) / 2);
        model_remove(any, (length - any) / 2);
        break;
    case 8:
        do_clone(text);
        break;
    case 9:
        do_shrink(text, any % 2);
        break;
    case 10:
        TRY_AT_EVERY_ALLOCATION(text_try_reserve(text, any), check_text(text, model));
        CHECK(text->capacity > text->length + any);
        break;
    default:
        do_pop(text);
    }
}

TEST(a_text_agrees_with_a_plain_string_whichever_allocation_fails)
{
    struct text text = TEXT_EMPTY;
    uint64_t seed = 2;

    begin();
    model[0] = '\0';
    for (int i = 0; i < 3000; i++) {
        step(&text, &seed);
        check_text(&text, model);
    }
    text_free(&text);
    check_text(&text, "");
    check_nothing_is_left();
}

/* --- formatting --- */

TEST(a_format_appends_to_what_is_there)
{
    struct text text = TEXT_EMPTY;

    begin();
    text_format(&text, "hart %u", 3U);
    text_format(&text, "%s", "");
    text_format(&text, ", %5d|%-4s|%p", -7, "up", (void *)16);
    check_text(&text, "hart 3,    -7|up  |0x10");
    text_free(&text);
    check_nothing_is_left();
}

TEST(bytes_are_pushed_one_by_one)
{
    struct text text = TEXT_EMPTY, copy;

    begin();
    for (int i = 0; i < 26; i++)
        text_push(&text, (char)('a' + i));
    text_clone(&copy, &text);
    check_text(&text, "abcdefghijklmnopqrstuvwxyz");
    check_text(&copy, "abcdefghijklmnopqrstuvwxyz");
    text_free(&text);
    text_free(&copy);
    check_nothing_is_left();
}

TEST(a_formatted_text_may_be_longer_than_any_buffer)
{
    struct text text = TEXT_EMPTY;

    begin();
    text_format(&text, "%5000d", 1);
    CHECK(text.length == 5000 && text_string(&text)[4999] == '1' &&
          text_string(&text)[4998] == ' ');
    text_free(&text);
    check_nothing_is_left();
}

/* --- comparing and finding --- */

static struct text text_of(const char *string)
{
    struct text text = TEXT_EMPTY;
    text_append(&text, string);
    return text;
}

TEST(texts_are_ordered_by_their_bytes_and_then_by_their_length)
{
    static const char *const sorted[] = {"", "Z", "a", "aa", "ab", "b", "\xc3\xbc"};
    enum { COUNT = sizeof sorted / sizeof sorted[0] };

    begin();
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < COUNT; j++) {
            SCOPED(text_free) struct text left = text_of(sorted[i]);
            SCOPED(text_free) struct text right = text_of(sorted[j]);
            const int order = text_compare(&left, &right);
            CHECK_EQUAL((order > 0) - (order < 0), (i > j) - (i < j));
        }
    check_nothing_is_left();
}

TEST(a_nul_within_a_text_is_a_byte_like_another)
{
    struct text left = TEXT_EMPTY, right = TEXT_EMPTY;

    begin();
    text_append_bytes(&left, "a\0b", 3);
    text_append_bytes(&right, "a\0c", 3);
    CHECK_EQUAL(left.length, 3);
    CHECK(text_compare(&left, &right) < 0);
    text_append_bytes(&left, NULL, 0);
    CHECK_EQUAL(left.length, 3);
    text_free(&left);
    text_free(&right);
    check_nothing_is_left();
}

TEST(a_string_is_found_wherever_it_begins)
{
    SCOPED(text_free) struct text text = text_of("abracadabra");
    size_t index = 99;

    CHECK(text_find(&text, 0, "abra", &index) && index == 0);
    CHECK(text_find(&text, 1, "abra", &index) && index == 7);
    CHECK(!text_find(&text, 8, "abra", &index) && index == 7);
    CHECK(text_find(&text, 0, "cad", &index) && index == 4);
    CHECK(!text_find(&text, 0, "abracadabrab", &index));
    CHECK(text_find(&text, 11, "", &index) && index == 11);
    CHECK(!text_find(&text, 12, "", &index));
}

TEST(a_byte_that_is_pushed_is_the_last)
{
    struct text text = TEXT_EMPTY;

    begin();
    text_push(&text, 'a');
    text_push(&text, 'b');
    check_text(&text, "ab");
    text_free(&text);
    check_nothing_is_left();
}

TEST(an_empty_text_is_the_empty_string)
{
    struct text text = TEXT_EMPTY, copy;
    size_t index = 99;
    char byte = 'x';

    begin();
    check_text(&text, "");
    CHECK(!text_pop(&text, &byte) && byte == 'x');
    CHECK(!text_find(&text, 0, "a", &index));
    text_clear(&text);
    text_remove(&text, 0, 0);
    text_clone(&copy, &text);
    check_text(&copy, "");
    text_append(&text, "");
    check_text(&text, "");
    text_free(&text);
    check_nothing_is_left();
}

/* --- with vec --- */

TEST(the_verbs_of_vec_that_read_serve_a_text)
{
    SCOPED(text_free) struct text text = text_of("abc");
    int sum = 0;

    vec_for_each (byte, &text)
        sum += *byte;
    CHECK_EQUAL(sum, 'a' + 'b' + 'c');
    CHECK_EQUAL(*vec_at(&text, 2), 'c');
}

TEST(a_vec_of_texts_sorts_clones_and_frees_them)
{
    VEC(struct text) lines = VEC_DROPPING(text_free), copy = VEC_EMPTY;

    begin();
    for (unsigned i = 0; i < 10; i++) {
        struct text line = TEXT_EMPTY;
        text_format(&line, "line %u", i * 7 % 10);
        vec_push(&lines, line);
    }
    TRY_AT_EVERY_ALLOCATION(vec_try_clone(&copy, &lines, text_try_clone), CHECK(copy.data == NULL));
    vec_free(&lines);
    vec_sort(&copy, text_compare);
    check_text(vec_at(&copy, 0), "line 0");
    check_text(vec_at(&copy, 9), "line 9");
    vec_free(&copy);
    check_nothing_is_left();
}

TEST(a_text_whose_length_overflows_is_refused)
{
    struct text text = TEXT_EMPTY;

    begin();
    text_append(&text, "abc");
    CHECK_EQUAL(text_try_reserve(&text, SIZE_MAX), -ENOMEM);
    CHECK_EQUAL(text_try_reserve(&text, SIZE_MAX - 1), -ENOMEM);
    CHECK_EQUAL(text_try_reserve(&text, PTRDIFF_MAX), -ENOMEM);
    CHECK_EQUAL(text_try_append_bytes(&text, "x", SIZE_MAX), -ENOMEM);
    check_text(&text, "abc");
    text_free(&text);
    check_nothing_is_left();
}
