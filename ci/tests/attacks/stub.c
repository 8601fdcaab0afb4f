/* An allocator that does nothing but attack: what the files beside this one define. */
#include "config.h"
#include "heap/bump.h"

#define WEAK __attribute__((weak))

/* Of the process on the host, and of the kernel; each is NULL in the other. */
typedef __SIZE_TYPE__ size;
extern int open(const char *, int, ...) WEAK;
extern long read(int, void *, size) WEAK, write(int, const void *, size) WEAK;
extern int fork(void) WEAK, getppid(void) WEAK, kill(int, int) WEAK;
extern void _exit(int) WEAK;
extern void kprintf(const char *, ...) WEAK;
extern void power_off(unsigned char) WEAK;

static void *attack(void); /* what an allocation returns */

bool bump_init(struct bump *b, void *start, size_t bytes)
{
    (void)b, (void)start, (void)bytes;
    return true;
}

void *bump_alloc(struct bump *b, struct layout layout)
{
    (void)b, (void)layout;
    return attack();
}

enum free_result bump_dealloc(struct bump *b, void *block, struct layout layout)
{
    (void)b, (void)block, (void)layout;
    return FREE_OK;
}

void *bump_realloc(struct bump *b, void *block, struct layout layout, size_t bytes)
{
    (void)b, (void)layout, (void)bytes;
    return block;
}

enum free_result bump_check(const struct bump *b, const void *block, struct layout layout)
{
    (void)b, (void)block, (void)layout;
    return FREE_OK;
}

size_t bump_block_size(const struct bump *b, const void *block)
{
    (void)b, (void)block;
    return 32;
}

void bump_stats(const struct bump *b, struct heap_stats *stats)
{
    (void)b;
    *stats = (struct heap_stats){.total = KERNEL_HEAP_SIZE};
}

bool bump_invariants_hold(const struct bump *b)
{
    (void)b;
    return true;
}
