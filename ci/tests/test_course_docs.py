"""What students and instructors read: commands, policy and verdict are as the tools have them."""

from __future__ import annotations

import argparse
import re
import shlex
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from common import ROOT
from grader import formats, policy
from grader.lab import load
from grader.results import WORDS, ItemResult, Report
from test_grade_cli import load_program

PAGES = [ROOT / "README.md", ROOT / "docs/instructors.md", ROOT / "docs/students.md"]
PARSERS = {f"ci/{name}": load_program(name).parser() for name in ("lab", "grade", "grade-class")}


def commands() -> Iterator[list[str]]:
    for page in PAGES:
        for line in re.findall(r"^    (ci/.*)$", page.read_text(), re.MULTILINE):
            yield shlex.split(re.sub(r"  +\w.*", "", line))


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_a_command_is_one_that_the_program_takes(words: list[str]) -> None:
    options: argparse.Namespace = PARSERS[words[0]].parse_args(words[1:])
    labs = options.lab if isinstance(getattr(options, "lab", None), list) else [getattr(options, "lab", None)]
    for lab in (load(name) for name in labs if name):
        assert set(getattr(options, "item", None) or ()) <= {item.name for item in lab.items}


def test_each_program_is_shown() -> None:
    assert {words[0] for words in commands()} == set(PARSERS)


def test_the_policy_that_is_shown_is_one(tmp_path: Path) -> None:
    text = (ROOT / "docs/instructors.md").read_text()
    shown = re.search(r"^    due = .*?(?=^\S)", text, re.MULTILINE | re.DOTALL)
    assert shown
    (tmp_path / "policy.toml").write_text(textwrap.dedent(shown[0]))
    rules = policy.load(tmp_path / "policy.toml")
    assert (rules.late_days, rules.penalty, rules.of("ada").extend, rules.of("bob").regrade) == (3, 10, 2, 17)


def test_the_verdict_that_is_shown_is_one() -> None:
    item = ItemResult(
        "exhaustion", "memory is handed out to the last byte, and not beyond", 0, 10, "fail",
        message="the block does not begin at the first aligned byte from `next` on",
        expected="start + 0x11", got="start + 0x2",
        trace=("init(start, 64), start % 64 = 0", "a = alloc(1, align 1)", "b = alloc(1, align 16)",
               "c = alloc(1, align 1)"),
        replay="ci/grade . --lab bump --seed 7 --item exhaustion")  # fmt: skip
    shown = formats.text([Report("bump", ".", 7, (item,))]).split("\n\n")[1]
    told = [line.strip() for line in (ROOT / "docs/students.md").read_text().splitlines()]
    assert [line for line in shown.splitlines() if line.strip() not in told] == []


def test_every_word_of_a_verdict_is_explained() -> None:
    told = re.findall(r"^\| `([a-z-]+)` \|", (ROOT / "docs/students.md").read_text(), re.MULTILINE)
    assert tuple(told) == WORDS
