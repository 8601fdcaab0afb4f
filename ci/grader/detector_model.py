"""What a guarded heap must report, and when: objects and wrong uses that are known outside.

The examiner allocates and frees as a kernel does, and writes to the objects in the memory that he
shares with the code: first only where an owner may, and nothing must be reported; then, as the last
step of a trace, where nobody may, or he frees what is no live object. So each wrong use is known to
the byte, and so is what a report has to say of it.

A step is a tuple of a verb and numbers, which mean something by what there is when its turn comes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from grader.subject import Ended, Subject, calls
from grader.wrong import Wrong

Step = tuple[Any, ...]  # a verb, and numbers
HEADER_FILE = "os/test/exam/guard_calls.h"
Call = calls(HEADER_FILE, "guard_call")
Kind = calls(HEADER_FILE, "guard_report")
Free = calls("os/heap/layout.h", "free_result")

DESK = 8192
FIGURES = struct.Struct("<12Q")  # of a struct guard_desk, up to its text
TEXT = 4096
SITES = 8
RED_ZONE = 16
ALIGN = 16
NEAR = 4096  # bytes; further away no object has to do with a wrong address
CHECK_EVERY = 128  # operations, HEAP_DEBUG_CHECK_EVERY

FREE_WORDS = {Free.FREE_FOREIGN: "foreign free", Free.FREE_MISALIGNED: "misaligned free",
              Free.FREE_TWICE: "double free", Free.FREE_INTERIOR: "interior free",
              Free.FREE_WRONG_LAYOUT: "free with a wrong layout"}


@dataclass
class Object:
    name: str
    address: int
    size: int
    align: int
    site: int
    content: bytes
    is_freed: bool = False
    freed_by: int = 0

    @property
    def behind(self) -> int:
        """Bytes of its red zone behind it."""
        return -self.size % RED_ZONE + RED_ZONE


@dataclass(frozen=True)
class Report:
    """What a guard says; the fields that say nothing in its kind are 0."""

    kind: int
    result: int = 0
    address: int = 0
    object: int = 0
    is_freed: int = 0
    allocated: int = 0
    freed: int = 0


class Reported(Exception):
    def __init__(self, report: Report) -> None:
        super().__init__(report)
        self.report = report


class World:
    """One life of the guarded heap, and the objects in it."""

    def __init__(self, subject: Subject, log: Callable[[str], None], checks_figures: bool) -> None:
        self.subject = subject
        self.log = log
        self.checks_figures = checks_figures
        self.heap, self.heap_end = subject.start + DESK, subject.start + subject.size
        self.live: list[Object] = []  # the newest last
        self.quarantine: list[Object] = []  # the one that was freed last is the last
        self.count = 0
        if not subject.call(Call.GUARD_INIT, subject.start, self.heap, self.heap_end - self.heap):
            raise Wrong("the heap could not be made")
        self.header, self.most_quarantined = self.figures()[:2]

    def play(self, steps: Sequence[Step]) -> None:
        """Wrong or Ended where the guards do what they must not."""
        for verb, *numbers in steps:
            VERBS[verb](self, *numbers)

    # --- calls ---

    def figures(self) -> tuple[int, ...]:
        return FIGURES.unpack(self.subject.memory(self.subject.start, FIGURES.size))

    def raw_call(self, text: str, call: int, *arguments: int) -> int:
        """A call, or what it reported."""
        if text:
            self.log(text)
        try:
            return self.subject.call(call, *arguments)
        except Ended as ended:
            report = Report(*self.figures()[2:9])
            if report.kind == 0:
                raise
            raise Reported(report) from ended

    def call(self, text: str, call: int, *arguments: int) -> int:
        """A right use."""
        try:
            return self.raw_call(text, call, *arguments)
        except Reported as reported:
            raise Wrong("a right use was reported as an error", "no report",
                        self.words(reported.report)) from reported

    def expect(self, report: Report, text: str, call: int, *arguments: int) -> None:
        """A wrong use, or one that has to find another."""
        try:
            self.raw_call(text, call, *arguments)
        except Reported as reported:
            self.compare(report, reported.report)
            return
        raise Wrong("an error was not reported", self.words(report), "no report")

    def compare(self, expected: Report, got: Report) -> None:
        if got != expected:
            raise Wrong("the report is wrong", self.words(expected), self.words(got))

    def words(self, report: Report) -> str:
        """A report, for people."""
        known = next((o for o in (*self.live, *self.quarantine) if o.address == report.object), None)
        what = {Kind.REPORT_FREE: FREE_WORDS.get(report.result, f"free_result {report.result}"),
                Kind.REPORT_BROKEN: "a byte was written to",
                Kind.REPORT_HEADER: "a header was written to"}.get(report.kind, "?")
        at = hex(report.address)
        if known is None:
            return f"{what} at {at}, no object" if not report.object else \
                f"{what} at {at}, an object at {report.object:#x}, which there is not"
        where = f"{'freed' if report.is_freed else 'live'} object {known.name} of {known.size} bytes"
        history = f"allocated at site {report.allocated}" + (
            f", freed at site {report.freed}" if report.is_freed else "")
        return f"{what} at {at}, {report.address - known.address} bytes from the start of the {where}, {history}"

    # --- objects ---

    def whole(self, one: Object) -> int:
        """Bytes with guards."""
        front = -(-(self.header + RED_ZONE) // one.align) * one.align
        return front + one.size + one.behind

    def layout(self, one: Object) -> tuple[int, int]:
        return one.size, one.align

    def add(self, address: int, size: int, align: int, site: int, content: bytes) -> Object:
        """A new object: its place is looked at, and its owner writes to it."""
        one = Object(name_of(self.count), address, size, max(align, ALIGN), site, content)
        self.count += 1
        if address == 0:
            raise Wrong("an allocation failed in a heap with room enough")
        if address % one.align != 0:
            raise Wrong(f"the address is no multiple of {one.align}", got=hex(address))
        start, end = self.extent(one)
        if start < self.heap or end > self.heap_end:
            raise Wrong("the object does not lie in the heap", got=hex(address))
        for other in (*self.live, *self.quarantine):
            other_start, other_end = self.extent(other)
            if start < other_end and other_start < end:
                what = "the quarantine" if other.is_freed else "use"
                raise Wrong(f"the new object lies where object {other.name} is, which is in {what}")
        self.subject.memory(address, size)[:] = content
        self.live.append(one)
        return one

    def extent(self, one: Object) -> tuple[int, int]:
        return one.address - RED_ZONE - self.header, one.address + one.size + one.behind

    def remove(self, one: Object, site: int) -> None:
        one.is_freed, one.freed_by = True, site
        self.live.remove(one)
        self.quarantine.append(one)
        while self.quarantined() > self.most_quarantined:
            del self.quarantine[0]

    def quarantined(self) -> int:
        return sum(map(self.whole, self.quarantine))

    def check(self) -> None:
        for one in self.live:
            if self.subject.memory(one.address, one.size) != one.content:
                raise Wrong(f"what its owner wrote to object {one.name} is no longer there")
        if not self.checks_figures:
            return
        self.subject.call(Call.GUARD_STATS)
        live, used, quarantined = self.figures()[9:]
        for what, expected, got in (("live objects", len(self.live), live),
                                    ("bytes of live objects, with guards",
                                     sum(map(self.whole, self.live)), used),
                                    ("bytes in the quarantine", self.quarantined(), quarantined)):
            if expected != got:
                raise Wrong(f"the figures have the wrong number of {what}", expected, got)

    def broken(self, one: Object, address: int) -> Report:
        return Report(Kind.REPORT_BROKEN, 0, address, one.address, one.is_freed, one.site,
                      one.freed_by)

    def write(self, address: int, count: int) -> None:
        """Other bytes than those that are there."""
        there = self.subject.memory(address, count)
        there[:] = bytes(byte ^ 0x81 for byte in there)


def name_of(number: int) -> str:
    return chr(ord("a") + number % 26) + (str(number // 26) if number >= 26 else "")


def pick(objects: Sequence[Object], number: int) -> Object | None:
    return objects[number % len(objects)] if objects else None


def content_of(size: int, number: int) -> bytes:
    return bytes((number + 7 * i) % 251 for i in range(size))


# --- right uses -----------------------------------------------------------------------------------


def alloc(world: World, size: int, align: int, site: int) -> None:
    address = world.call(f"{name_of(world.count)} = alloc({size} bytes, align {align}) at site {site}",
                         Call.GUARD_ALLOC, size, align, site)
    world.add(address, size, align, site, content_of(size, world.count))
    world.check()


def free(world: World, number: int, site: int, is_unknown: bool = False) -> None:
    one = pick(world.live, number)
    if one is None:
        return
    layout = (0, 1) if is_unknown else world.layout(one)
    world.call(f"free({one.name}{', layout unknown' * is_unknown}) at site {site}",
               Call.GUARD_DEALLOC, one.address, *layout, site)
    world.remove(one, site)
    world.check()


def realloc(world: World, number: int, size: int, site: int) -> None:
    """Always moves."""
    one = pick(world.live, number)
    if one is None:
        return
    address = world.call(f"{name_of(world.count)} = realloc({one.name}, {size} bytes) at site {site}",
                         Call.GUARD_REALLOC, one.address, *world.layout(one), size, site)
    kept = min(size, one.size)
    if world.heap <= address <= world.heap_end - kept and \
            world.subject.memory(address, kept) != one.content[:kept]:
        raise Wrong(f"realloc did not bring along what was in object {one.name}")
    world.live.remove(one)
    world.quarantine.append(one)  # for add: it is not where the new one is
    one.is_freed = True
    world.add(address, size, one.align, site, content_of(size, world.count))
    world.quarantine.remove(one)
    world.live.append(one)
    world.remove(one, site)
    world.check()


def look(world: World, number: int) -> None:
    one = pick(world.live, number)
    if one is not None:
        world.call(f"check({one.name})", Call.GUARD_LOOK, one.address, *world.layout(one))


def search(world: World) -> None:
    if world.call("check the whole heap", Call.GUARD_SEARCH) != 1:
        raise Wrong("the heap's invariants do not hold")


# --- wrong uses, each at the end of a trace -------------------------------------------------------


def overrun(world: World, number: int, is_behind: bool, distance: int, count: int,
            finder: int) -> None:
    """A write to a red zone, of a live or of a freed object."""
    one = pick([*world.live, *world.quarantine], number)
    if one is None:
        return
    zone = one.address + one.size if is_behind else one.address - RED_ZONE
    room = one.behind if is_behind else RED_ZONE
    start = zone + distance % room
    count = min(1 + count % 8, zone + room - start)
    world.log(f"write {count} bytes {'behind' if is_behind else 'before'} {one.name}, from "
              f"{one.name} + {start - one.address} on")
    world.write(start, count)
    find(world, one, start, finder)


def use_after_free(world: World, number: int, offset: int, count: int, finder: int) -> None:
    one = pick(world.quarantine, number)
    if one is None:
        return
    start = offset % one.size
    count = min(1 + count % 8, one.size - start)
    world.log(f"write {count} bytes to the freed {one.name}, from {one.name} + {start} on")
    world.write(one.address + start, count)
    find(world, one, one.address + start, finder)


def find(world: World, one: Object, address: int, finder: int) -> None:
    """Have a broken byte found, in one of the ways in which it must be."""
    report = world.broken(one, address)
    ways = [find_by_search, find_by_waiting]
    ways += [find_by_eviction] if one.is_freed else [find_by_free, find_by_look, find_by_realloc]
    ways[finder % len(ways)](world, one, report)


def find_by_search(world: World, one: Object, report: Report) -> None:
    world.expect(report, "check the whole heap", Call.GUARD_SEARCH)


def find_by_free(world: World, one: Object, report: Report) -> None:
    world.expect(report, f"free({one.name})", Call.GUARD_DEALLOC, one.address, *world.layout(one), 0)


def find_by_look(world: World, one: Object, report: Report) -> None:
    world.expect(report, f"check({one.name})", Call.GUARD_LOOK, one.address, *world.layout(one))


def find_by_realloc(world: World, one: Object, report: Report) -> None:
    world.expect(report, f"realloc({one.name}, {one.size} bytes)", Call.GUARD_REALLOC, one.address,
                 *world.layout(one), one.size, 0)


def find_by_waiting(world: World, one: Object, report: Report) -> None:
    come_and_go(world, report, 1, lambda times: times > CHECK_EVERY // 2)


def find_by_eviction(world: World, one: Object, report: Report) -> None:
    come_and_go(world, report, world.most_quarantined // 8, lambda times: one not in world.quarantine)


def come_and_go(world: World, report: Report, size: int, is_late: Callable[[int], bool]) -> None:
    """Allocate and free until it has been reported, which must be before it is too late."""
    world.log(f"{size} bytes are allocated and freed, again and again")
    times = 0
    while not is_late(times):
        times += 1
        try:
            address = world.raw_call("", Call.GUARD_ALLOC, size, 1, 0)
            one = world.add(address, size, 1, 0, content_of(size, 0))
            world.raw_call("", Call.GUARD_DEALLOC, address, size, 1, 0)
        except Reported as reported:
            return world.compare(report, reported.report)
        world.remove(one, 0)
    raise Wrong("an error was not reported", world.words(report), "no report")


def header_overrun(world: World, number: int, by_free: bool) -> None:
    """A write over an object's header: the list that it is in is found to be broken there."""
    one = pick([*world.live, *world.quarantine], number)
    if one is None:
        return
    header = one.address - RED_ZONE - world.header
    listed = world.quarantine if one.is_freed else world.live
    newer = listed[listed.index(one) + 1:][:1]
    world.log(f"write {world.header} bytes over the header of {one.name}")
    world.write(header, world.header)
    report = Report(Kind.REPORT_HEADER, 0, header)
    if newer:
        report = Report(Kind.REPORT_HEADER, 0, header, newer[0].address, newer[0].is_freed,
                        newer[0].site, newer[0].freed_by)
    if by_free and not one.is_freed:
        return find_by_free(world, one, report)
    find_by_search(world, one, report)


def bad_free(world: World, kind: str, number: int, offset: int, verb: int) -> None:
    """`verb` says by which call."""
    objects = world.quarantine if "freed" in kind else world.live
    one = pick([o for o in objects if o.size > 1], number)
    if kind == "foreign":
        address, layout, text = world.subject.start + offset % (DESK - NEAR), (8, 1), "what is not in the heap"
        return by_verb(world, Report(Kind.REPORT_FREE, Free.FREE_FOREIGN, address), text, address,
                       layout, verb)
    if one is None:
        return
    inside = 1 + offset % (one.size - 1)
    address, layout, result, text = {
        "freed": (one.address, world.layout(one), Free.FREE_TWICE, f"{one.name}, again"),
        "inside freed": (one.address + inside, (1, 1), Free.FREE_TWICE, f"{one.name} + {inside}"),
        "inside": (one.address + inside, (1, 1), Free.FREE_INTERIOR, f"{one.name} + {inside}"),
        "wrong size": (one.address, (one.size + inside, one.align), Free.FREE_WRONG_LAYOUT,
                       f"{one.name}, as {one.size + inside} bytes"),
        "wrong align": (one.address, (one.size, 2 * one.align), Free.FREE_WRONG_LAYOUT,
                        f"{one.name}, with align {2 * one.align}"),
    }[kind]
    report = Report(Kind.REPORT_FREE, result, address, one.address, one.is_freed, one.site,
                    one.freed_by)
    by_verb(world, report, text, address, layout, verb)


def by_verb(world: World, report: Report, text: str, address: int, layout: tuple[int, int],
            verb: int) -> None:
    if verb % 3 == 0:
        world.expect(report, f"realloc({text}, 8 bytes)", Call.GUARD_REALLOC, address, *layout, 8, 0)
    elif verb % 3 == 1:
        world.expect(report, f"check({text})", Call.GUARD_LOOK, address, *layout)
    else:
        world.expect(report, f"free({text})", Call.GUARD_DEALLOC, address, *layout, 0)


def leaks(world: World) -> None:
    expected: dict[str, tuple[int, int]] = {}  # the place of the newest object first
    for one in reversed(world.live):
        size, blocks = expected.get(f"site {one.site}", (0, 0))
        expected[f"site {one.site}"] = size + one.size, blocks + 1
    length = world.call("report leaks", Call.GUARD_LEAKS)
    text = bytes(world.subject.memory(world.subject.start + FIGURES.size, min(length, TEXT)))
    lines = text.decode("utf-8", "replace").splitlines()
    wanted = [f"leak: {size} bytes in {blocks} blocks still allocated at {site}"
              for site, (size, blocks) in expected.items()]
    if lines != wanted:
        raise Wrong("the report of leaks is wrong", "\n".join(wanted) or "nothing",
                    "\n".join(lines) or "nothing")


VERBS: dict[str, Callable[..., None]] = {verb.__name__: verb for verb in (
    alloc, free, realloc, look, search, overrun, use_after_free, header_overrun, bad_free, leaks)}
