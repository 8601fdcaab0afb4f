/* box.c - a box: the part that is the same for all types. */
#include "collections/box.h"

#include "lib/string.h"

void *box_alloc(struct layout layout)
{
    void *const box = heap_alloc(layout);
    if (box == NULL)
        heap_alloc_error(layout);
    return box;
}

void *box_try_cloned(const void *box, struct layout layout, element_clone *clone)
{
    void *const copy = heap_alloc(layout);

    if (copy == NULL)
        return NULL;
    if (clone == NULL) {
        memcpy(copy, box, layout.size);
    } else if (clone(copy, box) != 0) {
        heap_dealloc(copy, layout);
        return NULL;
    }
    return copy;
}

void *box_cloned(const void *box, struct layout layout, element_clone *clone)
{
    void *const copy = box_try_cloned(box, layout, clone);
    if (copy == NULL)
        heap_alloc_error(layout);
    return copy;
}
