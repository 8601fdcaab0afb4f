"""The regions that students write: marked in the reference source, and rendered solved or as stubs.

    /* LAB buddy split
     * What to do here, for the student; several lines.
     * ---
     * (void)buddy, (void)granule;
     */
    ... the solution ...
    /* LAB END buddy split */

Below the dashes stands the stub, code that the student gets in place of the solution; none of it
may hold a comment, and it may be empty. Regions do not nest. A region's name is unique in its lab,
and its file is one that the lab's description names.

Where solved, only the solution stays. Where not, the text comes as a comment, and the stub.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

MARKER = re.compile(r"/\*\s*LAB\b")
BEGIN = re.compile(r"(\s*)/\* LAB (?!END\b)([a-z]+) ([a-z0-9-]+)")
END = re.compile(r"\s*/\* LAB END ([a-z]+) ([a-z0-9-]+) \*/")
DASHES = "---"
COMMENT = re.compile(r"/\*|\*/|//")


class BadMarkers(Exception):
    """Markers that make no sense: file:line, and what is wrong."""


@dataclass(frozen=True)
class Region:
    lab: str
    name: str
    path: str
    line: int  # of its first marker
    indent: str
    text: tuple[str, ...]
    stub: tuple[str, ...]
    solution: tuple[str, ...]

    def as_task(self) -> list[str]:
        comment = [f"{self.indent}/* TODO {self.lab} {self.name}",
                   *(f"{self.indent} * {line}".rstrip() for line in self.text), f"{self.indent} */"]
        return comment + self.indented_stub()

    def as_later_task(self) -> list[str]:
        """For the lab of a lower number: the text would only distract there."""
        return [f"{self.indent}/* To be written in a later lab: {self.lab}. */", *self.indented_stub()]

    def indented_stub(self) -> list[str]:
        return [f"{self.indent}{line}".rstrip() for line in self.stub]


class Lines:
    """The lines of a file, one after the other, and where we are in it."""

    def __init__(self, text: str, path: str) -> None:
        self.lines = text.splitlines()
        self.path = path
        self.at = 0  # lines that are taken; the number of the last one

    def take(self) -> str | None:
        if self.at == len(self.lines):
            return None
        self.at += 1
        return self.lines[self.at - 1]

    def error(self, what: str, line: int = 0) -> BadMarkers:
        return BadMarkers(f"{self.path}:{line or self.at}: {what}")


def parse(text: str, path: str, labs: Mapping[str, Sequence[str]]) -> list[str | Region]:
    """A file as its lines and its regions. `labs`: the files of each lab."""
    lines, parts = Lines(text, path), []
    while (line := lines.take()) is not None:
        begin = BEGIN.fullmatch(line)
        if begin:
            region = parse_region(lines, *begin.groups())
            if region.lab not in labs:
                raise lines.error(f"there is no lab {region.lab}; the labs are {', '.join(labs)}", region.line)
            if path not in labs[region.lab]:
                raise lines.error(f"lab.toml of {region.lab} does not name this file", region.line)
            parts.append(region)
        elif END.fullmatch(line):
            raise lines.error("a region ends that has not begun")
        elif MARKER.search(line):
            raise lines.error("a marker is `/* LAB lab region` or `/* LAB END lab region */`, alone on its line")
        else:
            parts.append(line)
    check_names([part for part in parts if isinstance(part, Region)])
    return parts


def parse_region(lines: Lines, indent: str, lab: str, name: str) -> Region:
    first = lines.at
    text, stub = parse_comment(lines, indent)
    solution: list[str] = []
    while (line := lines.take()) is not None:
        end = END.fullmatch(line)
        if end and end.groups() == (lab, name):
            return Region(lab, name, lines.path, first, indent, text, stub, tuple(solution))
        if end:
            raise lines.error(f"{' '.join(end.groups())} ends where {lab} {name}, begun on line {first}, is open")
        if BEGIN.fullmatch(line):
            raise lines.error(f"a region begins inside of {lab} {name}, begun on line {first}")
        if MARKER.search(line):
            raise lines.error("a marker is `/* LAB lab region` or `/* LAB END lab region */`, alone on its line")
        solution.append(line)
    raise lines.error(f"{lab} {name} has no end: `/* LAB END {lab} {name} */`", first)


def parse_comment(lines: Lines, indent: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The rest of a region's first comment: text and stub."""
    first, found = lines.at, []
    while (line := lines.take()) is not None and line != f"{indent} */":
        if line != f"{indent} *" and not line.startswith(f"{indent} * "):
            raise lines.error("a line of a region's text begins with ` * `, below the marker's own star")
        found.append(line[len(indent) + 3:])
        if COMMENT.search(found[-1]):
            raise lines.error("a comment in a region's text or stub")
    if line is None:
        raise lines.error("this comment has no end", first)
    if found.count(DASHES) != 1:
        raise lines.error(f"one line ` * {DASHES}` must part a region's text from its stub", first)
    dashes = found.index(DASHES)
    if dashes == 0:
        raise lines.error("a region without a text for the student", first)
    return tuple(found[:dashes]), tuple(found[dashes + 1:])


def check_names(regions: Iterable[Region]) -> None:
    """No two regions of a lab share a name; for those of one file, and of all files."""
    seen: dict[tuple[str, str], Region] = {}
    for region in regions:
        other = seen.setdefault((region.lab, region.name), region)
        if other is not region:
            raise BadMarkers(f"{region.path}:{region.line}: {region.lab} {region.name} is already a region "
                             f"at {other.path}:{other.line}")  # fmt: skip


def render(parts: Iterable[str | Region], shown: Callable[[str], str]) -> str:
    """The file for a student. `shown` says what a lab's regions are shown as: solved, task or later."""
    lines: list[str] = []
    for part in parts:
        if isinstance(part, str):
            lines.append(part)
        else:
            as_what = shown(part.lab)
            lines += (part.solution if as_what == "solved" else
                      part.as_task() if as_what == "task" else part.as_later_task())  # fmt: skip
    return "\n".join(lines) + "\n"
