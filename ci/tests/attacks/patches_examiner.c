/* Makes the code that answers the examiner answer something else, and spoils what it was told. */
extern unsigned long exam_answer(void *turn);
extern int mprotect(void *, size, int) WEAK;
extern struct {
    unsigned long call, arguments[5], result;
} exam_turn WEAK;

static void patch(void)
{
    unsigned char *const code = (unsigned char *)exam_answer;
    if (mprotect)
        mprotect((void *)((unsigned long)code & -4096ul), 8192, 7);
    for (int i = 0; i < 64; i++)
        code[i] = 0;
}

__attribute__((constructor)) static void before_all(void)
{
    if (mprotect)
        patch();
}

static void *attack(void)
{
    if (&exam_turn) {
        exam_turn.call = 0, exam_turn.result = 0;
        for (int i = 0; i < 5; i++)
            exam_turn.arguments[i] = 0;
    }
    patch();
    return NULL;
}
