#!/usr/bin/env python3
"""Grade one submission of a class: class_worker.py TASKS.json INDEX

Both of grade-class's engines start it, one process a submission, so that whatever a submission makes
of its grader, the others have their own. It writes the task's result file and exits with 0; whatever
goes wrong in the grader is in that file as grader-error. Where no file appears, the process was
killed. To start it twice does no harm: what is finished is not graded again.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from grader import class_tasks, lab  # noqa: E402
from grader.grade import grade  # noqa: E402
from grader.results import Report  # noqa: E402
from grader.sandbox import sandbox_named  # noqa: E402


def main(arguments: Sequence[str], grade=grade) -> int:  # type: ignore[no-untyped-def]
    tasks, index = arguments
    task = class_tasks.Task(**json.loads(Path(tasks).read_text())[int(index)])
    if class_tasks.finished(task):
        return 0
    with open(task.log, "wb") as log:
        os.dup2(log.fileno(), sys.stdout.fileno())
        os.dup2(log.fileno(), sys.stderr.fileno())
    start = time.monotonic()
    report = report_of(task, grade)
    class_tasks.store(task, class_tasks.Result(task.key, round(time.monotonic() - start, 2), report))
    return 0


def report_of(task: class_tasks.Task, grade) -> Report:  # type: ignore[no-untyped-def]
    about = lab.load(task.lab)
    try:
        sandbox = sandbox_named(task.sandbox)
        return grade(Path(task.submission), about, task.seed, sandbox, None, say)
    except Exception as error:  # noqa: BLE001 (whatever it was, the rest of the class goes on)
        words = f"the grader failed: {type(error).__name__}: {error}".split("\n")[0]
        return class_tasks.grader_error(task, about, words, traceback.format_exc())


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
