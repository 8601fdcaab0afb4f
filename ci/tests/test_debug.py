"""A trace that fails, under the debugger: ci/grade --gdb."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from common import ROOT, need
from grader.export import solved

BUMP = "os/heap/bump.c"
RIGHT, WRONG = "bump->next + gap + layout.size);", "bump->next + layout.size);"


@pytest.fixture
def submission(tmp_path: Path) -> Path:
    """Its gaps are handed out."""
    need("gdb-multiarch")
    text = solved(BUMP)
    assert RIGHT in text
    (tmp_path / BUMP).parent.mkdir(parents=True)
    (tmp_path / BUMP).write_text(text.replace(RIGHT, WRONG))
    return tmp_path


def grade(submission: Path, *more: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run([ROOT / "ci/grade", submission, "--lab", "bump", "--seed", "7", "--gdb", *more], input=typed,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False)


def test_it_stops_in_front_of_the_call_that_goes_wrong(submission: Path) -> None:
    run = grade(submission, "--item", "exhaustion",
                typed="break bump_alloc\ncontinue\nprint bump->live\nfinish\ncontinue\nquit\n")  # fmt: skip
    assert run.returncode == 1
    told, verdict = run.stdout.split(": lab bump\n")
    calls = told[told.index("gdb will stop"):told.index("Reading symbols")].splitlines()[1:]
    allocs = sum("alloc(" in call for call in calls)
    assert calls[-1].strip() in verdict and allocs > 1
    assert "hit Breakpoint 1, exam_answer" in told
    assert f"$1 = {allocs - 1}\n" in told, "as many blocks are live as calls went before"
    message = verdict.splitlines()[2].strip()
    assert message and message in (ROOT / "docs/students.md").read_text(), "the verdict that is shown there is of this bug"


def test_who_leaves_the_debugger_gets_the_verdict(submission: Path) -> None:
    run = grade(submission, "--item", "exhaustion", typed="kill\nquit\n")
    assert run.returncode == 1 and "0 of 10   fail          exhaustion" in run.stdout, run.stdout


def test_an_item_that_passes_needs_no_debugger(submission: Path) -> None:
    (submission / BUMP).write_text(solved(BUMP))
    run = grade(submission, "--item", "exhaustion")
    assert run.returncode == 0 and "grade: gdb was not needed: the item passed" in run.stdout


@pytest.mark.parametrize("more", [(), ("--item", "align", "--item", "alloc")])
def test_it_wants_one_item(tmp_path: Path, more: tuple[str, ...]) -> None:
    run = grade(tmp_path, *more)
    assert (run.returncode, run.stdout) == (2, "grade: --gdb wants one submission and one --item\n")
