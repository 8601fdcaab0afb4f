"""The scores of a class as tables: CSV for spreadsheets, JSON for programs."""

from __future__ import annotations

import csv
import datetime
import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from grader.formats import number
from grader.lab import Lab
from grader.policy import Score
from grader.results import Report


@dataclass(frozen=True)
class Row:
    """One student."""

    student: str
    report: Report | None
    when: datetime.datetime | None  # it was handed in
    score: Score


HEAD = ("student", "state", "final", "points", "max_points", "days_late", "late_days_used", "taken_off",
        "handed_in", "seed", "note")


def outcome(report: Report) -> str:
    """A report in few words: points, and the words of what was lost."""
    lost = Counter(item.word for item in report.items if item.points < item.max_points)
    words = "".join(f", {count} {word}" for word, count in sorted(lost.items()))
    return f"{number(report.points)} of {number(report.max_points)}{words}"


def scores_csv(lab: Lab, rows: Sequence[Row]) -> str:
    """After the columns of HEAD, two for each item: its points, and how it ended."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([*HEAD, *(name for item in lab.items for name in (item.name, f"{item.name}.word"))])
    for row in rows:
        items = {item.name: item for item in row.report.items} if row.report else {}
        cells: list[object] = [*facts(row).values()]
        for item in lab.items:
            result = items.get(item.name)
            cells += [result.points, result.word] if result else ["", ""]
        table.writerow([safe(cell) for cell in cells])
    return text.getvalue()


def safe(cell: object) -> object:
    """As a spreadsheet takes it: a text that begins with one of these would be a formula."""
    if isinstance(cell, float):
        return number(cell)
    return "'" + cell if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@")) else cell


def facts(row: Row) -> dict[str, object]:
    score = row.score
    values = (row.student, score.state, "" if score.final is None else score.final, score.points, score.max_points,
              score.days_late, score.late_days_used, score.taken_off,
              row.when.isoformat(timespec="seconds") if row.when else "",
              row.report.seed if row.report else "", score.note)
    return dict(zip(HEAD, values, strict=True))


def scores_json(lab: Lab, rows: Sequence[Row], seed: int) -> str:
    students = [facts(row) | {"final": row.score.final, "items": {
        item.name: {"points": item.points, "word": item.word, "figure": item.figure}
        for item in (row.report.items if row.report else ())}} for row in rows]
    return json.dumps({"lab": lab.name, "seed": seed, "students": students}, indent=2) + "\n"
