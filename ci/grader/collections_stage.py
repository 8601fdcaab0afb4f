"""Stage "collections-trace": Box, Vec and Rc against lists and counters (collection_model.py).

    calls = "vec-gaps"      which calls traces are made of
    traces = 30             how many are tried; full points where none fails
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from grader.collection_model import SLOTS, Step, World
from grader.lab import Item
from grader.results import ItemResult
from grader.stages import Run, stage
from grader.trace_item import judge_traces

EXAMINEE = Path("build/examinee/slab-collection/examinee")
FEW = 3  # slots of one trace: many calls meet the same few things
LONGEST = 60  # steps

Chooser = Callable[[random.Random], Step]


@stage("collections-trace", lambda lab, item: ("EXAM=collection", "HEAP=slab", str(EXAMINEE)))
def judge(run: Run, item: Item) -> ItemResult:
    kind = item.options["calls"]
    return judge_traces(run, item, EXAMINEE, lambda chance: trace(kind, chance),
                        lambda subject, steps, log: World(subject, log).play(steps))


def trace(kind: str, chance: random.Random) -> list[Step]:
    chosen = KINDS[kind]
    steps = [chance.choice(chosen)(chance) for _ in range(chance.randint(LONGEST // 4, LONGEST))]
    return steps + ENDS[kind.split("-")[0]](chance)


def slot(chance: random.Random) -> int:
    return chance.randrange(FEW)


def value(chance: random.Random) -> int:
    return chance.randrange(1000)


def place(chance: random.Random) -> int:
    return chance.randrange(1000)


def sometimes(chance: random.Random) -> bool:
    return chance.random() < 0.4


def push(chance: random.Random) -> Step:
    return "push", slot(chance), value(chance), sometimes(chance)


def pop(chance: random.Random) -> Step:
    return "pop", slot(chance)


def at(chance: random.Random) -> Step:
    return "at", slot(chance), place(chance)


def insert(chance: random.Random) -> Step:
    return "insert", slot(chance), place(chance), value(chance), sometimes(chance)


def remove(chance: random.Random) -> Step:
    return "remove", slot(chance), place(chance)


def reserve(chance: random.Random) -> Step:
    return "reserve", slot(chance), chance.choice((0, 1, 3, 5, 20)), sometimes(chance)


def free(chance: random.Random) -> Step:
    return "free", slot(chance)


def truncate(chance: random.Random) -> Step:
    return "truncate", slot(chance), chance.randrange(8)


def shrink(chance: random.Random) -> Step:
    return "shrink", slot(chance)


def clone(chance: random.Random) -> Step:
    return "clone", slot(chance), slot(chance), sometimes(chance)


def values(chance: random.Random) -> tuple[int, ...]:
    return tuple(value(chance) for _ in range(chance.choice((0, 1, 2, 3, 9, 17))))


def extend(chance: random.Random) -> Step:
    return "extend", slot(chance), values(chance), sometimes(chance)


def extend_by_itself(chance: random.Random) -> Step:
    return "extend_by_itself", slot(chance), place(chance), place(chance), sometimes(chance)


def failing_push(chance: random.Random) -> Step:
    return "push", slot(chance), value(chance), True, True


def failing_insert(chance: random.Random) -> Step:
    return "insert", slot(chance), place(chance), value(chance), True, True


def failing_extend(chance: random.Random) -> Step:
    return "extend", slot(chance), values(chance), True, True


def failing_reserve(chance: random.Random) -> Step:
    return "reserve", slot(chance), chance.choice((0, 1, 3, 5, 20)), True, True


def failing_clone(chance: random.Random) -> Step:
    """The heap fails, or the clone function at one of the first elements."""
    if sometimes(chance):
        return "clone", slot(chance), slot(chance), sometimes(chance), 0, True
    return "clone", slot(chance), slot(chance), True, chance.randint(1, 4)


def failing_shrink(chance: random.Random) -> Step:
    return "shrink", slot(chance), True


def too_much(chance: random.Random) -> Step:
    return "reserve_too_much", slot(chance), chance.randrange(3), chance.randrange(3)


def box_new(chance: random.Random) -> Step:
    return "box_new", slot(chance), value(chance), sometimes(chance), chance.random() < 0.2


def box_clone(chance: random.Random) -> Step:
    return "box_clone", slot(chance), slot(chance), sometimes(chance), chance.choice((0, 0, 1, 2))


def box_free(chance: random.Random) -> Step:
    return "box_free", slot(chance), sometimes(chance)


def rc_new(chance: random.Random) -> Step:
    return "rc_new", slot(chance), value(chance), sometimes(chance), chance.random() < 0.2


def two_of(verb: str) -> Chooser:
    return lambda chance: (verb, slot(chance), chance.randrange(FEW + 2))


def one_of(verb: str) -> Chooser:
    return lambda chance: (verb, chance.randrange(FEW + 2))


rc_clone, rc_release = two_of("rc_clone"), one_of("rc_release")
OWNERS = (rc_new, rc_clone, rc_clone, rc_release)

# Calls as often as they stand here. Each trace ends with all that there is given back.
KINDS: dict[str, tuple[Chooser, ...]] = {
    "vec-growth": (push, push, push, push, pop, at, reserve, free),
    "vec-gaps": (push, push, insert, insert, remove, remove, extend, extend_by_itself),
    "vec-ownership": (push, push, push, extend, pop, truncate, shrink, clone, free),
    "vec-no-memory": (push, push, failing_push, failing_insert, failing_extend, failing_reserve,
                      failing_clone, failing_clone, failing_shrink, shrink, too_much, free),
    "box": (box_new, box_new, box_clone, box_clone, box_free),
    "rc-owners": OWNERS,
    "rc-weak": (*OWNERS, two_of("rc_downgrade"), two_of("rc_downgrade"), two_of("rc_weak_clone"),
                two_of("rc_upgrade"), two_of("rc_upgrade"), one_of("rc_weak_free")),
}


def every(verb: str, *numbers: int) -> list[Step]:
    return [(verb, i, *numbers) for i in range(SLOTS)]


ENDS: dict[str, Callable[[random.Random], list[Step]]] = {
    "vec": lambda chance: every("free"),
    "box": lambda chance: [*every("box_free", True),
                           *([("box_new_ends", 0, value(chance))] if sometimes(chance) else [])],
    "rc": lambda chance: [*every("rc_release"), *(("rc_upgrade", i, i) for i in range(SLOTS)),
                          *every("rc_weak_free")],
}
