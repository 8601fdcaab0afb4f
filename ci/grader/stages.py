"""Who judges an item: the stages that a lab's description can name.

A stage is a function that takes the run and the item, and returns the item's result. It gives each
item its own random numbers, made from the run's seed and the item's name, so that the same seed
gives the same score, whichever other items there are.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grader.lab import Item, Lab
from grader.results import ItemResult

if TYPE_CHECKING:
    from grader.sandbox import Sandbox


@dataclass(frozen=True)
class Run:
    """A submission that is being graded."""

    lab: Lab
    seed: int
    tree: Path  # the lab's starter with the submission's files in it, built
    sandbox: Sandbox
    replay: str  # the command that grades it again, but for `--item NAME`

    def random(self, item: Item) -> random.Random:
        return random.Random(f"{self.seed} {item.name}")

    def result(self, item: Item, word: str, points: float = 0, **more: object) -> ItemResult:
        """The item's result; a pass with full points unless told otherwise."""
        if word == "pass" and not points:
            points = item.points
        replay = "" if word == "pass" else f"{self.replay} --item {item.name}"
        return ItemResult(item.name, item.title, round(points, 2), item.points, word, item.hidden,
                          replay=replay, **more)  # type: ignore[arg-type]


Judge = Callable[[Run, Item], ItemResult]
Makes = Callable[[Lab, Item], tuple[str, ...]]  # arguments of make

STAGES: dict[str, Judge] = {}
MAKES: dict[str, Makes] = {}  # what a stage has built for an item


def heap_of(lab: Lab, item: Item) -> str:
    """The design that an item is about: its option `heap`, else the lab's."""
    return str(item.options.get("heap", lab.heap))


def stage(name: str, makes: Makes = lambda lab, item: ()) -> Callable[[Judge], Judge]:
    """Register a stage; grader/grade.py imports the files that have some, and calls make for them."""

    def register(judge: Judge) -> Judge:
        STAGES[name] = judge
        MAKES[name] = makes
        return judge

    return register
