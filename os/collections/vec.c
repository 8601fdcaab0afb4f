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
}

int vec_any_try_grow(struct vec *vec, size_t additional, struct layout element)
{
    size_t needed, capacity;

    if (__builtin_add_overflow(vec->length, additional, &needed) ||
        __builtin_mul_overflow(vec->capacity, 2, &capacity))
        return -ENOMEM;
    if (capacity < FIRST_CAPACITY)
        capacity = FIRST_CAPACITY;
    return set_capacity(vec, capacity < needed ? needed : capacity, element);
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
    char *const at = element_at(vec->data, index, vec->element.size);
    memmove(at + vec->element.size, at, (vec->length - index) * vec->element.size);
    vec->length++;
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
    char *const next = (char *)at + vec->element.size;
    memmove(at, next,
            (uintptr_t)element_at(vec->data, vec->length, vec->element.size) - (uintptr_t)next);
    vec->length--;
}

/* An array in the vec itself moves with it when room is made: it is found again by its distance
 * from the first element. */
int vec_any_try_extend(struct vec *vec, const void *array, size_t count, struct layout element)
{
    const size_t distance = (uintptr_t)array - (uintptr_t)vec->data;
    const bool inside = distance < vec->length * element.size;
    const int error = vec_any_try_reserve(vec, count, element);

    if (error != 0 || count == 0)
        return error;
    memcpy(element_at(vec->data, vec->length, element.size),
           inside ? (const char *)vec->data + distance : array, count * element.size);
    vec->length += count;
    return 0;
}

void vec_any_extend(struct vec *vec, const void *array, size_t count, struct layout element)
{
    if (vec_any_try_extend(vec, array, count, element) != 0)
        heap_alloc_error((struct layout){bytes_for(vec, count, element), element.align});
}

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
