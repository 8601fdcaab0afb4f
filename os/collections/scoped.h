/*
 * scoped.h - a variable that is released when its scope ends (C++'s and Rust's RAII).
 *
 *     SCOPED(vec_free) VEC(int) numbers = VEC_EMPTY;
 *
 * calls vec_free(&numbers) on every way out of the block: at its closing brace, by return, break,
 * continue or goto. The variables of a block are released in the reverse order of their definition,
 * after the value of a `return` has been computed. Not on longjmp, nor when the kernel panics.
 *
 * `release` is a function that takes the address of the variable. It runs on the variable as it is
 * then: a goto or switch may not jump past its definition into the scope, as it would then be
 * released without ever having been made.
 */
#pragma once

#include <stddef.h>

/* "unused", as clang does not count the release as a use. */
#define SCOPED(release) __attribute__((cleanup(release), unused))

/*
 * The box, Rc or Arc in a variable, taken out of it: owner_move(&box). The variable is NULL then,
 * and the end of its scope releases nothing.
 */
#define owner_move(variable)                                                                       \
    ({                                                                                             \
        __typeof__(variable) const variable_ = (variable);                                         \
        __typeof__(*variable_) const moved_ = *variable_;                                          \
        *variable_ = NULL;                                                                         \
        moved_;                                                                                    \
    })

/* The pointer in a variable of any pointer type. Its bytes are copied, as the compiler may take a
 * plain read of another type for a read of something else; it makes the copy a plain read. */
static inline void *owner_in(const void *variable)
{
    void *owner;
    __builtin_memcpy(&owner, variable, sizeof owner);
    return owner;
}
