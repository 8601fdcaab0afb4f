/* text.c - misuse of Text. */
#include "collections/text.h"

int misuse_text(struct text *text, const struct text *frozen, const char *string);

int misuse_text(struct text *text, const struct text *frozen, const char *string)
{
    VEC(char) bytes = VEC_EMPTY;
    int error = 0;

    text_format(text, "%s", error);             /* error: an int is formatted as a string */
    text_format(text, "%d", string);            /* error: a string is formatted as an int */
    text_format(text, "%d");                    /* error: there is nothing to format */
    text_format(text, "%d", frozen->length);    /* error: a size_t is formatted as an int */
    text_format(string, "%d", 1);               /* error: a text is formatted into a string */
    error = text_try_format(text, "%s", *text); /* error: a text is formatted as a string */
    text_append(text, text);                    /* error: a text is appended as if a string */
    text_append(&bytes, string);                /* error: a vec is appended to as if a text */
    text_push(text, string);                    /* error: a string is pushed as if a byte */
    text_append(frozen, string);                /* error: a constant text is changed */
    text_clone(&bytes, frozen);                 /* error: a text is cloned to a vec */
    const char *number = text_string(string);   /* error: a string is taken for a text */

    vec_clear(&bytes);
    text_format(text, "%s %d %zu", text_string(frozen), error, frozen->length);
    text_append(text, string);
    return error;
}
