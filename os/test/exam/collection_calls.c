/* collection_calls.c - the calls on Box, Vec and Rc, on a heap that is HEAP='s. */
#include "test/exam/collection_calls.h"

#include "collections/box.h"
#include "lib/errno.h"
#include "test/exam/exam.h"
#include "test/fail_alloc.h"

static struct collection_desk *desk;

static void note_drop(uint64_t number)
{
    if (desk->drops < COLLECTION_DROPS)
        desk->dropped[desk->drops] = number;
    desk->drops++;
}

/* Of an element of a vec, and of the value in a box: both begin with their number. */
static void drop(void *element)
{
    note_drop(*(const uint64_t *)element);
}

static void drop_shared(void *value)
{
    desk->owners_at_drop = rc_count(value);
    drop(value);
}

static bool clone_fails(void)
{
    return ++desk->clones == desk->clone_fails;
}

static int clone_element(void *to, const void *from)
{
    if (clone_fails())
        return -ENOMEM;
    *(uint64_t *)to = *(const uint64_t *)from + CLONED;
    return 0;
}

static struct collection_value value_of(uint64_t number)
{
    struct collection_value value = {.number = number};
    for (size_t i = 0; i < sizeof value.more / sizeof value.more[0]; i++)
        value.more[i] = number + 1 + i;
    return value;
}

static int clone_value(void *to, const void *from)
{
    if (clone_fails())
        return -ENOMEM;
    *(struct collection_value *)to = value_of(*(const uint64_t *)from + CLONED);
    return 0;
}

static uint64_t init(const uint64_t *argument)
{
    desk = (void *)argument[0];
    memset(desk, 0, sizeof *desk);
    for (size_t i = 0; i < COLLECTION_SLOTS; i++)
        desk->vecs[i] = (collection_vec)VEC_DROPPING(drop);
    init_heap((void *)argument[1], argument[2]);
    return 0;
}

static uint64_t fail(uint64_t n)
{
    const bool fired = fail_alloc_stop();
    if (n > 0)
        fail_alloc_after((unsigned)n);
    return fired;
}

static struct heap_stats stats_now(void)
{
    struct heap_stats stats;
    heap_stats(&stats);
    return stats;
}

static uint64_t vec_answer(const struct exam_turn *turn)
{
    const uint64_t *const argument = turn->arguments;
    collection_vec *const vec = &desk->vecs[argument[0]];
    const uint64_t *const array = (const uint64_t *)argument[1];
    element_clone *const clone = argument[2] ? clone_element : NULL;

    switch ((enum collection_call)turn->call) {
    case VEC_PUSH:
        vec_push(vec, argument[1]);
        return 0;
    case VEC_TRY_PUSH:
        return (uint64_t)vec_try_push(vec, argument[1]);
    case VEC_POP:
        return vec_pop(vec, &desk->out);
    case VEC_INSERT:
        vec_insert(vec, argument[1], argument[2]);
        return 0;
    case VEC_TRY_INSERT:
        return (uint64_t)vec_try_insert(vec, argument[1], argument[2]);
    case VEC_REMOVE:
        return vec_remove(vec, argument[1]);
    case VEC_AT:
        return (uint64_t)vec_at(vec, argument[1]);
    case VEC_TRUNCATE:
        vec_truncate(vec, argument[1]);
        return 0;
    case VEC_RESERVE:
        vec_reserve(vec, argument[1]);
        return 0;
    case VEC_TRY_RESERVE:
        return (uint64_t)vec_try_reserve(vec, argument[1]);
    case VEC_SHRINK:
        vec_shrink(vec);
        return 0;
    case VEC_EXTEND:
        vec_extend(vec, array, argument[2]);
        return 0;
    case VEC_TRY_EXTEND:
        return (uint64_t)vec_try_extend(vec, array, argument[2]);
    case VEC_CLONE:
        vec_clone(&desk->vecs[argument[1]], vec, clone);
        return 0;
    case VEC_TRY_CLONE:
        return (uint64_t)vec_try_clone(&desk->vecs[argument[1]], vec, clone);
    case VEC_FREE:
        vec_free(vec);
        return 0;
    default:
        return UINT64_MAX;
    }
}

static uint64_t box_answer(const struct exam_turn *turn)
{
    const uint64_t *const argument = turn->arguments;
    struct collection_value **const box = &desk->boxes[argument[0]];
    element_clone *const clone = argument[2] ? clone_value : NULL;

    switch ((enum collection_call)turn->call) {
    case BOX_NEW:
        *box = box_new(struct collection_value, value_of(argument[1]));
        return 0;
    case BOX_TRY_NEW:
        return (uint64_t)(*box = box_try_new(struct collection_value, value_of(argument[1])));
    case BOX_CLONE:
        desk->boxes[argument[1]] = box_clone(*box, clone);
        return 0;
    case BOX_TRY_CLONE:
        return (uint64_t)(desk->boxes[argument[1]] = box_try_clone(*box, clone));
    case BOX_FREE:
        box_free(owner_move(box));
        return 0;
    case BOX_DROP:
        box_drop(*box, drop);
        *box = NULL;
        return 0;
    default:
        return UINT64_MAX;
    }
}

static uint64_t rc_answer(const struct exam_turn *turn)
{
    const uint64_t *const argument = turn->arguments;
    struct collection_value **const owner = &desk->owners[argument[0]];
    collection_weak *const weak = &desk->weaks[argument[0]];

    switch ((enum collection_call)turn->call) {
    case RC_NEW:
        *owner = rc_new_dropping(struct collection_value, value_of(argument[1]), drop_shared);
        return 0;
    case RC_TRY_NEW:
        *owner = rc_try_new_dropping(struct collection_value, value_of(argument[1]), drop_shared);
        return (uint64_t)*owner;
    case RC_CLONE:
        desk->owners[argument[1]] = rc_clone(*owner);
        return 0;
    case RC_RELEASE:
        rc_release(owner_move(owner));
        return 0;
    case RC_DOWNGRADE:
        rc_downgrade(&desk->weaks[argument[1]], *owner);
        return 0;
    case RC_WEAK_CLONE:
        rc_weak_clone(&desk->weaks[argument[1]], weak);
        return 0;
    case RC_UPGRADE:
        return (uint64_t)(desk->owners[argument[1]] = rc_upgrade(weak));
    case RC_WEAK_FREE:
        rc_weak_free(weak);
        return 0;
    default:
        return UINT64_MAX;
    }
}

uint64_t exam_answer(const struct exam_turn *turn)
{
    switch (turn->call) {
    case COLLECTION_INIT:
        return init(turn->arguments);
    case COLLECTION_FAIL:
        return fail(turn->arguments[0]);
    case COLLECTION_USER:
        return stats_now().user;
    case COLLECTION_LIVE:
        return stats_now().live;
    default:
        return turn->call < BOX_NEW  ? vec_answer(turn)
               : turn->call < RC_NEW ? box_answer(turn)
                                     : rc_answer(turn);
    }
}
