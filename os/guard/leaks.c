/* leaks.c - what is still allocated at the end, by the place that it was allocated at. */
#include "drivers/console.h"
#include "guard/report.h"
#include "lib/string.h"

static struct guard_object *object_of(const struct dlist_node *link)
{
    return (struct guard_object *)((uintptr_t)link - offsetof(struct guard_object, link));
}

/* LAB collections leaks
 * Print one line for each place that objects which are still live were allocated at, the place of
 * the newest of them first. Two objects are from the same place when report_place gives the same
 * text (strcmp). The line counts their bytes and their blocks:
 *
 *     kprintf("leak: %zu bytes in %zu blocks still allocated at %s\n", bytes, blocks, place);
 *
 * Each object is counted once: is_told of an object is there to remember that.
 * guard_heap->live is the list of the live objects, the newest first.
 * ---
 * void guard_report_leaks(void)
 * {
 * }
 */
/* One line for this object and all older ones from the same place. */
static void report_place_of(const struct guard_object *object)
{
    const char *const place = report_place(&object->allocated);
    size_t bytes = 0, blocks = 0;

    for (const struct dlist_node *at = &object->link; at != &guard_heap->live; at = at->next) {
        struct guard_object *const other = object_of(at);
        if (!other->is_told && strcmp(report_place(&other->allocated), place) == 0) {
            other->is_told = true;
            bytes += other->size;
            blocks++;
        }
    }
    kprintf("leak: %zu bytes in %zu blocks still allocated at %s\n", bytes, blocks, place);
}

void guard_report_leaks(void)
{
    const struct dlist_node *const live = &guard_heap->live;

    for (const struct dlist_node *at = live->next; at != live; at = at->next)
        if (!object_of(at)->is_told)
            report_place_of(object_of(at));
}
/* LAB END collections leaks */
