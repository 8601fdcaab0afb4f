/*
 * box.h - one value on the heap, owned by one pointer (Rust's Box).
 *
 *     SCOPED_BOX(struct packet, packet, box_try_new(struct packet, EMPTY_PACKET));
 *     if (packet == NULL)
 *         return -ENOMEM;
 *     ...                                          every way out of the scope frees it
 *     queue_add(&queue, owner_move(&packet));      unless it has been moved elsewhere
 *
 * A box is a plain pointer to its value; whoever holds it last gives it back with box_free, or has
 * it given back by a scope.
 */
#pragma once

#include "collections/element.h"
#include "collections/scoped.h"
#include "heap/heap.h"

/*
 * A new box of `type` that holds `value`. The first ends in the allocation error handler when there
 * is no memory, the second is NULL. `value` is computed once there is memory for it, so that what
 * it takes over is not lost when there is none. A box that goes into another is made in a line of
 * its own, as a box_new in the value of a box_new would have the same local names.
 */
#define box_new(type, value)                                                                       \
    ({                                                                                             \
        type *const box_ = box_alloc(LAYOUT_OF(type));                                             \
        *box_ = (value);                                                                           \
        box_;                                                                                      \
    })

#define box_try_new(type, value)                                                                   \
    ({                                                                                             \
        type *const tried_box_ = heap_alloc(LAYOUT_OF(type));                                      \
        if (tried_box_ != NULL)                                                                    \
            *tried_box_ = (value);                                                                 \
        tried_box_;                                                                                \
    })

/* Give back the box; the second after drop(value), which frees what the value owns. */
#define box_free(box)       heap_dealloc((box), LAYOUT_OF(*(box)))
#define box_drop(box, drop) box_end((box), LAYOUT_OF(*(box)), (drop))

/*
 * A new box with a copy of the value: int clone(void *to, const void *from) is 0 or -ENOMEM; NULL
 * copies the bits. As with box_new, the second is NULL when there is no memory.
 */
#define box_clone(box, clone) ((__typeof__(*(box)) *)box_cloned((box), LAYOUT_OF(*(box)), (clone)))
#define box_try_clone(box, clone)                                                                  \
    ((__typeof__(*(box)) *)box_try_cloned((box), LAYOUT_OF(*(box)), (clone)))

/*
 * Define `type *name`, which takes over a box (NULL: none) and gives it back at the end of the
 * scope, with the second after drop(value). A variable cannot know its type's layout when it is
 * cleaned up; so a second variable stands beside it which does. What is stored in `name` later is
 * owned, too, but what it held before is then not freed.
 */
#define SCOPED_BOX(type, name, box) SCOPED_BOX_DROPPING(type, name, box, NULL)
#define SCOPED_BOX_DROPPING(type, name, box, drop)                                                 \
    type *name = (box);                                                                            \
    SCOPED(box_scope_end) const struct box_scope name##_scope_ = {&name, LAYOUT_OF(type), (drop)}

/* The box in a scope's variable, to be kept for ever: nobody will give it back. */
#define box_leak(variable) owner_move(variable)

/* What the macros above stand for. */
void *box_alloc(struct layout layout);
void *box_cloned(const void *box, struct layout layout, element_clone *clone);
void *box_try_cloned(const void *box, struct layout layout, element_clone *clone);

static inline void box_end(void *box, struct layout layout, element_drop *drop)
{
    if (drop != NULL)
        drop(box);
    heap_dealloc(box, layout);
}

struct box_scope {
    const void *variable;
    struct layout layout;
    element_drop *drop; /* NULL: the value owns nothing */
};

/* Inlined, so that nothing of the struct is left: a scope costs what freeing by hand does. */
static inline void box_scope_end(const struct box_scope *scope)
{
    void *const box = owner_in(scope->variable);
    if (box != NULL)
        box_end(box, scope->layout, scope->drop);
}
