/*
 * fuzz_allocators.c - libFuzzer target: bytes are operations on a heap, each compared with a model.
 *
 * The first byte chooses the design, the next three the size of the heap and where it starts; then
 * each operation is one byte for its kind and the live block that it is done to, two for a size
 * and, where it allocates or frees wrongly, one for an alignment or an address.
 */
#include <stdio.h>
#include <stdlib.h>

#include "heap_model.h"

enum { MOST_BYTES = MODEL_UNITS * 16, ODD_START = 64 };

struct input {
    const uint8_t *bytes;
    size_t size;
};

static struct model model;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

_Noreturn void model_fail(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s: not so: %s\n", file, line, model.design->verbs->name, what);
    abort();
}

/* 0 when there are no more. */
static unsigned take_byte(struct input *input)
{
    if (input->size == 0)
        return 0;
    input->size--;
    return *input->bytes++;
}

static size_t take_number(struct input *input)
{
    const unsigned high = take_byte(input);
    return high << 8 | take_byte(input);
}

/* Most are near the sizes that such a heap has; those from 0xc000 on wrap to the other end of the
 * address space. */
static size_t take_size(struct input *input)
{
    const size_t number = take_number(input);
    return number < 0xc000 ? number >> (number & 7) : SIZE_MAX - (number - 0xc000);
}

static void operate(struct input *input)
{
    const unsigned kind = take_byte(input);
    const size_t size = take_size(input);
    const size_t index = model.live_count > 0 ? kind / 8 % model.live_count : 0;

    if (kind % 8 < 3) {
        const unsigned align = take_byte(input);
        if (model.live_count < MODEL_UNITS)
            model_alloc(&model,
                        (struct layout){size, align < 128 ? (size_t)1 << align % 64 : align},
                        (uint8_t)kind);
    } else if (kind % 8 == 3) {
        const uintptr_t near = (uintptr_t)model.base - 64 + (uintptr_t)take_byte(input) * 32;
        model_bad_free(&model, near + size / 2 % 32,
                       (struct layout){size % 5 ? 0 : size, (size_t)1 << size / 8 % 8});
    } else if (model.live_count == 0) {
        return;
    } else if (kind % 8 < 6) {
        model_free(&model, index, size % 2);
    } else {
        model_realloc(&model, index, size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, size};
    const struct model_design *const design = &model_designs[take_byte(&input) % MODEL_DESIGNS];
    const size_t least = design == &model_designs[MODEL_SLAB] ? SLAB_SMALLEST_HEAP : 0;
    const size_t heap_size = least + take_number(&input) % (MOST_BYTES + 1);
    const size_t start = take_byte(&input) % ODD_START;
    void *memory = NULL;

    if (posix_memalign(&memory, 1024, start + heap_size + 1) != 0)
        abort();
    if (model_init(&model, design, (uint8_t *)memory + start, heap_size))
        while (input.size > 0)
            operate(&input);
    free(memory);
    return 0;
}
