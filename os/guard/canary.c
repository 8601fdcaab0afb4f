/*
 * canary.c - guards of known bytes (HEAP_DEBUG=1).
 *
 *     red zone  object                  red zone
 *     ca ca ..  aa aa aa aa aa aa aa aa  ca ca ..    live, as alloc hands it out
 *     ca ca ..  55 55 55 55 55 55 55 55  ca ca ..    freed, in the quarantine
 *
 * A wrong write leaves another byte, which is found when the object is freed, when it leaves the
 * quarantine, and whenever the whole heap is checked: the report says who allocated the object, not
 * who wrote. A wrong read is not seen, but what it gives, 0xaaaa.. or 0x5555.., can be recognised.
 */
#include "config.h"
#include "guard/guard.h"
#include "lib/string.h"

enum { CANARY = 0xca, NEW = 0xaa, FREED = 0x55 };

const char guard_name[] = "heap";
const unsigned guard_check_every = HEAP_DEBUG_CHECK_EVERY;

void guard_cover_heap(uintptr_t start, uintptr_t end)
{
    (void)start, (void)end;
}

/* LAB collections cover
 * guard_cover_live: fill the red zones around the object with CANARY, GUARD_RED_ZONE bytes in
 * front of it and guard_behind(object->size) behind it, and the object itself with NEW.
 *
 * guard_cover_freed: fill the object with FREED. The red zones stay as they are.
 * ---
 * void guard_cover_live(const struct guard_object *object)
 * {
 *     (void)object;
 * }
 *
 * void guard_cover_freed(const struct guard_object *object)
 * {
 *     (void)object;
 * }
 */
void guard_cover_live(const struct guard_object *object)
{
    const uintptr_t start = guard_start(object);

    memset((void *)(start - GUARD_RED_ZONE), CANARY, GUARD_RED_ZONE);
    memset((void *)start, NEW, object->size);
    memset((void *)guard_end(object), CANARY, guard_behind(object->size));
}

void guard_cover_freed(const struct guard_object *object)
{
    memset((void *)guard_start(object), FREED, object->size);
}
/* LAB END collections cover */

void guard_uncover(const struct guard_object *object)
{
    (void)object;
}

/* The first of the bytes [start, end) that is not `byte`, else `end`. By words where it can. */
static uintptr_t first_other(uintptr_t start, uintptr_t end, uint8_t byte)
{
    typedef uint64_t __attribute__((may_alias)) word;
    const word pattern = byte * UINT64_C(0x0101010101010101);

    while (start < end && *(const uint8_t *)start == byte) {
        start++;
        while (start % sizeof(word) == 0 && end - start >= sizeof(word) &&
               *(const word *)start == pattern)
            start += sizeof(word);
    }
    return start;
}

uintptr_t guard_broken_byte(const struct guard_object *object)
{
    /* LAB collections broken
     * The lowest address around or in the object whose byte is not what guard_cover_live and
     * guard_cover_freed have left there; 0 where all are. The bytes of a live object are its
     * owner's: they are not looked at. first_other above finds a byte.
     * ---
     * (void)object;
     * return 0;
     */
    const uintptr_t start = guard_start(object), end = guard_end(object);
    const uintptr_t limit = end + guard_behind(object->size);
    uintptr_t broken = first_other(start - GUARD_RED_ZONE, start, CANARY);

    if (broken != start)
        return broken;
    if (object->is_freed && (broken = first_other(start, end, FREED)) != end)
        return broken;
    broken = first_other(end, limit, CANARY);
    return broken != limit ? broken : 0;
    /* LAB END collections broken */
}
