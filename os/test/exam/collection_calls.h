/* collection_calls.h - the calls that can be made of Box, Vec and Rc; their verbs are told in
 * os/collections. */
#pragma once

#include "collections/rc.h"
#include "collections/vec.h"

/* A slot is the number of a vec, a box, an owner or a weak owner on the desk. A verb that has no
 * result answers 0, one with a result 0 or -ENOMEM that one. */
enum collection_call {
    COLLECTION_INIT, /* desk, start of the heap, its size */
    COLLECTION_FAIL, /* n: the n-th allocation from now fails, 0: none; whether one has failed */
    COLLECTION_USER, /* bytes that live blocks were asked with */
    COLLECTION_LIVE, /* live blocks */

    VEC_PUSH,        /* slot, value */
    VEC_TRY_PUSH,    /* slot, value */
    VEC_POP,         /* slot: whether there was one; its value is on the desk */
    VEC_INSERT,      /* slot, index, value */
    VEC_TRY_INSERT,  /* slot, index, value */
    VEC_REMOVE,      /* slot, index: the value */
    VEC_AT,          /* slot, index: an address */
    VEC_TRUNCATE,    /* slot, length */
    VEC_RESERVE,     /* slot, additional */
    VEC_TRY_RESERVE, /* slot, additional */
    VEC_SHRINK,      /* slot */
    VEC_EXTEND,      /* slot, address of values, count */
    VEC_TRY_EXTEND,  /* slot, address of values, count */
    VEC_CLONE,       /* from, to, whether by the clone function */
    VEC_TRY_CLONE,   /* from, to, whether by the clone function */
    VEC_FREE,        /* slot */

    BOX_NEW,       /* slot, number */
    BOX_TRY_NEW,   /* slot, number; the box's address or 0 */
    BOX_CLONE,     /* from, to, whether by the clone function */
    BOX_TRY_CLONE, /* from, to, whether by the clone function; the box's address or 0 */
    BOX_FREE,      /* slot */
    BOX_DROP,      /* slot */

    RC_NEW,        /* slot, number */
    RC_TRY_NEW,    /* slot, number; the value's address or 0 */
    RC_CLONE,      /* from, to */
    RC_RELEASE,    /* slot */
    RC_DOWNGRADE,  /* from, weak slot */
    RC_WEAK_CLONE, /* from, to */
    RC_UPGRADE,    /* weak slot, slot; the value's address or 0 */
    RC_WEAK_FREE,  /* weak slot */
};

enum { COLLECTION_SLOTS = 8, COLLECTION_DROPS = 64, COLLECTION_VALUES = 64 };

/* What is in a box or shared. Those behind `number` are number + 1, number + 2, ... */
struct collection_value {
    _Alignas(64) uint64_t number;
    uint64_t more[11];
};

typedef VEC(uint64_t) collection_vec;
typedef RC_WEAK(struct collection_value) collection_weak;

/* Memory that the examiner sees. A clone has CLONED added to its number. */
struct collection_desk {
    collection_vec vecs[COLLECTION_SLOTS];
    struct collection_value *boxes[COLLECTION_SLOTS];
    struct collection_value *owners[COLLECTION_SLOTS];
    collection_weak weaks[COLLECTION_SLOTS];
    uint64_t out;
    uint64_t clone_fails;               /* the number of the clone that is not made; 0: none */
    uint64_t clones;                    /* that were asked for */
    uint64_t owners_at_drop;            /* of the shared value that was dropped last */
    uint64_t drops;                     /* of elements of vecs, and of values */
    uint64_t dropped[COLLECTION_DROPS]; /* their numbers, the first ones */
    uint64_t values[COLLECTION_VALUES]; /* for extend; nobody writes them here */
};

#define CLONED (UINT64_C(1) << 32)
