/* printf.c - formatted text. One pass over the format, one small buffer for a number. */
#include "lib/printf.h"

#include <stdbool.h>
#include <stdint.h>

#include "lib/string.h"

struct output {
    void (*put)(char character, void *context);
    void *context;
    int count;
};

/* What stands between the % and the conversion's letter. */
struct spec {
    bool left, zero, plus;
    int width, precision; /* precision: -1 when none is given */
    int length;           /* bytes of an integer argument */
};

static void put(struct output *out, char character)
{
    out->put(character, out->context);
    out->count++;
}

static void pad(struct output *out, char character, int times)
{
    while (times-- > 0)
        put(out, character);
}

/* Text in a field of spec->width, its sign or 0x before the zeros that may fill it. */
static void put_field(struct output *out, const struct spec *spec, const char *prefix,
                      const char *text, size_t length)
{
    const int fill = spec->width - (int)(strlen(prefix) + length);

    if (!spec->left && !spec->zero)
        pad(out, ' ', fill);
    for (; *prefix != '\0'; prefix++)
        put(out, *prefix);
    if (!spec->left && spec->zero)
        pad(out, '0', fill);
    for (size_t i = 0; i < length; i++)
        put(out, text[i]);
    if (spec->left)
        pad(out, ' ', fill);
}

static void put_number(struct output *out, const struct spec *spec, const char *prefix,
                       uint64_t value, unsigned base, bool upper)
{
    const char *const digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char buffer[20]; /* 2^64 - 1 has 20 digits */
    size_t start = sizeof buffer;

    do {
        buffer[--start] = digits[value % base];
        value /= base;
    } while (value != 0);
    put_field(out, spec, prefix, buffer + start, sizeof buffer - start);
}

static void put_signed(struct output *out, const struct spec *spec, int64_t value)
{
    const char *const prefix = value < 0 ? "-" : spec->plus ? "+" : "";
    put_number(out, spec, prefix, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10, false);
}

static void put_string(struct output *out, struct spec *spec, const char *string)
{
    size_t length = 0;

    if (string == NULL)
        string = "(null)";
    while ((spec->precision < 0 || length < (size_t)spec->precision) && string[length] != '\0')
        length++;
    spec->zero = false;
    put_field(out, spec, "", string, length);
}

/* A run of decimal digits; stops before it could overflow. */
static int parse_digits(const char **format)
{
    int value = 0;

    while (**format >= '0' && **format <= '9' && value < 100000)
        value = value * 10 + (*(*format)++ - '0');
    return value;
}

static struct spec parse_spec(const char **format)
{
    struct spec spec = {.precision = -1, .length = sizeof(int)};
    const char *at = *format;

    for (;; at++) {
        if (*at == '-')
            spec.left = true;
        else if (*at == '0')
            spec.zero = true;
        else if (*at == '+')
            spec.plus = true;
        else
            break;
    }
    spec.width = parse_digits(&at);
    if (*at == '.') {
        at++;
        spec.precision = parse_digits(&at);
    }
    if (*at == 'h')
        for (spec.length = 4; *at == 'h'; at++)
            spec.length /= 2;
    else if (*at == 'l' || *at == 'z' || *at == 't' || *at == 'j')
        for (spec.length = 8; *at == 'l' || *at == 'z' || *at == 't' || *at == 'j';)
            at++;
    *format = at;
    return spec;
}

static int64_t signed_value(int64_t value, int length)
{
    return length == 1 ? (int8_t)value : length == 2 ? (int16_t)value : value;
}

static uint64_t unsigned_value(uint64_t value, int length)
{
    return length == 1 ? (uint8_t)value : length == 2 ? (uint16_t)value : value;
}

int kvformat(void (*put_character)(char character, void *context), void *context,
             const char *format, va_list arguments)
{
    struct output out = {put_character, context, 0};

    while (*format != '\0') {
        if (*format != '%') {
            put(&out, *format++);
            continue;
        }
        const char *const start = format++;
        struct spec spec = parse_spec(&format);
        const char conversion = *format == '\0' ? '\0' : *format++;
        switch (conversion) {
        case 'd':
        case 'i':
            put_signed(&out, &spec,
                       spec.length == 8 ? va_arg(arguments, int64_t)
                                        : signed_value(va_arg(arguments, int), spec.length));
            break;
        case 'u':
        case 'x':
        case 'X':
            put_number(&out, &spec, "",
                       spec.length == 8 ? va_arg(arguments, uint64_t)
                                        : unsigned_value(va_arg(arguments, unsigned), spec.length),
                       conversion == 'u' ? 10 : 16, conversion == 'X');
            break;
        case 'p':
            put_number(&out, &spec, "0x", (uintptr_t)va_arg(arguments, void *), 16, false);
            break;
        case 'c': {
            const char character = (char)va_arg(arguments, int);
            spec.zero = false;
            put_field(&out, &spec, "", &character, 1);
            break;
        }
        case 's':
            put_string(&out, &spec, va_arg(arguments, const char *));
            break;
        case '%':
            put(&out, '%');
            break;
        default:
            for (const char *at = start; at < format; at++)
                put(&out, *at);
        }
    }
    return out.count;
}

struct buffer {
    char *bytes;
    size_t size, length;
};

static void put_in_buffer(char character, void *context)
{
    struct buffer *const buffer = context;
    if (buffer->length + 1 < buffer->size)
        buffer->bytes[buffer->length] = character;
    buffer->length++;
}

int kvsnprintf(char *bytes, size_t size, const char *format, va_list arguments)
{
    struct buffer buffer = {bytes, size, 0};
    const int length = kvformat(put_in_buffer, &buffer, format, arguments);
    if (size > 0)
        bytes[buffer.length < size ? buffer.length : size - 1] = '\0';
    return length;
}

int ksnprintf(char *bytes, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int length = kvsnprintf(bytes, size, format, arguments);
    va_end(arguments);
    return length;
}
