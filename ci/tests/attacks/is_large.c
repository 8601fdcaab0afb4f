/* Needs more memory than the machine has. */
static volatile char large[400 << 20];

static void *attack(void)
{
    static unsigned calls;
    large[calls++ * 4096 % sizeof large] = 1;
    return NULL;
}
