/* traces.c - makes the traces that traces.h describes. */
#include "test/bench/traces.h"

#include "lib/string.h"

enum { MAX_SLOTS = TRACE_MAX_SLOTS };

/* --- random numbers --- */

static uint64_t random_state;

/* splitmix64: S. Vigna, 2015, public domain. */
static uint64_t random_bits(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static uint32_t random_below(uint32_t limit)
{
    return (uint32_t)((random_bits() >> 32) * limit >> 32);
}

static uint32_t uniform(uint32_t low, uint32_t high)
{
    return low + random_below(high - low + 1);
}

/* From low to low << octaves, each octave as likely: low * 2^x for a uniform x. The power of the
 * fractional part is interpolated between 17 points; sixteen bits stand behind the binary point. */
static uint32_t log_uniform(uint32_t low, unsigned octaves)
{
    static const uint32_t power[] = {65536,  68438,  71468,  74632,  77936,  81386,
                                     84990,  88752,  92682,  96785,  101070, 105545,
                                     110218, 115098, 120194, 125515, 131072};
    const uint32_t x = random_below(octaves << 16);
    const uint32_t point = x >> 12 & 15, between = x & 4095;
    const uint64_t mantissa =
        power[point] + ((uint64_t)(power[point + 1] - power[point]) * between >> 12);
    return (uint32_t)((mantissa * low << (x >> 16)) >> 16);
}

/* --- the trace being made --- */

static void add(struct trace *trace, enum trace_verb verb, uint32_t slot, uint32_t size,
                uint32_t align)
{
    if (trace->length == trace->capacity) {
        trace->overflowed = true;
        return;
    }
    trace->ops[trace->length++] = (struct trace_op){(uint16_t)verb, (uint16_t)align, slot, size};
}

static void add_alloc(struct trace *trace, uint32_t slot, uint32_t size)
{
    add(trace, TRACE_ALLOC, slot, size, 8);
}

static void add_realloc(struct trace *trace, uint32_t slot, uint32_t size)
{
    add(trace, TRACE_REALLOC, slot, size, 8);
}

static void add_free(struct trace *trace, uint32_t slot)
{
    add(trace, TRACE_FREE, slot, 0, 1);
}

static void warm_up_ends(struct trace *trace)
{
    trace->warm_up = trace->length;
}

static bool is_long_enough(const struct trace *trace, const struct trace_scale *scale)
{
    return trace->overflowed || trace->length >= trace->warm_up + scale->measured;
}

/* Puts the operations from `from` on into random order. */
static void shuffle(struct trace *trace, size_t from)
{
    for (size_t left = trace->length - from; left > 1; left--) {
        struct trace_op *const a = &trace->ops[from + left - 1];
        struct trace_op *const b = &trace->ops[from + random_below((uint32_t)left)];
        const struct trace_op swapped = *a;
        *a = *b;
        *b = swapped;
    }
}

/* Blocks that live long and die in any order. */
static struct {
    uint32_t size_of[MAX_SLOTS], live[MAX_SLOTS], unused[MAX_SLOTS]; /* by slot; slots; slots */
    uint32_t live_count, unused_count;
    size_t live_bytes;
} pool;

static void pool_init(void)
{
    pool.live_count = pool.unused_count = 0;
    pool.live_bytes = 0;
    while (pool.unused_count < MAX_SLOTS) {
        pool.unused[pool.unused_count] = MAX_SLOTS - 1 - pool.unused_count;
        pool.unused_count++;
    }
}

static void pool_alloc(struct trace *trace, uint32_t size, uint32_t align)
{
    if (pool.unused_count == 0) {
        trace->overflowed = true;
        return;
    }
    const uint32_t slot = pool.unused[--pool.unused_count];
    pool.size_of[slot] = size;
    pool.live_bytes += size;
    pool.live[pool.live_count++] = slot;
    add(trace, TRACE_ALLOC, slot, size, align);
}

static void pool_free(struct trace *trace, uint32_t index)
{
    const uint32_t slot = pool.live[index];
    pool.live[index] = pool.live[--pool.live_count];
    pool.live_bytes -= pool.size_of[slot];
    pool.unused[pool.unused_count++] = slot;
    add_free(trace, slot);
}

static void pool_free_random(struct trace *trace)
{
    pool_free(trace, random_below(pool.live_count));
}

static void pool_free_newest(struct trace *trace)
{
    pool_free(trace, pool.live_count - 1);
}

/* --- kernel --- */

enum { KERNEL_LONG_LIVED = 2 << 20, KERNEL_BURST = 8 };

static void kernel_alloc(struct trace *trace)
{
    static const struct {
        uint32_t per_mille, low, high, align; /* sizes uniform, both ends included */
    } kinds[] = {
        {622, 16, 128, 8},                  /* strings, names, list and tree nodes */
        {60, 40, 40, 8},                    /* struct file */
        {90, 136, 136, 8},                  /* struct inode */
        {50, 360, 360, 8},                  /* struct proc */
        {60, 256, 1024, 8},                 /* buffers, argument vectors */
        {20, 552, 552, 8},                  /* struct pipe */
        {80, 1112, 1112, 8},                /* struct buf: a disk block of 1 KiB and its head */
        {15, TRACE_PAGE, TRACE_PAGE, 4096}, /* a page table */
        {3, 0, 0, 4096},                    /* a stack */
    };
    uint32_t roll = random_below(1000);
    size_t kind = 0;

    while (roll >= kinds[kind].per_mille)
        roll -= kinds[kind++].per_mille;
    const uint32_t size = kinds[kind].low == 0 ? (uint32_t)TRACE_PAGE << random_below(3)
                                               : uniform(kinds[kind].low, kinds[kind].high);
    pool_alloc(trace, size, kinds[kind].align);
}

/* A long-lived block comes and goes, then a call allocates some and frees them in reverse. */
static void kernel_round(struct trace *trace)
{
    const uint32_t burst = uniform(1, KERNEL_BURST);

    if (pool.live_bytes >= KERNEL_LONG_LIVED)
        pool_free_random(trace);
    else
        kernel_alloc(trace);
    for (uint32_t i = 0; i < burst; i++)
        kernel_alloc(trace);
    for (uint32_t i = 0; i < burst; i++)
        pool_free_newest(trace);
}

static void make_kernel(struct trace *trace, const struct trace_scale *scale)
{
    while (pool.live_bytes < KERNEL_LONG_LIVED && !trace->overflowed)
        kernel_alloc(trace);
    while (trace->length < scale->warm_up && !trace->overflowed)
        kernel_round(trace);
    warm_up_ends(trace);
    while (!is_long_enough(trace, scale))
        kernel_round(trace);
}

/* --- a box and a vector --- */

enum { BOX, VECTOR, NEW_VECTOR, BOX_SIZE = 8, VECTOR_FIRST = 4 * 8, VECTOR_LAST = 512 * 8 };

static void make_boxvec(struct trace *trace, const struct trace_scale *scale)
{
    while (!is_long_enough(trace, scale)) {
        add_alloc(trace, BOX, BOX_SIZE);
        add_alloc(trace, VECTOR, VECTOR_FIRST);
        for (uint32_t size = VECTOR_FIRST * 2; size <= VECTOR_LAST; size *= 2)
            add_realloc(trace, VECTOR, size);
        add_free(trace, VECTOR);
        add_free(trace, BOX);
    }
}

static void make_boxvec_move(struct trace *trace, const struct trace_scale *scale)
{
    while (!is_long_enough(trace, scale)) {
        uint32_t vector = VECTOR, other = NEW_VECTOR;
        add_alloc(trace, BOX, BOX_SIZE);
        add_alloc(trace, vector, VECTOR_FIRST);
        for (uint32_t size = VECTOR_FIRST * 2; size <= VECTOR_LAST; size *= 2) {
            add_alloc(trace, other, size);
            add_free(trace, vector);
            const uint32_t old = vector;
            vector = other;
            other = old;
        }
        add_free(trace, vector);
        add_free(trace, BOX);
    }
}

/* --- orders of freeing --- */

enum { STACK_DEPTH = 1000, QUEUE_LENGTH = 512, MESSAGE_LOW = 16, MESSAGE_OCTAVES = 7 };

static void make_lifo(struct trace *trace, const struct trace_scale *scale)
{
    bool grows = true;

    while (!is_long_enough(trace, scale)) {
        if (pool.live_count == 0 || pool.live_count == STACK_DEPTH)
            grows = pool.live_count == 0;
        if (random_below(4) != 0 ? grows : !grows && pool.live_count < STACK_DEPTH)
            pool_alloc(trace, log_uniform(MESSAGE_LOW, MESSAGE_OCTAVES), 8);
        else if (pool.live_count > 0)
            pool_free_newest(trace);
    }
}

static void make_fifo(struct trace *trace, const struct trace_scale *scale)
{
    for (uint32_t slot = 0; slot < QUEUE_LENGTH; slot++)
        add_alloc(trace, slot, log_uniform(MESSAGE_LOW, MESSAGE_OCTAVES));
    warm_up_ends(trace);
    for (uint32_t oldest = 0; !is_long_enough(trace, scale); oldest = (oldest + 1) % QUEUE_LENGTH) {
        add_free(trace, oldest);
        add_alloc(trace, oldest, log_uniform(MESSAGE_LOW, MESSAGE_OCTAVES));
    }
}

/* --- sizes and alignments --- */

enum { SMALL_LIVE = 20000, SMALL_LOW = 16, SMALL_HIGH = 128, ALIGN_LIVE = 512 };

static void small_step(struct trace *trace)
{
    if (pool.live_count == SMALL_LIVE)
        pool_free_random(trace);
    pool_alloc(trace, uniform(SMALL_LOW, SMALL_HIGH), 8);
}

static void make_small(struct trace *trace, const struct trace_scale *scale)
{
    while ((pool.live_count < SMALL_LIVE || trace->length < scale->warm_up) && !trace->overflowed)
        small_step(trace);
    warm_up_ends(trace);
    while (!is_long_enough(trace, scale))
        small_step(trace);
}

static void log_uniform_step(struct trace *trace, size_t arena)
{
    const size_t low = arena * 45 / 100, high = arena * 55 / 100;

    if (pool.live_bytes < low || (pool.live_bytes <= high && random_below(2) == 0))
        pool_alloc(trace, log_uniform(8, 12), 8);
    else
        pool_free_random(trace);
}

static void make_log_uniform(struct trace *trace, const struct trace_scale *scale)
{
    while (trace->length < scale->warm_up && !trace->overflowed)
        log_uniform_step(trace, scale->arena);
    warm_up_ends(trace);
    while (!is_long_enough(trace, scale))
        log_uniform_step(trace, scale->arena);
}

static void align_step(struct trace *trace)
{
    if (pool.live_count == ALIGN_LIVE)
        pool_free_random(trace);
    pool_alloc(trace, log_uniform(16, 6), 16u << random_below(9));
}

static void make_align(struct trace *trace, const struct trace_scale *scale)
{
    while (pool.live_count < ALIGN_LIVE && !trace->overflowed)
        align_step(trace);
    warm_up_ends(trace);
    while (!is_long_enough(trace, scale))
        align_step(trace);
}

/* --- the malloc lab's realloc --- */

/* The block is in slot 0; the small ones beside it are in 1 and 2. */
static void grow_among_small(struct trace *trace, uint32_t first, uint32_t last, uint32_t step,
                             uint32_t beside)
{
    uint32_t older = 1, newer = 2;

    add_alloc(trace, 0, first);
    add_alloc(trace, older, beside);
    for (uint32_t size = first + step; size <= last; size += step) {
        add_realloc(trace, 0, size);
        add_alloc(trace, newer, beside);
        add_free(trace, older);
        const uint32_t swapped = older;
        older = newer;
        newer = swapped;
    }
    add_free(trace, older);
    add_free(trace, 0);
}

static void make_realloc(struct trace *trace, const struct trace_scale *scale)
{
    (void)scale;
    grow_among_small(trace, 512, 614784, 128, 128);
    grow_among_small(trace, 4092, 28087, 5, 16);
}

/* --- the worst for one operation --- */

enum { FILL_COUNT = 300, LARGEST_PIECE = 64 << 10, SMALLEST_PIECE = 256, PIECES_BEYOND = 40 };

static void add_frees(struct trace *trace, uint32_t first, uint32_t count, uint32_t step)
{
    for (uint32_t slot = first; slot < count; slot += step)
        add_free(trace, slot);
}

static void add_fill(struct trace *trace, uint32_t size)
{
    for (uint32_t slot = 0; slot < FILL_COUNT; slot++)
        add_alloc(trace, slot, size);
}

static void fill_and_empty(struct trace *trace, uint32_t size)
{
    add_fill(trace, size);
    add_frees(trace, 0, FILL_COUNT, 1);
    add_fill(trace, size);
    for (uint32_t slot = FILL_COUNT; slot > 0; slot--)
        add_free(trace, slot - 1);
    add_fill(trace, size);
    add_frees(trace, 0, FILL_COUNT, 2);
    add_frees(trace, 1, FILL_COUNT, 2);
}

/* Large blocks, then ever smaller ones into what they leave, each until there is no more. */
static void exhaust(struct trace *trace, size_t arena)
{
    uint32_t slot = 0;
    size_t count = arena / LARGEST_PIECE + PIECES_BEYOND;

    for (uint32_t size = LARGEST_PIECE; size >= SMALLEST_PIECE; size /= 4) {
        for (size_t i = 0; i < count; i++)
            add_alloc(trace, slot++, size);
        count = PIECES_BEYOND + count / 2;
    }
    const size_t emptying = trace->length;
    add_frees(trace, 0, slot, 1);
    shuffle(trace, emptying);
}

static void make_extremes(struct trace *trace, const struct trace_scale *scale)
{
    trace->may_fail = true;
    for (uint32_t size = 8; size <= scale->arena / 4; size += size < 512 ? 8 : size / 8) {
        add_alloc(trace, 0, size);
        add_free(trace, 0);
        add_alloc(trace, 0, size);
        add_alloc(trace, 1, size);
        add_free(trace, 0);
        add_free(trace, 1);
    }
    for (uint32_t size = 16; size <= 4096; size *= 2)
        fill_and_empty(trace, size);
    exhaust(trace, scale->arena);
}

/* --- combs --- */

enum { COMB_SMALL = 32, COMB_LARGE = 4096, COMB_ROUNDS = 16 };

static uint32_t comb_size;

/* Two rows of live blocks of one size, of which every other one of the first n pairs is freed. */
static void comb(struct trace *trace, uint32_t n)
{
    for (uint32_t slot = 0; slot < 2 * (n + COMB_ROUNDS); slot++)
        add_alloc(trace, slot, comb_size);
    for (uint32_t slot = 0; slot < 2 * n; slot += 2)
        add_free(trace, slot);
    warm_up_ends(trace);
}

static void make_comb_aside(struct trace *trace, const struct trace_scale *scale)
{
    comb(trace, scale->blocks);
    for (uint32_t i = 0; i < COMB_ROUNDS; i++)
        add_free(trace, 2 * (scale->blocks + i));
    for (uint32_t i = 0; i < COMB_ROUNDS; i++)
        add_alloc(trace, 2 * (scale->blocks + i), comb_size);
}

static void make_comb_join(struct trace *trace, const struct trace_scale *scale)
{
    const uint32_t stride = scale->blocks / COMB_ROUNDS;

    comb(trace, scale->blocks);
    for (uint32_t i = 0; i < COMB_ROUNDS; i++)
        add_free(trace, 2 * (i * stride + random_below(stride)) + 1);
    for (uint32_t i = 0; i < COMB_ROUNDS; i++)
        add_alloc(trace, 2 * i, 2 * comb_size);
}

static void make_comb_beyond(struct trace *trace, const struct trace_scale *scale)
{
    comb(trace, scale->blocks);
    for (uint32_t i = 0; i < COMB_ROUNDS; i++)
        add_alloc(trace, 2 * i, 3 * comb_size);
    for (uint32_t i = 0; i < COMB_ROUNDS; i++)
        add_free(trace, 2 * i);
}

static void make_comb_teardown(struct trace *trace, const struct trace_scale *scale)
{
    comb(trace, scale->blocks);
    add_frees(trace, 1, 2 * scale->blocks, 2);
    add_frees(trace, 2 * scale->blocks, 2 * (scale->blocks + COMB_ROUNDS), 1);
    shuffle(trace, trace->warm_up);
}

/* --- all of them --- */

struct maker {
    const char *name;
    void (*make)(struct trace *trace, const struct trace_scale *scale);
    uint32_t comb_size; /* 0: not a comb */
};

static const struct maker makers[] = {
    {"kernel", make_kernel, 0},
    {"boxvec", make_boxvec, 0},
    {"boxvec-move", make_boxvec_move, 0},
    {"lifo", make_lifo, 0},
    {"fifo", make_fifo, 0},
    {"small", make_small, 0},
    {"log-uniform", make_log_uniform, 0},
    {"align", make_align, 0},
    {"realloc", make_realloc, 0},
    {"extremes", make_extremes, 0},
    {"comb-aside", make_comb_aside, COMB_SMALL},
    {"comb-join", make_comb_join, COMB_SMALL},
    {"comb-beyond", make_comb_beyond, COMB_SMALL},
    {"comb-teardown", make_comb_teardown, COMB_SMALL},
    {"comb-aside-large", make_comb_aside, COMB_LARGE},
    {"comb-join-large", make_comb_join, COMB_LARGE},
    {"comb-beyond-large", make_comb_beyond, COMB_LARGE},
    {"comb-teardown-large", make_comb_teardown, COMB_LARGE},
};

const char *const trace_names[] = {"kernel",  "boxvec",   "boxvec-move", "lifo",
                                   "fifo",    "small",    "log-uniform", "align",
                                   "realloc", "extremes", NULL};

const char *const trace_comb_names[] = {
    "comb-aside",        "comb-join",           "comb-beyond",
    "comb-teardown",     "comb-aside-large",    "comb-join-large",
    "comb-beyond-large", "comb-teardown-large", NULL};

bool trace_make(struct trace *trace, const char *name, const struct trace_scale *scale)
{
    const size_t count = sizeof makers / sizeof makers[0];
    size_t i = 0;

    while (i < count && strcmp(name, makers[i].name) != 0)
        i++;
    if (i == count)
        return false;
    if (makers[i].comb_size != 0 &&
        (scale->blocks < COMB_ROUNDS || scale->blocks > MAX_SLOTS / 2 - COMB_ROUNDS))
        return false;
    *trace = (struct trace){.ops = trace->ops, .capacity = trace->capacity};
    random_state = 0;
    comb_size = makers[i].comb_size;
    pool_init();
    makers[i].make(trace, scale);
    return !trace->overflowed;
}

size_t trace_peak(const struct trace *trace, uint32_t *size_of, size_t slots)
{
    size_t live = 0, peak = 0;

    memset(size_of, 0, slots * sizeof size_of[0]);
    for (size_t i = 0; i < trace->length; i++) {
        const struct trace_op *const op = &trace->ops[i];
        live -= size_of[op->slot];
        size_of[op->slot] = op->verb == TRACE_FREE ? 0 : op->size;
        live += size_of[op->slot];
        peak = live > peak ? live : peak;
    }
    return peak;
}
