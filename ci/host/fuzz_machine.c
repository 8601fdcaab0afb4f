/*
 * fuzz_machine.c - libFuzzer target: any bytes as a device tree.
 *
 * The tree stands in a malloc of exactly its size, so that a read beyond it is seen. What
 * machine_read() accepts must keep the promises of machine.h, and what it refuses has one line of
 * printable text. Seeds: ci/host/corpus_machine/.
 */
#include <stdio.h>

#include "tree_builder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_one_line(const char *text, size_t room)
{
    size_t length = strnlen(text, room);
    for (size_t i = 0; i < length; i++) {
        if (text[i] < ' ' || text[i] > '~')
            return false;
    }
    return length > 0 && length < room;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct machine machine;
    char why[256] = "";
    uint8_t *tree = malloc(size);
    if (size != 0)
        memcpy(tree, data, size);
    int result = machine_read(&machine, tree, size, why, sizeof(why));
    if (result == 0 ? !machine_invariants_hold(&machine, tree, size)
                    : !is_one_line(why, sizeof(why)))
        abort();
    free(tree);
    return 0;
}
