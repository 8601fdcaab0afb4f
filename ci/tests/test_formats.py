"""What is written for people and for other programs, held against the schemas in ci/tests/schemas/."""

from __future__ import annotations

import base64
import importlib.util
import json
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import fake_grader
import pytest
from common import need

from grader import formats
from grader.results import ItemResult, Report

SCHEMAS = Path(__file__).resolve().parent / "schemas"
SEED = 17


def report(word: str = "panic") -> Report:
    items = tuple(fake_grader.result_of(item, word, SEED) for item in fake_grader.LAB.items)
    return Report("fake", "ada.zip", SEED, items, ("lib.c is not one of the lab's files",))


def check_json(text: str, name: str) -> dict[str, object]:
    if importlib.util.find_spec("jsonschema") is None:
        pytest.skip("python3-jsonschema is not installed (make setup-all)")
    import jsonschema

    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    data = json.loads(text)
    jsonschema.validate(data, schema, jsonschema.Draft202012Validator)
    return data


REPORTS = (report("pass"), report("fail"), report("panic"), report("grader-error"),
           Report("fake", "empty", 0, ()))


@pytest.mark.parametrize("one", REPORTS)
def test_json_follows_its_schema_and_comes_back_the_same(one: Report) -> None:
    text = formats.as_json([one])
    check_json(text, "report")
    assert Report.from_json(text) == one


@pytest.mark.parametrize("one", REPORTS)
def test_gradescope_takes_what_is_written_for_it(one: Report) -> None:
    data = check_json(formats.gradescope([one]), "gradescope")
    assert data["score"] == one.points


def test_gradescope_holds_hidden_items_back_until_grades_are_published() -> None:
    data = json.loads(formats.gradescope([report("fail")]))
    assert [test["visibility"] for test in data["tests"]] == ["visible", "after_published", "visible"]


def test_gradescope_ranks_figures_but_not_those_of_hidden_items() -> None:
    figures = (ItemResult("cost", "", 1, 1, "pass", figure=41.0, unit="instructions an operation"),
               ItemResult("use", "", 1, 1, "pass", figure=93.5, unit="% of the arena"),
               ItemResult("secret", "", 1, 1, "pass", hidden=True, figure=1.0))
    data = json.loads(formats.gradescope([Report("fake", "ada", 1, figures)]))
    assert data["leaderboard"] == [
        {"name": "cost (instructions an operation)", "value": 41.0, "order": "asc"},
        {"name": "use (% of the arena)", "value": 93.5, "order": "desc"}]


@pytest.mark.parametrize("one", REPORTS)
def test_classroom_takes_what_is_written_for_it(one: Report) -> None:
    text = formats.classroom([one])
    assert "\n" not in text.rstrip("\n"), "an output of a step is one line"
    data = check_json(base64.b64decode(text).decode(), "classroom")
    assert sum(test["score"] for test in data["tests"]) == one.points
    assert data["max_score"] == one.max_points


@pytest.mark.parametrize(("word", "status"), [("pass", "pass"), ("panic", "fail"), ("grader-error", "error")])
def test_classroom_is_told_the_worst_that_happened(word: str, status: str) -> None:
    assert json.loads(base64.b64decode(formats.classroom([report(word)])))["status"] == status


@pytest.mark.parametrize("one", REPORTS)
def test_autolab_takes_the_last_line(one: Report) -> None:
    data = check_json(formats.autolab([one]).rstrip("\n").split("\n")[-1], "autolab")
    assert data["scores"] == {item.name: item.points for item in one.items}


def test_autolab_ranks_total_and_figures() -> None:
    data = json.loads(formats.autolab([report("pass")]).rstrip("\n").split("\n")[-1])
    assert data["scoreboard"] == [20, 47.0]


@pytest.mark.parametrize("name", ["classroom", "autolab"])
def test_where_students_read_along_hidden_items_are_points_alone(name: str) -> None:
    text = formats.FORMATS[name]([report("panic")])
    if name == "classroom":
        text = base64.b64decode(text).decode()
    assert "reuse" in text
    for secret in ("what was given back is used again", "--item reuse"):
        assert secret not in text
    hidden = formats.masked(report("panic")).items[1]
    assert (hidden.word, hidden.message, hidden.output, hidden.trace, hidden.got) == ("fail", "", "", (), "")


@pytest.mark.parametrize("name", formats.SINGLE)
def test_commands_for_students_are_for_their_own_tree(name: str) -> None:
    text = formats.FORMATS[name]([report("panic")])
    if name == "classroom":
        text = base64.b64decode(text).decode()
    assert "ci/grade . --lab fake --seed 17 --item cost" in text and "ci/grade ada.zip" not in text


def test_students_are_not_shown_the_graders_inner_workings() -> None:
    assert "line 1" not in formats.gradescope([report("grader-error")])
    assert "line 1" in formats.text([report("grader-error")])


@pytest.mark.parametrize("reports", [REPORTS, REPORTS[:1], ()])
def test_junit_follows_its_schema(reports: tuple[Report, ...], tmp_path: Path) -> None:
    need("xmllint")
    path = tmp_path / "junit.xml"
    path.write_text(formats.junit(reports))
    done = subprocess.run(["xmllint", "--noout", "--nonet", "--schema", SCHEMAS / "junit.xsd", path],
                          text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_junit_tells_the_graders_errors_from_the_students() -> None:
    root = ElementTree.fromstring(formats.junit([report("fail"), report("grader-error")]))
    suites = list(root)
    assert [(suite.get("failures"), suite.get("errors")) for suite in suites] == [("2", "0"), ("0", "2")]
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("6", "2", "2")
    assert [suite.find("testcase/failure") is not None for suite in suites] == [True, False]


def test_text_says_what_a_student_needs() -> None:
    text = formats.text([report("panic")])
    for words in ("10 of 20 points, seed 17", "panic", "reuse", "(hidden)", "expected: 0x80 & above", "got: 0x40",
                  "a = alloc(64, 8)", "passed: 3 of 20", "measured", "note: lib.c",
                  "see it again: ci/grade ada.zip --lab fake --seed 17 --item cost"):
        assert (words in text) is (words != "measured"), words


def test_text_gives_the_same_output_once() -> None:
    assert formats.text([report("panic")]).count("| line 1") == 1


@pytest.mark.parametrize("name", formats.FORMATS)
def test_no_format_passes_control_characters_on(name: str) -> None:
    text = formats.FORMATS[name]([report("panic")])
    assert "\x1b" not in text


def test_a_long_output_keeps_its_head_and_tail() -> None:
    short = formats.shortened("a" * 100 + "b" * 100_000 + "c" * 100, most=1000)
    assert short.startswith("a" * 100) and short.endswith("c" * 100) and len(short) < 1100
