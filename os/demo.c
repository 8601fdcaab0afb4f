/* demo.c - the workload of a kernel without tests: shows the heap at work. */
#include "arch/csr.h"
#include "boot_error.h"
#include "drivers/console.h"
#include "heap_test.h"
#include "workload.h"

enum { EXIT_HEAP_TEST_FAILED = 3 };

int workload(const struct bootargs *args)
{
    if (args->test[0] != '\0')
        boot_error("bootarg test=%s: this kernel has no tests; make test builds one", args->test);
    heap_demo();
    const unsigned long began = csr_read(instret);
    if (!heap_test())
        return EXIT_HEAP_TEST_FAILED;
    log_debug("heap_test took %lu instructions (exact under QEMU's -icount)",
              csr_read(instret) - began);
    kprintf("heap_test passed!\n");
    return 0;
}
