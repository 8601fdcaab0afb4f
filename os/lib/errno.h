/* errno.h - error numbers, as Linux/riscv64 has them; functions return them negative. */
#pragma once

#define ENOMEM 12 /* out of memory */
#define EINVAL 22 /* invalid argument */
