/*
 * ubsan.c - what the compilers call where the C standard leaves the behaviour undefined
 * (SANITIZE=ubsan).
 *
 * With -fsanitize=undefined an operation is checked where it stands, and on an error a handler here
 * is called with a description of the place and with the values. The layout of the descriptions
 * is the same with GCC and clang. The first error ends in a panic.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/panic.h"

struct location {
    const char *file;
    uint32_t line, column;
};

struct type {
    uint16_t kind; /* TYPE_INTEGER, or none with values to print */
    uint16_t info; /* bit 0: signed; the rest: the logarithm of the width in bits */
    char name[];   /* in quotes */
};

enum { TYPE_INTEGER = 0, WORD_BITS = 64 };

/* Panic at a location, with it in front. */
#define error(where, format, ...)                                                                  \
    panic_at((where)->file, (int)(where)->line, "ubsan: %s:%u:%u: " format, (where)->file,         \
             (where)->line, (where)->column, ##__VA_ARGS__)

static unsigned bits_of(const struct type *type)
{
    return 1u << (type->info >> 1);
}

static bool is_signed(const struct type *type)
{
    return type->kind == TYPE_INTEGER && (type->info & 1) != 0;
}

/* The value of an integer, signed or not; of one wider than a word, which is told by its address,
 * the low word. */
static long long value_of(const struct type *type, uintptr_t value)
{
    const unsigned bits = bits_of(type);

    if (bits > WORD_BITS)
        return *(const long long *)value;
    if (bits == WORD_BITS || !is_signed(type))
        return (long long)value;
    return (long long)(value << (WORD_BITS - bits)) >> (WORD_BITS - bits);
}

/* --- arithmetic ------------------------------------------------------------------------------- */

struct overflow {
    struct location where;
    const struct type *type;
};

static _Noreturn void overflows(const struct overflow *data, uintptr_t left, const char *operation,
                                uintptr_t right)
{
    error(&data->where, "overflow: %lld %s %lld does not fit in %s", value_of(data->type, left),
          operation, value_of(data->type, right), data->type->name);
}

_Noreturn void __ubsan_handle_add_overflow_abort(const struct overflow *data, uintptr_t left,
                                                 uintptr_t right);
_Noreturn void __ubsan_handle_sub_overflow_abort(const struct overflow *data, uintptr_t left,
                                                 uintptr_t right);
_Noreturn void __ubsan_handle_mul_overflow_abort(const struct overflow *data, uintptr_t left,
                                                 uintptr_t right);
_Noreturn void __ubsan_handle_negate_overflow_abort(const struct overflow *data, uintptr_t value);
_Noreturn void __ubsan_handle_divrem_overflow_abort(const struct overflow *data, uintptr_t left,
                                                    uintptr_t right);

void __ubsan_handle_add_overflow_abort(const struct overflow *data, uintptr_t left, uintptr_t right)
{
    overflows(data, left, "+", right);
}

void __ubsan_handle_sub_overflow_abort(const struct overflow *data, uintptr_t left, uintptr_t right)
{
    overflows(data, left, "-", right);
}

void __ubsan_handle_mul_overflow_abort(const struct overflow *data, uintptr_t left, uintptr_t right)
{
    overflows(data, left, "*", right);
}

void __ubsan_handle_negate_overflow_abort(const struct overflow *data, uintptr_t value)
{
    error(&data->where, "overflow: -(%lld) does not fit in %s", value_of(data->type, value),
          data->type->name);
}

void __ubsan_handle_divrem_overflow_abort(const struct overflow *data, uintptr_t left,
                                          uintptr_t right)
{
    if (value_of(data->type, right) == 0)
        error(&data->where, "division of %lld by zero", value_of(data->type, left));
    overflows(data, left, "/", right);
}

struct shift {
    struct location where;
    const struct type *left_type, *right_type;
};

_Noreturn void __ubsan_handle_shift_out_of_bounds_abort(const struct shift *data, uintptr_t left,
                                                        uintptr_t right);

void __ubsan_handle_shift_out_of_bounds_abort(const struct shift *data, uintptr_t left,
                                              uintptr_t right)
{
    const long long value = value_of(data->left_type, left);
    const long long by = value_of(data->right_type, right);

    if (by < 0 || by >= bits_of(data->left_type))
        error(&data->where, "shift by %lld, but %s has %u bits", by, data->left_type->name,
              bits_of(data->left_type));
    error(&data->where, "overflow: %lld << %lld does not fit in %s", value, by,
          data->left_type->name);
}

/* --- memory ----------------------------------------------------------------------------------- */

struct index {
    struct location where;
    const struct type *array_type, *index_type;
};

_Noreturn void __ubsan_handle_out_of_bounds_abort(const struct index *data, uintptr_t index);

void __ubsan_handle_out_of_bounds_abort(const struct index *data, uintptr_t index)
{
    error(&data->where, "index %lld is out of bounds of %s", value_of(data->index_type, index),
          data->array_type->name);
}

struct type_mismatch {
    struct location where;
    const struct type *type;
    uint8_t log_align;
    uint8_t kind; /* index into what[] */
};

_Noreturn void __ubsan_handle_type_mismatch_v1_abort(const struct type_mismatch *data,
                                                     uintptr_t pointer);

void __ubsan_handle_type_mismatch_v1_abort(const struct type_mismatch *data, uintptr_t pointer)
{
    static const char *const what[] = {"load from",
                                       "store to",
                                       "reference to",
                                       "member of",
                                       "call of a member of",
                                       "constructor of",
                                       "downcast of",
                                       "downcast of",
                                       "upcast of",
                                       "cast to a virtual base of",
                                       "use of",
                                       "dynamic cast of"};
    const size_t align = (size_t)1 << data->log_align;

    if (pointer == 0)
        error(&data->where, "%s a null pointer to %s", what[data->kind], data->type->name);
    if (pointer % align != 0)
        error(&data->where, "%s %p, but an address of %s is a multiple of %zu", what[data->kind],
              (void *)pointer, data->type->name, align);
    error(&data->where, "%s %p, where there is no room for %s", what[data->kind], (void *)pointer,
          data->type->name);
}

struct place {
    struct location where;
};

_Noreturn void __ubsan_handle_pointer_overflow_abort(const struct place *data, uintptr_t base,
                                                     uintptr_t result);

void __ubsan_handle_pointer_overflow_abort(const struct place *data, uintptr_t base,
                                           uintptr_t result)
{
    error(&data->where, "pointer arithmetic takes %p to %p", (void *)base, (void *)result);
}

struct alignment_assumption {
    struct location where, assumed;
    const struct type *type;
};

_Noreturn void __ubsan_handle_alignment_assumption_abort(const struct alignment_assumption *data,
                                                         uintptr_t pointer, uintptr_t align,
                                                         uintptr_t offset);

void __ubsan_handle_alignment_assumption_abort(const struct alignment_assumption *data,
                                               uintptr_t pointer, uintptr_t align, uintptr_t offset)
{
    error(&data->where, "%p is taken for a multiple of %lu, with offset %lu", (void *)pointer,
          align, offset);
}

/* --- values ----------------------------------------------------------------------------------- */

struct value {
    struct location where;
    const struct type *type;
};

_Noreturn void __ubsan_handle_load_invalid_value_abort(const struct value *data, uintptr_t value);
_Noreturn void __ubsan_handle_vla_bound_not_positive_abort(const struct value *data,
                                                           uintptr_t bound);

void __ubsan_handle_load_invalid_value_abort(const struct value *data, uintptr_t value)
{
    error(&data->where, "%lld is no value of %s", value_of(data->type, value), data->type->name);
}

void __ubsan_handle_vla_bound_not_positive_abort(const struct value *data, uintptr_t bound)
{
    error(&data->where, "an array of %lld elements", value_of(data->type, bound));
}

struct nonnull_argument {
    struct location where, attribute;
    int number;
};

_Noreturn void __ubsan_handle_nonnull_arg_abort(const struct nonnull_argument *data);
_Noreturn void __ubsan_handle_nonnull_return_v1_abort(const struct place *attribute,
                                                      const struct location *where);

void __ubsan_handle_nonnull_arg_abort(const struct nonnull_argument *data)
{
    error(&data->where, "argument %d is null, which its declaration excludes", data->number);
}

void __ubsan_handle_nonnull_return_v1_abort(const struct place *attribute,
                                            const struct location *where)
{
    (void)attribute;
    error(where, "a null pointer is returned, which the declaration excludes");
}

struct builtin {
    struct location where;
    uint8_t kind;
};

_Noreturn void __ubsan_handle_invalid_builtin_abort(const struct builtin *data);

void __ubsan_handle_invalid_builtin_abort(const struct builtin *data)
{
    error(&data->where, "%s of 0 has no value", data->kind == 0 ? "ctz()" : "clz()");
}

/* --- ways to go ------------------------------------------------------------------------------- */

_Noreturn void __ubsan_handle_builtin_unreachable(const struct place *data);
_Noreturn void __ubsan_handle_missing_return(const struct place *data);

void __ubsan_handle_builtin_unreachable(const struct place *data)
{
    error(&data->where, "code was reached that was declared unreachable");
}

void __ubsan_handle_missing_return(const struct place *data)
{
    error(&data->where, "a function ended without a value");
}
