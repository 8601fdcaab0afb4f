/*
 * dlist.h - an intrusive, circular, doubly linked list.
 *
 * The list's head is a node too, so that inserting and removing never ask "is this the first?".
 * The list owns nothing: a node lives in the thing that is listed, whose address is had back by
 *
 *     struct task { int number; struct dlist_node link; };
 *     dlist_for_each(node, &ready)
 *         run(DLIST_ENTRY(node, struct task, link));
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dlist_node {
    struct dlist_node *next, *prev;
};

static inline void dlist_init(struct dlist_node *head)
{
    head->next = head->prev = head;
}

static inline bool dlist_is_empty(const struct dlist_node *head)
{
    return head->next == head;
}

static inline void dlist_push_front(struct dlist_node *head, struct dlist_node *node)
{
    struct dlist_node *first = head->next;
    node->next = first;
    first->prev = node;
    node->prev = head;
    head->next = node;
}

static inline void dlist_remove(struct dlist_node *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
}

/* Two rings become one: the second, from `first` round to the node before it, comes in front of
 * `position`. So a list's nodes are moved by the ring that they are without their head. */
static inline void dlist_splice(struct dlist_node *position, struct dlist_node *first)
{
    struct dlist_node *last = first->prev, *before = position->prev;
    before->next = first;
    first->prev = before;
    last->next = position;
    position->prev = last;
}

static inline void dlist_push_back(struct dlist_node *head, struct dlist_node *node)
{
    dlist_init(node);
    dlist_splice(head, node);
}

/* The thing of `type` in which `node` is the field `member`. */
#define DLIST_ENTRY(node, type, member) ((type *)((uintptr_t)(node)-offsetof(type, member)))

/* dlist_for_each(node, &head) { ... }: each node in turn; the loop may not remove it. */
#define dlist_for_each(node, head)                                                                 \
    for (struct dlist_node *node##_end_ = (head), *node = node##_end_->next; node != node##_end_;  \
         (node) = (node)->next)
