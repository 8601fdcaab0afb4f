/*
 * dump.c - hands the figures of gcov to the host, in a kernel built with COVERAGE=1.
 *
 * The compiler leaves a struct gcov_info for each object in the section "coverage", and libgcov
 * knows how to make of it the bytes of a .gcda file. There is no file system to write it to: it
 * goes out on the console, a line for each object, in hex, when the machine is about to be switched
 * off (the linker puts this power_off before the driver's). ci/coverage.py reads the lines.
 */
#include <stddef.h>

#include "drivers/console.h"
#include "drivers/power.h"

struct gcov_info;

/* libgcov's; GCC's manual, "Profiling and Test Coverage in Freestanding Environments". */
void __gcov_info_to_gcda(const struct gcov_info *info,
                         void (*filename)(const char *name, void *context),
                         void (*dump)(const void *bytes, unsigned size, void *context),
                         void *(*allocate)(unsigned size, void *context), void *context);

extern const struct gcov_info *const __start_coverage[], *const __stop_coverage[];

_Noreturn void __real_power_off(uint8_t status);
_Noreturn void __wrap_power_off(uint8_t status);

static void print_name(const char *name, void *context)
{
    (void)context;
    kprintf("coverage: %s ", name);
}

static void print_bytes(const void *bytes, unsigned size, void *context)
{
    (void)context;
    for (unsigned i = 0; i < size; i++)
        kprintf("%02x", ((const unsigned char *)bytes)[i]);
}

/* Wanted for figures other than those of lines and branches. */
static void *allocate_none(unsigned size, void *context)
{
    (void)size;
    (void)context;
    return NULL;
}

void __wrap_power_off(uint8_t status)
{
    for (const struct gcov_info *const *info = __start_coverage; info < __stop_coverage; info++) {
        __gcov_info_to_gcda(*info, print_name, print_bytes, allocate_none, NULL);
        kprintf("\n");
    }
    __real_power_off(status);
}
