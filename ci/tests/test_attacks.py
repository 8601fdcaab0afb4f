"""Hostile submissions: none gets a mark that it has not earned, and none harms the grader.

attacks/stub.c is an allocator that does nothing; each file beside it says what it does instead. How
the grader meets them is told in docs/grading.md.
"""

from __future__ import annotations

import dataclasses
import io
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from common import ROOT, need
from grader import export, grade, guest_subject, lab
from grader.results import Report
from grader.sandbox import MIB, Unavailable, sandbox_named

ATTACKS = ROOT / "ci/tests/attacks"
SOLUTION = "os/heap/bump.c"
ITEMS = ("alloc", "kernel")  # one on the host, one in QEMU

Grade = Callable[..., Report]


@pytest.fixture(scope="module")
def solution() -> str:
    return export.solved(SOLUTION)


@pytest.fixture
def graded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Grade:
    need("bwrap", "qemu-system-riscv64", "make", "cc")
    try:
        sandbox = sandbox_named("bubblewrap")
    except Unavailable as reason:
        pytest.skip(str(reason))
    monkeypatch.setattr(grade, "BUILD_LIMITS", dataclasses.replace(
        grade.BUILD_LIMITS, cpu_seconds=4, memory=400 * MIB))
    monkeypatch.setattr(guest_subject, "CALL_LIMIT", 5_000_000)
    monkeypatch.setattr(guest_subject, "CONSOLE_LIMIT", 16 << 10)

    def run(submission: Mapping[str, str] | Path, *items: str) -> Report:
        if not isinstance(submission, Path):
            submission = tree(tmp_path / "in", submission)
        report = grade.grade(submission, lab.load("bump"), 1, sandbox, items or ITEMS)
        assert not report.is_grader_error, [item.output for item in report.items]
        return report

    return run


def tree(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def hostile(name: str, **places: object) -> dict[str, str]:
    """The allocator that does what attacks/NAME.c says."""
    text = (ATTACKS / "stub.c").read_text() + (ATTACKS / f"{name}.c").read_text()
    for key, value in places.items():
        text = text.replace(f"@{key}@", str(value))
    return {SOLUTION: text}


def words(report: Report) -> list[str]:
    return [item.word for item in report.items]


# --- when it runs ---


@pytest.mark.parametrize(("name", "on_host", "in_kernel"), [
    ("says_pass", "fail", "fail"),
    ("powers_off", "early-exit", "early-exit"),
    ("floods", "flood", "flood"),
    ("hangs", "hang", "hang"),
    ("waits", "fail", "hang"),
    ("fake_facts", "fail", "fail"),
    ("patches_examiner", "fail", "panic"),
    ("reads_ahead", "", "fail"),
    ("forks", "", "fail"),
    ("is_large", "fail", "fail"),
])  # fmt: skip
def test_it_earns_nothing(name: str, on_host: str, in_kernel: str, graded: Grade) -> None:
    report = graded(hostile(name))
    assert report.points == 0
    host, kernel = words(report)
    assert kernel == in_kernel
    assert host == on_host or not on_host


@pytest.mark.parametrize("name", ["writes_results", "semihosting"])
def test_it_writes_no_file(name: str, graded: Grade, tmp_path: Path) -> None:
    written = tmp_path / "written"
    tmp_path.chmod(0o777)
    report = graded(hostile(name, TREE=written, ROOT=ROOT))
    assert report.points == 0
    assert not written.exists() and not (ROOT / "build/results.json").exists()
    assert not Path("/autograder").exists()


def test_a_stopped_counter_makes_no_cheap_allocator(graded: Grade, solution: str) -> None:
    renamed = f"#define bump_alloc honest_alloc\n{solution}\n#undef bump_alloc\n"
    report = graded({SOLUTION: renamed + (ATTACKS / "stops_counter.c").read_text()}, "kernel-cost")
    honest = graded({SOLUTION: solution}, "kernel-cost").items[0].figure
    item, = report.items
    if item.figure is not None:  # the firmware did not stop it
        assert honest is not None and item.figure >= honest
    else:
        assert item.points == 0 and "counter" in item.message


# --- when it is built ---


@pytest.mark.parametrize("line", [
    '__asm__(".incbin \\"@ROOT@/ci/labs/bump/hidden.toml\\"");',
    '#include "@ROOT@/os/heap/bump.c"',
    '__asm__(".incbin \\"/etc/passwd\\"");',
    '#include "/dev/zero"',
    "const char large[400 << 20] = {1};",
    "unsigned long exam_answer(void *turn) { (void)turn; return 0; }",
    "void *memcpy(void *to, const void *from, unsigned long size) { (void)from, (void)size; return to; }",
    "_Noreturn void panic_at(const char *file, int line, const char *format, ...) { for (;;) ; }",
    'void exam_stop(void) __attribute__((section(".text.entry"))); void exam_stop(void) {}',
    '__asm__(".globl exam_turn\\n.set exam_turn, 0");',
    "#include __FILE__\n#include __FILE__",
    "#warning PASS\n#include __FILE__",
    "#define A(x) x x x x x x x x\n#define B(x) A(A(A(A(x))))\nint a = 0 B(B(B(B(+1))));",
    '#pragma GCC plugin("x")\n_Static_assert(0, "PASS");',
    '#error "%s%n PASS \x1b]0;x\x07"',
])  # fmt: skip
def test_nothing_is_read_or_replaced(line: str, graded: Grade, solution: str) -> None:
    report = graded({SOLUTION: solution + line.replace("@ROOT@", str(ROOT)) + "\n"})
    assert set(words(report)) <= {"build-error", "fail"}
    assert report.points == 0
    assert all(len(item.output) <= grade.OUTPUT_KEPT and "\x1b" not in item.output
               for item in report.items)


@pytest.mark.parametrize("start", [
    "#define assert(x)\n#define NULL ((void *)8)\n#undef NULL\n#define _Static_assert(...)\n",
    "static int exam_stop, exam_turn, HEAP_SPACE; void *unused(void); void *unused(void)"
    " { return exam_stop + exam_turn + HEAP_SPACE ? &exam_stop : &exam_turn; }\n",
])  # fmt: skip
def test_names_of_its_own_change_nothing(start: str, graded: Grade, solution: str) -> None:
    assert words(graded({SOLUTION: start + solution})) == ["pass", "pass"]


def test_what_stands_before_the_entry_only_harms_itself(graded: Grade, solution: str) -> None:
    junk = '__asm__(".section .text.entry, \\"ax\\"\\n.fill 64, 1, 0\\n.text");\n'
    host, kernel = graded({SOLUTION: junk + solution}).items
    assert host.word == "pass" and kernel.word in ("pass", "hang", "panic")


def test_files_that_are_not_the_labs_change_nothing(graded: Grade, solution: str, tmp_path: Path) -> None:
    rule = f"$(shell touch {tmp_path}/ran)\n%:\n\ttouch {tmp_path}/ran\n"
    tmp_path.chmod(0o777)
    others = {"GNUmakefile": rule, "makefile": rule, "Makefile": rule, "lab.mk": rule,
              "linker-qemu.ld": "nonsense", "os/heap/bump.h": "#error", "os/heap/layout.h": "#error",
              "os/test/exam/main.c": "#error", "os/test/exam/heap_calls.c": "#error",
              "os/test/pure/test_bump.c": "#error", "ci/find_tool.sh": "exit 1",
              "ci/labs/bump/lab.toml": "", "ci/host/examinee.c": "#error", "build/is-built": ""}
    report = graded(others | {SOLUTION: solution})
    assert words(report) == ["pass", "pass"]
    assert not (tmp_path / "ran").exists()


def test_an_archive_with_links_is_refused(graded: Grade, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "in.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo(SOLUTION)
        member.type, member.linkname = tarfile.SYMTYPE, str(ROOT / SOLUTION)
        archive.addfile(member, io.BytesIO())
    report = graded(tmp_path / "in.tar.gz")
    assert words(report) == ["build-error"] * 2 and report.points == 0
    assert f"{SOLUTION} is a link" in report.items[0].message


def test_the_honest_solution_passes(graded: Grade, solution: str) -> None:
    assert words(graded({SOLUTION: solution})) == ["pass", "pass"]
