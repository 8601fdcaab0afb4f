/* Answers with addresses from a table, of memory that is no heap's. */
static void *attack(void)
{
    static unsigned char own[1 << 16];
    static const unsigned long table[] = {0xffffffc080400000, 1, 0x80200000, ~0ul, 0x200000001000};
    static unsigned calls;
    const unsigned i = calls++ % 6;
    return i == 5 ? (void *)own : (void *)table[i];
}
