/*
 * text.h - a string that grows (Rust's String).
 *
 *     SCOPED(text_free) struct text line = TEXT_EMPTY;
 *     text_append(&line, "hart");
 *     text_format(&line, " %u of %u", hart, count);
 *     kprintf("%s\n", text_string(&line));
 *
 * A text is a VEC(char), so vec_at, vec_for_each and the others that only read serve it; those that
 * change it are here, as they keep a NUL behind the last byte. The NUL is not counted in `length`.
 * A text without memory is the empty string, too. Its bytes should be UTF-8, as Rust demands; here
 * nobody checks, and positions are bytes: who cuts must cut between characters.
 *
 * As with vec, text_try_X is 0, or -ENOMEM with the text as it was; text_X ends in the allocation
 * error handler. A position out of bounds panics.
 */
#pragma once

#include <stdarg.h>

#include "collections/vec.h"

struct text {
    VEC(char); /* with a NUL at data[length] if there is any capacity */
};

#define TEXT_EMPTY VEC_EMPTY

/* The text as a C string; good until the text is changed. A NUL in the text would end it. */
static inline const char *text_string(const struct text *text)
{
    return text->capacity == 0 ? "" : text->data;
}

/* Append a byte; a C string; any bytes. The string may lie in the text itself. */
int text_try_push(struct text *text, char byte);
void text_push(struct text *text, char byte);
int text_try_append(struct text *text, const char *string);
void text_append(struct text *text, const char *string);
int text_try_append_bytes(struct text *text, const char *bytes, size_t count);
void text_append_bytes(struct text *text, const char *bytes, size_t count);

/* Append formatted text: lib/printf.h says what can stand in `format`. No argument may lie in the
 * text itself. */
int text_try_format(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
int text_try_vformat(struct text *text, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* Put a string, which may not lie in the text itself, in front of byte `index`, or behind the last.
 */
int text_try_insert(struct text *text, size_t index, const char *string);
void text_insert(struct text *text, size_t index, const char *string);

/* Take out `count` bytes from `index` on. */
void text_remove(struct text *text, size_t index, size_t count);

/* Take off the last byte. False: there is none. */
bool text_pop(struct text *text, char *byte);

/* Cut off all bytes from `length` on, if there are so many; or all. The capacity stays. */
void text_truncate(struct text *text, size_t length);
void text_clear(struct text *text);

/* Make room for `additional` more bytes and their NUL. */
int text_try_reserve(struct text *text, size_t additional);
void text_reserve(struct text *text, size_t additional);

/* Give back what is not in use; where the heap cannot, the text stays as it was. */
void text_shrink(struct text *text);

/* Make *to, whatever it held, a copy of *from. The first is an element_clone. */
int text_try_clone(void *to, const void *from);
void text_clone(struct text *to, const struct text *from);

/* < 0, 0 or > 0: an element_compare, byte by byte, each as unsigned; a beginning is less. */
int text_compare(const void *left, const void *right);

/* Look for a string from byte `from` on: where it first begins. O(length times its length) */
bool text_find(const struct text *text, size_t from, const char *string, size_t *index);

/* Give back the memory: the text is empty then, and can be used again. Takes the address of a
 * struct text, so that it can stand in SCOPED and VEC_DROPPING. */
void text_free(void *text);
