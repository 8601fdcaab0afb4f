/* test_collection_panics.c - what misuse of the collections ends in, and that nothing is changed by
 * it. */
#include "collections/text.h"
#include "collections/vec.h"
#include "panic_check.h"
#include "test/test.h"

/* --- vec --- */

static VEC(int) vec = VEC_EMPTY;

static void fill_vec(void)
{
    for (int i = 0; i < 3; i++)
        vec_push(&vec, i);
}

TEST(an_insertion_beyond_a_vec_panics)
{
    fill_vec();
    vec_insert(&vec, 3, 3);
    CHECK_PANICS("vec: index 5 is out of bounds: the length is 4", vec_insert(&vec, 5, 1));
    CHECK_PANICS("vec: index 5 is out of bounds", (void)vec_try_insert(&vec, 5, 1));
    CHECK_EQUAL(vec.length, 4);
    vec_free(&vec);
}

TEST(a_removal_beyond_a_vec_panics)
{
    fill_vec();
    CHECK_PANICS("vec: index 3 is out of bounds: the length is 3", (void)vec_remove(&vec, 3));
    CHECK_PANICS("vec: index 3 is out of bounds", (void)vec_swap_remove(&vec, 3));
    CHECK_EQUAL(vec.length, 3);
    vec_clear(&vec);
    CHECK_PANICS("vec: index 0 is out of bounds: the length is 0", (void)vec_remove(&vec, 0));
    vec_free(&vec);
}

TEST(a_reserve_that_overflows_ends_in_the_allocation_error_handler)
{
    fill_vec();
    CHECK_PANICS("layout of 18446744073709551615 bytes aligned to 4, which is not a valid layout",
                 vec_reserve(&vec, SIZE_MAX));
    CHECK_PANICS("which is not a valid layout", vec_reserve(&vec, SIZE_MAX / 4));
    CHECK_PANICS("no block for a layout of 40000012 bytes", vec_reserve(&vec, 10000000));
    CHECK_EQUAL(vec.length, 3);
    vec_free(&vec);
}

/* --- text --- */

TEST(a_position_beyond_a_text_panics)
{
    static struct text text = TEXT_EMPTY;

    text_append(&text, "abc");
    CHECK_PANICS("text: index 4 is out of bounds: the length is 3", text_insert(&text, 4, "x"));
    CHECK_PANICS("text: index 4 is out of bounds", (void)text_try_insert(&text, 4, "x"));
    CHECK_PANICS("text: 1 bytes from 3 are out of bounds: the length is 3",
                 text_remove(&text, 3, 1));
    CHECK_PANICS("text: 18446744073709551615 bytes from 1 are out",
                 text_remove(&text, 1, SIZE_MAX));
    CHECK_PANICS("text: 0 bytes from 4 are out of bounds", text_remove(&text, 4, 0));
    CHECK_PANICS("vec: index 3 is out of bounds: the length is 3", (void)vec_at(&text, 3));
    CHECK_EQUAL(text.length, 3);
    text_free(&text);
}

TEST(a_text_without_memory_ends_in_the_allocation_error_handler)
{
    static struct text text = TEXT_EMPTY;

    CHECK_PANICS("no block for a layout of 100000001 bytes aligned to 1",
                 text_reserve(&text, 100000000));
    CHECK_PANICS("no block for a layout of 18446744073709551615 bytes",
                 text_reserve(&text, SIZE_MAX));
    CHECK_PANICS("bytes aligned to 1", while (true) text_format(&text, "%9999d", 1));
    CHECK(text.length > 0 && text.length % 9999 == 0);
    text_free(&text);
}
