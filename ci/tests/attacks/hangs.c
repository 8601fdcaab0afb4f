/* Never comes back. */
static void *attack(void)
{
    for (;;)
        __asm__ volatile("");
    return NULL;
}
