"""Stage "detector": a guarded heap must report each wrong use, and no other (detector_model.py).

    errors = "overruns"     which wrong use is at the end of a trace
    traces = 30             how many are tried; full points where none fails
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from grader.detector_model import SITES, Step, World
from grader.lab import Item
from grader.results import ItemResult
from grader.stages import Run, stage
from grader.trace_item import judge_traces

EXAMINEE = Path("build/examinee/slab-guard/examinee")
ARENA = 512 * 1024  # room for what is in use, and for a full quarantine
LONGEST = 50  # steps
ANY = 1 << 30

Chooser = Callable[[random.Random], Step]


@stage("detector", lambda lab, item: ("EXAM=guard", "HEAP=slab", str(EXAMINEE)))
def judge(run: Run, item: Item) -> ItemResult:
    kind = item.options["errors"]
    return judge_traces(
        run, item, EXAMINEE, lambda chance: trace(kind, chance),
        lambda subject, steps, log: World(subject, log, kind == "use-after-free").play(steps), ARENA)


def trace(kind: str, chance: random.Random) -> list[Step]:
    """Right uses, and a wrong one. Some frees are of large objects, so that the quarantine is full."""
    steps = [alloc(chance) for _ in range(4)]
    for _ in range(chance.randint(0, LONGEST)):
        steps.append(chance.choice(RIGHT)(chance))
    steps += [alloc(chance), alloc(chance), ("free", ANY - 1, site(chance))]
    return [*steps, chance.choice(WRONG[kind])(chance)]


def site(chance: random.Random) -> int:
    return chance.randrange(1, SITES)


def size(chance: random.Random) -> int:
    return chance.choice((chance.randint(1, 40), chance.randint(1, 40), chance.randint(1, 600),
                          chance.randint(1, 9000)))


def alloc(chance: random.Random) -> Step:
    return "alloc", size(chance), 1 << chance.choice((0, 0, 0, 1, 2, 3, 4, 5, 6, 8)), site(chance)


def free(chance: random.Random) -> Step:
    return "free", chance.randrange(ANY), site(chance), chance.random() < 0.2


def realloc(chance: random.Random) -> Step:
    return "realloc", chance.randrange(ANY), size(chance), site(chance)


def look(chance: random.Random) -> Step:
    return "look", chance.randrange(ANY)


def search(chance: random.Random) -> Step:
    return ("search",)


def overrun(chance: random.Random) -> Step:
    return ("overrun", chance.randrange(ANY), chance.random() < 0.5, *(chance.randrange(ANY) for _ in range(3)))


def header_overrun(chance: random.Random) -> Step:
    return "header_overrun", chance.randrange(ANY), chance.random() < 0.5


def use_after_free(chance: random.Random) -> Step:
    return ("use_after_free", *(chance.randrange(ANY) for _ in range(4)))


def bad_free(kind: str) -> Chooser:
    return lambda chance: ("bad_free", kind, *(chance.randrange(ANY) for _ in range(3)))


RIGHT: tuple[Chooser, ...] = (alloc, alloc, alloc, free, free, free, realloc, look, search)
WRONG: dict[str, tuple[Chooser, ...]] = {
    "overruns": (overrun, overrun, overrun, header_overrun),
    "use-after-free": (use_after_free,),
    "bad-frees": tuple(map(bad_free, ("freed", "inside freed", "inside", "wrong size", "wrong align",
                                      "foreign"))),
    "leaks": (lambda chance: ("leaks",),),
}
