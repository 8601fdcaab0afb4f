/* shadow.c - the kind of guard that is a shadow of memory, and the checks of it. */
#include "guard/shadow.h"

#include "guard/guard.h"
#include "lib/string.h"

_Static_assert(KASAN_SHADOW_OFFSET ==
                   KASAN_SHADOW - (KERNEL_PHYSICAL + DIRECT_MAP_OFFSET) / SHADOW_SCALE,
               "KASAN_SHADOW_OFFSET: the shadow of stext is where KASAN_SHADOW begins");

/* Its alignment brings it to KASAN_SHADOW; linker-qemu.ld checks. */
_Alignas(KASAN_SHADOW_ALIGN) uint8_t kasan_shadow[KASAN_COVERED / SHADOW_SCALE]
    __attribute__((section(".shadow")));

const char guard_name[] = "kasan";
const unsigned guard_check_every = 0;

/* Until there is a shadow. Not in .bss, as it counts from the first instruction. */
bool shadow_is_asleep __attribute__((section(".data"))) = true;

extern void (*const __init_array_start[])(void), (*const __init_array_end[])(void);

/* --- writing ---------------------------------------------------------------------------------- */

/* `start` is a multiple of SHADOW_SCALE; so is the end, or what follows it up to one is free. */
static void forbid(uintptr_t start, size_t size, enum shadow why)
{
    memset(shadow_of(start), (int)why, (size + SHADOW_SCALE - 1) / SHADOW_SCALE);
}

static void allow(uintptr_t start, size_t size)
{
    memset(shadow_of(start), 0, size / SHADOW_SCALE);
    if (size % SHADOW_SCALE != 0)
        *shadow_of(start + size) = size % SHADOW_SCALE;
}

/* --- global variables ------------------------------------------------------------------------- */

/* The constructors that the compilers make hand all global variables to __asan_register_globals:
 * once to have red zones, and once more for each search. */
static struct {
    bool is_search;
    uintptr_t address;
    const struct shadow_global *found;
} globals;

static void take_global(const struct shadow_global *global)
{
    const size_t red_zone = align_up(global->size, SHADOW_SCALE);

    if (globals.is_search) {
        if (globals.address - global->start < global->size_with_red_zone)
            globals.found = global;
        return;
    }
    forbid(global->start + red_zone, global->size_with_red_zone - red_zone, SHADOW_GLOBAL);
    allow(global->start, global->size);
}

void __asan_register_globals(const struct shadow_global *variables, size_t count);
void __asan_unregister_globals(const struct shadow_global *variables, size_t count);

void __asan_register_globals(const struct shadow_global *variables, size_t count)
{
    for (size_t i = 0; i < count; i++)
        take_global(&variables[i]);
}

void __asan_unregister_globals(const struct shadow_global *variables, size_t count)
{
    (void)variables, (void)count;
}

static void run_constructors(void)
{
    for (void (*const *constructor)(void) = __init_array_start; constructor < __init_array_end;
         constructor++)
        (*constructor)();
}

const struct shadow_global *shadow_global_at(uintptr_t address)
{
    globals.is_search = true;
    globals.address = address;
    globals.found = NULL;
    run_constructors();
    return globals.found;
}

/* --- the heap --------------------------------------------------------------------------------- */

/* The heap is the first to know of its guard: with it the shadow starts. */
void guard_cover_heap(uintptr_t start, uintptr_t end)
{
    if (shadow_is_asleep) {
        memset(kasan_shadow, 0, sizeof kasan_shadow);
        run_constructors();
        shadow_is_asleep = false;
    }
    forbid(start, end - start, SHADOW_NO_OBJECT);
}

void guard_cover_live(const struct guard_object *object)
{
    const uintptr_t start = guard_start(object), behind = align_up(guard_end(object), SHADOW_SCALE);

    forbid((uintptr_t)object, start - (uintptr_t)object, SHADOW_RED_ZONE);
    allow(start, object->size);
    forbid(behind, guard_end(object) + guard_behind(object->size) - behind, SHADOW_RED_ZONE);
}

void guard_cover_freed(const struct guard_object *object)
{
    forbid(guard_start(object), object->size, SHADOW_FREED);
}

void guard_uncover(const struct guard_object *object)
{
    forbid((uintptr_t)object, guard_end(object) + guard_behind(object->size) - (uintptr_t)object,
           SHADOW_NO_OBJECT);
}

uintptr_t guard_broken_byte(const struct guard_object *object)
{
    (void)object;
    return 0;
}

/* --- checks ----------------------------------------------------------------------------------- */

void shadow_check(uintptr_t start, size_t size, bool is_write)
{
    if (size != 0 && shadow_covers(start) && shadow_covers(start + size - 1))
        shadow_check_slowly(start, size, is_write);
}

void __asan_loadN_noabort(uintptr_t start, size_t size);
void __asan_storeN_noabort(uintptr_t start, size_t size);

void __asan_loadN_noabort(uintptr_t start, size_t size)
{
    shadow_check(start, size, false);
}

void __asan_storeN_noabort(uintptr_t start, size_t size)
{
    shadow_check(start, size, true);
}

/* An aligned access of up to 8 bytes has one byte of shadow; most often it is 0. */
#define CHECK_OF(verb, bytes, is_write)                                                            \
    void __asan_##verb##bytes##_noabort(uintptr_t address);                                        \
    void __asan_##verb##bytes##_noabort(uintptr_t address)                                         \
    {                                                                                              \
        if (shadow_covers(address) && *shadow_of(address) != 0)                                    \
            shadow_check_slowly(address, bytes, is_write);                                         \
    }

#define CHECK_OF_16(verb, is_write)                                                                \
    void __asan_##verb##16_noabort(uintptr_t address);                                             \
    void __asan_##verb##16_noabort(uintptr_t address)                                              \
    {                                                                                              \
        shadow_check(address, 16, is_write);                                                       \
    }

CHECK_OF(load, 1, false)
CHECK_OF(load, 2, false)
CHECK_OF(load, 4, false)
CHECK_OF(load, 8, false)
CHECK_OF_16(load, false)
CHECK_OF(store, 1, true)
CHECK_OF(store, 2, true)
CHECK_OF(store, 4, true)
CHECK_OF(store, 8, true)
CHECK_OF_16(store, true)

/* --- the stack -------------------------------------------------------------------------------- */

void __asan_handle_no_return(void);
void __asan_poison_stack_memory(uintptr_t start, size_t size);
void __asan_unpoison_stack_memory(uintptr_t start, size_t size);
void __asan_alloca_poison(uintptr_t start, size_t size);
void __asan_allocas_unpoison(uintptr_t top, uintptr_t bottom);

/* Functions further down the stack, or all of them, are left without their end, in which they would
 * have cleared the shadow. */
void __asan_handle_no_return(void)
{
    const uintptr_t here = align_down((uintptr_t)__builtin_frame_address(0), SHADOW_SCALE);
    const uintptr_t top = here < (uintptr_t)boot_stack_top && here >= (uintptr_t)boot_stack_bottom
                              ? (uintptr_t)boot_stack_top
                              : (uintptr_t)trap_stack_top;
    if (here < top)
        allow(here, top - here);
}

void __asan_poison_stack_memory(uintptr_t start, size_t size)
{
    forbid(start, size, SHADOW_OUT_OF_SCOPE);
}

void __asan_unpoison_stack_memory(uintptr_t start, size_t size)
{
    allow(start, size);
}

/* An array of variable length begins at a multiple of 32, with 32 bytes in front of it, and what
 * makes it up to a multiple of 32 and 32 bytes more behind it. */
enum { ARRAY_RED_ZONE = 32 };

void __asan_alloca_poison(uintptr_t start, size_t size)
{
    const uintptr_t behind = align_up(start + size, SHADOW_SCALE);

    forbid(start - ARRAY_RED_ZONE, ARRAY_RED_ZONE, SHADOW_ARRAY_LEFT);
    allow(start, size);
    forbid(behind, align_up(start + size, ARRAY_RED_ZONE) + ARRAY_RED_ZONE - behind,
           SHADOW_ARRAY_RIGHT);
}

void __asan_allocas_unpoison(uintptr_t top, uintptr_t bottom)
{
    if (top != 0 && top < bottom)
        allow(top, bottom - top);
}

/* Of large blocks of local variables, clang has the shadow set by these. */
#define SET_SHADOW(byte)                                                                           \
    void __asan_set_shadow_##byte(uint8_t *shadow, size_t size);                                   \
    void __asan_set_shadow_##byte(uint8_t *shadow, size_t size)                                    \
    {                                                                                              \
        memset(shadow, 0x##byte, size);                                                            \
    }

SET_SHADOW(00)
SET_SHADOW(f1)
SET_SHADOW(f2)
SET_SHADOW(f3)
SET_SHADOW(f5)
SET_SHADOW(f8)
