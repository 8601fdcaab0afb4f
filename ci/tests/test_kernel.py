"""Level 2: the tests in the kernel, under QEMU, by KTAP; and each way to panic, in its own boot."""

from __future__ import annotations

import functools
import re
import subprocess

import pytest
from common import ROOT, boot, kernel, qemu

COMPILERS = ("gcc", "clang")


def names(kind: str) -> list[str]:
    """The tests that the sources register with TEST or with PANIC_TEST."""
    sources = sorted(source for folder in ("", "pure/", "bss/") for source in ROOT.glob(f"os/test/{folder}*.c"))
    text = "\n".join(source.read_text() for source in sources)
    return re.findall(rf"^{kind}\((\w+)\)", text, re.MULTILINE)


@functools.cache
def ktap(compiler: str) -> qemu.Outcome:
    return boot(kernel("tests", compiler), smp=2, timeout=60)


@functools.cache
def results(compiler: str) -> dict[str, str]:
    """Name -> "ok" or "not ok", with the lines of detail that came before it."""
    found, detail = {}, ""
    for line in ktap(compiler).output.splitlines():
        match = re.fullmatch(r"(ok|not ok) \d+ (\w+)", line)
        if match:
            assert match[2] not in found, f"two tests are named {match[2]}"
            found[match[2]] = match[1] + detail
        detail = detail + "\n" + line if line.startswith("# ") else ""
    return found


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("name", names("TEST"))
def test_in_kernel(name: str, compiler: str) -> None:
    kernel("tests", compiler)
    assert results(compiler).get(name, "missing:\n" + ktap(compiler).output[-2000:]) == "ok"


@pytest.mark.parametrize("compiler", COMPILERS)
def test_kernel_run_ends_as_planned(compiler: str) -> None:
    kernel("tests", compiler)
    plan = re.search(r"^1\.\.(\d+)$", ktap(compiler).output, re.MULTILINE)
    assert plan and int(plan[1]) == len(results(compiler)) == len(names("TEST"))
    assert ktap(compiler).word == "pass"


# What the kernel must say, in this order; each is a regular expression within one line.
PANICS = {
    "panics_with_a_backtrace": [
        r"^panic: as asked: 42$", r"^  at os/test/test_panics\.c:\d+$", r"^  pc  ffffffc0802\w+  ra ",
        r" inner_function\+", r" outer_function\+", r" panics_with_a_backtrace\+", r" kernel_main\+",
    ],
    "panics_with_a_backtrace_out_of_a_leaf": [
        r"^panic: trap: store page fault at leaf_function\+0x\w+, address 0x10$",
        r"#0 .* leaf_function\+", r"#1 .* outer_function\+",
        r"#2 .* panics_with_a_backtrace_out_of_a_leaf\+", r" kernel_main\+",
    ],
    "panics_on_a_null_pointer": [r"^panic: trap: load page fault at .*, address 0x0$", r"scause d "],
    "panics_on_a_write_to_code": [r"^panic: trap: store page fault at .*, address 0xffffffc080200000$"],
    "panics_on_a_write_to_constants": [r"^panic: trap: store page fault at "],
    "panics_on_a_jump_into_data": [
        r"^panic: trap: instruction page fault at \?", r"#1 .* panics_on_a_jump_into_data\+",
    ],
    "panics_on_a_jump_into_other_ram": [r"^panic: trap: instruction page fault at \?"],
    "panics_on_an_illegal_instruction": [
        r"^panic: trap: illegal instruction at panics_on_an_illegal_instruction\+",
    ],
    "panics_on_stack_overflow": [
        r"^panic: trap: store page fault at recurse\+", r"guard page: the boot stack has overflowed",
        r" recurse\+",
    ],
    "panics_on_a_smashed_stack": [
        r"^panic: stack smashed in smash_stack\b", r"^  at os/arch/stack_guard\.c:\d+$",
    ],
    "panics_once_when_reporting_panics": [r"^panic: again while reporting a panic: load page fault"],
    "panics_on_double_free": [
        r"^panic: heap: 0xffffffc0\w+: double free: this memory is free already$",
        r"^  at os/heap/heap\.c:\d+$", r" kfree\+", r" panics_on_double_free\+",
    ],
    "panics_on_foreign_free": [r"^panic: heap: .*: foreign free: ", r" panics_on_foreign_free\+"],
    "panics_on_interior_free": [r"^panic: heap: .*: interior free: ", r" panics_on_interior_free\+"],
    "panics_on_misaligned_free": [r"^panic: heap: .*: misaligned free: ", r" panics_on_misaligned_free\+"],
    "panics_on_wrong_layout": [r"^panic: heap: .*: wrong layout: ", r" panics_on_wrong_layout\+"],
    "panics_on_a_frame_freed_twice": [
        r"^panic: frames: .*: double free: this memory is free already$", r" frame_free\+",
    ],
    "panics_out_of_heap": [
        r"^panic: out of heap: no block for a layout of \d+ bytes aligned to 8$", r" panics_out_of_heap\+",
    ],
    "panics_out_of_bounds": [
        r"^panic: vec: index 1 is out of bounds: the length is 1$", r" panics_out_of_bounds\+",
    ],
    "panics_on_a_borrow_in_conflict": [
        r"^panic: ref_cell: borrowed to write at os/test/test_panics\.c:\d+, "
        r"while borrowed to read at os/test/test_panics\.c:\d+$",
        r"^  at os/test/test_panics\.c:\d+$", r" panics_on_a_borrow_in_conflict\+",
    ],
}  # fmt: skip


def test_every_panic_test_has_its_text() -> None:
    assert sorted(names("PANIC_TEST")) == sorted(PANICS)


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("name", PANICS)
def test_panic(name: str, compiler: str) -> None:
    outcome = boot(kernel("tests", compiler), append=f"test={name}", timeout=20)
    assert (outcome.word, outcome.exit_status) == ("panic", 1), outcome.output
    rest = outcome.output
    for pattern in PANICS[name]:
        match = re.search(pattern, rest, re.MULTILINE)
        assert match, f"{pattern} is not in:\n{rest}"
        rest = rest[match.end() :]
    assert len(re.findall(r"^panic: (?!again)", outcome.output, re.MULTILINE)) == 1


def test_a_test_that_is_not_there_is_named() -> None:
    outcome = boot(kernel("tests"), append="test=nonsense", timeout=20)
    assert outcome.word == "fail" and "test=nonsense: there is no such test" in outcome.output


def test_symbols_agree_with_the_final_kernel() -> None:
    """The names in the image are those of a first link; the code must not have moved since."""
    def text_symbols(elf: str) -> list[str]:
        path = kernel("tests").parent / elf
        output = subprocess.run(["gdb-multiarch", "-batch", "-ex", "info functions", str(path)],
                                text=True, stdout=subprocess.PIPE, check=True).stdout  # fmt: skip
        return output.splitlines()

    assert text_symbols("nameless.elf") == text_symbols("bosk.elf")
