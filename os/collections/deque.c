/* deque.c - a queue in a ring: the part that is the same for all element types. */
#include "collections/deque.h"

#include "lib/errno.h"
#include "lib/string.h"

enum { FIRST_CAPACITY = 4 };

static void *slot(const struct deque *deque, size_t number)
{
    return element_at(deque->data, number, deque->element.size);
}

static struct layout ring_layout(const struct deque *deque)
{
    return (struct layout){deque->capacity * deque->element.size, deque->element.align};
}

/* How many elements have run over the ring's end and stand at its start. */
static size_t wrapped(const struct deque *deque)
{
    const size_t end = deque->first + deque->length;
    return end > deque->capacity ? end - deque->capacity : 0;
}

/* Let the ring have `capacity` slots, a power of two. It only becomes smaller where all elements
 * stand in the slots that are left; to unroll it, when it grows, it must double at least. */
static int set_capacity(struct deque *deque, size_t capacity, struct layout element)
{
    const size_t old = deque->capacity, over = wrapped(deque);
    size_t bytes;

    if (__builtin_mul_overflow(capacity, element.size, &bytes))
        return -ENOMEM;
    void *const data = old == 0 ? heap_alloc((struct layout){bytes, element.align})
                                : heap_realloc(deque->data, ring_layout(deque), bytes);
    if (data == NULL)
        return -ENOMEM;
    deque->data = data;
    deque->capacity = capacity;
    deque->element = element;
    memcpy(slot(deque, old), data, over * element.size);
    return 0;
}

/* The least power of two that is not below n; 0, the bit shifted out, where there is none. */
static size_t power_of_two_from(size_t n)
{
    return n <= 1 ? 1 : (size_t)2 << highest_bit(n - 1);
}

int deque_any_try_grow(struct deque *deque, size_t additional, struct layout element)
{
    size_t needed;

    if (__builtin_add_overflow(deque->length, additional, &needed))
        return -ENOMEM;
    const size_t capacity = power_of_two_from(needed < FIRST_CAPACITY ? FIRST_CAPACITY : needed);
    return capacity == 0 ? -ENOMEM : set_capacity(deque, capacity, element);
}

void deque_any_grow(struct deque *deque, size_t additional, struct layout element)
{
    size_t count, bytes;

    if (deque_any_try_grow(deque, additional, element) == 0)
        return;
    if (__builtin_add_overflow(deque->length, additional, &count) ||
        __builtin_mul_overflow(count, element.size, &bytes))
        bytes = SIZE_MAX;
    heap_alloc_error((struct layout){bytes, element.align});
}

static void reverse(const struct deque *deque, size_t from, size_t to)
{
    while (from + 1 < to)
        element_swap(slot(deque, from++), slot(deque, --to), deque->element.size);
}

/* What stands at the ring's end is moved down beside what has run over to its start; then the two
 * change places, by reversing both and then the whole. */
void *deque_any_make_contiguous(struct deque *deque)
{
    const size_t over = wrapped(deque);

    if (over > 0) {
        memmove(slot(deque, over), slot(deque, deque->first),
                (deque->length - over) * deque->element.size);
        reverse(deque, 0, over);
        reverse(deque, over, deque->length);
        reverse(deque, 0, deque->length);
        deque->first = 0;
    }
    return deque->capacity == 0 ? NULL : slot(deque, deque->first);
}

static void give_back(struct deque *deque)
{
    if (deque->capacity > 0)
        heap_dealloc(deque->data, ring_layout(deque));
    deque->data = NULL;
    deque->first = deque->capacity = 0;
}

void deque_any_shrink(struct deque *deque)
{
    const size_t capacity = power_of_two_from(deque->length);

    if (deque->length == 0) {
        give_back(deque);
    } else if (capacity < deque->capacity) {
        const void *const data = deque_any_make_contiguous(deque);
        memmove(deque->data, data, deque->length * deque->element.size);
        deque->first = 0;
        (void)set_capacity(deque, capacity, deque->element);
    }
}

void deque_any_clear(struct deque *deque)
{
    const size_t over = wrapped(deque), straight = deque->length - over, first = deque->first;

    if (deque->length == 0)
        return;
    deque->length = deque->first = 0;
    element_drop_all(slot(deque, first), straight, deque->element.size, deque->drop);
    element_drop_all(deque->data, over, deque->element.size, deque->drop);
}

void deque_free(void *container)
{
    struct deque *const deque = container;
    deque_any_clear(deque);
    give_back(deque);
}

/* Clone the elements into an empty ring that has room for them: those up to the ring's end, then
 * those at its start. */
static int try_clone_all(struct deque *to, const struct deque *from, element_clone *clone)
{
    const size_t over = wrapped(from), straight = from->length - over, size = from->element.size;
    int error =
        element_try_clone_all(to->data, slot(from, from->first), straight, size, clone, from->drop);
    if (error != 0)
        return error;
    to->length = straight; /* to be dropped with it from here on */
    error = element_try_clone_all(slot(to, straight), from->data, over, size, clone, from->drop);
    if (error == 0)
        to->length += over;
    return error;
}

int deque_any_try_clone(struct deque *to, const struct deque *from, element_clone *clone)
{
    struct deque made = {.drop = from->drop};

    if (from->length > 0) {
        int error = set_capacity(&made, power_of_two_from(from->length), from->element);
        if (error == 0)
            error = try_clone_all(&made, from, clone);
        if (error != 0) {
            deque_free(&made);
            return error;
        }
    }
    *to = made;
    return 0;
}

void deque_any_clone(struct deque *to, const struct deque *from, element_clone *clone)
{
    if (deque_any_try_clone(to, from, clone) != 0)
        heap_alloc_error((struct layout){from->length * from->element.size, from->element.align});
}
