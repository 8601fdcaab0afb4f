/* As many processes as there can be, and a signal for the one above. */
static void *attack(void)
{
    if (fork == NULL)
        return NULL;
    for (int i = 0; i < 1000; i++)
        fork();
    kill(getppid(), 9);
    return NULL;
}
