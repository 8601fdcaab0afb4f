/*
 * linked_list.c - a list that owns its elements: the part that is the same for all element types.
 *
 *     | link: next, prev | padding | element |      a node, one block of the heap
 */
#include "collections/linked_list.h"

#include "lib/errno.h"
#include "lib/panic.h"
#include "lib/string.h"

/* From the start of a node to its element. */
static size_t offset(struct layout element)
{
    return align_up(sizeof(struct dlist_node), element.align);
}

/* No type is so large that this could overflow. */
static struct layout node_layout(struct layout element)
{
    const size_t align = _Alignof(struct dlist_node);
    return (struct layout){offset(element) + element.size,
                           element.align > align ? element.align : align};
}

static void *element_of(const struct linked_list *list, struct dlist_node *node)
{
    return (char *)node + offset(list->element);
}

static struct dlist_node *node_of(const struct linked_list *list, const void *position)
{
    if (position == NULL)
        panic("linked_list: there is no element at this position");
    return (struct dlist_node *)((uintptr_t)position - offset(list->element));
}

void *linked_list_any_first(const struct linked_list *list)
{
    return list->first == NULL ? NULL : element_of(list, list->first);
}

void *linked_list_any_last(const struct linked_list *list)
{
    return list->first == NULL ? NULL : element_of(list, list->first->prev);
}

void *linked_list_any_next(const struct linked_list *list, const void *position)
{
    struct dlist_node *const next = node_of(list, position)->next;
    return next == list->first ? NULL : element_of(list, next);
}

void *linked_list_any_prev(const struct linked_list *list, const void *position)
{
    struct dlist_node *const node = node_of(list, position);
    return node == list->first ? NULL : element_of(list, node->prev);
}

/* The node that new ones come in front of; in the ring that is the first for those that come to the
 * end as well. NULL: the list is empty. */
static struct dlist_node *successor(const struct linked_list *list, enum linked_list_place place,
                                    const void *position)
{
    if (place == LINKED_LIST_BEFORE)
        return node_of(list, position);
    return place == LINKED_LIST_AFTER ? node_of(list, position)->next : list->first;
}

/* Link a ring of new nodes. It begins the list when it comes in front of the first node, but not
 * when it comes behind the last. */
static void link_ring(struct linked_list *list, enum linked_list_place place, const void *position,
                      struct dlist_node *ring)
{
    struct dlist_node *const next = successor(list, place, position);
    const bool begins = place == LINKED_LIST_FRONT || place == LINKED_LIST_BEFORE;

    if (next != NULL)
        dlist_splice(next, ring);
    if (next == NULL || (begins && next == list->first))
        list->first = ring;
}

static void unlink_node(struct linked_list *list, struct dlist_node *node)
{
    list->length--;
    if (list->first == node)
        list->first = list->length > 0 ? node->next : NULL;
    dlist_remove(node);
}

int linked_list_any_try_insert(struct linked_list *list, enum linked_list_place place,
                               const void *position, const void *value, struct layout element)
{
    list->element = element;
    if (place == LINKED_LIST_BEFORE || place == LINKED_LIST_AFTER)
        (void)node_of(list, position); /* panics before anything is allocated */
    struct dlist_node *const node = heap_alloc(node_layout(element));
    if (node == NULL)
        return -ENOMEM;
    memcpy(element_of(list, node), value, element.size);
    dlist_init(node);
    link_ring(list, place, position, node);
    list->length++;
    return 0;
}

void linked_list_any_insert(struct linked_list *list, enum linked_list_place place,
                            const void *position, const void *value, struct layout element)
{
    if (linked_list_any_try_insert(list, place, position, value, element) != 0)
        heap_alloc_error(node_layout(element));
}

void linked_list_any_take(struct linked_list *list, const void *position, void *out)
{
    struct dlist_node *const node = node_of(list, position);

    memcpy(out, position, list->element.size);
    unlink_node(list, node);
    heap_dealloc(node, node_layout(list->element));
}

bool linked_list_any_pop(struct linked_list *list, enum linked_list_place place, void *out)
{
    if (list->length == 0)
        return false;
    linked_list_any_take(
        list, place == LINKED_LIST_FRONT ? linked_list_any_first(list) : linked_list_any_last(list),
        out);
    return true;
}

void linked_list_any_splice(struct linked_list *list, enum linked_list_place place,
                            const void *position, struct linked_list *from)
{
    if (from == list)
        panic("linked_list: a list cannot be moved into itself");
    if (from->length == 0)
        return;
    list->element = from->element;
    link_ring(list, place, position, from->first);
    list->length += from->length;
    from->first = NULL;
    from->length = 0;
}

/* An element is unlinked before it is dropped, so that `drop` finds the list in order. */
void linked_list_free(void *container)
{
    struct linked_list *const list = container;

    while (list->length > 0) {
        struct dlist_node *const node = list->first;
        unlink_node(list, node);
        element_drop_all(element_of(list, node), 1, list->element.size, list->drop);
        heap_dealloc(node, node_layout(list->element));
    }
}

/* A copy of the element in a node of its own, which is a ring. NULL: no memory. */
static struct dlist_node *clone_node(const struct linked_list *from, const void *element,
                                     element_clone *clone)
{
    struct dlist_node *const node = heap_alloc(node_layout(from->element));

    if (node == NULL)
        return NULL;
    dlist_init(node);
    if (element_try_clone_all(element_of(from, node), element, 1, from->element.size, clone,
                              from->drop) == 0)
        return node;
    heap_dealloc(node, node_layout(from->element));
    return NULL;
}

int linked_list_any_try_clone(struct linked_list *to, const struct linked_list *from,
                              element_clone *clone)
{
    struct linked_list made = {.element = from->element, .drop = from->drop};

    for (const void *element = linked_list_any_first(from); element != NULL;
         element = linked_list_any_next(from, element)) {
        struct dlist_node *const node = clone_node(from, element, clone);
        if (node == NULL) {
            linked_list_free(&made);
            return -ENOMEM;
        }
        link_ring(&made, LINKED_LIST_BACK, NULL, node);
        made.length++;
    }
    *to = made;
    return 0;
}

void linked_list_any_clone(struct linked_list *to, const struct linked_list *from,
                           element_clone *clone)
{
    if (linked_list_any_try_clone(to, from, clone) != 0)
        heap_alloc_error(node_layout(from->element));
}

bool linked_list_invariants_hold(const struct linked_list *list)
{
    const struct dlist_node *node = list->first;

    if (node == NULL)
        return list->length == 0;
    for (size_t i = 0; i < list->length; i++, node = node->next)
        if (node->next->prev != node || (i > 0 && node == list->first))
            return false;
    return list->length > 0 && node == list->first;
}
