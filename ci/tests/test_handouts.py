"""The labs' handouts: they follow the source and the labs' descriptions, and give nothing away."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from common import ROOT
from grader.export import starter
from grader.lab import Item, Lab, load, names
from grader.regions import Region, parse

import book  # noqa: E402  (ci/book.py)

LABS = [load(name) for name in names()]
FILES = {lab.name: lab.files for lab in LABS}
PARTS = ["What you will learn", "Background", "Before you start", "Tasks", "How to test", "What is graded",
         "Common mistakes", "Going further"]

each_lab = pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.name)


def handout(lab: Lab) -> str:
    return (ROOT / lab.handout).read_text()


def regions(lab: Lab) -> list[Region]:
    return [part for path in lab.files for part in parse((ROOT / path).read_text(), path, FILES)
            if isinstance(part, Region) and part.lab == lab.name]


def bare(text: str) -> str:
    return re.sub(r"\s+", "", text)


def lost_links(root: Path) -> list[str]:
    """Links of a tree's pages that lead to no file in it; those to other sites aside."""
    return [f"{page.relative_to(root)}: {target}" for page in root.rglob("*.md") if not {"build", "overlay"} & set(page.parts)
            for target in re.findall(r"\]\(([^)#\s]+)", page.read_text())
            if "://" not in target and not (page.parent / target).exists()]


def test_links_lead_to_files() -> None:
    assert not lost_links(ROOT)


@each_lab
def test_links_of_a_starter_lead_to_files_that_it_has(lab: Lab, tmp_path: Path) -> None:
    starter(lab, tmp_path)
    assert (tmp_path / lab.handout).exists()
    assert not lost_links(tmp_path)


@each_lab
def test_a_handout_has_all_its_parts_in_order(lab: Lab) -> None:
    headings = [line.removeprefix("## ").split(",")[0] for line in handout(lab).splitlines() if line.startswith("## ")]
    assert list(dict.fromkeys(headings)) == PARTS


@each_lab
def test_the_tasks_are_the_regions_in_their_order(lab: Lab) -> None:
    tasks = re.findall(r"^### Task (\d+): `(.*)`$", handout(lab), re.MULTILINE)
    wanted = [(str(number), f"{lab.name} {region.name}") for number, region in enumerate(regions(lab), 1)]
    assert tasks == wanted


@each_lab
def test_the_table_of_what_is_graded_is_that_of_the_description(lab: Lab) -> None:
    assert handout(lab) == book.with_table(handout(lab), lab), "run python3 ci/book.py"


def test_a_table_has_the_visible_items_and_of_the_hidden_ones_the_points() -> None:
    table = book.table(load("collections"))
    assert "| `box` | " in table and "own-tests" not in table
    assert "|  | hidden items | 20 |" in table and "|  | **all** | 100 |" in table


@each_lab
def test_points_are_typed_nowhere_else_in_a_handout(lab: Lab) -> None:
    text = re.sub(r"<!-- graded: .*<!-- graded: end -->", "", handout(lab), flags=re.DOTALL)
    assert not re.search(r"\d+ (points|%)", text)


@each_lab
def test_a_handout_does_not_tell_what_is_hidden(lab: Lab) -> None:
    for item in lab.items:
        if item.hidden:
            assert item.title not in handout(lab) and f"`{item.name}`" not in handout(lab)


@each_lab
def test_no_page_of_the_book_has_a_line_of_a_solution(lab: Lab) -> None:
    """Lines that are long enough to tell something, and that the student is not given elsewhere in the file."""
    source = bare("".join((ROOT / path).read_text() for path in lab.files))
    lines = {bare(line) for region in regions(lab) if region.name != "tests" for line in region.solution}
    telling = [line for line in lines if len(line) >= 24 and not line.startswith("/*") and source.count(line) == 1]
    assert telling
    for page in (ROOT / "docs").rglob("*.md"):
        text = bare(page.read_text())
        assert not [line for line in telling if line in text], page


def test_a_table_has_the_bars_of_what_is_measured() -> None:
    item = Item("cost", "few instructions", 5, "kernel-cost", False, {"measure": "instructions", "full": 40, "none": 90})
    assert book.looked_for(item) == "few instructions: all points at 40 instructions, none at 90"
