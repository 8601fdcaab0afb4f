"""A lab's description: ci/labs/NAME/lab.toml, and hidden.toml beside it with the hidden items.

    title = "The bump allocator"
    number = 1
    handout = "docs/labs/01-bump.md"

    [kernel]                            # what students write in the kernel
    files = ["os/heap/bump.c"]          # of a submission, these alone are taken
    heap = "bump"                       # HEAP= of the lab's kernel

    [export]                            # beside what every export has
    tests = ["os/test/pure/test_bump.c"]
    overlay = ["ci/labs/overlay/plain-heap-test"]    # trees laid over the export

    [[item]]
    name = "align"
    title = "blocks lie at multiples of their alignment"
    points = 10
    stage = "host"                      # a key of grader.stages.STAGES: who judges it
    given = true                        # if at all: the untouched starter may have its points
    repeat = 20                         # of a racy item: how often it is judged; without it, once
    ...                                 # the other keys are that stage's own

A later lab may have a [user] table beside or instead of [kernel], with files of user programs.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LABS = ROOT / "ci" / "labs"


class BadLab(Exception):
    """A lab that is not there, or a description that makes no sense; one line for the user."""


@dataclass(frozen=True)
class Item:
    name: str
    title: str
    points: float
    stage: str
    hidden: bool
    options: Mapping[str, Any]  # the stage's own keys


@dataclass(frozen=True)
class Lab:
    name: str
    title: str
    number: int
    handout: str
    files: tuple[str, ...]  # kernel side, then user side
    heap: str
    tests: tuple[str, ...]
    overlay: tuple[str, ...]
    items: tuple[Item, ...]
    hidden_points: float  # in an export: of the items that only the course's grader has
    directory: Path

    @property
    def mutants(self) -> list[Path]:
        return sorted(self.directory.glob("mutants/*.patch"))


def load(name: str, labs: Path = LABS) -> Lab:
    directory = labs / name
    if not (directory / "lab.toml").is_file():
        raise BadLab(f"there is no lab {name}: the labs are {', '.join(names(labs))}")
    try:
        data = tomllib.loads((directory / "lab.toml").read_text())
        hidden: dict[str, Any] = {}
        if (directory / "hidden.toml").is_file():
            hidden = tomllib.loads((directory / "hidden.toml").read_text())
        items = [item_of(entry, False) for entry in data.get("item", [])]
        items += [item_of(entry, True) for entry in hidden.get("item", [])]
        kernel, user, export = (data.get(key, {}) for key in ("kernel", "user", "export"))
        return Lab(name, data["title"], data["number"], data["handout"],
                   (*kernel.get("files", ()), *user.get("files", ())), kernel.get("heap", "slab"),
                   tuple(export.get("tests", ())), tuple(export.get("overlay", ())),
                   tuple(items), data.get("hidden_points", 0), directory)
    except (KeyError, TypeError, tomllib.TOMLDecodeError) as error:
        raise BadLab(f"the description of lab {name} makes no sense: {error!r}") from error


def item_of(entry: Mapping[str, Any], hidden: bool) -> Item:
    own = ("name", "title", "points", "stage")
    return Item(*(entry[key] for key in own), hidden,
                {key: value for key, value in entry.items() if key not in own})


def names(labs: Path = LABS) -> list[str]:
    """All labs, in the order of their numbers."""
    found = {path.parent.name: tomllib.loads(path.read_text()).get("number", 0)
             for path in labs.glob("*/lab.toml")}
    return sorted(found, key=lambda name: (found[name], name))
