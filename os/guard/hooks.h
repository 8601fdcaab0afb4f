/*
 * hooks.h - where the kernel calls its guards (guard/guard.h), if it is built with some.
 *
 * What is written in GUARD(...) is not there at all in any other kernel.
 */
#pragma once

#ifdef GUARDED_HEAP
#include "guard/guard.h"
#define GUARD(...) __VA_ARGS__
#else
#define GUARD(...)
#endif
