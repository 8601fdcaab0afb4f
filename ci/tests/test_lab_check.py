"""What `ci/lab check` says of labs that hold and of labs that do not."""

from __future__ import annotations

import dataclasses
import difflib
import re
from pathlib import Path

import pytest
from common import ROOT

from grader import check
from grader.check import REFERENCE, STARTER, Case
from grader.lab import BadLab, Item, Lab, load
from grader.results import ItemResult, Report

ITEMS = ("align", "merge")
PATCH = """\
# loses: alloc, align
# what: nothing is aligned
--- a/os/heap/bump.c
+++ b/os/heap/bump.c
@@ -1,3 +1,3 @@
-/* bump.c - the bump allocator. */
+/* bump.c - a bump allocator. */
 #include "heap/bump.h"
 
"""


def lab(given: str = "") -> Lab:
    items = tuple(Item(name, name, 10, "none", False, {"given": name == given}) for name in ITEMS)
    return dataclasses.replace(load("bump"), items=items)


def report(*outcomes: tuple[float, str]) -> Report:
    return Report("bump", "x", 1, tuple(
        ItemResult(name, name, points, 10, word) for name, (points, word) in zip(ITEMS, outcomes, strict=False)))


@pytest.mark.parametrize(("outcomes", "holds"), [
    ([(10, "pass"), (10, "pass")], True),
    ([(10, "pass"), (9.5, "fail")], False),
    ([(10, "pass"), (0, "panic")], False),
])  # fmt: skip
def test_the_reference_must_get_all_points(outcomes: list[tuple[float, str]], holds: bool) -> None:
    assert check.judge_reference(Case("bump", REFERENCE), lab(), report(*outcomes)).holds == holds


@pytest.mark.parametrize(("outcomes", "given", "words"), [
    ([(0, "fail"), (0, "panic")], "", "0 points"),
    ([(0, "fail"), (2, "fail")], "", "gets points for merge without any work"),
    ([(10, "pass"), (0, "fail")], "align", "10 points (align: given)"),
    ([(10, "pass"), (0, "fail")], "merge", "gets points for align without any work"),
    ([(0, "fail"), (0, "hang")], "", "hangs: merge"),
    ([(0, "build-error"), (0, "build-error")], "", "does not build: align: build-error"),
])  # fmt: skip
def test_the_starter_must_build_and_get_no_points(outcomes: list[tuple[float, str]], given: str, words: str) -> None:
    outcome = check.judge_starter(Case("bump", STARTER), lab(given), report(*outcomes))
    assert outcome.words == words
    assert outcome.holds == words.endswith(("points", "given)"))


@pytest.mark.parametrize(("outcomes", "words"), [
    ([(0, "fail"), (5, "fail")], "loses align (fail), merge (fail)"),
    ([(0, "fail"), (10, "pass")], "survives merge"),
    ([(0, "build-error"), (0, "build-error")], "does not build: align: build-error"),
])  # fmt: skip
def test_a_mutant_must_build_and_lose_each_item_it_names(outcomes: list[tuple[float, str]], words: str) -> None:
    outcome = check.judge_mutant(Case("bump", "mutant", Path("x.patch")), lab(), report(*outcomes))
    assert outcome.words == words and outcome.holds == words.startswith("loses")


@pytest.mark.parametrize(("old", "new", "complaint"), [
    ("# loses: alloc, align", "# looses: align", "the first lines are"),
    ("# loses: alloc, align", "# loses: ", "the first lines are"),
    ("# what: nothing is aligned\n", "", "the first lines are"),
    ("alloc, align", "alloc, aling", "lab bump has no item aling"),
])  # fmt: skip
def test_a_mutants_first_lines_are_checked(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    mutant = tmp_path / "mutant.patch"
    mutant.write_text(PATCH)
    assert check.loses(mutant, load("bump")) == ["alloc", "align"]
    mutant.write_text(PATCH.replace(old, new))
    with pytest.raises(BadLab, match=re.escape(complaint)):
        check.loses(mutant, load("bump"))


def test_a_lab_with_few_mutants_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadLab, match="lab bump has 0 mutants; 8 are the fewest"):
        check.cases_of(dataclasses.replace(load("bump"), directory=tmp_path))


def test_a_mutant_is_the_reference_with_its_patch_and_no_marker(tmp_path: Path) -> None:
    mutant = tmp_path / "mutant.patch"
    mutant.write_text(PATCH)
    check.write_mutant(load("bump"), mutant, tmp_path / "mutant")
    check.write_reference(load("bump"), tmp_path / "reference")
    found, right = ((tmp_path / name / "os/heap/bump.c").read_text() for name in ("mutant", "reference"))
    assert found == right.replace("the bump", "a bump", 1) and "LAB" not in found


def test_a_patch_that_does_not_apply_is_named(tmp_path: Path) -> None:
    mutant = tmp_path / "old.patch"
    mutant.write_text(PATCH.replace("the bump allocator", "an older file"))
    with pytest.raises(BadLab, match=r"old\.patch cannot be applied"):
        check.write_mutant(load("bump"), mutant, tmp_path / "mutant")


def test_a_mutant_in_earnest_loses_its_item_and_no_harmless_one_does(tmp_path: Path) -> None:
    harmless = tmp_path / "harmless.patch"
    harmless.write_text(PATCH)
    deadly = tmp_path / "deadly.patch"
    right = (ROOT / "os/heap/bump.c").read_text()
    wrong = right.replace("const size_t gap = -bump->next & (layout.align - 1)", "const size_t gap = 0")
    diff = difflib.unified_diff(right.splitlines(True), wrong.splitlines(True), "a/os/heap/bump.c", "b/os/heap/bump.c")
    deadly.write_text("# loses: align\n# what: nothing is aligned\n" + "".join(diff))
    assert check.tried(Case("bump", "harmless", harmless), 1).words == "survives alloc, align"
    assert check.tried(Case("bump", "deadly", deadly), 1).words == "loses align (fail)"
