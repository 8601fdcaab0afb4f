/* user.c - a program that is no kernel uses every collection, on its own malloc. */
#include <stdio.h>

#include "collections/arc.h"
#include "collections/binary_heap.h"
#include "collections/box.h"
#include "collections/btree_map.h"
#include "collections/btree_set.h"
#include "collections/deque.h"
#include "collections/hash_map.h"
#include "collections/linked_list.h"
#include "collections/mutex.h"
#include "collections/rc.h"
#include "collections/ref_cell.h"
#include "collections/scoped.h"
#include "collections/text.h"
#include "collections/vec.h"

struct point {
    int x, y;
};

static int boxes(void)
{
    SCOPED_BOX(struct point, box, box_new(struct point, ((struct point){1, 2})));
    SCOPED_BOX(struct point, copy, box_clone(box, NULL));
    return box->x + copy->y;
}

static int counted(void)
{
    SCOPED(rc_end) int *const rc = rc_new(int, 1);
    SCOPED(rc_end) int *const again = rc_clone(rc);
    SCOPED(arc_end) int *const arc = arc_new(int, 2);
    SCOPED(arc_weak_free) ARC_WEAK(int) weak = ARC_WEAK_EMPTY;
    arc_downgrade(&weak, arc);
    SCOPED(arc_end) int *const upgraded = arc_upgrade(&weak);
    return *again + *upgraded;
}

static int guarded(void)
{
    REF_CELL(int) cell = REF_CELL_OF(1);
    MUTEX(int) mutex = MUTEX_OF(2);
    SCOPED_BORROW_MUT(borrowed, &cell);
    SCOPED_LOCK(held, &mutex);
    return *borrowed + *held;
}

static int vectors(void)
{
    SCOPED(vec_free) VEC(int) vec = VEC_EMPTY;
    int sum = 0;

    for (int i = 0; i < 3; i++)
        vec_push(&vec, i);
    vec_for_each (number, &vec)
        sum += *number;
    return sum;
}

static int texts(void)
{
    SCOPED(text_free) struct text text = TEXT_EMPTY;
    text_format(&text, "%d", 123);
    return (int)text.length;
}

static int queues(void)
{
    SCOPED(deque_free) DEQUE(int) deque = DEQUE_EMPTY;
    SCOPED(linked_list_free) LINKED_LIST(int) list = LINKED_LIST_EMPTY;
    int first = 0, last = 0;

    for (int i = 1; i <= 100; i++) {
        deque_push_back(&deque, i);
        linked_list_push_front(&list, i);
    }
    deque_pop_front(&deque, &first);
    linked_list_pop_back(&list, &last);
    return first + last;
}

static int compare_ints(const void *left, const void *right)
{
    return *(const int *)left - *(const int *)right;
}

static int ordered(void)
{
    SCOPED(binary_heap_free) BINARY_HEAP(int) heap = BINARY_HEAP_EMPTY(compare_ints);
    SCOPED(btree_map_free) BTREE_MAP(int, int) map = BTREE_MAP_EMPTY;
    SCOPED(btree_set_free) BTREE_SET(int) set = BTREE_SET_EMPTY;

    for (int i = 0; i < 100; i++) {
        binary_heap_push(&heap, i * 7 % 100);
        btree_map_insert(&map, i, 2 * i);
        btree_set_insert(&set, i);
    }
    btree_map_remove(&map, 1);
    return *binary_heap_peek(&heap) + *btree_map_get(&map, 50) + btree_set_contains(&set, 99) +
           !btree_map_contains(&map, 1);
}

static int hashed(void)
{
    SCOPED(hash_map_free) HASH_MAP(int, int) map = HASH_MAP_EMPTY;
    int sum = 0;

    for (int i = 0; i < 100; i++)
        hash_map_insert(&map, i, 1);
    hash_map_for_each (entry, &map)
        sum += entry->value;
    return sum;
}

int main(void)
{
    printf("%d %d %d %d %d %d %d %d\n", boxes(), counted(), guarded(), vectors(), texts(), queues(),
           ordered(), hashed());
    return 0;
}
