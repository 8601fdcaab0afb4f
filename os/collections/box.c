/* box.c - a box: the part that is the same for all types. */
#include "collections/box.h"

#include "lib/string.h"

/* LAB collections box
 * A box is a block of the heap with a value in it.
 *
 * box_alloc: a block for the layout. There is always one: where the heap has none, end in the
 * allocation error handler (heap/heap.h).
 *
 * box_try_cloned: a new block of the same layout with a copy of the value. NULL where there is
 * no memory. clone == NULL: the value's bytes are copied. Otherwise clone(copy, box) makes the
 * copy, and returns something else than 0 when it has run out of memory; then give back the
 * block, and return NULL.
 * ---
 * #include "lib/panic.h"
 *
 * void *box_alloc(struct layout layout)
 * {
 *     panic("box_alloc: not written yet");
 * }
 *
 * void *box_try_cloned(const void *box, struct layout layout, element_clone *clone)
 * {
 *     return NULL;
 * }
 */
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
/* LAB END collections box */

void *box_cloned(const void *box, struct layout layout, element_clone *clone)
{
    void *const copy = box_try_cloned(box, layout, clone);
    if (copy == NULL)
        heap_alloc_error(layout);
    return copy;
}
