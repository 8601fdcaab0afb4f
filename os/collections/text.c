/* text.c - a string that grows: a vec of bytes, and the NUL behind them. */
#include "collections/text.h"

#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"

/* Let the text be `length` bytes long, for which there is room. */
static void end_at(struct text *text, size_t length)
{
    text->length = length;
    if (text->capacity > 0)
        text->data[length] = '\0';
}

/* For the forms that cannot fail. */
static void must(int error, const struct text *text, size_t additional)
{
    size_t bytes;

    if (error == 0)
        return;
    if (__builtin_add_overflow(text->length + 1, additional, &bytes))
        bytes = SIZE_MAX;
    heap_alloc_error((struct layout){bytes, 1});
}

int text_try_reserve(struct text *text, size_t additional)
{
    if (additional == SIZE_MAX || vec_try_reserve(text, additional + 1) != 0)
        return -ENOMEM;
    end_at(text, text->length);
    return 0;
}

void text_reserve(struct text *text, size_t additional)
{
    must(text_try_reserve(text, additional), text, additional);
}

/* Bytes in the text itself move with it when room is made: they are found again by their distance
 * from its start. */
int text_try_append_bytes(struct text *text, const char *bytes, size_t count)
{
    const size_t distance = (uintptr_t)bytes - (uintptr_t)text->data;
    const bool inside = distance < text->length;
    const int error = text_try_reserve(text, count);

    if (error != 0)
        return error;
    if (count > 0) /* else there may be no bytes at all */
        memcpy(text->data + text->length, inside ? text->data + distance : bytes, count);
    end_at(text, text->length + count);
    return 0;
}

void text_append_bytes(struct text *text, const char *bytes, size_t count)
{
    must(text_try_append_bytes(text, bytes, count), text, count);
}

int text_try_append(struct text *text, const char *string)
{
    return text_try_append_bytes(text, string, strlen(string));
}

void text_append(struct text *text, const char *string)
{
    text_append_bytes(text, string, strlen(string));
}

int text_try_push(struct text *text, char byte)
{
    return text_try_append_bytes(text, &byte, 1);
}

void text_push(struct text *text, char byte)
{
    text_append_bytes(text, &byte, 1);
}

static int measure(const char *format, va_list arguments)
{
    va_list copy;

    va_copy(copy, arguments);
    const int length = kvsnprintf(NULL, 0, format, copy);
    va_end(copy);
    return length;
}

int text_try_vformat(struct text *text, const char *format, va_list arguments)
{
    const size_t length = (size_t)measure(format, arguments);
    const int error = text_try_reserve(text, length);

    if (error != 0)
        return error;
    kvsnprintf(text->data + text->length, length + 1, format, arguments);
    end_at(text, text->length + length);
    return 0;
}

int text_try_format(struct text *text, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    const int error = text_try_vformat(text, format, arguments);
    va_end(arguments);
    return error;
}

void text_format(struct text *text, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    text_reserve(text, (size_t)measure(format, arguments));
    (void)text_try_vformat(text, format, arguments); /* there is room now */
    va_end(arguments);
}

int text_try_insert(struct text *text, size_t index, const char *string)
{
    const size_t count = strlen(string);

    if (index > text->length)
        panic("text: index %zu is out of bounds: the length is %zu", index, text->length);
    const int error = text_try_reserve(text, count);
    if (error != 0)
        return error;
    memmove(text->data + index + count, text->data + index, text->length - index);
    memcpy(text->data + index, string, count);
    end_at(text, text->length + count);
    return 0;
}

void text_insert(struct text *text, size_t index, const char *string)
{
    must(text_try_insert(text, index, string), text, strlen(string));
}

void text_remove(struct text *text, size_t index, size_t count)
{
    if (index > text->length || count > text->length - index)
        panic("text: %zu bytes from %zu are out of bounds: the length is %zu", count, index,
              text->length);
    if (count == 0)
        return;
    memmove(text->data + index, text->data + index + count, text->length - index - count);
    end_at(text, text->length - count);
}

bool text_pop(struct text *text, char *byte)
{
    if (text->length == 0)
        return false;
    *byte = text->data[text->length - 1];
    end_at(text, text->length - 1);
    return true;
}

void text_truncate(struct text *text, size_t length)
{
    if (length < text->length)
        end_at(text, length);
}

void text_clear(struct text *text)
{
    end_at(text, 0);
}

/* The NUL counts as an element while the vec is shrunk. */
void text_shrink(struct text *text)
{
    if (text->length == 0) {
        vec_shrink(text);
        return;
    }
    text->length++;
    vec_shrink(text);
    text->length--;
}

int text_try_clone(void *to, const void *from)
{
    const struct text *const original = from;
    struct text copy = TEXT_EMPTY;

    if (original->length > 0) {
        const int error = text_try_append_bytes(&copy, original->data, original->length);
        if (error != 0)
            return error;
    }
    *(struct text *)to = copy;
    return 0;
}

void text_clone(struct text *to, const struct text *from)
{
    must(text_try_clone(to, from), from, 0);
}

int text_compare(const void *left, const void *right)
{
    const struct text *const a = left, *const b = right;
    const size_t both = a->length < b->length ? a->length : b->length;
    const int order = memcmp(text_string(a), text_string(b), both);

    return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

bool text_find(const struct text *text, size_t from, const char *string, size_t *index)
{
    const size_t count = strlen(string);

    for (size_t at = from; at <= text->length && count <= text->length - at; at++)
        if (memcmp(text_string(text) + at, string, count) == 0) {
            *index = at;
            return true;
        }
    return false;
}

void text_free(void *text)
{
    vec_free(&((struct text *)text)->any);
}
