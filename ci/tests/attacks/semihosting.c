/* Asks the emulator to write a file and to end with status 0. */
static void *attack(void)
{
#ifdef __riscv
    static const char path[] = "@TREE@";
    static const unsigned long open_it[] = {(unsigned long)path, 4, sizeof path - 1};
    static const unsigned long arguments[] = {0x20026, 0};
    register unsigned long a0 __asm__("a0") = 1;
    register const void *a1 __asm__("a1") = open_it;
    for (int i = 0; i < 2; i++) {
        __asm__ volatile(".option push\n.option norvc\n.balign 16\n"
                         "slli x0, x0, 0x1f\nebreak\nsrai x0, x0, 7\n.option pop"
                         : "+r"(a0)
                         : "r"(a1)
                         : "memory");
        a0 = 0x20, a1 = arguments;
    }
#endif
    return NULL;
}
