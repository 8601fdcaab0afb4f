/*
 * main.c - the workload of a kernel that measures the heaps: plays the traces on each of them.
 *
 * Under QEMU's -icount shift=0 the counter of retired instructions advances by one an instruction,
 * and a run repeats to the digit; make bench runs it so, and reads the lines
 *
 *     bench: HEAP TRACE VERB count=N sum=N p50=N p99=N max=N
 *     bench: HEAP TRACE no memory
 *     bench: done
 *
 * where the figures are instructions of one call. Bootarg test=HEAP measures that heap alone. The
 * arena is half as large as on the host, and the traces are shorter; the large combs do not fit.
 */
#include "arch/interrupts.h"
#include "boot_error.h"
#include "drivers/console.h"
#include "lib/string.h"
#include "test/bench/replay.h"
#include "workload.h"

enum { ARENA_SIZE = 8 << 20, ARENA_ALIGN = 4 << 20, MAX_OPS = 1 << 17, MAX_COSTS = 1 << 15 };
enum { WARM_UP = 24000, MEASURED = 6000, EXIT_REFUSED = 4 };

static uint8_t arena[ARENA_SIZE] __attribute__((aligned(ARENA_ALIGN)));
static struct trace_op ops[MAX_OPS];
static struct replay_slot slots[TRACE_MAX_SLOTS];

/* --- measuring --- */

/* Figures of the calls of one verb. */
static struct costs {
    uint32_t of[MAX_COSTS];
    size_t count;
} costs[TRACE_VERBS];

static uint64_t started;
static uint64_t overhead[TRACE_VERBS]; /* what measuring and calling take */

static uint64_t instructions_retired(void)
{
    uint64_t count;
    __asm__ volatile("csrr %0, instret" : "=r"(count) : : "memory");
    return count;
}

static void begin(void)
{
    started = instructions_retired();
}

static void end(enum trace_verb verb)
{
    const uint64_t taken = instructions_retired() - started - overhead[verb];
    struct costs *const all = &costs[verb];
    if (all->count < MAX_COSTS) /* no trace has as many of one verb */
        all->of[all->count++] = taken > UINT32_MAX ? UINT32_MAX : (uint32_t)taken;
}

static const struct meter meter = {begin, end};

static void forget_costs(void)
{
    for (size_t verb = 0; verb < TRACE_VERBS; verb++)
        costs[verb].count = 0;
}

/* A call that only returns is to come out as 1. */
static void calibrate(void)
{
    replay_nothing(&meter);
    for (size_t verb = 0; verb < TRACE_VERBS; verb++)
        overhead[verb] = costs[verb].of[0] - 1;
    forget_costs();
}

/* Shell sort, with M. Ciura's gaps (2001) continued. */
static void sort(uint32_t *values, size_t count)
{
    static const size_t gaps[] = {8858, 3937, 1750, 701, 301, 132, 57, 23, 10, 4, 1};

    for (size_t g = 0; g < sizeof gaps / sizeof gaps[0]; g++) {
        for (size_t i = gaps[g]; i < count; i++) {
            const uint32_t value = values[i];
            size_t hole = i;
            for (; hole >= gaps[g] && values[hole - gaps[g]] > value; hole -= gaps[g])
                values[hole] = values[hole - gaps[g]];
            values[hole] = value;
        }
    }
}

static void print_costs(const char *heap, const char *trace, const char *blocks)
{
    static const char *const verbs[TRACE_VERBS] = {"alloc", "free", "realloc"};

    for (size_t verb = 0; verb < TRACE_VERBS; verb++) {
        struct costs *const all = &costs[verb];
        uint64_t sum = 0;
        if (all->count == 0)
            continue;
        sort(all->of, all->count);
        for (size_t i = 0; i < all->count; i++)
            sum += all->of[i];
        kprintf("bench: %s %s%s %s count=%zu sum=%lu p50=%u p99=%u max=%u\n", heap, trace, blocks,
                verbs[verb], all->count, (unsigned long)sum, all->of[(all->count - 1) / 2],
                all->of[(all->count - 1) * 99 / 100], all->of[all->count - 1]);
    }
}

/* --- playing --- */

/* Measures one heap on one trace; `blocks` names its scale. False where the heap is broken. */
static bool measure(const struct allocator *allocator, const struct trace *trace, const char *name,
                    const char *blocks)
{
    memset(slots, 0, sizeof slots);
    forget_costs();
    if (!allocator->init(&replayed, arena, ARENA_SIZE))
        return false;
    enum replay_end how = replay(allocator, trace, slots, 0, trace->warm_up, NULL);
    if (how == REPLAY_DONE) {
        const unsigned long flags = interrupts_off();
        how = replay(allocator, trace, slots, trace->warm_up, trace->length, &meter);
        interrupts_restore(flags);
    }
    if (how == REPLAY_NO_MEMORY)
        kprintf("bench: %s %s%s no memory\n", allocator->name, name, blocks);
    else
        print_costs(allocator->name, name, blocks);
    return how != REPLAY_REFUSED && allocator->invariants_hold(&replayed);
}

/* Measures each heap, or only the one named, on one trace. */
static bool measure_all(const char *only, const char *name, uint32_t blocks, const char *text)
{
    const struct trace_scale scale = {ARENA_SIZE, WARM_UP, MEASURED, blocks};
    struct trace trace = {.ops = ops, .capacity = MAX_OPS};

    if (!trace_make(&trace, name, &scale)) {
        kprintf("bench: trace %s%s cannot be made\n", name, text);
        return false;
    }
    for (const struct allocator *a = &allocators[BUMP]; a < &allocators[ALLOCATORS]; a++) {
        if ((only[0] == '\0' || strcmp(only, a->name) == 0) && !measure(a, &trace, name, text)) {
            kprintf("bench: %s breaks on %s%s\n", a->name, name, text);
            return false;
        }
    }
    return true;
}

static bool is_heap(const char *name)
{
    for (const struct allocator *a = &allocators[BUMP]; a < &allocators[ALLOCATORS]; a++)
        if (strcmp(name, a->name) == 0)
            return true;
    return false;
}

static bool fits_here(const char *comb)
{
    return strlen(comb) < 6 || strcmp(comb + strlen(comb) - 6, "-large") != 0;
}

int workload(const struct bootargs *args)
{
    static const struct {
        uint32_t blocks;
        const char *text;
    } combs[] = {{16, "-16"}, {1024, "-1024"}, {16384, "-16384"}};
    bool sound = true;

    if (args->test[0] != '\0' && !is_heap(args->test))
        boot_error("bootarg test=%s: there is no heap of that name to measure", args->test);
    calibrate();
    for (size_t i = 0; sound && trace_names[i] != NULL; i++)
        sound = measure_all(args->test, trace_names[i], 0, "");
    for (size_t i = 0; sound && trace_comb_names[i] != NULL; i++)
        for (size_t n = 0; n < 3 && sound && fits_here(trace_comb_names[i]); n++)
            sound = measure_all(args->test, trace_comb_names[i], combs[n].blocks, combs[n].text);
    if (sound)
        kprintf("bench: done\n");
    return sound ? 0 : EXIT_REFUSED;
}
