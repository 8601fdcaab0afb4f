#!/usr/bin/env python3
"""A lab and a grader of it that take no time, for tests of all that is around grading.

What a submission's one file says first is what becomes of it:

    pass, fail, panic     so it ends
    flaky N               the grader fails the first N times
    raise, die            the grader fails with an exception, or is killed, every time
    slow                  it takes until a file `go` appears beside the submission

Run as a program, it stands in for class_worker.py. Each time it grades, it writes a line to the file
`graded` beside the submission.
"""

from __future__ import annotations

import os
import shlex
import signal
import sys
import time
from collections.abc import Callable, Collection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from grader import class_worker, lab  # noqa: E402
from grader.extract import collect, entries_of  # noqa: E402
from grader.results import ItemResult, Report  # noqa: E402

FILE = "os/heap/bump.c"
LAB = lab.Lab("fake", "A lab for tests", 1, "", (FILE,), "bump", (), (), (
    lab.Item("align", "blocks lie at multiples of their alignment", 10, "none", False, {}),
    lab.Item("reuse", "what was given back is used again", 7.5, "none", True, {}),
    lab.Item("cost", "few instructions", 2.5, "none", False, {}),
), 0, Path("/nowhere"))


def result_of(item: lab.Item, word: str, seed: int, submission: str = "ada.zip") -> ItemResult:
    if word == "pass":
        figure = 40.0 + seed % 10 if item.name == "cost" else None
        return ItemResult(item.name, item.title, item.points, item.points, "pass", item.hidden,
                          figure=figure, unit="instructions an operation" if figure else "")
    if item.name == "align":  # one item is always got
        return result_of(item, "pass", seed)
    return ItemResult(item.name, item.title, 0, item.points, word, item.hidden, message="the block overlaps <another>",
                      expected="0x80 & above", got="0x40", output="line 1\x1b[31m\nline 2 ]]>\n",
                      trace=("a = alloc(64, 8)", "b = alloc(64, 8)"), rate="3 of 20",
                      replay=f"ci/grade {shlex.quote(submission)} --lab fake --seed {seed} --item {item.name}")


def grade(submission: Path, about: lab.Lab, seed: int, sandbox: object, items: Collection[str] | None,
          progress: Callable[[str], None]) -> Report:
    with open(submission.parent.parent / "graded", "a", encoding="utf-8") as log:
        log.write(f"{submission.name} {seed}\n")
    files, notes = collect(entries_of(submission, (FILE,)), (FILE,))
    word, *more = files[FILE].decode().split("\n")[0].split()
    if word == "raise" or (word == "flaky" and times(submission) <= int(more[0])):
        raise OSError("no QEMU\nat all")
    if word == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    while word == "slow" and not (submission.parent.parent / "go").exists():
        time.sleep(0.02)
    progress("half of it")
    chosen = [item for item in about.items if items is None or item.name in items]
    ending = word if word in ("fail", "panic") else "pass"
    return Report(about.name, str(submission), seed, tuple(result_of(item, ending, seed, str(submission)) for item in chosen),
                  tuple(notes))


def times(submission: Path) -> int:
    log = (submission.parent.parent / "graded").read_text(encoding="utf-8").split("\n")
    return sum(line.startswith(f"{submission.name} ") for line in log)


def load(name: str, labs: Path = lab.LABS) -> lab.Lab:
    if name != LAB.name:
        raise lab.BadLab(f"there is no lab {name}: the labs are {LAB.name}")
    return LAB


if __name__ == "__main__":
    lab.load = load
    sys.exit(class_worker.main(sys.argv[1:], grade))
