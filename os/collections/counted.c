/* counted.c - the block of an Rc or Arc, from the heap and back. */
#include "collections/counted.h"

#include "lib/panic.h"

/* Where the value lies in its block. */
static size_t value_offset(struct layout value)
{
    return align_up(sizeof(struct counted), value.align);
}

struct layout counted_layout(struct layout value)
{
    const size_t align =
        value.align > _Alignof(struct counted) ? value.align : _Alignof(struct counted);
    return (struct layout){value_offset(value) + value.size, align};
}

void *counted_try_alloc(const struct counted_type *type)
{
    void *const block = heap_alloc(counted_layout(type->layout));
    if (block == NULL)
        return NULL;

    void *const value = (char *)block + value_offset(type->layout);
    struct counted *const counted = counted_of(value);
    counted->type = type;
    atomic_init(&counted->strong, 1);
    atomic_init(&counted->weak, 1);
    return value;
}

void *counted_alloc(const struct counted_type *type)
{
    void *const value = counted_try_alloc(type);
    if (value == NULL)
        heap_alloc_error(counted_layout(type->layout));
    return value;
}

void counted_drop(struct counted *counted)
{
    if (counted->type->drop != NULL)
        counted->type->drop(counted + 1);
}

void counted_dealloc(struct counted *counted)
{
    const struct layout layout = counted->type->layout;
    heap_dealloc((char *)(counted + 1) - value_offset(layout), counted_layout(layout));
}

void counted_bad(unsigned count)
{
    if (count == 0)
        panic("a shared value was used after its last owner had released it");
    panic("a shared value has %u owners, and can have no more", count);
}
