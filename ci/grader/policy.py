"""A course's rules for one lab: late days, exceptions, regrades. One TOML file, all of it optional:

    due = 2026-10-05T23:59:00+02:00  # nothing is late unless there is one
    late_days = 3                    # days that everyone may be late for nothing
    penalty = 10                     # percent of what was scored, for each day beyond them
    show_hidden = true               # on the students' pages, once the lab is over

    [when]                           # when it was handed in, where the file's time is wrong
    ada = 2026-10-05T22:10:00+02:00

    [student.ada]                    # exceptions; each may be left out
    extend = 2                       # days added to the due date
    late_days = 5                    # instead of the course's
    excuse = true                    # not scored, nor counted in the distribution
    points = 80                      # set by hand; nothing is taken off
    regrade = 17                     # grade once more, with this seed
    note = "ill in week 40"          # for the tables and the student's page

A day late is a day begun: one second after the due date is one day. A time without a zone is this
machine's.
"""

from __future__ import annotations

import datetime
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.results import Report

DAY = datetime.timedelta(days=1)


class BadPolicy(Exception):
    """A file that makes no sense as a policy; one line for the user."""


@dataclass(frozen=True)
class Exceptions:
    """What holds for one student."""

    extend: float = 0
    late_days: int | None = None
    excuse: bool = False
    points: float | None = None
    regrade: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Policy:
    due: datetime.datetime | None = None
    late_days: int = 0
    penalty: float = 0
    show_hidden: bool = False
    when: Mapping[str, datetime.datetime] = field(default_factory=dict)
    student: Mapping[str, Exceptions] = field(default_factory=dict)

    def of(self, student: str) -> Exceptions:
        return self.student.get(student, Exceptions())


@dataclass(frozen=True)
class Score:
    """What a student gets, and how it came about."""

    state: str  # "graded", "grader error", "excused", "set by hand" or "not handed in"
    points: float  # as graded
    max_points: float
    days_late: int
    late_days_used: int
    taken_off: float
    final: float | None  # None where nothing can be said
    note: str


# The types that TOML gives for each key, and the words for them.
NUMBER, WHOLE, DATE = ((int, float), "a number"), ((int,), "a whole number"), (
    (datetime.datetime,), "a date with a time, such as 2026-10-05T23:59:00+02:00")
TABLE, YES, TEXT = ((dict,), "a table"), ((bool,), "true or false"), ((str,), "a text in quotes")
TOP = {"due": DATE, "late_days": WHOLE, "penalty": NUMBER, "show_hidden": YES, "when": TABLE,
       "student": TABLE}
STUDENT = {"extend": NUMBER, "late_days": WHOLE, "excuse": YES, "points": NUMBER, "regrade": WHOLE,
           "note": TEXT}


def load(path: Path) -> Policy:
    try:
        data = tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadPolicy(f"the policy {path} cannot be read: {error}") from error
    try:
        return policy_of(data)
    except BadPolicy as error:
        raise BadPolicy(f"the policy {path}: {error}") from error


def policy_of(data: Mapping[str, Any]) -> Policy:
    check(data, TOP, "")
    when = data.get("when", {})
    check(when, dict.fromkeys(when, DATE), "when.")
    students = data.get("student", {})
    check(students, dict.fromkeys(students, TABLE), "student.")
    for name, exceptions in students.items():
        check(exceptions, STUDENT, f"student.{name}.")
    due = data.get("due")
    return Policy(**dict(data) | {
        "due": None if due is None else zoned(due),
        "when": {name: zoned(time) for name, time in when.items()},
        "student": {name: Exceptions(**entry) for name, entry in students.items()}})


def check(table: Mapping[str, Any], known: Mapping[str, tuple[tuple[type, ...], str]], prefix: str) -> None:
    for key, value in table.items():
        if key not in known:
            raise BadPolicy(f"{prefix}{key} means nothing; known are {', '.join(known)}")
        types, words = known[key]
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise BadPolicy(f"{prefix}{key} must be {words}")
        if isinstance(value, (int, float)) and not 0 <= value < math.inf:
            raise BadPolicy(f"{prefix}{key} must not be below 0")


def zoned(time: datetime.datetime) -> datetime.datetime:
    return time.astimezone() if time.tzinfo is None else time


def score(policy: Policy, student: str, report: Report | None, handed_in: datetime.datetime | None) -> Score:
    """What a student gets for a report; None where nothing was handed in."""
    own = policy.of(student)
    points, most = (report.points, report.max_points) if report else (0.0, 0.0)
    days_late = lateness(policy, own, handed_in) if report else 0
    allowed = policy.late_days if own.late_days is None else own.late_days
    used = min(days_late, allowed)
    taken_off = round(min(points, points * policy.penalty / 100 * (days_late - used)), 2)

    def scored(state: str, final: float | None, off: float = 0) -> Score:
        return Score(state, points, most, days_late, used, off, final, own.note)

    if own.excuse:
        return scored("excused", None)
    if own.points is not None:
        return scored("set by hand", own.points)
    if report is None:
        return scored("not handed in", 0)
    if report.is_grader_error:
        return scored("grader error", None)
    return scored("graded", round(points - taken_off, 2), taken_off)


def lateness(policy: Policy, own: Exceptions, handed_in: datetime.datetime | None) -> int:
    if policy.due is None or handed_in is None:
        return 0
    return max(0, math.ceil((handed_in - policy.due) / DAY - own.extend))
