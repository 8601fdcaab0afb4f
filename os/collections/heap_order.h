/*
 * heap_order.h - an array in heap order: no element is less than its children.
 *
 * The children of element i are elements 2i + 1 and 2i + 2, so the greatest element is element 0,
 * and a way from it to a leaf has log2(n) steps. Nothing is allocated.
 *
 *                 9                  index    0   1   2   3   4   5
 *              /     \               element  9   7   8   3   7   1
 *            7         8
 *           / \       /
 *          3   7     1
 *
 * Heap and heapsort: J. W. J. Williams, CACM 7(6), 1964; making a heap in linear time: R. W. Floyd,
 * CACM 7(12), 1964; both in D. E. Knuth, TAOCP 3, section 5.2.3. Sinking to a leaf first: I.
 * Wegener, Theoretical Computer Science 118(1), 1993.
 */
#pragma once

#include "collections/element.h"

/* `count` elements of `size` bytes each, and their order. */
struct heap_order {
    void *array;
    size_t count, size;
    element_compare *compare;
};

/* Bring an array of any order into heap order: O(n). */
void heap_order_make(const struct heap_order *heap);

/* Only element `index` may be greater than its parent: move it up. O(log n). */
void heap_order_rise(const struct heap_order *heap, size_t index);

/* Only element `index` may be less than its children: move it down. O(log n). */
void heap_order_sink(const struct heap_order *heap, size_t index);

/* Sort an array that is in heap order, the least first: O(n log n) always. Elements that are equal
 * may change places. */
void heap_order_sort(const struct heap_order *heap);

/* For tests. */
bool heap_order_holds(const struct heap_order *heap);
