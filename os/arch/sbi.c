/* sbi.c - calls to the firmware. */
#include "arch/sbi.h"

struct sbi_result {
    long error, value;
};

static struct sbi_result sbi_call(unsigned long extension, unsigned long function,
                                  unsigned long argument0, unsigned long argument1)
{
    register unsigned long a0 __asm__("a0") = argument0;
    register unsigned long a1 __asm__("a1") = argument1;
    register unsigned long a6 __asm__("a6") = function;
    register unsigned long a7 __asm__("a7") = extension;
    __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a6), "r"(a7) : "memory");
    return (struct sbi_result){(long)a0, (long)a1};
}

enum { BASE_SPEC_VERSION, BASE_IMPLEMENTATION, BASE_IMPLEMENTATION_VERSION, BASE_PROBE };
enum { HSM_START, HSM_STOP, HSM_STATUS };
enum { DBCN_WRITE, DBCN_READ, DBCN_WRITE_BYTE };
enum { SRST_TYPE_SHUTDOWN = 0, SRST_REASON_NONE = 0, SRST_REASON_FAILURE = 1 };

struct sbi_version sbi_version(void)
{
    const unsigned long spec = (unsigned long)sbi_call(SBI_BASE, BASE_SPEC_VERSION, 0, 0).value;

    return (struct sbi_version){
        .spec_major = (unsigned)(spec >> 24) & 0x7f,
        .spec_minor = (unsigned)spec & 0xffffff,
        .implementation = (unsigned long)sbi_call(SBI_BASE, BASE_IMPLEMENTATION, 0, 0).value,
        .version = (unsigned long)sbi_call(SBI_BASE, BASE_IMPLEMENTATION_VERSION, 0, 0).value,
    };
}

bool sbi_probe(unsigned long extension)
{
    const struct sbi_result result = sbi_call(SBI_BASE, BASE_PROBE, extension, 0);
    return result.error == 0 && result.value != 0;
}

long sbi_hart_status(uint64_t hart)
{
    const struct sbi_result result = sbi_call(SBI_HSM, HSM_STATUS, hart, 0);
    return result.error != 0 ? result.error : result.value;
}

void sbi_console_put(char character)
{
    if (sbi_probe(SBI_DBCN))
        sbi_call(SBI_DBCN, DBCN_WRITE_BYTE, (unsigned char)character, 0);
    else
        sbi_call(SBI_LEGACY_PUTCHAR, 0, (unsigned char)character, 0);
}

void sbi_shutdown(bool failure)
{
    sbi_call(SBI_SRST, 0, SRST_TYPE_SHUTDOWN, failure ? SRST_REASON_FAILURE : SRST_REASON_NONE);
    sbi_call(SBI_LEGACY_SHUTDOWN, 0, 0, 0);
}
