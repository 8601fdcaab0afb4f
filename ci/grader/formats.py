"""A report in the words of whoever reads it: people, other programs, and course systems.

    text        for people
    json        all that is known: grader.results.Report (a list of them, for several submissions)
    junit       JUnit XML as Jenkins' xUnit plugin reads it (junit-10.xsd)
    gradescope  results.json, gradescope-autograders.readthedocs.io/en/latest/specs/
    classroom   what a step of GitHub Classroom hands to autograding-grading-reporter: JSON in base64
    autolab     what the student may read, then the line with the scores, docs.autolabproject.com/lab/

Gradescope, Classroom and Autolab show what they get to students. Gradescope itself holds back hidden
items until grades are published; the other two cannot, so what they get says of a hidden item no
more than its points.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import re
import shlex
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from grader.results import ItemResult, Report

MOST_OUTPUT = 16_000  # characters of a compiler's or a kernel's output that are shown in one place

# What no XML file can hold, and no terminal should be sent.
UNPRINTABLE = re.compile(r"[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def printable(text: str) -> str:
    """What came out of a submission, safe for terminals, XML and HTML."""
    return UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def shortened(text: str, most: int = MOST_OUTPUT) -> str:
    """The head and the tail of a long text."""
    if len(text) <= most:
        return text
    cut = len(text) - most
    return f"{text[: most // 2]}\n[... {cut} characters left out ...]\n{text[-(most // 2):]}"


def number(value: float) -> str:
    """7.5 as 7.5, and 10.0 as 10."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def masked(report: Report) -> Report:
    """The report with nothing said of hidden items but their points."""
    items = tuple(masked_item(item) if item.hidden else item for item in report.items)
    return dataclasses.replace(report, items=items)


def at_home(report: Report) -> Report:
    """The report for the student: commands are for the student's own tree, and of an error of the
    grader's there are no inner workings."""
    path = f"ci/grade {shlex.quote(report.submission)} "
    items = tuple(dataclasses.replace(item, replay=item.replay.replace(path, "ci/grade . ", 1),
                                      output="" if item.word == "grader-error" else item.output)
                  for item in report.items)
    return dataclasses.replace(report, items=items)


def masked_item(item: ItemResult) -> ItemResult:
    word = item.word if item.word == "grader-error" else "fail" if lost(item) else "pass"
    return ItemResult(item.name, "a hidden item", item.points, item.max_points, word, hidden=True)


def lost(item: ItemResult) -> bool:
    return item.points < item.max_points


# --- for people -----------------------------------------------------------------------------------


def text(reports: Sequence[Report]) -> str:
    return "\n".join(text_of(report) for report in reports)


def text_of(report: Report) -> str:
    lines = [f"{report.submission}: lab {report.lab}", ""]
    width = max((len(item.name) for item in report.items), default=0)
    repeated: set[str] = set()
    for item in report.items:
        points = f"{number(item.points):>5} of {number(item.max_points):<4}"
        hidden = " (hidden)" if item.hidden else ""
        lines.append(f"  {points} {item.word:<13} {item.name:<{width}}  {printable(item.title)}{hidden}")
        lines += [f"      {line}" for line in details(item, repeated)]
    lines += ["", *(f"  note: {printable(note)}" for note in report.notes)]
    lines.append(f"  {number(report.points)} of {number(report.max_points)} points, seed {report.seed}")
    return "\n".join(lines) + "\n"


def details(item: ItemResult, repeated: set[str]) -> list[str]:
    """What helps to understand an item. An output is given once, however many items have it."""
    lines = printable(item.message).split("\n") if item.message else []
    if item.figure is not None:
        lines.append(f"measured: {number(item.figure)} {item.unit}".rstrip())
    lines += [f"{label}: {printable(value)}" for label, value in (
        ("passed", item.rate), ("expected", item.expected), ("got", item.got)) if value]
    if item.trace:
        lines += ["the shortest calls that show it:", *(f"  {printable(call)}" for call in item.trace)]
    if item.output and item.output not in repeated:
        repeated.add(item.output)
        lines += [f"| {line}" for line in printable(shortened(item.output)).rstrip("\n").split("\n")]
    if item.replay:
        lines.append(f"see it again: {printable(item.replay)}")
    return lines


def explanation(item: ItemResult) -> str:
    return "\n".join(details(item, set()))


# --- for programs ---------------------------------------------------------------------------------


def as_json(reports: Sequence[Report]) -> str:
    if len(reports) == 1:
        return reports[0].to_json()
    return json.dumps([dataclasses.asdict(report) for report in reports], indent=2) + "\n"


def junit(reports: Sequence[Report]) -> str:
    """A suite a submission, a case an item. An item that lost points is a failure; the grader's own
    error is an error. Seed, points and figures are properties of the suite."""
    root = ElementTree.Element("testsuites", name="bosk", **counts(
        [item for report in reports for item in report.items]))
    for report in reports:
        root.append(junit_suite(report))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"


def junit_suite(report: Report) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", name=printable(report.submission), **counts(report.items))
    properties = ElementTree.SubElement(suite, "properties")
    values = {"lab": report.lab, "seed": str(report.seed), "points": number(report.points),
              "max_points": number(report.max_points)}
    for item in report.items:
        values[f"{item.name}.points"] = f"{number(item.points)}/{number(item.max_points)}"
        if item.figure is not None:
            values[f"{item.name}.figure"] = f"{number(item.figure)} {item.unit}".rstrip()
    for name, value in values.items():
        ElementTree.SubElement(properties, "property", name=name, value=printable(value))
    for item in report.items:
        suite.append(junit_case(report.lab, item))
    if report.notes:
        ElementTree.SubElement(suite, "system-out").text = printable("\n".join(report.notes))
    return suite


def junit_case(lab: str, item: ItemResult) -> ElementTree.Element:
    case = ElementTree.Element("testcase", name=item.name, classname=f"bosk.{lab}")
    if item.word == "grader-error" or lost(item):
        kind = "error" if item.word == "grader-error" else "failure"
        wrong = ElementTree.SubElement(case, kind, type=item.word,
                                       message=printable(item.message or item.title))
        wrong.text = explanation(item)
    return case


def counts(items: Iterable[ItemResult]) -> dict[str, str]:
    items = list(items)
    errors = sum(item.word == "grader-error" for item in items)
    failures = sum(lost(item) and item.word != "grader-error" for item in items)
    return {"tests": str(len(items)), "failures": str(failures), "errors": str(errors)}


# --- for course systems ---------------------------------------------------------------------------


def gradescope(reports: Sequence[Report]) -> str:
    """Hidden items are shown after grades are published. The leaderboard, which is public, holds
    the figures of the other items, the best on top."""
    report = at_home(only(reports))
    notes = "\n".join(printable(note) for note in report.notes)
    result: dict[str, Any] = {
        "score": report.points,
        "output": f"{notes}\nseed {report.seed}".strip(),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {"lab": report.lab, "seed": report.seed},
        "tests": [gradescope_test(index, item) for index, item in enumerate(report.items, 1)],
    }
    if board := leaderboard(report):
        result["leaderboard"] = board
    return json.dumps(result, indent=2) + "\n"


def gradescope_test(index: int, item: ItemResult) -> dict[str, Any]:
    return {
        "name": f"{item.name}: {printable(item.title)}",
        "number": str(index),
        "score": item.points,
        "max_score": item.max_points,
        "status": "failed" if lost(item) else "passed",
        "output": "\n".join([item.word, *details(item, set())]),
        "output_format": "text",
        "name_format": "text",
        "tags": [item.word],
        "visibility": "after_published" if item.hidden else "visible",
    }


def leaderboard(report: Report) -> list[dict[str, Any]]:
    """Figures in percent are better when high, and all others, being costs, when low."""
    return [{"name": f"{item.name} ({item.unit})" if item.unit else item.name, "value": item.figure,
             "order": "desc" if is_better_high(item) else "asc"}
            for item in report.items if item.figure is not None and not item.hidden]


def is_better_high(item: ItemResult) -> bool:
    return item.unit.startswith(("%", "percent"))


def classroom(reports: Sequence[Report]) -> str:
    """For `echo "result=$(ci/grade ... --format classroom)" >> "$GITHUB_OUTPUT"` in a step, and
    `STEP_RESULTS: ${{ steps.STEP.outputs.result }}` for the reporter in the next."""
    report = masked(at_home(only(reports)))
    result = {
        "version": 1,
        "status": worst(classroom_status(item) for item in report.items),
        "max_score": report.max_points,
        "tests": [classroom_test(item) for item in report.items],
    }
    return base64.b64encode(json.dumps(result).encode()).decode("ascii") + "\n"


def classroom_test(item: ItemResult) -> dict[str, Any]:
    status = classroom_status(item)
    return {
        "name": f"{item.name}: {printable(item.title)}",
        "status": status,
        "score": item.points,
        "message": None if status == "pass" else f"{item.word}\n{explanation(item)}".rstrip(),
        "test_code": item.replay,
        "filename": "",
        "line_no": 0,
        "execution_time": 0,
    }


def classroom_status(item: ItemResult) -> str:
    if item.word == "grader-error":
        return "error"
    return "fail" if lost(item) else "pass"


def worst(statuses: Iterable[str]) -> str:
    return max(statuses, key=("pass", "fail", "error").index, default="pass")


def autolab(reports: Sequence[Report]) -> str:
    """The items' names are those of the assessment's problems; the columns of its scoreboard are the
    total and then the figures, in the order of the items."""
    report = masked(at_home(only(reports)))
    result: dict[str, Any] = {"scores": {item.name: item.points for item in report.items}}
    figures = [item.figure for item in report.items if item.figure is not None]
    if figures:
        result["scoreboard"] = [report.points, *figures]
    return text_of(report) + json.dumps(result) + "\n"


FORMATS: dict[str, Callable[[Sequence[Report]], str]] = {
    "text": text, "json": as_json, "junit": junit, "gradescope": gradescope, "classroom": classroom,
    "autolab": autolab,
}
SINGLE = ("gradescope", "classroom", "autolab")  # formats that hold one submission


def only(reports: Sequence[Report]) -> Report:
    (report,) = reports
    return report
