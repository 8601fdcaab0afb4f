/* symbols.c - names of functions by address: a binary search. */
#include "lib/symbols.h"

const char *symbol_name(const struct symbol *symbols, size_t count, const char *names,
                        uint32_t offset, uint32_t *distance)
{
    size_t low = 0, high = count; /* what begins at or below offset ends somewhere in between */

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (symbols[middle].offset <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NULL;
    *distance = offset - symbols[low - 1].offset;
    return names + symbols[low - 1].name;
}
