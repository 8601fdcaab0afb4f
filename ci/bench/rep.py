"""Reads the traces of the CS:APP malloc lab (R. E. Bryant, D. R. O'Hallaron).

A .rep file is four numbers, a line each: suggested size of the heap (ignored), number of ids,
number of operations, weight (ignored). Then the operations, a line each:

    a ID SIZE    allocate SIZE bytes and call them ID
    r ID SIZE    reallocate them
    f ID         free them; `f -1` frees NULL, which does nothing

Blank lines do not count. IDs go from 0 to the number of ids, less one.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

ALLOC, FREE, REALLOC = range(3)  # enum trace_verb
ALIGN = 16  # what malloc promises
MOST = 1 << 20  # operations or ids that heap_bench has room for
LARGEST = 1 << 30


class BadTrace(Exception):
    """What is wrong with a file; the message is one line that names the line."""


@dataclass(frozen=True)
class Operation:
    verb: int
    slot: int
    size: int


def pack(operations: list[Operation]) -> bytes:
    """As an array of struct trace_op."""
    return b"".join(struct.pack("=HHII", o.verb, ALIGN, o.slot, o.size) for o in operations)


def number(word: str, least: int, most: int, what: str) -> int:
    if not (word.isascii() and word.isdigit()):
        raise ValueError(f"{what} is {word!r}, not a number")
    if not least <= int(word) <= most:
        raise ValueError(f"{what} is {word}, not from {least} to {most}")
    return int(word)


def operation(words: list[str], ids: int, live: set[int]) -> Operation | None:
    """The operation of a line; `live` are the ids in use in front of it, and is brought up to date.
    ValueError where it makes no sense."""
    verb = words[0]
    if verb not in ("a", "r", "f"):
        raise ValueError(f"{verb!r} is not an operation: a, r or f")
    wanted = 2 if verb == "f" else 3
    if len(words) != wanted:
        raise ValueError(f"{verb} takes {wanted - 1} numbers, here are {len(words) - 1}")
    if words == ["f", "-1"]:
        return None
    slot = number(words[1], 0, ids - 1, "the id")
    if verb == "a" and slot in live:
        raise ValueError(f"id {slot} is allocated already")
    if verb != "a" and slot not in live:
        raise ValueError(f"id {slot} is not allocated")
    if verb == "f":
        live.remove(slot)
        return Operation(FREE, slot, 0)
    live.add(slot)
    return Operation(ALLOC if verb == "a" else REALLOC, slot, number(words[2], 1, LARGEST, "size"))


def read(path: Path) -> list[Operation]:
    """The operations of a file, or BadTrace."""
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise BadTrace(f"{path}: cannot be read: {error}") from error
    lines = [(i, line.split()) for i, line in enumerate(text.splitlines(), 1) if line.strip()]
    header = ("suggested heap size", "number of ids", "number of operations", "weight")
    if len(lines) < len(header):
        raise BadTrace(f"{path}:{len(lines) + 1}: the file ends before the {header[len(lines)]}")
    operations: list[Operation | None] = []
    live: set[int] = set()
    at = 0
    try:
        numbers = []
        for (at, words), what in zip(lines, header):
            most = MOST if what.startswith("number of") else 1 << 62
            numbers.append(number(" ".join(words), 0, most, f"the {what}"))
        for at, words in lines[len(header) :]:
            operations.append(operation(words, numbers[1], live))
        if len(operations) != numbers[2]:
            raise ValueError(f"here the file ends after {len(operations):,} operations, "
                             f"and its head says {numbers[2]:,}")
    except ValueError as error:
        raise BadTrace(f"{path}:{at}: {error}") from None
    if not operations:
        raise BadTrace(f"{path}:{at}: the file has no operations")
    return [one for one in operations if one is not None]
