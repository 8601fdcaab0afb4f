/* layout.c - the words for how a free ended. */
#include "heap/layout.h"

const char *free_result_text(enum free_result result)
{
    static const char *const texts[] = {
        [FREE_OK] = "freed",
        [FREE_FOREIGN] = "foreign free: not an address of this heap",
        [FREE_MISALIGNED] = "misaligned free: no block begins at this address",
        [FREE_TWICE] = "double free: this memory is free already",
        [FREE_INTERIOR] = "interior free: inside a live block, not at its first byte",
        [FREE_WRONG_LAYOUT] = "wrong layout: the block was not allocated with it",
    };
    return texts[result];
}
