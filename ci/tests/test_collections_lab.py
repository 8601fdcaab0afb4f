"""The collections lab: what is examined is told right from wrong, and students' tests find sown bugs."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from common import ROOT, make, need

from grader import collections_stage, detector_stage, student_tests_stage
from grader.check import apply, solved, write
from grader.export import starter
from grader.lab import Item, load
from grader.results import ItemResult
from grader.sandbox import NoSandbox, Sandbox, sandbox_named
from grader.stages import STAGES, Run

LAB = load("collections")
TRACED = [item for item in LAB.items if item.stage in ("collections-trace", "detector")]
OWN = next(item for item in LAB.items if item.stage == "student-tests")
TESTS = OWN.options["tests"]
EXAMINEES = {"collection": collections_stage.EXAMINEE, "guard": detector_stage.EXAMINEE}


def item_named(name: str) -> Item:
    return next(item for item in LAB.items if item.name == name)


def judged(item: Item, tree: Path, seed: int = 1, sandbox: Sandbox | None = None) -> ItemResult:
    return STAGES[item.stage](Run(LAB, seed, tree, sandbox or NoSandbox(), "ci/grade"), item)


@contextmanager
def open_folder() -> Iterator[Path]:
    """Not one of pytest's: another user compiles and runs there."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)


def build_examinees(tree: Path) -> Path:
    for exam, program in EXAMINEES.items():
        done = make(f"EXAM={exam}", str(program), directory=tree)
        assert done.returncode == 0, done.stdout
    return tree


# Traces -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reference() -> Path:
    return build_examinees(ROOT)


@pytest.fixture(scope="module")
def wrong() -> Iterator[Path]:
    """The reference with two bugs: one in Vec, one in the detector."""
    with open_folder() as tree:
        for folder in ("os", "ci/host"):
            shutil.copytree(ROOT / folder, tree / folder)
        for file in ("Makefile", "ci/find_tool.sh"):
            shutil.copy(ROOT / file, tree / file)
        for mutant in ("vec-insert-moves-too-few", "canary-not-behind"):
            apply(LAB.directory / f"mutants/{mutant}.patch", tree)
        yield build_examinees(tree)


@pytest.mark.parametrize("item", TRACED, ids=lambda item: item.name)
def test_the_reference_passes_whatever_the_seed(reference: Path, item: Item) -> None:
    few = dataclasses.replace(item, options=item.options | {"traces": 12})
    for seed in range(2):
        result = judged(few, reference, seed)
        assert (result.word, result.points) == ("pass", item.points), result


def test_a_bug_is_shown_by_a_trace_of_a_few_calls(wrong: Path) -> None:
    result = judged(item_named("vec-gaps"), wrong)
    assert (result.word, result.points) == ("fail", 0)
    assert result.message.endswith("holds the wrong elements")
    assert "insert" in result.trace[-1] and len(result.trace) <= 4
    assert result.expected != result.got


def test_the_same_seed_finds_the_same_trace(wrong: Path) -> None:
    first, second = (judged(item_named("vec-gaps"), wrong, seed=5) for _ in range(2))
    assert first == second


def test_an_error_that_is_not_reported_is_told(wrong: Path) -> None:
    result = judged(item_named("overruns"), wrong)
    assert (result.word, result.message, result.got) == ("fail", "an error was not reported", "no report")
    assert result.trace[-2].startswith("write ") and " behind " in result.trace[-2]


@pytest.mark.parametrize("name", ["vec-growth", "box", "rc-weak", "use-after-free", "leaks"])
def test_a_bug_costs_nothing_where_it_is_not(wrong: Path, name: str) -> None:
    assert judged(item_named(name), wrong).word == "pass"


def test_every_mutant_changes_files_of_the_lab_alone(tmp_path: Path) -> None:
    for path in LAB.files:
        write(tmp_path / path, (ROOT / path).read_text())
    for mutant in LAB.mutants:
        changed = set(re.findall(r"^\+\+\+ b/(\S+)", mutant.read_text(), re.MULTILINE))
        assert changed and changed <= set(LAB.files), mutant


# Students' own tests ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def starter_tree() -> Iterator[Path]:
    with open_folder() as folder:
        starter(LAB, folder / "tree")
        yield folder / "tree"


HEAD = (ROOT / TESTS).read_text().split("/* LAB")[0]
SHORT = dataclasses.replace(OWN, options=OWN.options | {
    "bugs": ["vec-grows-by-one", "vec-insert-moves-too-few", "rc-block-leaks", "rc-weak-free-keeps-count"]})
FINDS_GROWTH = """
TEST(mine_a_vec_doubles)
{
    VEC(int) vec = VEC_EMPTY;
    for (int i = 0; i < 9; i++)
        vec_push(&vec, i);
    CHECK(vec.capacity >= 16);
    vec_free(&vec);
}
"""


def graded(tree: Path, text: str, item: Item = SHORT, sandbox: Sandbox | None = None) -> ItemResult:
    (tree / TESTS).write_text(text)
    return judged(item, tree, sandbox=sandbox)


def test_the_references_tests_find_every_bug(starter_tree: Path) -> None:
    result = graded(starter_tree, solved(TESTS), OWN)
    assert (result.word, result.points) == ("pass", OWN.points), result.output


def test_each_bug_that_is_found_counts(starter_tree: Path) -> None:
    result = graded(starter_tree, HEAD + FINDS_GROWTH)
    assert (result.word, result.points, result.rate) == ("fail", OWN.points / 4, "1 of 4")
    assert "found: the capacity grows by what is needed and does not double\n" in result.output


def test_a_test_that_hangs_or_crashes_on_a_bug_finds_it(starter_tree: Path) -> None:
    hang = FINDS_GROWTH.replace("CHECK(vec.capacity >= 16);", "while (vec.capacity < 16)\n        ;")
    crash = FINDS_GROWTH.replace("CHECK(vec.capacity >= 16);",
                                 "if (vec.capacity < 16)\n        __builtin_trap();")
    for text in (hang, crash):
        assert graded(starter_tree, HEAD + text).rate == "1 of 4"


@pytest.mark.parametrize("body, word, message", [
    ("CHECK(1 == 2);", "fail", "a test does not pass with a right Box, Vec and Rc, so none counts"),
    ("for (volatile int i = 0;;)\n        i++;", "hang",
     "a test does not pass with a right Box, Vec and Rc, so none counts"),
    ("this is not C;", "build-error", "your tests do not compile"),
    ("undefined_function();", "build-error", "your tests cannot be linked: they define or use what is not theirs"),
])
def test_tests_that_are_wrong_get_nothing(starter_tree: Path, body: str, word: str, message: str) -> None:
    result = graded(starter_tree, f"{HEAD}{FINDS_GROWTH}TEST(wrong)\n{{\n    {body}\n}}\n")
    assert (result.word, result.points, result.message) == (word, 0, message)


def test_a_file_without_tests_gets_nothing(starter_tree: Path) -> None:
    result = graded(starter_tree, HEAD)
    assert (result.word, result.points, result.message) == ("fail", 0, "there are no tests in the file")


def test_the_code_under_test_cannot_be_replaced(starter_tree: Path) -> None:
    text = HEAD + FINDS_GROWTH + "void vec_free(void *container)\n{\n    (void)container;\n}\n"
    assert graded(starter_tree, text).word == "build-error"


def test_no_run_leaves_something_for_the_next(starter_tree: Path) -> None:
    """Else a test could pass the first time, with the reference, and fail from then on."""
    need("bwrap")
    text = HEAD + """
#include <fcntl.h>
#include <unistd.h>
TEST(passes_once)
{
    CHECK(access("seen", F_OK) != 0 && access("/tmp/seen", F_OK) != 0);
    close(open("seen", O_CREAT, 0600));
    close(open("/tmp/seen", O_CREAT, 0600));
}
"""
    result = graded(starter_tree, text, sandbox=sandbox_named("bubblewrap"))
    assert (result.word, result.rate) == ("fail", "0 of 4")


def test_no_solution_is_in_sight_where_tests_are_compiled(starter_tree: Path) -> None:
    kept = student_tests_stage.prepared(LAB, SHORT.options["bugs"])
    header = (kept / "declared/collections/rc.h").read_text()
    assert "void rc_release(const void *rc);" in header
    assert "rc_count_down(&" not in header
    assert "rc_count_down(&" not in (starter_tree / "os/collections/rc.h").read_text()
    assert "memmove(at" not in (starter_tree / "os/collections/vec.c").read_text()


def test_tests_cannot_include_the_reference(starter_tree: Path) -> None:
    need("bwrap")
    text = f'{HEAD}#include "{ROOT}/os/collections/vec.c"\n{FINDS_GROWTH}'
    result = graded(starter_tree, text, sandbox=sandbox_named("bubblewrap"))
    assert (result.word, result.points) == ("build-error", 0)
    assert "No such file" in result.output


def test_an_export_has_neither_the_tests_nor_the_bugs(tmp_path: Path) -> None:
    starter(LAB, tmp_path)
    tests = (tmp_path / TESTS).read_text()
    assert "TEST(mine_a_vec_holds_what_was_pushed)" in tests
    assert "mine_a_vec_that_is_full_doubles" not in tests
    assert not (tmp_path / "ci/labs/collections/hidden.toml").exists()
    assert not list(tmp_path.glob("ci/labs/**/*.patch"))
