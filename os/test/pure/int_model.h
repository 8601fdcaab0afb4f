/* int_model.h - what a sequence of ints must be after the same operations: a plain array. */
#pragma once

#include "lib/string.h"
#include "test/test.h"

enum { MODEL_MOST = 80 };

static struct {
    int values[MODEL_MOST];
    size_t length;
} model;

static inline void model_insert(size_t index, int value)
{
    memmove(&model.values[index + 1], &model.values[index],
            (model.length - index) * sizeof model.values[0]);
    model.values[index] = value;
    model.length++;
}

static inline int model_remove(size_t index)
{
    const int value = model.values[index];
    model.length--;
    memmove(&model.values[index], &model.values[index + 1],
            (model.length - index) * sizeof model.values[0]);
    return value;
}

/* By insertion. */
static inline void model_sort(void)
{
    for (size_t i = 1; i < model.length; i++)
        for (size_t j = i; j > 0 && model.values[j - 1] > model.values[j]; j--) {
            const int value = model.values[j];
            model.values[j] = model.values[j - 1];
            model.values[j - 1] = value;
        }
}
