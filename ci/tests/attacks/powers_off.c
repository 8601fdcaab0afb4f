/* Ends with status 0 before anything can fail. */
static void *attack(void)
{
    if (_exit)
        _exit(0);
    power_off(0);
    return NULL;
}
