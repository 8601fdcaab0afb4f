"""Level 4: the commands that a user types, and what they say when something is wrong."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from common import ROOT, make, need


def path_without(tmp_path: Path, *missing: str) -> str:
    """A PATH with all the tools of this machine but those that begin with a name in `missing`."""
    for folder in os.environ["PATH"].split(os.pathsep):
        if not os.path.isdir(folder):
            continue
        for tool in os.listdir(folder):
            link = tmp_path / tool
            if not tool.startswith(missing) and not link.is_symlink():
                link.symlink_to(Path(folder) / tool)
    return str(tmp_path)


def test_run_prints_the_demo_and_ends_with_0() -> None:
    run = make("run")
    assert run.returncode == 0, run.stdout
    for text in ("Bosk, the Buddy OS Kernel", "a box of 41 lives at 0xffffffc08", "has 2 owners, and 1 when",
                 "heap_test passed!"):  # fmt: skip
        assert text in run.stdout
    assert run.stdout.splitlines()[-1] == "bosk: shutting down"


def test_readme_shows_what_run_prints() -> None:
    """Line by line; numbers may differ from machine to machine."""
    def lines(text: str) -> list[str]:
        shown = [re.sub(r"0x[0-9a-f]+|[0-9.]+", "N", line.strip()) for line in text.splitlines()]
        return shown[shown.index("Bosk, the Buddy OS Kernel") : shown.index("bosk: shutting down") + 1]

    assert lines((ROOT / "README.md").read_text()) == lines(make("run").stdout)


@pytest.mark.parametrize("heap", ["bump", "list", "block", "bitmap", "buddy", "slab"])
def test_every_heap_runs_in_virtual_memory(heap: str) -> None:
    run = make("run", f"HEAP={heap}", "HEAP_BACKING=paged")
    assert run.returncode == 0 and "heap_test passed!" in run.stdout, run.stdout
    assert re.search(r"^a box of 41 lives at 0xffffffe0\w+$", run.stdout, re.MULTILINE), run.stdout


def test_a_heap_without_memory_runs_out_of_it() -> None:
    run = make("run", "HEAP=dummy", "HEAP_BACKING=paged")
    assert run.returncode != 0
    assert "panic: out of heap: no block for a layout of 4 bytes aligned to 4" in run.stdout, run.stdout


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["SMP=0"], "bosk: SMP=0 is not a number of harts from 1 to 8"),
        (["SMP=9"], "bosk: SMP=9 is not a number of harts from 1 to 8"),
        (["SMP=two"], "bosk: SMP=two is not a number of harts from 1 to 8"),
        (["MEM=lots"], "bosk: MEM=lots is not an amount of memory like 64M or 1G"),
        (["MEM=4M"], "bosk: MEM=4M is too small: this kernel needs at least 12M"),
        (["MEM=9G"], "bosk: MEM=9G is too large: at most 8G"),
        (["BIOS=/nowhere"], "bosk: BIOS=/nowhere is not an OpenSBI fw_dynamic image: there is no such file"),
        (["BIOS=Makefile"], "bosk: BIOS=Makefile is not an OpenSBI fw_dynamic image"),
        (["APPEND=colour=red"], 'bosk: cannot boot: unknown bootarg "colour=red"'),
        (["CROSS=foo-"], "bosk: CROSS=foo-: there is no foo-gcc"),
        (["LLVM=yes"], "LLVM=yes: say LLVM=1 to build with clang, or nothing to build with GCC"),
        (["WORKLOAD=party"], "WORKLOAD=party: "),
        (["SANITIZE=foo"], "SANITIZE=foo: say kasan, ubsan, or kasan,ubsan"),
        (["SANITIZE=kasan,foo"], "SANITIZE=kasan,foo: say kasan, ubsan, or kasan,ubsan"),
        (["HEAP_DEBUG=yes"], "HEAP_DEBUG=yes: say HEAP_DEBUG=1, or nothing"),
        (["HEAP_DEBUG=1", "SANITIZE=kasan"], "HEAP_DEBUG=1 SANITIZE=kasan: one of the two guards the heap, not both"),
        (["SANITIZE=kasan", "HEAP_BACKING=paged"], "SANITIZE=kasan HEAP_BACKING=paged: the shadow covers a heap in .bss only"),
        (["HEAP_DEBUG=1", "WORKLOAD=trace"], "WORKLOAD=trace: a trace of a guarded heap would show the guards"),
        (["HEAP=pile"], "HEAP=pile: the heaps are dummy bump list block bitmap buddy slab"),
        (["HEAP_BACKING=disk"], "HEAP_BACKING=disk: the heap lies in one of bss paged"),
        (["HEAP_BACKING=paged", "MEM=8M"],
         "bosk: cannot boot: too little RAM: no page frames for a heap of 4232 KiB"),
    ],
)
def test_a_wrong_value_gets_one_line(arguments: list[str], line: str) -> None:
    run = make("run", *arguments)
    assert run.returncode != 0
    assert len([text for text in run.stdout.splitlines() if line in text]) == 1, run.stdout
    assert "Traceback" not in run.stdout


def test_run_without_qemu_says_to_run_setup(tmp_path: Path) -> None:
    run = make("run", PATH=path_without(tmp_path, "qemu-system"))
    assert run.returncode != 0
    assert "bosk: qemu-system-riscv64 is not installed: run make setup" in run.stdout


def test_build_without_a_compiler_says_to_run_setup(tmp_path: Path) -> None:
    run = make("build", f"DIR={tmp_path}/build", PATH=path_without(tmp_path, "riscv64-"))
    assert run.returncode != 0
    assert re.search(r"bosk: no RISC-V compiler .* run make setup", run.stdout), run.stdout


@pytest.mark.parametrize("prefix", ["riscv64-unknown-elf-", "riscv64-linux-gnu-"])
def test_each_toolchain_builds_without_a_warning(prefix: str, tmp_path: Path) -> None:
    need(prefix + "gcc")
    run = make("build", f"CROSS={prefix}", f"DIR={tmp_path}/build")
    assert run.returncode == 0 and "arning" not in run.stdout, run.stdout


@pytest.mark.parametrize("prefix", ["riscv64-linux-gnu-", "riscv64-elf-"])
def test_a_lone_toolchain_is_found(prefix: str, tmp_path: Path) -> None:
    need("riscv64-linux-gnu-gcc")
    path = path_without(tmp_path, "riscv64-")
    for tool in ("gcc", "nm"):  # no system has all three toolchains: another is called by this name
        (tmp_path / f"{prefix}{tool}").symlink_to(str(shutil.which(f"riscv64-linux-gnu-{tool}")))
    run = make("build", f"DIR={tmp_path}/build", "V=1", PATH=path)
    assert run.returncode == 0 and f"{prefix}gcc" in run.stdout, run.stdout


def test_setup_with_nothing_to_do_is_quick_and_says_so() -> None:
    run = subprocess.run([ROOT / "ci/setup.sh"], text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, timeout=20, check=False)  # fmt: skip
    assert run.returncode == 0 and len(run.stdout.splitlines()) == 1, run.stdout


def test_help_names_every_target_and_variable() -> None:
    text = make("help").stdout
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)) - {"help", "host-tests", "fuzzers", "test-builds"}
    for word in [*targets, "SMP=", "MEM=", "BIOS=", "CROSS=", "LLVM=", "APPEND=", "HEAP=", "HEAP_BACKING=",
                 "HEAP_DEBUG=", "SANITIZE="]:
        assert re.search(rf"\b{word}", text), f"make help does not tell of {word}"


def test_kernel_code_is_under_64_kib() -> None:
    need("riscv64-unknown-elf-size")
    sizes = subprocess.run(["riscv64-unknown-elf-size", "-A", ROOT / "build/gcc-demo/bosk.elf"],
                           text=True, stdout=subprocess.PIPE, check=True).stdout  # fmt: skip
    assert 0 < int(re.search(r"^\.text +(\d+)", sizes, re.MULTILINE)[1]) < 64 << 10  # type: ignore[index]


def test_gdb_knows_names_on_both_sides_of_the_jump() -> None:
    """What `make gdb` starts, with commands for gdb on standard input."""
    need("gdb-multiarch")
    commands = "info symbol $pc\nbreak kernel_main\ncontinue\ninfo symbol $pc\nkill\nquit\n"
    run = subprocess.run(["make", "gdb"], cwd=ROOT, input=commands, text=True, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, timeout=60, check=False)  # fmt: skip
    assert re.search(r"(stext|_start) in section \.text of .*bosk\.elf", run.stdout), run.stdout
    assert re.search(r"kernel_main( \+ \d+)? in section \.text of .*bosk\.elf", run.stdout), run.stdout
    assert re.search(r"kernel_main \(hart=0, tree=\d+\) at os/main\.c:", run.stdout), run.stdout


LINTS = {"format": "clang-format", "tidy": "clang-tidy", "cppcheck": "cppcheck", "shell": "shellcheck",
         "python": "python3"}  # fmt: skip


@pytest.mark.parametrize("check", LINTS)
def test_lint(check: str) -> None:
    need(LINTS[check])
    run = subprocess.run([ROOT / "ci/lint.sh", check], text=True, stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)  # fmt: skip
    assert run.returncode == 0, run.stdout
