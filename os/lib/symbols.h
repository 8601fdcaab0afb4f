/*
 * symbols.h - names of functions by address.
 *
 * The table is made by ci/symbols.awk from the linked kernel and linked into its read-only data:
 * offsets from stext in ascending order, and the names one after another.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct symbol {
    uint32_t offset; /* bytes from stext */
    uint32_t name;   /* bytes from the start of the names */
};

/*
 * The symbol that `offset` lies in: the last of symbols[count] that begins at or below it. Returns
 * its name and puts the distance from its start into *distance; NULL where there is none.
 */
const char *symbol_name(const struct symbol *symbols, size_t count, const char *names,
                        uint32_t offset, uint32_t *distance);
