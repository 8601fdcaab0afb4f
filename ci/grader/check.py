"""Proves a lab: that its items tell right from wrong.

The reference gets all points. The untouched starter gets none, but on items that say `given = true`,
which need no work; and nothing of it hangs. Each mutant, the reference with one bug
(ci/labs/LAB/mutants/NAME.patch), loses points on every item that its first line names:

    # loses: align, realloc
    # what: the block is aligned after `next` was moved
    --- a/os/heap/bump.c
    ...

Patches are of the reference tree, with its markers.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from grader.export import check_regions, solved, starter
from grader.grade import grade
from grader.lab import ROOT, BadLab, Lab, load
from grader.regions import parse, render
from grader.results import Report
from grader.sandbox import sandbox_named

FEWEST_MUTANTS = 8
REFERENCE, STARTER = "reference", "starter"
LOSES = re.compile(r"# loses: ([\w-]+(?:, [\w-]+)*)")
WHAT = re.compile(r"# what: \S.*")


@dataclass(frozen=True)
class Case:
    lab: str
    name: str  # REFERENCE, STARTER, or a mutant's
    mutant: Path | None = None


@dataclass(frozen=True)
class Outcome:
    case: Case
    words: str
    holds: bool


def cases_of(lab: Lab) -> list[Case]:
    """BadLab where the lab cannot even be tried."""
    if not lab.items:
        raise BadLab(f"lab {lab.name} has no items")
    if len(lab.mutants) < FEWEST_MUTANTS:
        raise BadLab(f"lab {lab.name} has {len(lab.mutants)} mutants; {FEWEST_MUTANTS} are the fewest")
    for mutant in lab.mutants:
        loses(mutant, lab)
    return [Case(lab.name, REFERENCE), Case(lab.name, STARTER),
            *(Case(lab.name, mutant.stem, mutant) for mutant in lab.mutants)]


def loses(mutant: Path, lab: Lab) -> list[str]:
    """The items that a mutant's first line names."""
    first, second, *_ = (*mutant.read_text().splitlines(), "", "")
    match = LOSES.fullmatch(first)
    if not match or not WHAT.fullmatch(second):
        raise BadLab(f"{mutant}: the first lines are `# loses: ITEM, ITEM` and `# what: the bug in words`")
    found = match[1].split(", ")
    for name in found:
        if name not in (item.name for item in lab.items):
            raise BadLab(f"{mutant}: lab {lab.name} has no item {name}")
    return found


def run(labs: list[Lab], jobs: int, seed: int) -> Iterator[Outcome]:
    """The outcomes, as they come."""
    check_regions()
    cases = [case for lab in labs for case in cases_of(lab)]
    with ProcessPoolExecutor(jobs) as pool:
        futures: list[Future[Outcome]] = [pool.submit(tried, case, seed) for case in cases]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def tried(case: Case, seed: int) -> Outcome:
    lab = load(case.lab)
    with tempfile.TemporaryDirectory(prefix="bosk-check-") as name:
        submission = Path(name) / "submission"
        items = None
        try:
            if case.mutant:
                items = loses(case.mutant, lab)
                write_mutant(lab, case.mutant, submission)
            elif case.name == STARTER:
                starter(lab, submission)
            else:
                write_reference(lab, submission)
        except BadLab as error:
            return Outcome(case, str(error), False)
        report = grade(submission, lab, seed, sandbox_named("none"), items, lambda line: None)
    if report.is_grader_error:
        return Outcome(case, complaint(report, "grader-error"), False)
    judge = judge_mutant if case.mutant else judge_starter if case.name == STARTER else judge_reference
    return judge(case, lab, report)


# What is handed in --------------------------------------------------------------------------------


def write_reference(lab: Lab, submission: Path) -> None:
    for path in lab.files:
        write(submission / path, solved(path))


def write_mutant(lab: Lab, mutant: Path, submission: Path) -> None:
    for path in lab.files:
        write(submission / path, (ROOT / path).read_text())
    apply(mutant, submission)
    files = {lab.name: lab.files}
    for path in lab.files:
        text = (submission / path).read_text()
        write(submission / path, render(parse(text, path, files), lambda _: "solved"))


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def apply(patch: Path, directory: Path) -> None:
    """git would look for a repository around the directory, and leave out what is not in that."""
    environment = os.environ | {"GIT_CEILING_DIRECTORIES": str(directory.parent)}
    done = subprocess.run(["git", "apply", "--whitespace=nowarn", patch.resolve()], cwd=directory, text=True,
                          env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)  # fmt: skip
    if done.returncode != 0:
        raise BadLab(f"{patch} cannot be applied: {' '.join(done.stdout.split())}")


# What must have come of it ------------------------------------------------------------------------


def judge_reference(case: Case, lab: Lab, report: Report) -> Outcome:
    words = f"{report.points:g} of {report.max_points:g} points"
    lost = [item.name for item in report.items if item.points < item.max_points]
    return Outcome(case, f"{words}; {complaint(report)}" if lost else words, not lost)


def judge_starter(case: Case, lab: Lab, report: Report) -> Outcome:
    given = {item.name for item in lab.items if item.options.get("given")}
    gained = [item.name for item in report.items if item.points > 0 and item.name not in given]
    hanging = [item.name for item in report.items if item.word == "hang"]
    unbuilt = any(item.word == "build-error" for item in report.items)
    if unbuilt:
        return Outcome(case, f"does not build: {complaint(report)}", False)
    if gained:
        return Outcome(case, f"gets points for {', '.join(gained)} without any work", False)
    if hanging:
        return Outcome(case, f"hangs: {', '.join(hanging)}", False)
    words = f"{report.points:g} points" + (f" ({', '.join(sorted(given))}: given)" if given else "")
    return Outcome(case, words, True)


def judge_mutant(case: Case, lab: Lab, report: Report) -> Outcome:
    if any(item.word == "build-error" for item in report.items):
        return Outcome(case, f"does not build: {complaint(report)}", False)
    survived = [item.name for item in report.items if item.points >= item.max_points]
    if survived:
        return Outcome(case, f"survives {', '.join(survived)}", False)
    return Outcome(case, "loses " + ", ".join(f"{item.name} ({item.word})" for item in report.items), True)


def complaint(report: Report, word: str = "") -> str:
    """In a line, what was wrong with the first item that lost points; the first that ended so."""
    for item in report.items:
        if item.points < item.max_points and word in ("", item.word):
            last = item.output.strip().splitlines()[-1:]
            return ": ".join(filter(None, (item.name, item.word, item.message, *last)))
    return ""
