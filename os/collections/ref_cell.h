/*
 * ref_cell.h - a value of which is checked at run time that nobody changes it while another looks
 * (Rust's RefCell).
 *
 *     REF_CELL(int) cell = REF_CELL_OF(5);
 *     {
 *         SCOPED_BORROW(seen, &cell);          const int *seen, until the end of the scope
 *         use(*seen);
 *     }
 *     SCOPED_BORROW_MUT(changed, &cell);       int *changed
 *     *changed = 6;
 *
 * There may be any number of borrowers that read, or one that writes. A conflict is a bug of the
 * program: it panics, and names both borrowers. Each borrower stands in a list in his own frame, so
 * that the cell can name those who are there now. It is never copied while it is borrowed.
 *
 * For one hart alone. The cell owns nothing on the heap: what its value owns is freed by whoever
 * ends the cell.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "collections/scoped.h"

/* `guarded_` is for the macros below; nothing else may name it. */
#define REF_CELL(type)                                                                             \
    struct {                                                                                       \
        type guarded_;                                                                             \
        struct borrow *latest; /* the last who borrowed and is still there; NULL: nobody */        \
    }

/* The initializer: REF_CELL_OF(5), REF_CELL_OF({.x = 1, .y = 2}). */
#define REF_CELL_OF(...)                                                                           \
    {                                                                                              \
        .guarded_ = __VA_ARGS__, .latest = NULL                                                    \
    }

/* Define `name`, a pointer to the value, for the rest of the scope: const, or not. Panics when
 * there is a writer, or for the second when there is anybody. */
#define SCOPED_BORROW(name, cell)     REF_CELL_BORROW(const, name, cell, false)
#define SCOPED_BORROW_MUT(name, cell) REF_CELL_BORROW(, name, cell, true)

/* The same, but `name` is NULL where the above panic. */
#define SCOPED_TRY_BORROW(name, cell)     REF_CELL_TRY_BORROW(const, name, cell, false)
#define SCOPED_TRY_BORROW_MUT(name, cell) REF_CELL_TRY_BORROW(, name, cell, true)

#define REF_CELL_BORROW(qualifier, name, cell, writes)                                             \
    const __auto_type name##_cell_ = (cell);                                                       \
    SCOPED(borrow_end) struct borrow name##_borrow_ = BORROW(name##_cell_, writes);                \
    qualifier __typeof__(name##_cell_->guarded_) *const name =                                     \
        (borrow_begin(&name##_borrow_), &name##_cell_->guarded_)

#define REF_CELL_TRY_BORROW(qualifier, name, cell, writes)                                         \
    const __auto_type name##_cell_ = (cell);                                                       \
    SCOPED(borrow_end) struct borrow name##_borrow_ = BORROW(name##_cell_, writes);                \
    qualifier __typeof__(name##_cell_->guarded_) *const name =                                     \
        borrow_try_begin(&name##_borrow_) ? &name##_cell_->guarded_ : NULL

#define BORROW(cell, writes)                                                                       \
    {                                                                                              \
        &(cell)->latest, NULL, __FILE__, __LINE__, (writes)                                        \
    }

/* One borrower. */
struct borrow {
    struct borrow **latest;  /* of the cell; NULL: it has not been borrowed */
    struct borrow *previous; /* who borrowed before, and is still there */
    const char *file;
    int line;
    bool writes;
};

void borrow_begin(struct borrow *borrow);
bool borrow_try_begin(struct borrow *borrow);
void borrow_end(const struct borrow *borrow);
