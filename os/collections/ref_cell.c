/* ref_cell.c - the list of those who have borrowed a value. */
#include "collections/ref_cell.h"

#include "lib/panic.h"

/* The readers are many or the writer is one; so the last who came tells of all. */
static bool conflicts(const struct borrow *borrow, const struct borrow *other)
{
    return other != NULL && (borrow->writes || other->writes);
}

bool borrow_try_begin(struct borrow *borrow)
{
    if (conflicts(borrow, *borrow->latest)) {
        borrow->latest = NULL;
        return false;
    }
    borrow->previous = *borrow->latest;
    *borrow->latest = borrow;
    return true;
}

void borrow_begin(struct borrow *borrow)
{
    const struct borrow *const other = *borrow->latest;

    if (!borrow_try_begin(borrow))
        panic_at(borrow->file, borrow->line,
                 "ref_cell: borrowed to %s at %s:%d, while borrowed to %s at %s:%d",
                 borrow->writes ? "write" : "read", borrow->file, borrow->line,
                 other->writes ? "write" : "read", other->file, other->line);
}

/* Mostly the last who came goes first; not if they are in different tasks. */
void borrow_end(const struct borrow *borrow)
{
    if (borrow->latest == NULL)
        return;

    struct borrow **link = borrow->latest;
    while (*link != borrow)
        link = &(*link)->previous;
    *link = borrow->previous;
}
