"""Level 2: kernels with guards. Every kind of memory error is made once, and must be explained."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from common import ROOT, boot, kernel, make, need, qemu

sys.path.insert(0, str(ROOT / "ci" / "bench"))
import guards as costs  # noqa: E402  (ci/bench/guards.py)

COMPILERS = ("gcc", "clang")
HEAP_DEBUG = "-heap-debug"
SANITIZED = "-kasan-ubsan"
LEAKS = "leaks_are_counted_by_the_place_they_come_from"
FOLDER = "os/test/guard"


def run_alone(name: str, guards: str, compiler: str) -> qemu.Outcome:
    return boot(kernel("tests", compiler, guards), append=f"test={name}", timeout=20)


def said(outcome: qemu.Outcome) -> list[str]:
    """The lines that a test and the kernel said after it began, up to the registers."""
    return outcome.output.partition("\n1..1\n")[2].partition("\nregisters:")[0].splitlines()


def names(kind: str, file: str) -> list[str]:
    """The tests that a file registers with TEST or with PANIC_TEST."""
    return re.findall(rf"^{kind}\((\w+)\)", (ROOT / FOLDER / file).read_text(), re.MULTILINE)


def place(file: str, test: str, mark: str) -> str:
    """Of the line of this test that ends in the comment `/* mark */`, as a report has it."""
    text = (ROOT / FOLDER / file).read_text()
    marked = text.index(f"/* {mark} */", text.index(f"TEST({test})"))
    return f"{FOLDER}/{file}:{text.count(chr(10), 0, marked) + 1} in {test}"


def expect_report(outcome: qemu.Outcome, file: str, test: str, expected: str) -> None:
    """All of a report. In expected, a line with a label alone stands for `label  PLACE < passes < …`, 0x for
    any address, and `shadow fa` for three rows of shadow with [fa] in the second."""
    lines = []
    for line in expected.splitlines():
        label = line.strip()
        if label.startswith("shadow "):
            row, byte = r"    0x\w+ ( [0-9a-f]{2} ){16}", re.escape(f"[{label[7:]}]")
            lines += [r"  shadow     of 8 bytes each: .*", row, rf"    0x\w+ ( \w\w )*{byte}( \w\w )*", row]
        elif re.fullmatch(r"\w+", label):
            line = f"  {label:10} {place(file, test, label)} < passes < "
            lines.append(re.escape(line) + r"\w+( < \w+)*")
        else:
            lines.append(re.escape(line).replace("0x", "0xffffffc0[0-9a-f]{8}"))
    assert (outcome.word, outcome.exit_status) == ("panic", 1), outcome.output
    found = said(outcome)
    assert len(found) == len(lines) and all(map(re.fullmatch, lines, found)), "\n".join(["said:", *found, "expected:", *lines])


# The kernel's reports of wrong frees; NAME is that of the guard.
FREES = {
    "a_double_free_is_explained": """\
panic: NAME: 0x: double free: this memory is free already
  address    0 bytes into a freed object of 24 bytes at 0x
  allocated
  freed
  used""",
    "a_double_free_is_explained_when_others_were_freed_since": """\
panic: NAME: 0x: double free: this memory is free already
  address    0 bytes into a freed object of 24 bytes at 0x
  allocated
  freed
  used""",
    "a_free_of_a_local_is_explained": """\
panic: NAME: 0x: foreign free: not an address of this heap
  used""",
    "a_free_inside_an_object_is_explained": """\
panic: NAME: 0x: interior free: inside a live block, not at its first byte
  address    32 bytes into a live object of 100 bytes at 0x
  allocated
  used""",
    "a_free_inside_a_freed_object_is_explained": """\
panic: NAME: 0x: double free: this memory is free already
  address    32 bytes into a freed object of 100 bytes at 0x
  allocated
  freed
  used""",
    "a_free_of_what_was_never_allocated_is_explained": """\
panic: NAME: 0x: double free: this memory is free already
  used""",
    "a_free_with_a_wrong_layout_is_explained": """\
panic: NAME: 0x: wrong layout: the block was not allocated with it
  address    0 bytes into a live object of 4 bytes at 0x
  allocated
  used""",
    "a_realloc_of_a_freed_object_is_explained": """\
panic: NAME: 0x: double free: this memory is free already
  address    0 bytes into a freed object of 40 bytes at 0x
  allocated
  freed
  used""",
}

CANARIES = {
    "a_write_behind_an_object_is_found_when_it_is_freed": """\
panic: heap: 0x: overflow: written behind an object
  address    0 bytes behind a live object of 30 bytes at 0x
  allocated
  found""",
    "a_write_before_an_object_is_found_when_it_is_freed": """\
panic: heap: 0x: overflow: written before an object
  address    1 bytes before a live object of 30 bytes at 0x
  allocated
  found""",
    "a_write_to_the_header_of_an_object_is_found": """\
panic: heap: 0x: overflow: an object's header was overwritten
  found""",
    "a_write_to_a_freed_object_is_found_when_it_leaves_the_quarantine": """\
panic: heap: 0x: use after free: written to a freed object
  address    7 bytes into a freed object of 30 bytes at 0x
  allocated
  freed
  found""",
    "a_write_behind_an_object_is_found_when_the_whole_heap_is_checked": """\
panic: heap: 0x: overflow: written behind an object
  address    0 bytes behind a live object of 30 bytes at 0x
  allocated
  found""",
}

HEAP_BOUNDS = """\
panic: kasan: {access} at 0x: out of bounds of an object of the heap
  address    {where} a live object of {size} bytes at 0x
  allocated
  used
  shadow {shadow}"""

SHADOWS = {
    "a_write_behind_an_object_is_caught":
        HEAP_BOUNDS.format(access="write of 1 bytes", where="0 bytes behind", size=30, shadow="06"),
    "a_read_before_an_object_is_caught":
        HEAP_BOUNDS.format(access="read of 4 bytes", where="4 bytes before", size=40, shadow="fa"),
    "a_read_behind_a_vector_is_caught":
        HEAP_BOUNDS.format(access="read of 8 bytes", where="0 bytes behind", size=32, shadow="fa"),
    "a_memset_behind_an_object_is_caught":
        HEAP_BOUNDS.format(access="write of 31 bytes", where="0 bytes behind", size=30, shadow="06"),
    "a_memcpy_from_behind_an_object_is_caught":
        HEAP_BOUNDS.format(access="read of 40 bytes", where="0 bytes behind", size=30, shadow="06"),
    "a_string_without_an_end_is_caught":
        HEAP_BOUNDS.format(access="read of 5 bytes", where="0 bytes behind", size=4, shadow="04"),
    "a_use_after_free_is_caught": """\
panic: kasan: read of 2 bytes at 0x: use after free of an object of the heap
  address    6 bytes into a freed object of 40 bytes at 0x
  allocated
  freed
  used
  shadow fd""",
    "a_use_of_what_a_realloc_moved_is_caught": """\
panic: kasan: write of 8 bytes at 0x: use after free of an object of the heap
  address    0 bytes into a freed object of 64 bytes at 0x
  allocated
  freed
  used
  shadow fd""",
    "a_use_of_heap_that_was_never_allocated_is_caught": """\
panic: kasan: write of 1 bytes at 0x: heap in which no object is
  used
  shadow fe""",
    "a_write_behind_a_local_array_is_caught": """\
panic: kasan: write of 1 bytes at 0x: out of bounds of a local variable
  address    0 bytes behind variable buffer of TEST, 10 bytes at 0x
  used
  shadow 02""",
    "a_read_before_a_local_array_is_caught": """\
panic: kasan: read of 4 bytes at 0x: out of bounds of a local variable
  address    4 bytes before variable numbers of TEST, 16 bytes at 0x
  used
  shadow f1""",
    "a_use_of_a_local_out_of_its_scope_is_caught": """\
panic: kasan: write of 4 bytes at 0x: use of a local variable out of its scope
  address    0 bytes into variable local of TEST, 4 bytes at 0x
  used
  shadow f8""",
    "a_write_behind_a_global_array_is_caught": """\
panic: kasan: write of 4 bytes at 0x: out of bounds of a global variable
  address    0 bytes behind variable table of os/test/guard/test_kasan.c, 20 bytes at 0x
  used
  shadow 04""",
    "a_read_behind_a_constant_is_caught": """\
panic: kasan: read of 1 bytes at 0x: out of bounds of a global variable
  address    0 bytes behind variable text of os/test/guard/test_kasan.c, 5 bytes at 0x
  used
  shadow 05""",
}  # fmt: skip

# Regular expressions: compilers order values and spell types in their own ways.
UNDEFINED = {
    "an_addition_that_overflows_is_caught":
        r"overflow: (2147483647 \+ 1|1 \+ 2147483647) does not fit in 'int'",
    "a_subtraction_that_overflows_is_caught": r"overflow: -2147483648 - 1 does not fit in 'int'",
    "a_multiplication_that_overflows_is_caught":
        r"overflow: (65536 \* -65536|-65536 \* 65536) does not fit in 'int'",
    "a_negation_that_overflows_is_caught": r"overflow: -\(-2147483648\) does not fit in 'int'",
    "a_division_by_zero_is_caught": r"division of 7 by zero",
    "a_division_that_overflows_is_caught": r"overflow: -2147483648 / -1 does not fit in 'int'",
    "a_shift_by_too_much_is_caught": r"shift by 32, but 'int' has 32 bits",
    "a_shift_that_overflows_is_caught": r"overflow: 3 << 31 does not fit in 'int'",
    "an_index_out_of_bounds_is_caught": r"index 5 is out of bounds of 'int ?\[5\]'",
    "a_load_from_a_null_pointer_is_caught": r"load from a null pointer to 'const int'",
    "a_store_to_a_misaligned_address_is_caught":
        r"store to 0x\w+[26ae], but an address of 'int' is a multiple of 4",
    "pointer_arithmetic_that_overflows_is_caught":
        r"pointer arithmetic takes 0xffffffc0\w{8} to 0x7fffffc0\w{8}",
    "a_bool_that_is_neither_true_nor_false_is_caught": r"7 is no value of '(_Bool|const bool)'",
    "an_array_of_no_elements_is_caught": r"an array of -1 elements",
    "a_null_argument_is_caught": r"argument 1 is null, which its declaration excludes",
    "a_null_result_is_caught": r"a null pointer is returned, which the declaration excludes",
    "a_count_of_the_zeros_of_zero_is_caught": r"clz\(\) of 0 has no value",
    "code_that_should_not_be_reached_is_caught": r"code was reached that was declared unreachable",
}  # fmt: skip

# GCC alone sees this.
TOO_SMALL = "a_load_from_an_object_that_is_too_small_is_caught"


def test_every_error_has_its_report() -> None:
    assert sorted(names("PANIC_TEST", "test_heap_frees.c")) == sorted([*FREES, LEAKS])
    assert sorted(names("PANIC_TEST", "test_canaries.c")) == sorted(CANARIES)
    assert sorted(names("PANIC_TEST", "test_kasan.c")) == sorted(SHADOWS)
    assert sorted(names("PANIC_TEST", "test_ubsan.c")) == sorted([*UNDEFINED, TOO_SMALL])


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("guards", [HEAP_DEBUG, SANITIZED])
@pytest.mark.parametrize("name", FREES)
def test_a_wrong_free(name: str, guards: str, compiler: str) -> None:
    guard = "heap" if guards == HEAP_DEBUG else "kasan"
    expect_report(run_alone(name, guards, compiler), "test_heap_frees.c", name, FREES[name].replace("NAME", guard))


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("name", CANARIES)
def test_a_broken_canary(name: str, compiler: str) -> None:
    expect_report(run_alone(name, HEAP_DEBUG, compiler), "test_canaries.c", name, CANARIES[name])


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("name", SHADOWS)
def test_a_wrong_access(name: str, compiler: str) -> None:
    report = SHADOWS[name].replace("TEST", name)
    expect_report(run_alone(name, SANITIZED, compiler), "test_kasan.c", name, report)


def expect_undefined(name: str, compiler: str, what: str) -> None:
    outcome = run_alone(name, SANITIZED, compiler)
    line = place("test_ubsan.c", name, "here").partition(" in ")[0]
    assert (outcome.word, outcome.exit_status) == ("panic", 1), outcome.output
    found = said(outcome)
    assert re.fullmatch(rf"panic: ubsan: {line}:\d+: {what}", found[0]), f"{found}\nexpected: {line}: {what}"
    assert found[1:] == [f"  at {line}"]


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("name", UNDEFINED)
def test_undefined_behaviour(name: str, compiler: str) -> None:
    expect_undefined(name, compiler, UNDEFINED[name])


def test_an_access_to_an_object_that_is_too_small() -> None:
    expect_undefined(TOO_SMALL, "gcc", r"load from 0x\w+, where there is no room for '[\w ]+'")


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("guards", [HEAP_DEBUG, SANITIZED])
def test_leaks(guards: str, compiler: str) -> None:
    outcome = run_alone(LEAKS, guards, compiler)
    assert outcome.word == "pass"
    assert said(outcome)[1:-1] == [
        f"leak: 16 bytes in 1 blocks still allocated at {place('test_heap_frees.c', LEAKS, 'vector')}",
        f"leak: 300 bytes in 3 blocks still allocated at {place('test_heap_frees.c', LEAKS, 'three')}",
    ]


@functools.cache
def all_tests(guards: str, compiler: str) -> qemu.Outcome:
    return boot(kernel("tests", compiler, guards), timeout=120)


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("guards", [HEAP_DEBUG, SANITIZED])
def test_a_guarded_kernel_passes_all_tests(guards: str, compiler: str) -> None:
    outcome = all_tests(guards, compiler)
    assert outcome.word == "pass", outcome.output[-2000:]
    assert not re.search(r"^not ok", outcome.output, re.MULTILINE)


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("guards", [HEAP_DEBUG, SANITIZED])
def test_the_tests_leak_nothing(guards: str, compiler: str) -> None:
    assert not re.findall(r"^leak: .*", all_tests(guards, compiler).output, re.MULTILINE)


@pytest.mark.parametrize("suffix", costs.BARS)
def test_guards_cost_no_more_than_their_bar(suffix: str) -> None:
    plain, guarded = costs.instructions(kernel("demo")), costs.instructions(kernel("demo", guards=suffix))
    assert plain < guarded <= costs.BARS[suffix][1] * plain


def image(elf: Path) -> bytes:
    """All that a kernel loads: code, constants and variables."""
    need("riscv64-unknown-elf-objcopy")
    binary = elf.with_suffix(".bin")
    subprocess.run(["riscv64-unknown-elf-objcopy", "-O", "binary", elf, binary], check=True)
    return binary.read_bytes()


def test_a_plain_kernel_is_the_same_without_the_guards_sources(tmp_path: Path) -> None:
    """Built twice in one place: from the sources as they are, and with all guards taken out of them."""
    for folder in ("os", "ci"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    for file in ("Makefile", "linker-qemu.ld"):
        shutil.copy(ROOT / file, tmp_path)
    built = make("build", directory=tmp_path)
    assert built.returncode == 0, built.stdout
    as_it_is = image(tmp_path / "build/gcc-demo/bosk.elf")
    shutil.rmtree(tmp_path / "os/guard")
    for source in tmp_path.glob("os/**/*.[ch]"):
        text = source.read_text()
        source.write_text(re.sub(r"^( *GUARD\(.*|#include \"guard/.*)$", "", text, flags=re.MULTILINE))
    built = make("build", directory=tmp_path)
    assert built.returncode == 0, built.stdout
    assert len(as_it_is) > 20000 and image(tmp_path / "build/gcc-demo/bosk.elf") == as_it_is
