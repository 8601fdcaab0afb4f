"""ci/grade: what it takes, what it prints, and how it exits. Grading itself is a made-up one."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import fake_grader
import pytest
from common import ROOT

from grader import lab
from grader.results import Report


def load_program(name: str) -> ModuleType:
    """A program of ci/, which has no suffix, as a module."""
    loader = importlib.machinery.SourceFileLoader(name.replace("-", "_"), str(ROOT / "ci" / name))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module


cli = load_program("grade")


@pytest.fixture(autouse=True)
def fake_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "load", fake_grader.load)


@pytest.fixture
def submissions(tmp_path: Path) -> dict[str, str]:
    """A submission for each word, by that word."""
    for word in ("pass", "fail", "panic"):
        path = tmp_path / "class" / word / fake_grader.FILE
        path.parent.mkdir(parents=True)
        path.write_text(word)
    return {path.name: str(path) for path in (tmp_path / "class").iterdir()}


def run(*arguments: str) -> int:
    return cli.main([*arguments, "--lab", "fake", "--sandbox", "none"], fake_grader.grade)


@pytest.mark.parametrize(("word", "status"), [("pass", 0), ("fail", 1), ("panic", 1)])
def test_the_exit_status_tells_whether_points_were_lost(word: str, status: int, submissions: dict[str, str]) -> None:
    assert run(submissions[word]) == status


def test_an_error_of_the_graders_has_its_own_exit_status(submissions: dict[str, str]) -> None:
    def broken(submission: Path, about: lab.Lab, seed: int, *rest: object) -> Report:
        items = tuple(fake_grader.result_of(item, "grader-error", seed) for item in about.items)
        return Report(about.name, str(submission), seed, items)

    assert cli.main([submissions["pass"], "--lab", "fake", "--sandbox", "none"], broken) == 3


def test_several_submissions_are_graded_in_one_command(
    submissions: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(submissions["pass"], submissions["panic"], "--format", "json") == 1
    assert [report["submission"] for report in json.loads(capsys.readouterr().out)] == [
        submissions["pass"], submissions["panic"]]


def test_a_seed_is_drawn_and_printed(submissions: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    seeds = set()
    for _ in range(2):
        run(submissions["pass"], "--format", "json")
        output = capsys.readouterr()
        seed = json.loads(output.out)["seed"]
        assert f"seed {seed}" in output.err
        seeds.add(seed)
    assert len(seeds) == 2


def test_the_same_seed_gives_the_same_text(submissions: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    texts = set()
    for _ in range(2):
        run(submissions["panic"], "--seed", "7")
        texts.add(capsys.readouterr().out)
    assert len(texts) == 1 and "seed 7" in texts.pop()


def test_progress_is_told_beside_the_output(
    submissions: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    run(submissions["pass"])
    output = capsys.readouterr()
    assert "half of it" in output.err and "half of it" not in output.out


@pytest.mark.parametrize(("more", "names"), [
    ((), ["align", "reuse", "cost"]),
    (("--item", "cost", "--item", "align"), ["align", "cost"]),
    (("--visible-only",), ["align", "cost"]),
])  # fmt: skip
def test_items_are_chosen(
    more: tuple[str, ...], names: list[str], submissions: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(submissions["pass"], "--format", "json", *more) == 0
    assert [item["name"] for item in json.loads(capsys.readouterr().out)["items"]] == names


def test_the_output_goes_into_a_file(
    submissions: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "results.json"
    assert run(submissions["pass"], "--format", "gradescope", "--output", str(output)) == 0
    assert json.loads(output.read_text())["score"] == 20
    assert capsys.readouterr().out == ""
    assert list(tmp_path.glob(".*")) == [], "nothing is left of writing it"


@pytest.mark.parametrize(("arguments", "words"), [
    (["/nowhere/ada.zip"], "there is no /nowhere/ada.zip"),
    (["pass", "--item", "speed"], "has no item speed: the items are align, reuse, cost"),
    (["pass", "--item", "reuse", "--visible-only"], "has no item reuse"),
    (["pass", "--output", "/nowhere/results.json"], "there is no folder /nowhere"),
    (["pass", "fail", "--format", "gradescope"], "holds one submission, and there are 2"),
])  # fmt: skip
def test_a_bad_request_is_one_line(
    arguments: list[str], words: str, submissions: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*(submissions.get(argument, argument) for argument in arguments)) == 2
    output = capsys.readouterr()
    assert words in output.err and output.err.count("\n") == 1 and output.out == ""


@pytest.mark.parametrize(("arguments", "words"), [
    (["pass", "--seed", "-1"], "a seed is a whole number from 0 to"), (["pass", "--seed", "x"], "not x"),
    (["pass", "--format", "xml"], "invalid choice"), ([], "submission"), (["pass", "--itme", "a"], "--itme"),
])  # fmt: skip
def test_bad_words_are_one_line(
    arguments: list[str], words: str, submissions: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        run(*(submissions.get(argument, argument) for argument in arguments))
    errors = capsys.readouterr().err
    assert end.value.code == 2 and words in errors and errors.count("\n") == 1


def test_a_lab_that_is_not_there_is_one_line(
    submissions: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([submissions["pass"], "--lab", "none"], fake_grader.grade) == 2
    assert capsys.readouterr().err == "grade: there is no lab none: the labs are fake\n"


def test_a_sandbox_that_is_given_up_is_told(
    submissions: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    run(submissions["pass"])
    assert "no sandbox" in capsys.readouterr().err


def test_auto_takes_bubblewrap_or_says_what_it_does_without(
    submissions: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = cli.sandbox_named

    def without_bubblewrap(name: str) -> object:
        if name == "bubblewrap":
            raise cli.Unavailable("bubblewrap is not here")
        return original(name)

    monkeypatch.setattr(cli, "sandbox_named", without_bubblewrap)
    assert cli.main([submissions["pass"], "--lab", "fake", "--sandbox", "auto"], fake_grader.grade) == 0
    errors = capsys.readouterr().err
    assert "bubblewrap is not here" in errors and "no sandbox" in errors


def test_help_teaches() -> None:
    done = subprocess.run([ROOT / "ci/grade", "--help"], text=True, capture_output=True, check=True)
    for words in ("Exit status", "--seed", "gradescope", "bubblewrap", "ci/grade ada/ bob.zip"):
        assert words in done.stdout
