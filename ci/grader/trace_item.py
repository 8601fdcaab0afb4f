"""An item that is judged by random traces of calls: some are tried, and the first that goes wrong is
made as short as it can be."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from grader.host_subject import Examinee
from grader.lab import Item
from grader.results import ItemResult
from grader.shrink import shrink
from grader.stages import Run
from grader.subject import Ended, Subject
from grader.wrong import Wrong

Steps = Sequence[Any]
Play = Callable[[Subject, Steps, Callable[[str], None]], None]


def judge_traces(run: Run, item: Item, program: str, make: Callable[[random.Random], Steps],
                 play: Play) -> ItemResult:
    """make(random numbers) gives the steps of a trace; play(a life, steps, log) raises Wrong or Ended
    where the code goes wrong, and logs each call."""
    path = run.tree / program
    with Examinee([path], run.sandbox, readable=[path]) as examinee:

        def failure(steps: Steps) -> tuple[Wrong | Ended, tuple[str, ...]] | None:
            calls: list[str] = []
            life = None
            try:
                life = examinee.begin()
                play(life, steps, calls.append)
            except (Wrong, Ended) as wrong:
                return wrong, tuple(calls)
            finally:
                if life is not None:
                    life.close()
            return None

        for chance in chances(run, item):
            steps = make(chance)
            if failure(steps) is not None:
                shortest = shrink(steps, lambda some: failure(some) is not None)
                found = failure(shortest)
                assert found is not None
                return result_of(run, item, *found)
    return run.result(item, "pass")


def chances(run: Run, item: Item) -> list[random.Random]:
    seeds = run.random(item)
    return [random.Random(seeds.getrandbits(64)) for _ in range(item.options["traces"])]


def result_of(run: Run, item: Item, wrong: Wrong | Ended, calls: tuple[str, ...]) -> ItemResult:
    if isinstance(wrong, Ended):
        return run.result(item, wrong.word, message=wrong.message, output=wrong.output, trace=calls)
    return run.result(item, "fail", message=wrong.message, expected=wrong.expected, got=wrong.got,
                      trace=calls)
