"""What grading a submission comes to: plain data, and its JSON form, the same way out and back."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field

# How an item ended. All but the last are the submission's doing.
WORDS = ("pass", "fail", "build-error", "panic", "hang", "early-exit", "flood", "grader-error")


@dataclass(frozen=True)
class ItemResult:
    """One graded item."""

    name: str  # as in the lab's description: short, without spaces
    title: str  # for people: the property that was looked for
    points: float
    max_points: float
    word: str  # one of WORDS
    hidden: bool = False  # not for the student's eyes before the lab is over
    message: str = ""  # what went wrong and what to do, in a line; no markup
    expected: str = ""
    got: str = ""
    output: str = ""  # of the compiler, the sanitizer or the kernel's console; many lines
    trace: tuple[str, ...] = ()  # the shortest failing trace, one call a line
    replay: str = ""  # the one command that shows it again
    figure: float | None = None  # what was measured, for the leaderboard; repeats to the digit
    unit: str = ""  # of the figure, such as "instructions an operation"
    rate: str = ""  # of a racy item that is repeated: "19 of 20"

    def __post_init__(self) -> None:
        assert self.word in WORDS, self.word
        assert 0 <= self.points <= self.max_points


@dataclass(frozen=True)
class Report:
    """One graded submission."""

    lab: str
    submission: str  # as it was named on the command line
    seed: int
    items: tuple[ItemResult, ...] = field(default=())
    notes: tuple[str, ...] = ()  # what is said of the whole: files missing, files not taken

    @property
    def points(self) -> float:
        return round(sum(item.points for item in self.items), 2)

    @property
    def max_points(self) -> float:
        return round(sum(item.max_points for item in self.items), 2)

    @property
    def is_grader_error(self) -> bool:
        return any(item.word == "grader-error" for item in self.items)

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"

    @staticmethod
    def from_json(text: str) -> Report:
        data = json.loads(text)
        data["items"] = tuple(ItemResult(**item | {"trace": tuple(item["trace"])})
                              for item in data["items"])
        data["notes"] = tuple(data["notes"])
        return Report(**data)
