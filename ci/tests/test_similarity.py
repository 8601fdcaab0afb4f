"""The similarity report: copies are found whatever was renamed, and the starter's code does not count."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import fake_grader
import pytest
from common import need

from grader import export, similarity
from grader.lab import Lab

STARTER = """/* The starter. */
#include "heap/bump.h"
void bump_init(struct bump *bump, void *start, size_t size)
{
    bump->start = (uintptr_t)start;
    bump->end = bump->start + size;
    bump->next = bump->start;
    bump->live = 0;
    for (size_t i = 0; i < COUNT(bump->bins); i++) {
        bump->bins[i] = NULL;
    }
    assert(bump->start <= bump->end);
}
void *bump_alloc(struct bump *bump, struct layout layout)
{
    (void)bump, (void)layout;
    return NULL;
}
"""
SOLUTION = """    uintptr_t first = align_up(bump->next, layout.align);
    if (first < bump->next || first > bump->end || layout.size > bump->end - first) {
        return NULL;
    }
    while (bump->hole != NULL && bump->hole->size < layout.size) {
        bump->hole = bump->hole->next;
    }
    bump->next = first + layout.size;
    bump->live++;
    return (void *)first;
"""
OTHER = """    for (struct hole **link = &bump->holes; *link; link = &(*link)->next) {
        size_t waste = padding((*link)->base, layout.align);
        switch (fits(*link, waste, layout.size)) {
        case EXACT: return take(link);
        case LARGER: return carve(link, waste, layout.size);
        default: break;
        }
    }
    size_t rest = bump->end - bump->next;
    return rest < layout.size ? NULL : grow(bump, layout.size, layout.align);
"""
STUB = "    (void)bump, (void)layout;\n    return NULL;\n"


@pytest.fixture(autouse=True)
def starter(monkeypatch: pytest.MonkeyPatch) -> None:
    need("sim_c")

    def write(lab: Lab, directory: Path) -> None:
        path = directory / fake_grader.FILE
        path.parent.mkdir(parents=True)
        path.write_text(STARTER)

    monkeypatch.setattr(export, "starter", write)


def solved(body: str) -> str:
    return STARTER.replace(STUB, body)


def disguised(text: str) -> str:
    """Renamed, commented and laid out anew."""
    for old, new in (("first", "begin"), ("bump", "heap"), ("hole", "gap"), ("live", "used")):
        text = text.replace(old, new)
    return text.replace("    ", "\t").replace(";\n", "; /* mine */\n\n", 3)


def compare(folder: Path, **files: str) -> similarity.Comparison:
    for student, text in files.items():
        path = folder / student / fake_grader.FILE
        path.parent.mkdir(parents=True)
        path.write_text(text)
    return similarity.compare({student: folder / student for student in files}, fake_grader.LAB)


def test_a_copy_in_disguise_is_found(tmp_path: Path) -> None:
    alike = compare(tmp_path, ada=solved(SOLUTION), bob=disguised(solved(SOLUTION)), carol=solved(OTHER))
    assert [(pair.first, pair.second) for pair in alike.pairs] == [("ada", "bob")]
    assert alike.pairs[0].percent >= 95
    assert alike.compared == 3


def test_the_starters_code_does_not_count(tmp_path: Path) -> None:
    alike = compare(tmp_path, ada=solved(SOLUTION), bob=solved(OTHER))
    assert alike.pairs == () and alike.compared == 2


def test_whoever_changed_nothing_is_not_compared(tmp_path: Path) -> None:
    alike = compare(tmp_path, ada=STARTER, bob=disguised(STARTER), carol=solved(SOLUTION))
    assert alike.pairs == () and alike.compared == 1


def test_a_few_lines_of_ones_own_say_nothing(tmp_path: Path) -> None:
    few = "\n".join(SOLUTION.split("\n")[:3]) + "\n" + STUB
    alike = compare(tmp_path, ada=solved(few), bob=solved(few))
    assert alike.pairs == () and alike.compared == 0


def test_a_part_of_another_submission_shows_from_both_sides(tmp_path: Path) -> None:
    alike = compare(tmp_path, ada=solved(SOLUTION), bob=solved(SOLUTION + OTHER))
    (pair,) = alike.pairs
    assert pair.first_percent > pair.second_percent > similarity.LEAST


def test_a_submission_that_cannot_be_taken_is_left_out(tmp_path: Path) -> None:
    compare(tmp_path, ada=solved(SOLUTION))
    (tmp_path / "bob.zip").write_bytes(b"PK\x03\x04 nonsense")
    (tmp_path / "carol").symlink_to("/nowhere")
    found = {"ada": tmp_path / "ada", "bob": tmp_path / "bob.zip", "carol": tmp_path / "carol"}
    assert similarity.compare(found, fake_grader.LAB).compared == 1


ODD = {"zeros": "\0\0\0", "comment": "/* never closed", "string": '"never closed\n' * 50, "name": "a" * 200_000,
       "braces": "}{" * 40_000, "lines": "x=1;\n" * 200_000,
       "closing": "}\n" * 500_000, "comments": "/*" * 500_000, "strings": '"\\' * 500_000}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_no_submission_breaks_the_report(text: str, tmp_path: Path) -> None:
    alike = compare(tmp_path, ada=solved(SOLUTION), bob=text, carol=disguised(solved(SOLUTION)))
    assert ("ada", "carol") in [(pair.first, pair.second) for pair in alike.pairs] and alike.why_not == ""


def test_a_missing_sim_c_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(similarity.shutil, "which", lambda name: None)
    assert "make setup-all" in similarity.compare({}, fake_grader.LAB).why_not


def test_the_table_names_both_shares() -> None:
    text = similarity.as_csv([similarity.Pair("ada", "bob, junior", 90, 45)])
    (row,) = csv.DictReader(io.StringIO(text))
    assert row == {"percent": "90", "first": "ada", "second": "bob, junior", "of_first_in_second": "90",
                   "of_second_in_first": "45"}


def test_what_is_usual_is_the_middle_of_all_pairs() -> None:
    pairs = tuple(similarity.Pair("", "", percent, 0) for percent in (90, 40, 30, 20))
    assert similarity.Comparison(pairs, 4).usual == 25
    assert similarity.Comparison((), 0).usual == 0
