/* mutex.c - misuse of Mutex. */
#include "collections/mutex.h"

int misuse_mutex(void);

int misuse_mutex(void)
{
    static MUTEX(int) counter = MUTEX_OF(0);
    int plain = 5;

    {
        SCOPED_LOCK(held, &counter);
        *held += 1;
        *held = "text";      /* error: a string in a mutex of int */
        char *letter = held; /* error: the held value becomes a char */
        held = &plain;       /* error: the guard becomes one of another value */
        plain += *held;
    }
    static MUTEX(int) wrong = MUTEX_OF("text"); /* error: a mutex of int made of a string */
    SCOPED_LOCK(other, &plain);                 /* error: what is no mutex is locked */
    plain += counter.value;                     /* error: the value is reached without a guard */
    plain += counter;                           /* error: the mutex is taken for its value */
    return plain;
}
