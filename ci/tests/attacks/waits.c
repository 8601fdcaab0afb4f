/* Waits for an interrupt that never comes. */
static void *attack(void)
{
#ifdef __riscv
    for (;;)
        __asm__ volatile("csrw sie, zero\n wfi");
#endif
    return NULL;
}
