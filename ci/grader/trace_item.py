"""An item that is judged by random traces of calls: some are tried, and the first that goes wrong is
made short.

A step may be anything that still means something when others are left out.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from grader.debug import Debugger
from grader.host_subject import ARENA_SIZE, Examinee
from grader.lab import Item
from grader.results import ItemResult
from grader.stages import Run
from grader.subject import Ended, Subject
from grader.wrong import Wrong

# Runs that making a trace short may take. One that hangs takes a second.
SHRINK_RUNS = {"fail": 400, "early-exit": 100, "panic": 100, "flood": 20, "hang": 3}

Steps = Sequence[Any]
Play = Callable[[Subject, Steps, Callable[[str], None]], None]


class Failure(Exception):
    """How a trace went wrong, and its calls up to there."""

    def __init__(self, steps: Steps, wrong: Wrong | Ended, calls: tuple[str, ...]) -> None:
        super().__init__(wrong)
        self.steps, self.wrong, self.calls = steps, wrong, calls
        self.word = wrong.word if isinstance(wrong, Ended) else "fail"


def judge_traces(run: Run, item: Item, program: Path, make: Callable[[random.Random], Steps],
                 play: Play, arena_size: int = ARENA_SIZE) -> ItemResult:
    """make(random numbers) gives the steps of a trace; play(a life, steps, log) raises Wrong or Ended
    where the code goes wrong, and logs each call."""
    path = run.tree / program
    with Examinee([path], run.sandbox, readable=[path.parent], arena_size=arena_size) as examinee:

        def fails(steps: Steps) -> Failure | None:
            calls: list[str] = []
            try:
                life = examinee.begin()
                try:
                    play(life, steps, calls.append)
                finally:
                    life.close()
            except (Wrong, Ended) as wrong:
                return Failure(steps, wrong, tuple(calls))
            return None

        seeds = run.random(item)
        for _ in range(item.options["traces"]):
            failure = fails(make(random.Random(seeds.getrandbits(64))))
            if failure is not None:
                failure = shortest(failure, fails)
                if isinstance(run.sandbox, Debugger):
                    steps = failure.steps
                    run.sandbox.show(path, failure.calls, lambda life: play(life, steps, lambda call: None), arena_size)
                return result_of(run, item, failure)
    return run.result(item, "pass")


def shortest(failure: Failure, fails: Callable[[Steps], Failure | None]) -> Failure:
    """Pieces of the trace are left out, each half as long as those before, while it still ends with
    the same word; with a bound on the runs, and not on the time, so that it always comes out the same."""
    runs, piece = SHRINK_RUNS[failure.word], max(len(failure.steps) // 2, 1)
    while piece >= 1:
        start = 0
        while start < len(failure.steps) and runs > 0:
            runs -= 1
            less = fails([*failure.steps[:start], *failure.steps[start + piece:]])
            if less is not None and less.word == failure.word:
                failure = less
            else:
                start += piece
        piece //= 2
    return failure


def result_of(run: Run, item: Item, failure: Failure) -> ItemResult:
    wrong = failure.wrong
    if isinstance(wrong, Ended):
        return run.result(item, wrong.word, message=wrong.message, output=wrong.output,
                          trace=failure.calls)
    return run.result(item, "fail", message=wrong.message, expected=wrong.expected, got=wrong.got,
                      trace=failure.calls)
