"""What is examined, seen from outside: calls go in, answers and memory come back."""

from __future__ import annotations

import re
from enum import IntEnum
from pathlib import Path
from typing import Protocol

from grader.lab import ROOT


class Ended(Exception):
    """The code under examination did not come back from a call."""

    def __init__(self, word: str, message: str, output: str = "") -> None:
        super().__init__(message)
        self.word = word  # one of results.WORDS
        self.message = message  # one line
        self.output = output  # what the sanitizer or the kernel printed


class Subject(Protocol):
    """One life of the code under examination; a new one is as good as fresh."""

    start: int  # the memory that the examiner sees too: [start, start + size)
    size: int

    def call(self, call: int, *arguments: int) -> int:
        """Have a call made, and wait for its answer; Ended where there is none."""

    def memory(self, address: int, size: int) -> memoryview:
        """The bytes there, as they are now; writing changes them. Within [start, start + size)."""

    def close(self) -> None: ...


def calls(header: str, enum: str, root: Path = ROOT) -> type[IntEnum]:
    """An enumeration of C, read out of a header: calls("os/test/exam/heap_calls.h", "heap_call")."""
    text = re.sub(r"/\*.*?\*/", "", (root / header).read_text(), flags=re.DOTALL)
    match = re.search(rf"enum {enum} {{([^}}]*)}}", text)
    assert match, f"{header} has no enum {enum}"
    return IntEnum(enum, [name for name in re.split(r"[\s,]+", match[1]) if name], start=0)
