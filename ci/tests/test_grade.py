"""Grading a submission, from its files to its report; what the stages judge is shown by ci/lab check."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from common import ROOT, need
from grader import grade, lab, stages
from grader.export import solved
from grader.results import ItemResult, Report
from grader.sandbox import Unavailable, sandbox_named

BUMP = "os/heap/bump.c"
KERNEL = ("kernel", "kernel-frees", "kernel-cost")

Grade = Callable[..., Report]


@pytest.fixture
def graded(tmp_path: Path) -> Grade:
    need("bwrap", "qemu-system-riscv64", "make", "cc")
    try:
        sandbox = sandbox_named("bubblewrap")
    except Unavailable as reason:
        pytest.skip(str(reason))

    def run(text: str, items: tuple[str, ...], seed: int = 1) -> Report:
        path = tmp_path / "in" / BUMP
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        said: list[str] = []
        report = grade.grade(tmp_path / "in", lab.load("bump"), seed, sandbox, items, said.append)
        assert said[0].startswith("build") and len(said) in (1, 1 + len(items))
        return report

    return run


def test_the_same_seed_gives_the_same_report(graded: Grade) -> None:
    text = solved(BUMP).replace("bump->next = ", "bump->next = 8 + ", 1)
    assert graded(text, KERNEL[:1], 7).to_json() == graded(text, KERNEL[:1], 7).to_json()
    assert graded(solved(BUMP), KERNEL[2:], 7).to_json() == graded(solved(BUMP), KERNEL[2:], 7).to_json()


def test_the_solution_gets_all_points_in_the_kernel(graded: Grade) -> None:
    for seed in (1, 2):
        report = graded(solved(BUMP), KERNEL, seed)
        assert [item.word for item in report.items] == ["pass"] * 3
        assert report.points == report.max_points > 0


def test_a_failing_item_says_how_to_see_it_again(graded: Grade) -> None:
    text = solved(BUMP).replace("void *bump_alloc(struct bump *bump, struct layout layout)\n{",
                                "void *bump_alloc(struct bump *bump, struct layout layout)\n{\n"
                                "    layout.align = 1;")
    item, = graded(text, ("kernel",), 5).items
    assert item.word == "fail" and item.points == 0 and "aligned" in item.message
    assert "--seed 5" in item.replay and item.replay.endswith("--item kernel")
    assert item.trace[0] == "the kernel's heap, as it booted" and len(item.trace) < 5
    assert "make gdb WORKLOAD=exam HEAP=bump" in item.output and "exam 1 " in item.output


def test_a_wrong_free_must_end_in_a_panic(graded: Grade) -> None:
    text = solved(BUMP) + "\n".join([
        "#undef bump_dealloc",
        "enum free_result bump_dealloc(struct bump *b, void *block, struct layout layout)",
        "{ const enum free_result r = honest_dealloc(b, block, layout); return r == FREE_TWICE ? FREE_OK : r; }"])
    item, = graded("#define bump_dealloc honest_dealloc\n" + text, ("kernel-frees",)).items
    assert item.word == "fail" and "did not end in a panic" in item.message
    assert "double free" in item.expected


def test_a_build_error_shows_the_compilers_words_once(graded: Grade) -> None:
    report = graded(solved(BUMP) + "int broken(void) { return nothing; }\n", KERNEL)
    first, *others = report.items
    assert [item.word for item in report.items] == ["build-error"] * 3 and report.points == 0
    assert "'nothing' undeclared" in first.message and "'nothing' undeclared" in first.output
    assert not any(item.output for item in others)
    assert "/bosk-grade-" not in first.output


def test_an_error_of_the_grader_is_told_apart(graded: Grade, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(run: stages.Run, item: lab.Item) -> ItemResult:
        raise ZeroDivisionError("of the grader")

    grade.load_stages()
    monkeypatch.setitem(stages.STAGES, "kernel-cost", broken)
    kernel, cost = graded(solved(BUMP), ("kernel", "kernel-cost")).items
    assert kernel.word == "pass"
    assert cost.word == "grader-error" and cost.points == 0 and "of the grader" in cost.output


def test_a_racy_item_is_judged_often_and_tells_its_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    words = iter(["pass", "fail", "pass", "pass"])

    def racy(run: stages.Run, item: lab.Item) -> ItemResult:
        return run.result(item, next(words))

    monkeypatch.setitem(stages.STAGES, "racy", racy)
    run = stages.Run(lab.load("bump"), 1, ROOT, sandbox_named("none"), "ci/grade")
    result = grade.judge(run, lab.Item("race", "it does not race", 10, "racy", False, {"repeat": 4}))
    assert (result.word, result.points, result.rate) == ("fail", 7.5, "3 of 4")


def test_an_item_that_there_is_not_is_an_error(graded: Grade) -> None:
    with pytest.raises(lab.BadLab, match="no item nothing: its items are alloc, "):
        graded(solved(BUMP), ("nothing",))


def test_a_kept_starter_follows_the_tree(tmp_path: Path) -> None:
    kept, fresh = tmp_path / "kept", tmp_path / "fresh"
    for name in ("same", "changed", "lab's", "sub/gone"):
        for folder in (kept, fresh):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(name)
    os.utime(kept / "same", ns=(1, 1))
    (fresh / "sub/gone").unlink()
    (fresh / "changed").write_text("otherwise")
    (fresh / "lab's").write_text("a student's")
    (kept / "build").mkdir()
    (kept / "build/object").write_text("")
    assert grade.update(kept, fresh, ["lab's"])
    assert not grade.update(kept, fresh, ["lab's"])
    assert (kept / "changed").read_text() == "otherwise" and not (kept / "sub/gone").exists()
    assert (kept / "same").stat().st_mtime_ns == 1 and (kept / "build/object").exists()
    assert (kept / "lab's").read_text() == "lab's"
