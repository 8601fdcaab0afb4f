/* mix.h - something for a traced heap to do. Pure C: the kernel and the host run the same. */
#pragma once

/* Boxes, vectors that grow, a list of shared values and a random mix: a few thousand operations,
 * the same each time. Some blocks of the mix stay live; all else is given back. */
void trace_mix(void);
