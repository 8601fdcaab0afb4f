#!/bin/sh
# setup.sh - installs, with the system's package manager, what Bosk needs and is not there yet.
#
#   ci/setup.sh        what `make run`, `make test`, `make gdb` and `make grade` need
#   ci/setup.sh all    also the heavy tools; tests that want a missing one are skipped by name
#
# Knows apt, dnf, pacman and brew (apt is the one it is tested with). With nothing missing it says
# so and touches neither the network nor the package manager.
set -u
cd "$(dirname "$0")/.." || exit 1

# --- what is needed: a probe for the tool, and the package that brings it --------------------------
#
# want PROBE PACKAGE: PROBE is cmd:NAME, file:PATH or the name of a function. PACKAGE may be A/B, for
# A where the system has it, else B; @NAME is a function here that installs. Probes are quick: with
# all in place the whole takes a tenth of a second.

needs_apt() {
    want cmd:make make
    want cmd:gcc gcc
    want file:/usr/include/stdio.h libc6-dev
    want cmd:python3 python3
    want xdist python3-pytest-xdist # with python3-pytest
    want cmd:qemu-system-riscv64 qemu-system-riscv/qemu-system-misc
    want file:/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin opensbi
    want riscv_gcc gcc-riscv64-unknown-elf
    want cmd:gdb-multiarch gdb-multiarch
    want cmd:dtc device-tree-compiler
    want cmd:bwrap bubblewrap # the grader's sandbox
}

heavy_apt() {
    want cmd:clang clang
    want cmd:ld.lld lld
    want cmd:llvm-nm llvm
    fuzzer || want false "$(clang_runtime_apt)"
    want cmd:clang-format clang-format
    want cmd:clang-tidy clang-tidy
    want cmd:cppcheck cppcheck
    want cmd:frama-c frama-c-base
    want cmd:gcovr gcovr
    want cmd:valgrind valgrind
    want cmd:c++ g++ # to compare with
    want cmd:shellcheck shellcheck
    want cmd:riscv64-linux-gnu-gcc gcc-riscv64-linux-gnu
    want cmd:chromium chromium
    want cmd:node nodejs
    want cmd:npm npm
    want cmd:sphinx-build python3-sphinx
    want file:/usr/lib/python3/dist-packages/myst_parser python3-myst-parser
    want file:/usr/lib/python3/dist-packages/furo furo
    want file:/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf fonts-dejavu-core
    want python_jsonschema python3-jsonschema
    want cmd:xmllint libxml2-utils
    want cmd:sim_c similarity-tester
    want file:/usr/sbin/slurmd slurm-wlm # with slurmctld and sbatch
    want file:/usr/sbin/munged munge
    want library_jemalloc libjemalloc2
    want library_mimalloc libmimalloc2.0
}

# The runtimes of clang N, the system's clang, are in libclang-rt-N-dev; older releases had them in
# libclang-common-N-dev.
clang_runtime_apt() {
    version=$(LC_ALL=C apt-cache depends clang 2>/dev/null |
        sed -n 's/.*Depends: clang-\([0-9]*\)$/\1/p')
    echo "libclang-rt-$version-dev/libclang-rt-dev/libclang-common-$version-dev"
}

needs_dnf() {
    want cmd:make make
    want cmd:gcc gcc
    want file:/usr/include/stdio.h glibc-devel
    want cmd:python3 python3
    want xdist python3-pytest-xdist # with python3-pytest
    want cmd:qemu-system-riscv64 qemu-system-riscv-core # with OpenSBI
    want riscv_gcc gcc-riscv64-linux-gnu
    want cmd:gdb gdb
    want cmd:dtc dtc
    want cmd:bwrap bubblewrap # the grader's sandbox
}

heavy_dnf() {
    want cmd:clang clang
    want cmd:ld.lld lld
    want cmd:llvm-nm llvm
    want fuzzer compiler-rt
    want cmd:clang-tidy clang-tools-extra # and clang-format
    want cmd:cppcheck cppcheck
    want cmd:frama-c frama-c
    want cmd:gcovr gcovr
    want cmd:valgrind valgrind
    want cmd:c++ gcc-c++
    want cmd:shellcheck ShellCheck
    want cmd:riscv64-linux-gnu-gcc gcc-riscv64-linux-gnu
    want cmd:sphinx-build python3-sphinx
    want module_myst_parser python3-myst-parser
    want module_furo python3-furo
}

needs_pacman() {
    want cmd:make make
    want cmd:gcc gcc
    want cmd:python3 python
    want xdist python-pytest-xdist # with python-pytest
    want cmd:qemu-system-riscv64 qemu-system-riscv
    want file:/usr/share/qemu/opensbi-riscv64-generic-fw_dynamic.bin qemu-system-riscv-firmware
    want riscv_gcc riscv64-elf-gcc # with riscv64-elf-binutils
    want cmd:riscv64-elf-gdb riscv64-elf-gdb
    want cmd:dtc dtc
    want cmd:bwrap bubblewrap # the grader's sandbox
}

heavy_pacman() {
    want cmd:clang clang # with clang-format and clang-tidy
    want cmd:ld.lld lld
    want cmd:llvm-nm llvm
    want fuzzer compiler-rt
    want cmd:cppcheck cppcheck
    want cmd:frama-c frama-c
    want cmd:valgrind valgrind
    want cmd:shellcheck shellcheck
    want cmd:riscv64-linux-gnu-gcc riscv64-linux-gnu-gcc
    want cmd:sphinx-build python-sphinx
    want module_myst_parser python-myst-parser
    want module_furo python-sphinx-furo
}

needs_brew() {
    want cmd:python3 python3
    want cmd:qemu-system-riscv64 qemu # with OpenSBI
    want riscv_gcc riscv64-elf-gcc
    want cmd:riscv64-elf-gdb riscv64-elf-gdb
    want cmd:dtc dtc
    want xdist @venv
}

heavy_brew() {
    want cmd:llvm-nm llvm # with clang, clang-format, clang-tidy and the runtimes
    want cmd:ld.lld lld
    want cmd:gcovr gcovr
    want cmd:cppcheck cppcheck
    want cmd:shellcheck shellcheck
}

# --- probes ---------------------------------------------------------------------------------------

have() {
    command -v "$1" >/dev/null 2>&1
}

riscv_gcc() {
    have riscv64-unknown-elf-gcc || have riscv64-elf-gcc || have riscv64-linux-gnu-gcc
}

# The first python3 on PATH may be another one than the system's: any that has the module will do.
xdist() {
    for python in build/venv/bin/python3 /usr/bin/python3 python3; do
        "$python" -c 'import importlib.util as u, sys; sys.exit(u.find_spec("xdist") is None)' \
            2>/dev/null && return
    done
    return 1
}

has_module() {
    python3 -c 'import importlib.util as u, sys; sys.exit(u.find_spec(sys.argv[1]) is None)' "$1" 2>/dev/null
}

module_myst_parser() {
    has_module myst_parser
}

module_furo() {
    has_module furo
}

python_jsonschema() {
    [ -d /usr/lib/python3/dist-packages/jsonschema ]
}

fuzzer() {
    have clang || return
    for file in "$(clang -print-resource-dir)"/lib/*/libclang_rt.fuzzer*.a; do
        [ -e "$file" ] && return
    done
    return 1
}

library_jemalloc() {
    ls /usr/lib/*/libjemalloc.so.2 >/dev/null 2>&1
}

library_mimalloc() {
    ls /usr/lib/*/libmimalloc.so.2* >/dev/null 2>&1
}

missing=
want() {
    case $1 in
    cmd:*) have "${1#cmd:}" ;;
    file:*) [ -e "${1#file:}" ] ;;
    *) "$1" ;;
    esac || missing="$missing $2"
}

# --- package managers -----------------------------------------------------------------------------

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

knows() {
    case $manager in
    apt) LC_ALL=C apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [^(]' ;;
    dnf) dnf -q list "$1" >/dev/null 2>&1 ;;
    pacman) pacman -Si "$1" >/dev/null 2>&1 ;;
    brew) brew info --formula "$1" >/dev/null 2>&1 ;;
    esac
}

refresh() {
    [ "$manager" = apt ] || return 0
    as_root apt-get -q -o DPkg::Lock::Timeout=120 update ||
        echo "bosk: apt-get update failed: is there a network? trying with the old lists" >&2
}

install() {
    case $manager in
    apt)
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 \
            install --no-install-recommends "$@"
        ;;
    dnf) as_root dnf -y install "$@" ;;
    pacman) as_root pacman -S --needed --noconfirm "$@" ;;
    brew) brew install "$@" ;;
    esac
}

venv() {
    python3 -m venv build/venv && build/venv/bin/python3 -m pip install -q pytest pytest-xdist
}

# --- the work -------------------------------------------------------------------------------------

usage() {
    sed -n 's/^# \{0,1\}//; 2,8p' "$0"
}

fail() {
    echo "bosk: $*" >&2
    exit 1
}

find_manager() {
    for manager in apt dnf pacman brew; do
        case $manager in apt) have apt-get ;; *) have "$manager" ;; esac && return
    done
    fail "no apt, dnf, pacman or brew here: install by hand GNU make, a C compiler, Python 3.11" \
        "with pytest and pytest-xdist, qemu-system-riscv64 with OpenSBI, a riscv64 GCC, a gdb" \
        "that knows RISC-V, and dtc"
}

look() {
    missing=
    "needs_$manager"
    [ "$level" = basic ] || "heavy_$manager"
    missing=${missing# }
}

# Prints the first of A/B that the system has; nothing when it has none.
choose() {
    for name in $(echo "$1" | tr / ' '); do
        if knows "$name"; then
            echo "$name"
            return
        fi
    done
}

case ${1:-} in
'') level=basic ;;
all) level=all ;;
-h | --help) usage && exit ;;
*) fail "setup.sh $1: say \`ci/setup.sh\` or \`ci/setup.sh all\`" ;;
esac

find_manager
look
if [ -z "$missing" ]; then
    echo "bosk: nothing to install"
    exit
fi
if [ "$manager" != brew ] && [ "$(id -u)" != 0 ] && ! have sudo; then
    fail "neither root nor sudo here: ask the administrator to install: $missing"
fi
refresh
look # with fresh lists apt may know a better name

packages=
for wanted in $missing; do
    case $wanted in @*) continue ;; esac
    package=$(choose "$wanted")
    if [ -n "$package" ]; then
        packages="$packages $package"
    else
        echo "bosk: this system has no package $wanted: install it by hand, or do without" >&2
    fi
done
if [ -n "$packages" ]; then
    echo "bosk: installing:$packages"
    # shellcheck disable=SC2086  # a list of names
    install $packages || fail "$manager could not install:$packages"
fi
for wanted in $missing; do
    case $wanted in @*) "${wanted#@}" || fail "could not install ${wanted#@}" ;; esac
done

look
heavy=$missing
level=basic
look
[ -z "$missing" ] || fail "still missing: $missing"
if [ -n "$heavy" ]; then
    echo "bosk: ready to run; tests that need $heavy will be skipped"
else
    echo "bosk: ready"
fi
