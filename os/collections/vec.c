/* vec.c - a growable array: the part that is the same for all element types. */
#include "collections/vec.h"

#include "collections/heap_order.h"
#include "lib/errno.h"
#include "lib/string.h"

enum { FIRST_CAPACITY = 4 };

static struct layout array_layout(const struct vec *vec)
{
    return (struct layout){vec->capacity * vec->element.size, vec->element.align};
}

/* Bytes that `additional` more elements need with those that there are; SIZE_MAX for too many. */
static size_t bytes_for(const struct vec *vec, size_t additional, struct layout element)
{
    size_t count, bytes;

    if (__builtin_add_overflow(vec->length, additional, &count) ||
        __builtin_mul_overflow(count, element.size, &bytes))
        return SIZE_MAX;
    return bytes;
}

/* Give the array room for `capacity` elements, > 0. */
static int set_capacity(struct vec *vec, size_t capacity, struct layout element)
{
    /* LAB collections growth
     * Give the array room for `capacity` elements of this layout. Until now it has room for
     * vec->capacity of them: none means that it has no block of the heap at all, otherwise
     * vec->data is its block (array_layout tells of which layout). Set data, capacity and element.
     *
     * 0; or -ENOMEM with the vec as it was, when there is no memory, or when so many elements have
     * more bytes than a size_t can count (__builtin_mul_overflow).
     * ---
     * panic("set_capacity: not written yet");
     */
    size_t bytes;

    if (__builtin_mul_overflow(capacity, element.size, &bytes))
        return -ENOMEM;
    void *const data = vec->capacity == 0 ? heap_alloc((struct layout){bytes, element.align})
                                          : heap_realloc(vec->data, array_layout(vec), bytes);
    if (data == NULL)
        return -ENOMEM;
    vec->data = data;
    vec->capacity = capacity;
    vec->element = element;
    return 0;
    /* LAB END collections growth */
}

int vec_any_try_grow(struct vec *vec, size_t additional, struct layout element)
{
    /* LAB collections doubling
     * Make room for `additional` more elements than there are. So that n pushes move fewer than 2n
     * elements, the capacity at least doubles; it is FIRST_CAPACITY at least, and more than double
     * where that is not enough. Sums and products that overflow: -ENOMEM.
     * ---
     * panic("vec_any_try_grow: not written yet");
     */
    size_t needed, capacity;

    if (__builtin_add_overflow(vec->length, additional, &needed) ||
        __builtin_mul_overflow(vec->capacity, 2, &capacity))
        return -ENOMEM;
    if (capacity < FIRST_CAPACITY)
        capacity = FIRST_CAPACITY;
    return set_capacity(vec, capacity < needed ? needed : capacity, element);
    /* LAB END collections doubling */
}

void vec_any_reserve(struct vec *vec, size_t additional, struct layout element)
{
    if (vec_any_try_reserve(vec, additional, element) != 0)
        heap_alloc_error((struct layout){bytes_for(vec, additional, element), element.align});
}

static void check_gap(const struct vec *vec, size_t index)
{
    if (index > vec->length)
        panic("vec: index %zu is out of bounds: the length is %zu", index, vec->length);
}

/* Move the elements from `index` on by one, so that there is room for another. */
static void open_gap(struct vec *vec, size_t index)
{
    /* LAB collections open
     * There is room for one element more. Move the elements from `index` on up by one place, and
     * count the new one, which the caller will write to `index`. The places overlap: memmove.
     * ---
     * (void)vec, (void)index;
     */
    char *const at = element_at(vec->data, index, vec->element.size);
    memmove(at + vec->element.size, at, (vec->length - index) * vec->element.size);
    vec->length++;
    /* LAB END collections open */
}

int vec_any_try_open(struct vec *vec, size_t index, struct layout element)
{
    check_gap(vec, index);
    const int error = vec_any_try_reserve(vec, 1, element);
    if (error == 0)
        open_gap(vec, index);
    return error;
}

void vec_any_open(struct vec *vec, size_t index, struct layout element)
{
    check_gap(vec, index);
    vec_any_reserve(vec, 1, element);
    open_gap(vec, index);
}

void vec_any_close(struct vec *vec, void *at)
{
    /* LAB collections close
     * The element at the address `at` has been moved out. Move those behind it down by one place.
     * ---
     * (void)vec, (void)at;
     */
    char *const next = (char *)at + vec->element.size;
    memmove(at, next,
            (uintptr_t)element_at(vec->data, vec->length, vec->element.size) - (uintptr_t)next);
    vec->length--;
    /* LAB END collections close */
}

/* An array in the vec itself moves with it when room is made: it is found again by its distance
 * from the first element. */
int vec_any_try_extend(struct vec *vec, const void *array, size_t count, struct layout element)
{
    /* LAB collections extend
     * Append the bits of `count` elements. 0, or -ENOMEM with the vec as it was. Mind an `array`
     * that lies in the vec itself: its address is no longer good when the vec has grown.
     * ---
     * return -ENOMEM;
     */
    const size_t distance = (uintptr_t)array - (uintptr_t)vec->data;
    const bool inside = distance < vec->length * element.size;
    const int error = vec_any_try_reserve(vec, count, element);

    if (error != 0 || count == 0)
        return error;
    memcpy(element_at(vec->data, vec->length, element.size),
           inside ? (const char *)vec->data + distance : array, count * element.size);
    vec->length += count;
    return 0;
    /* LAB END collections extend */
}

void vec_any_extend(struct vec *vec, const void *array, size_t count, struct layout element)
{
    if (vec_any_try_extend(vec, array, count, element) != 0)
        heap_alloc_error((struct layout){bytes_for(vec, count, element), element.align});
}

/* LAB collections end
 * Four ways to have less.
 *
 * give_back: the array's block goes back to the heap, if there is one; the vec has none then.
 *
 * vec_any_shrink: make the capacity what the length is; no block at all for a length of 0.
 * Where the heap cannot, the vec stays as it was.
 *
 * vec_any_truncate: drop the elements from `length` on (element_drop_all), if there are so many.
 * They do not count any more when they are dropped. The capacity stays.
 *
 * vec_free: drop all elements and give back the block. The vec can be used again.
 * ---
 * static void give_back(struct vec *vec)
 * {
 *     (void)vec;
 * }
 *
 * void vec_any_shrink(struct vec *vec)
 * {
 *     (void)vec;
 * }
 *
 * void vec_any_truncate(struct vec *vec, size_t length)
 * {
 *     (void)vec, (void)length;
 * }
 *
 * void vec_free(void *container)
 * {
 *     (void)container;
 * }
 */
static void give_back(struct vec *vec)
{
    if (vec->capacity > 0)
        heap_dealloc(vec->data, array_layout(vec));
    vec->data = NULL;
    vec->capacity = 0;
}

void vec_any_shrink(struct vec *vec)
{
    if (vec->length == 0)
        give_back(vec);
    else if (vec->length < vec->capacity)
        (void)set_capacity(vec, vec->length, vec->element);
}

void vec_any_truncate(struct vec *vec, size_t length)
{
    if (length >= vec->length)
        return;
    const size_t count = vec->length - length;
    vec->length = length;
    element_drop_all(element_at(vec->data, length, vec->element.size), count, vec->element.size,
                     vec->drop);
}

void vec_free(void *container)
{
    struct vec *const vec = container;
    vec_any_truncate(vec, 0);
    give_back(vec);
}
/* LAB END collections end */

void vec_any_retain(struct vec *vec, bool (*keep)(const void *element, void *context),
                    void *context)
{
    const size_t size = vec->element.size;
    size_t kept = 0;

    for (size_t i = 0; i < vec->length; i++) {
        char *const element = element_at(vec->data, i, size);
        if (!keep(element, context))
            element_drop_all(element, 1, size, vec->drop);
        else
            memmove(element_at(vec->data, kept++, size), element, size);
    }
    vec->length = kept;
}

/* The clone is made beside *to, which so stays as it is until nothing can fail any more. */
int vec_any_try_clone(struct vec *to, const struct vec *from, element_clone *clone)
{
    /* LAB collections clone
     * Make *to a vec of its own, with clones of from's elements (element_try_clone_all), and room
     * for just so many. -ENOMEM: *to is as it was, and nothing is left allocated. What *to held is
     * not dropped. An empty vec has no block.
     * ---
     * return -ENOMEM;
     */
    struct vec made = {.drop = from->drop};

    int error = from->length == 0 ? 0 : set_capacity(&made, from->length, from->element);
    if (error == 0)
        error = element_try_clone_all(made.data, from->data, from->length, from->element.size,
                                      clone, from->drop);
    if (error != 0) {
        give_back(&made);
        return error;
    }
    made.length = from->length;
    *to = made;
    return 0;
    /* LAB END collections clone */
}

void vec_any_clone(struct vec *to, const struct vec *from, element_clone *clone)
{
    if (vec_any_try_clone(to, from, clone) != 0)
        heap_alloc_error((struct layout){from->length * from->element.size, from->element.align});
}

void vec_any_sort(struct vec *vec, element_compare *compare)
{
    const struct heap_order heap = {vec->data, vec->length, vec->element.size, compare};
    heap_order_make(&heap);
    heap_order_sort(&heap);
}

bool vec_any_binary_search(const struct vec *vec, const void *key, element_compare *compare,
                           size_t *index)
{
    size_t low = 0, high = vec->length; /* what is before low is less, from high on greater */

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = compare(element_at(vec->data, middle, vec->element.size), key);
        if (order == 0) {
            *index = middle;
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *index = low;
    return false;
}
