/*
 * dlist.h - an intrusive, circular, doubly linked list.
 *
 * The list's head is a node too, so that inserting and removing never ask "is this the first?".
 * The list owns nothing: a node lives in the thing that is listed.
 */
#pragma once

#include <stdbool.h>

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
