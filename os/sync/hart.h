/* hart.h - which of the harts that use the heap this is. */
#pragma once

#include "config.h"

#if HEAP_HARTS == 1
static inline unsigned hart_index(void)
{
    return 0;
}
#else
/* From 0 to HEAP_HARTS - 1; defined by what starts the harts. */
unsigned hart_index(void);
#endif
