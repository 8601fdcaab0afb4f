/* test_bits_dlist.c - bit positions, rounding and the intrusive list. */
#include "lib/bits.h"
#include "lib/dlist.h"
#include "test/test.h"

TEST(only_powers_of_two_are_powers_of_two)
{
    CHECK(!is_power_of_two(0));
    for (unsigned bit = 0; bit < 64; bit++) {
        const size_t power = (size_t)1 << bit;
        CHECK(is_power_of_two(power));
        CHECK(!is_power_of_two(power | power / 2) || bit == 0);
        CHECK(!is_power_of_two(power | 1) || bit == 0);
    }
    CHECK(!is_power_of_two(SIZE_MAX));
}

TEST(the_highest_bit_is_found_at_every_position)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        const uint64_t lowest = UINT64_C(1) << bit;
        CHECK_EQUAL(highest_bit(lowest), bit);
        CHECK_EQUAL(highest_bit(lowest | (lowest - 1)), bit);
    }
}

TEST(the_lowest_bit_is_found_at_every_position)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        const uint64_t lowest = UINT64_C(1) << bit;
        CHECK_EQUAL(lowest_bit(lowest), bit);
        CHECK_EQUAL(lowest_bit(-lowest), bit);
    }
}

/* At -O2 a compiler may work out the two tests above by itself; what it cannot know, it computes.
 */
TEST(bit_positions_agree_with_shifting_for_random_numbers)
{
    uint64_t state = 1;

    for (int i = 0; i < 1000; i++) {
        const uint64_t number = test_random(&state) >> (i % 64) | 1;
        CHECK(number >> highest_bit(number) == 1);
        const uint64_t shifted = number << (i % 64);
        if (shifted != 0) {
            CHECK(shifted >> lowest_bit(shifted) << lowest_bit(shifted) == shifted);
            CHECK(shifted >> lowest_bit(shifted) & 1);
        }
    }
}

TEST(rounding_gives_the_nearest_multiple_on_each_side)
{
    for (size_t align = 1; align <= 64; align *= 2)
        for (size_t n = 0; n < 200; n++) {
            CHECK(align_up(n, align) % align == 0);
            CHECK(align_down(n, align) % align == 0);
            CHECK(align_up(n, align) >= n && align_up(n, align) - n < align);
            CHECK(align_down(n, align) <= n && n - align_down(n, align) < align);
        }
}

TEST(rounding_works_at_the_end_of_the_address_space)
{
    CHECK(align_down(SIZE_MAX, 4096) == SIZE_MAX - 4095);
    CHECK(align_up(SIZE_MAX - 4095, 4096) == SIZE_MAX - 4095);
}

TEST(a_new_list_is_empty)
{
    struct dlist_node head;

    dlist_init(&head);
    CHECK(dlist_is_empty(&head));
    CHECK(head.prev == &head);
}

TEST(a_list_holds_what_was_pushed_last_first)
{
    struct dlist_node head, nodes[3];

    dlist_init(&head);
    for (int i = 0; i < 3; i++)
        dlist_push_front(&head, &nodes[i]);
    CHECK(!dlist_is_empty(&head));
    CHECK(head.next == &nodes[2] && nodes[2].next == &nodes[1]);
    CHECK(nodes[1].next == &nodes[0] && nodes[0].next == &head);
}

TEST(a_list_reads_the_same_backwards)
{
    struct dlist_node head, nodes[3];

    dlist_init(&head);
    for (int i = 0; i < 3; i++)
        dlist_push_front(&head, &nodes[i]);
    CHECK(head.prev == &nodes[0] && nodes[0].prev == &nodes[1]);
    CHECK(nodes[1].prev == &nodes[2] && nodes[2].prev == &head);
}

/* Removes node `gone` of three: the other two remain, in their order. */
static void check_removed(int gone)
{
    struct dlist_node head, nodes[3];
    const struct dlist_node *at = &head;

    dlist_init(&head);
    for (int i = 0; i < 3; i++)
        dlist_push_front(&head, &nodes[i]);
    dlist_remove(&nodes[gone]);
    for (int i = 2; i >= 0; i--)
        if (i != gone) {
            CHECK(at->next == &nodes[i] && nodes[i].prev == at);
            at = at->next;
        }
    CHECK(at->next == &head && head.prev == at);
}

TEST(a_node_is_removed_wherever_it_stands)
{
    for (int gone = 0; gone < 3; gone++)
        check_removed(gone);
}

TEST(a_list_is_empty_when_its_only_node_is_removed)
{
    struct dlist_node head, node;

    dlist_init(&head);
    dlist_push_front(&head, &node);
    dlist_remove(&node);
    CHECK(dlist_is_empty(&head));
    CHECK(head.prev == &head);
}

struct listed {
    int number;
    struct dlist_node link;
};

TEST(a_dlist_is_gone_through_by_what_is_listed)
{
    struct dlist_node head;
    struct listed listed[4];
    int expected = 0;

    dlist_init(&head);
    for (int i = 0; i < 4; i++) {
        listed[i].number = i;
        dlist_push_back(&head, &listed[i].link);
    }
    dlist_for_each (node, &head) {
        CHECK(DLIST_ENTRY(node, struct listed, link) == &listed[expected]);
        CHECK_EQUAL(DLIST_ENTRY(node, struct listed, link)->number, expected++);
    }
    CHECK_EQUAL(expected, 4);
}

TEST(a_ring_is_spliced_in_as_a_whole)
{
    struct dlist_node head, nodes[5];
    const int order[] = {0, 2, 3, 4, 1};
    const struct dlist_node *at = &head;

    dlist_init(&head);
    dlist_push_back(&head, &nodes[0]);
    dlist_push_back(&head, &nodes[1]);
    dlist_init(&nodes[2]); /* a ring of three, without a head */
    dlist_push_back(&nodes[2], &nodes[3]);
    dlist_push_back(&nodes[2], &nodes[4]);
    dlist_splice(&nodes[1], &nodes[2]);
    for (int i = 0; i < 5; i++, at = at->next)
        CHECK(at->next == &nodes[order[i]] && at->next->prev == at);
    CHECK(at->next == &head && head.prev == at);
}
