/* guarded.c - a guarded heap: headers, red zones and the quarantine. */
#include "config.h"
#include "guard/guard.h"
#include "guard/report.h"
#include "lib/string.h"

#define JOIN(heap, verb)          heap##_##verb
#define JOIN_EXPANDED(heap, verb) JOIN(heap, verb)
#define DESIGN(verb)              JOIN_EXPANDED(GUARDED_HEAP, verb)

struct guarded *guard_heap;

/* A header has a magic of its own, so that a copy of one elsewhere is none. */
static uintptr_t magic_of(const struct guard_object *object)
{
    return (uintptr_t)object ^ 0x626f736b6f626a65; /* "boskobje" */
}

/* Bytes from the start of the design's block to the object. */
static size_t front(size_t align)
{
    return align_up(sizeof(struct guard_object) + GUARD_RED_ZONE, align);
}

/* The block of the design that an object lies in. */
static struct layout whole_layout(const struct guard_object *object)
{
    return (struct layout){front(object->align) + object->size + guard_behind(object->size),
                           object->align};
}

static void *whole_block(const struct guard_object *object)
{
    return (void *)(guard_start(object) - front(object->align));
}

static struct guard_object *object_of(const struct dlist_node *link)
{
    return (struct guard_object *)((uintptr_t)link - offsetof(struct guard_object, link));
}

/* Whether a header could be here: then it can be read. */
static bool may_be_header(const struct guarded *heap, uintptr_t header)
{
    return header % GUARD_ALIGN == 0 && header >= heap->start &&
           heap->end - header >= sizeof(struct guard_object) && header < heap->end;
}

/* The live or quarantined object that begins at `block`; NULL for none. */
static struct guard_object *object_at(const struct guarded *heap, const void *block)
{
    const uintptr_t header = (uintptr_t)block - GUARD_RED_ZONE - sizeof(struct guard_object);
    struct guard_object *const object = (struct guard_object *)header;

    return may_be_header(heap, header) && object->magic == magic_of(object) ? object : NULL;
}

static void check_object(const struct guard_object *object)
{
    const uintptr_t broken = guard_broken_byte(object);

    if (broken != 0)
        report_broken(broken, object);
}

static void check_list(struct guarded *heap, const struct dlist_node *list)
{
    for (const struct dlist_node *at = list; at->next != list; at = at->next) {
        const struct guard_object *const object = object_of(at->next);
        if (!may_be_header(heap, (uintptr_t)object) || object->magic != magic_of(object) ||
            object->link.prev != at)
            report_header((uintptr_t)object, at == list ? NULL : object_of(at));
        check_object(object);
    }
}

static void check_all(struct guarded *heap)
{
    check_list(heap, &heap->live);
    check_list(heap, &heap->quarantine);
}

static void check_now_and_then(struct guarded *heap)
{
    if (guard_check_every == 0 || ++heap->operations < guard_check_every)
        return;
    heap->operations = 0;
    check_all(heap);
}

/* Give the object that waits longest back to the design. False: none waits. */
static bool evict(struct guarded *heap)
{
    if (dlist_is_empty(&heap->quarantine))
        return false;
    struct guard_object *const object = object_of(heap->quarantine.prev);
    const struct layout whole = whole_layout(object);
    void *const block = whole_block(object);

    check_object(object);
    dlist_remove(&object->link);
    heap->quarantined -= whole.size;
    object->magic = 0;
    guard_uncover(object);
    DESIGN(dealloc)(&heap->design, block, whole);
    return true;
}

bool guarded_init(struct guarded *heap, void *start, size_t size)
{
    if (!DESIGN(init)(&heap->design, start, size))
        return false;
    dlist_init(&heap->live);
    dlist_init(&heap->quarantine);
    heap->start = (uintptr_t)start;
    heap->end = heap->start + size;
    guard_cover_heap(heap->start, heap->end);
    guard_heap = heap;
    return true;
}

bool guarded_add_region(struct guarded *heap, void *start, size_t size)
{
    const uintptr_t from = (uintptr_t)start;

    if (!DESIGN(add_region)(&heap->design, start, size))
        return false;
    if (from < heap->start)
        heap->start = from;
    if (from + size > heap->end)
        heap->end = from + size;
    guard_cover_heap(from, from + size);
    return true;
}

/* The layout with guards; false where there can be none. */
static bool add_guards(struct layout *layout)
{
    if (!layout_is_valid(*layout) || layout->align > UINT32_MAX)
        return false;
    if (layout->align < GUARD_ALIGN)
        layout->align = GUARD_ALIGN;
    return !__builtin_add_overflow(layout->size, front(layout->align) + guard_behind(layout->size),
                                   &layout->size);
}

static void *alloc_block(struct guarded *heap, struct layout whole)
{
    void *block;

    do
        block = DESIGN(alloc)(&heap->design, whole);
    while (block == NULL && evict(heap));
    return block;
}

void *guarded_alloc(struct guarded *heap, struct layout layout)
{
    struct layout whole = layout;

    check_now_and_then(heap);
    char *const block = add_guards(&whole) ? alloc_block(heap, whole) : NULL;
    if (block == NULL)
        return NULL;
    struct guard_object *const object =
        (void *)(block + front(whole.align) - GUARD_RED_ZONE - sizeof *object);
    *object = (struct guard_object){.magic = magic_of(object),
                                    .size = layout.size,
                                    .align = (uint32_t)whole.align,
                                    .number = ++heap->number};
    trace_here(&object->allocated);
    dlist_push_front(&heap->live, &object->link);
    heap->live_count++;
    heap->allocated += whole.size;
    if (heap->allocated > heap->peak)
        heap->peak = heap->allocated;
    guard_cover_live(object);
    return (void *)guard_start(object);
}

/* LAB collections find
 * expect_live: the live object at `block`, which the caller is about to free or to look at, and
 * believes to be of `layout`. Whatever is wrong is reported, and a report does not return:
 *
 * - No object begins at `block` (object_at). It may have been one whose header somebody has
 *   overwritten: so check_all first, which reports that. Otherwise report_free with the reason, and
 *   with the object that is nearest (guard_near). The reason is FREE_TWICE for an address in a
 *   freed object, FREE_INTERIOR for one in a live object, and else what the design says
 *   (DESIGN(check) with LAYOUT_UNKNOWN); but FREE_OK of it is a block that holds an object, and so
 *   FREE_INTERIOR.
 * - The object is freed: FREE_TWICE.
 * - The layout is known (its size is not 0), and is of another size, or of a larger alignment than
 *   the object has: FREE_WRONG_LAYOUT.
 * - Somebody has written where he must not: check_object.
 * ---
 * static struct guard_object *expect_live(struct guarded *heap, const void *block,
 *                                         struct layout layout)
 * {
 *     return object_at(heap, block);
 * }
 */
/* Why no object begins at `block`. */
static enum free_result reason(struct guarded *heap, const void *block)
{
    const struct guard_object *const near = guard_near((uintptr_t)block);
    const uintptr_t address = (uintptr_t)block;

    if (near != NULL && address >= guard_start(near) && address < guard_end(near))
        return near->is_freed ? FREE_TWICE : FREE_INTERIOR;
    const enum free_result result = DESIGN(check)(&heap->design, block, LAYOUT_UNKNOWN);
    return result == FREE_OK ? FREE_INTERIOR : result;
}

/* The live object at `block`, which the caller believes to be of `layout`. */
static struct guard_object *expect_live(struct guarded *heap, const void *block,
                                        struct layout layout)
{
    struct guard_object *const object = object_at(heap, block);

    if (object == NULL) {
        check_all(heap); /* the header may be what is broken */
        report_free(block, reason(heap, block), guard_near((uintptr_t)block));
    }
    if (object->is_freed)
        report_free(block, FREE_TWICE, object);
    if (layout.size != 0 && (layout.size != object->size || layout.align > object->align))
        report_free(block, FREE_WRONG_LAYOUT, object);
    check_object(object);
    return object;
}
/* LAB END collections find */

enum free_result guarded_check(struct guarded *heap, const void *block, struct layout layout)
{
    expect_live(heap, block, layout);
    return FREE_OK;
}

enum free_result guarded_dealloc(struct guarded *heap, void *block, struct layout layout)
{
    /* LAB collections quarantine
     * Free an object: expect_live it, and remember who frees it (trace_here(&object->freed)). It
     * goes from the list of the live to the front of the quarantine, is_freed and covered as freed.
     * The figures live_count, allocated and quarantined follow: they count
     * whole_layout(object).size. The object that has waited longest goes back to the design
     * (evict), until no more than QUARANTINE_BYTES are in the quarantine. check_now_and_then is
     * called once for each free.
     * ---
     * return FREE_OK;
     */
    struct guard_object *const object = expect_live(heap, block, layout);
    const size_t size = whole_layout(object).size;

    check_now_and_then(heap);
    trace_here(&object->freed);
    object->is_freed = true;
    dlist_remove(&object->link);
    dlist_push_front(&heap->quarantine, &object->link);
    heap->live_count--;
    heap->allocated -= size;
    heap->quarantined += size;
    guard_cover_freed(object);
    while (heap->quarantined > QUARANTINE_BYTES)
        evict(heap);
    return FREE_OK;
    /* LAB END collections quarantine */
}

/* Always moves the block, so that an old pointer to it is caught. */
void *guarded_realloc(struct guarded *heap, void *block, struct layout layout, size_t new_size)
{
    const size_t size = guarded_block_size(heap, block);
    void *const moved = guarded_alloc(heap, (struct layout){new_size, layout.align});

    if (moved == NULL)
        return NULL;
    memcpy(moved, block, size < new_size ? size : new_size);
    guarded_dealloc(heap, block, layout);
    return moved;
}

size_t guarded_block_size(const struct guarded *heap, const void *block)
{
    const struct guard_object *const object = object_at(heap, block);
    return object != NULL ? object->size : 0;
}

void guarded_stats(const struct guarded *heap, struct heap_stats *stats)
{
    DESIGN(stats)(&heap->design, stats);
    stats->allocated = heap->allocated;
    stats->peak = heap->peak;
    stats->live = heap->live_count;
}

bool guarded_invariants_hold(struct guarded *heap)
{
    check_all(heap);
    return DESIGN(invariants_hold)(&heap->design);
}

static size_t distance(const struct guard_object *object, uintptr_t address)
{
    if (address < guard_start(object))
        return guard_start(object) - address;
    return address < guard_end(object) ? 0 : address - guard_end(object);
}

const struct guard_object *guard_near(uintptr_t address)
{
    const struct dlist_node *const lists[] = {&guard_heap->live, &guard_heap->quarantine};
    const struct guard_object *nearest = NULL;

    for (unsigned i = 0; i < 2; i++)
        for (const struct dlist_node *at = lists[i]->next; at != lists[i]; at = at->next)
            if (nearest == NULL || distance(object_of(at), address) < distance(nearest, address))
                nearest = object_of(at);
    return nearest != NULL && distance(nearest, address) <= GUARD_NEAR ? nearest : NULL;
}
