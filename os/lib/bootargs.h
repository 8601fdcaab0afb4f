/*
 * bootargs.h - what was asked for on the kernel's command line.
 *
 *     log=error|warn|info|debug   lines to print; info from the start
 *     test=NAME                   run one test alone (kernels with tests built in)
 */
#pragma once

#include <stddef.h>

#include "lib/log_level.h"

enum { TEST_NAME_SIZE = 80 };

struct bootargs {
    enum log_level level;
    char test[TEST_NAME_SIZE]; /* "" for none */
};

/* Read words parted by blanks. Returns 0, or -EINVAL with a line of text in why[why_size] that
 * names the word that is wrong. */
int bootargs_parse(struct bootargs *bootargs, const char *text, char *why, size_t why_size);
