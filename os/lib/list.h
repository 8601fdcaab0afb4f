/*
 * list.h - an intrusive, circular, doubly linked list.
 *
 * The list's head is a node too, so that inserting and removing never ask "is this the first?".
 * The list owns nothing: a node lives in the thing that is listed.
 */
#pragma once

#include <stdbool.h>

struct list_node {
    struct list_node *next, *prev;
};

static inline void list_init(struct list_node *head)
{
    head->next = head->prev = head;
}

static inline bool list_is_empty(const struct list_node *head)
{
    return head->next == head;
}

static inline void list_push_front(struct list_node *head, struct list_node *node)
{
    struct list_node *first = head->next;
    node->next = first;
    first->prev = node;
    node->prev = head;
    head->next = node;
}

static inline void list_remove(struct list_node *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
}
