"""Level 2: the tests in the kernel, under QEMU, by KTAP; and each way to panic, in its own boot."""

from __future__ import annotations

import functools
import re
import subprocess
from pathlib import Path

import pytest
from common import ROOT, boot, kernel, qemu

# The kernels with tests, by compiler and by what the heap lies in.
BUILDS = ("gcc", "clang", "paged")


def build(name: str) -> Path:
    return kernel("tests-paged") if name == "paged" else kernel("tests", name)


def registered(kind: str, *folders: str) -> list[str]:
    """The tests that the sources in these folders register with TEST, LONE_TEST or PANIC_TEST."""
    sources = sorted(source for folder in folders for source in (ROOT / "os/test" / folder).glob("*.c"))
    text = "\n".join(source.read_text() for source in sources)
    return re.findall(rf"^{kind}\((\w+)\)", text, re.MULTILINE)


def names(kind: str, build_name: str) -> list[str]:
    """Those that are linked into a kernel."""
    return registered(kind, "", "pure", "paged" if build_name == "paged" else "bss")


@functools.cache
def ktap(build_name: str) -> qemu.Outcome:
    return boot(build(build_name), smp=2, timeout=60)


@functools.cache
def results(build_name: str) -> dict[str, str]:
    """Name -> "ok" or "not ok", with the lines of detail that came before it."""
    found, detail = {}, ""
    for line in ktap(build_name).output.splitlines():
        match = re.fullmatch(r"(ok|not ok) \d+ (\w+)", line)
        if match:
            assert match[2] not in found, f"two tests are named {match[2]}"
            found[match[2]] = match[1] + detail
        detail = detail + "\n" + line if line.startswith("# ") else ""
    return found


@pytest.mark.parametrize(("name", "build_name"), [(name, of) for of in BUILDS for name in names("TEST", of)])
def test_in_kernel(name: str, build_name: str) -> None:
    build(build_name)
    assert results(build_name).get(name, "missing:\n" + ktap(build_name).output[-2000:]) == "ok"


@pytest.mark.parametrize("build_name", BUILDS)
def test_kernel_run_ends_as_planned(build_name: str) -> None:
    build(build_name)
    plan = re.search(r"^1\.\.(\d+)$", ktap(build_name).output, re.MULTILINE)
    assert plan and int(plan[1]) == len(results(build_name)) == len(names("TEST", build_name))
    assert ktap(build_name).word == "pass"


# Tests with a boot of their own, and the RAM that they are run with: with 2 GiB the heap's range is
# used up, with less the frames are.
LONE = [("a_heap_grows_by_what_is_asked_for", "128M"),
        ("a_heap_grows_for_what_is_aligned_to_a_page", "128M"),
        ("a_heap_grows_until_frames_or_its_range_are_used_up", "128M"),
        ("a_heap_grows_until_frames_or_its_range_are_used_up", "2G")]  # fmt: skip


def test_every_lone_test_is_run() -> None:
    assert set(names("LONE_TEST", "gcc") + names("LONE_TEST", "paged")) == {name for name, _ in LONE}


@pytest.mark.parametrize(("name", "mem"), LONE)
def test_alone_in_kernel(name: str, mem: str) -> None:
    outcome = boot(build("paged"), append=f"test={name}", mem=mem, timeout=60)
    assert outcome.word == "pass" and f"ok 1 {name}" in outcome.output.splitlines(), outcome.output


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
    "panics_on_an_access_to_a_page_that_was_unmapped": [
        r"^panic: trap: store page fault at panics_on_an_access_to_a_page_that_was_unmapped\+",
    ],
    "panics_on_a_page_mapped_twice": [r"^panic: page_map: 0xffffffe040000000 is mapped already$"],
    "panics_on_a_page_mapped_in_a_gigapage": [
        r"^panic: page_map: 0xffffffc000000000 lies in a larger page$",
    ],
    "panics_on_a_page_writable_and_executable": [
        r"^panic: page_map: 0xffffffe040000000 is to be writable and executable$",
    ],
    "panics_on_a_page_unmapped_twice": [r"^panic: page_unmap: 0xffffffe040000000 is not mapped$"],
    "panics_below_the_heap": [
        r"^panic: trap: store page fault at panics_below_the_heap\+0x\w+, address 0xffffffe0003fffff$",
        r"^  the address is in a guard of the heap: no page of the heap is there$",
    ],
    "panics_above_the_heap": [
        r"^panic: trap: store page fault at panics_above_the_heap\+0x\w+, address 0xffffffe000822000$",
        r"^  the address is in a guard of the heap: no page of the heap is there$",
    ],
    "panics_on_a_jump_into_the_heap": [
        r"^panic: trap: instruction page fault at \?.* address 0xffffffe000400000$", r"^  scause c ",
        r"^registers:$",
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


# The rest is the same wherever the heap lies.
PAGED_PANICS = [*registered("PANIC_TEST", "paged"), "panics_out_of_heap"]


def test_every_panic_test_has_its_text() -> None:
    assert {*names("PANIC_TEST", "gcc"), *PAGED_PANICS} == PANICS.keys()


@pytest.mark.parametrize(("name", "build_name"), [
    *((name, of) for of in ("gcc", "clang") for name in names("PANIC_TEST", of)),
    *((name, "paged") for name in PAGED_PANICS),
])  # fmt: skip
def test_panic(name: str, build_name: str) -> None:
    outcome = boot(build(build_name), append=f"test={name}", timeout=20)
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
