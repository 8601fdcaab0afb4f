/* Prints without end. */
static void *attack(void)
{
    static const char words[4096] = "PASS ";
    for (;;) {
        if (write)
            write(2, words, sizeof words);
        else
            kprintf("%s %s %s %s %s %s %s %s\n", words, words, words, words, words, words, words,
                    words);
    }
    return NULL;
}
