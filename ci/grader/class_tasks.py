"""A class as a list of tasks, one a submission, and what is kept of each.

A task is done when its result file is there, bears the task's key, and holds no error of the
grader's. The key is made from all that the score depends on: the lab's files in the submission, the
lab's description and the seed. The file appears whole or not at all. So a run that was killed goes on where
it was, a run that was not killed does nothing when it is started again, and a changed submission is
graded anew.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from grader.extract import collect, entries_of
from grader.files import write_whole
from grader.lab import Lab
from grader.policy import Policy
from grader.results import ItemResult, Report

ARCHIVES = (".tar.gz", ".tgz", ".zip")
WHEN = ".when"  # NAME.when beside a submission says when it was handed in


class BadClass(Exception):
    """A folder that cannot be graded as a class; one line for the user."""


@dataclass(frozen=True)
class Task:
    student: str
    submission: str
    lab: str
    seed: int
    sandbox: str
    key: str
    result: str  # the file for it
    log: str  # the file for what the grader says meanwhile


@dataclass(frozen=True)
class Result:
    key: str
    seconds: float
    report: Report


def students(folder: Path) -> dict[str, Path]:
    """Each student's submission. An entry that is no archive is one, too: grading says what is
    wrong with it."""
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name.endswith(WHEN):
            continue
        student = student_of(path)
        if student in found:
            raise BadClass(f"{student} is there twice, as {found[student].name} and {path.name}: "
                           "leave the one that counts")
        found[student] = path
    if not found:
        raise BadClass(f"{folder} is empty: it needs a folder or an archive for each student")
    return found


def student_of(path: Path) -> str:
    if path.is_dir():
        return path.name
    for suffix in ARCHIVES:
        if path.name.lower().endswith(suffix):
            return path.name[: -len(suffix)]
    return path.name


def tasks(found: dict[str, Path], lab: Lab, seed: int, sandbox: str, policy: Policy, out: Path) -> list[Task]:
    about = [path.read_bytes() for path in sorted(lab.directory.glob("*.toml"))]
    made = []
    for student, submission in found.items():
        regrade = policy.of(student).regrade
        own_seed = seed if regrade is None else regrade
        key = digest(lab.name.encode(), *about, str(own_seed).encode(), content(submission, lab))
        made.append(Task(student, str(submission.absolute()), lab.name, own_seed, sandbox, key,
                         str(out / "results" / f"{student}.json"), str(out / "logs" / f"{student}.txt")))
    return made


def digest(*parts: bytes) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "little") + part)
    return whole.hexdigest()


def content(submission: Path, lab: Lab) -> bytes:
    """What a submission's score depends on: the lab's files in it, or why it cannot be taken."""
    try:
        files, notes = collect(entries_of(submission, lab.files), lab.files)
    except Exception as error:  # noqa: BLE001 (grading it will tell what is wrong with it)
        return repr(error).encode()
    named = [part for name in sorted(files) for part in (name.encode(), files[name])]
    return digest(*named, *(note.encode() for note in notes)).encode()


# --- results --------------------------------------------------------------------------------------


def finished(task: Task) -> Result | None:
    """The task's result, when it need not be graded again."""
    result = stored(task)
    return result if result and result.key == task.key and not result.report.is_grader_error else None


def stored(task: Task) -> Result | None:
    try:
        data = json.loads(Path(task.result).read_text())
        return Result(data["key"], data["seconds"], Report.from_json(json.dumps(data["report"])))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AssertionError):  # of another version of the grader
        return None


def store(task: Task, result: Result) -> None:
    write_whole(Path(task.result), json.dumps(dataclasses.asdict(result), indent=2) + "\n")


def grader_error(task: Task, lab: Lab, message: str, output: str = "") -> Report:
    """The report where grading itself failed."""
    items = tuple(ItemResult(item.name, item.title, 0, item.points, "grader-error", item.hidden,
                             message=message, output=output) for item in lab.items)
    return Report(task.lab, task.student, task.seed, items)
