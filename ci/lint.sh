#!/bin/sh
# lint.sh - formatter and static analysers over all sources; changes nothing.
#
#   lint.sh            run them all; a tool that is missing is an error
#   lint.sh CHECK      run one: format, tidy, cppcheck, shell, python
set -u
cd "$(dirname "$0")/.." || exit 1

c_sources() {
    git ls-files -co --exclude-standard '*.c' '*.h' '*.cc' | sort
}

# What is compiled for the kernel, but for what makes errors on purpose.
kernel_sources() {
    c_sources | grep '^os/.*\.c$' | grep -v '^os/test/\(guard\|corpus\)/'
}

need() {
    command -v "$1" >/dev/null 2>&1 && return
    echo "bosk: lint needs $1, which is not installed: run make setup-all" >&2
    exit 1
}

format() {
    need clang-format
    c_sources | xargs clang-format --dry-run -Werror
}

tidy() {
    need clang-tidy
    kernel_sources | xargs -n 8 -P 2 sh -c 'clang-tidy --quiet "$@" -- --target=riscv64-unknown-elf \
        -march=rv64imac -mabi=lp64 -mcmodel=medany -std=gnu11 -ffreestanding \
        -DKERNEL_HEAP=buddy -DKERNEL_HEAP_HEADER="\"heap/buddy.h\"" \
        -DGUARDED_HEAP=buddy -DGUARDED_HEAP_HEADER="\"heap/buddy.h\"" -I os 2>&1' tidy |
        awk '/ (warning|error): / { found = 1 } !/warnings? (generated|treated)/ { print }
             END { exit found }'
}

cppcheck_all() {
    need cppcheck
    kernel_sources | xargs cppcheck --quiet --std=c11 --platform=unix64 -I os -DKERNEL_HEAP=buddy --inline-suppr \
        --enable=warning,performance,portability --error-exitcode=1 \
        --suppress=missingIncludeSystem --suppress=comparePointers \
        --suppress=nullPointerRedundantCheck --suppress=ctunullpointer --cppcheck-build-dir=build/cppcheck -j 2
}

shell() {
    need shellcheck
    git ls-files -co --exclude-standard '*.sh' .ci/run | xargs shellcheck
}

python() {
    git ls-files -co --exclude-standard '*.py' | xargs "$(ci/find_tool.sh python)" -W error -m py_compile
}

run() {
    echo "lint: $1"
    "$2" || { echo "lint: $1 failed" >&2; exit 1; }
}

mkdir -p build/cppcheck
case ${1:-all} in
format) run format format ;;
tidy) run clang-tidy tidy ;;
cppcheck) run cppcheck cppcheck_all ;;
shell) run shellcheck shell ;;
python) run python python ;;
all) for check in format tidy cppcheck shell python; do "$0" "$check" || exit 1; done ;;
*) echo "bosk: lint.sh: no check named $1: format, tidy, cppcheck, shell or python" >&2; exit 2 ;;
esac
