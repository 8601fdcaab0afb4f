#!/bin/sh
# find_tool.sh - finds a tool that goes by several names, for the Makefile.
#
#   find_tool.sh python                   a Python 3 that has pytest and pytest-xdist, else any
#   find_tool.sh toolchain CROSS LLVM     what stands in front of gcc and nm, or (LLVM=1) of clang
#                                         and llvm-nm; CROSS names it, or is empty
set -u

have() {
    command -v "$1" >/dev/null 2>&1
}

fail() {
    echo "bosk: $*" >&2
    exit 1
}

python() {
    for python in build/venv/bin/python3 python3 /usr/bin/python3; do
        if "$python" -c 'import sys, importlib.util as u; sys.exit(u.find_spec("xdist") is None)' \
            2>/dev/null; then
            echo "$python"
            return
        fi
    done
    echo python3
}

toolchain() {
    if [ "$2" = 1 ]; then
        for tool in clang ld.lld llvm-nm; do
            have "$tool" || fail "LLVM=1 needs $tool, which is not installed: run make setup-all"
        done
        # The prefix is a command that runs its arguments, so that it is not empty.
        echo 'env '
        return
    fi
    for prefix in ${1:-riscv64-unknown-elf- riscv64-linux-gnu- riscv64-elf-}; do
        if have "${prefix}gcc"; then
            echo "$prefix"
            return
        fi
    done
    [ -z "$1" ] || fail "CROSS=$1: there is no ${1}gcc"
    fail "no RISC-V compiler (riscv64-unknown-elf-gcc, riscv64-linux-gnu-gcc or" \
        "riscv64-elf-gcc) is installed: run make setup"
}

"$@"
