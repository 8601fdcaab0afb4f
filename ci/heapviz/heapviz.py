#!/usr/bin/env python3
"""Make a picture of what a heap did: one HTML file that needs nothing else.

A trace is the text that a kernel built with WORKLOAD=trace prints, or ci/host/record.c on this machine;
os/heap/trace.h says what its lines mean. It may stand among other output of the kernel. Examples:

  make heapviz                           boot a traced kernel, write build/heapviz.html
  make heapviz HEAP=list BESIDE=buddy    two heaps side by side
  heapviz.py build/heapviz-list.trace    a trace that was kept
  heapviz.py before.trace after.trace    two traces side by side

Open the file in any browser. Keys: arrows step, Shift with arrows by 100, space plays, j and k go
from block to block.
"""

from __future__ import annotations

import argparse
import array
import base64
import bisect
import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
MAX_TRACES = 2

# The heap's own functions: the first one beyond them is the place that a block was asked for at.
OF_THE_HEAP = re.compile(r"(heap|buddy|slab|list|block|bitmap|bump|vec|rc|trace)_|"
                         r"k(malloc|free|realloc)$|\w*alloc_once$")

INSIDE, OLD_INSIDE = 1, 2  # flags of an event: in a slab, or in what is set apart


class Malformed(Exception):
    """A trace that cannot be read; the message is one line for the user."""


@dataclass(slots=True)
class Event:
    """A line of the trace. kind is its letter; `s` and `m` are S and M of a live block."""

    line: int
    kind: str
    time: int
    address: int = 0
    size: int = 0
    block: int = 0  # S, M: the order
    old: tuple[int, int, int] = (0, 0, 0)  # address, size, block
    figures: tuple[int, int, int] | None = None  # user, allocated, largest free
    stack: str = "-"
    flags: int = 0


@dataclass
class Trace:
    """All of a trace, in the order of what happened, and the heap before its first event."""

    allocator: str
    base: int
    size: int
    granule: int
    unit: str
    dropped: int
    events: list[Event] = field(default_factory=list)
    stats: dict[str, int] = field(default_factory=dict)
    free_blocks: dict[int, int] | None = None  # at the end, by order, says the kernel
    free: dict[int, int] = field(default_factory=dict)  # address: order
    # Blocks set apart, and slabs: address, bytes, object size (0: none, or not known).
    apart: list[tuple[int, int, int]] = field(default_factory=list)
    slabs: list[tuple[int, int, int]] = field(default_factory=list)
    live: list[tuple[int, int, int]] = field(default_factory=list)  # older than the trace
    sizes_known: bool = True  # false: a heap that counts its blocks, and keeps what is freed
    grown: dict[int, list[tuple[int, int]]] = field(default_factory=dict)  # by event: free blocks


# Reading the lines --------------------------------------------------------------------------------

HEADER = re.compile(r"heap-trace 1 allocator=(\S+) base=0x([0-9a-f]+) size=(\d+) granule=(\d+) "
                    r"time=(\S+) dropped=(\d+)")
STATS = ("total", "user", "allocated", "peak", "live", "largest_free")

# What follows the letter: t time, a address, n number, f functions.
SHAPES = {"A": "tannnnnf", "F": "tannnnnf", "R": "tannannnnnf", "X": "tnf", "S": "tan", "M": "tan",
          "T": "tann", "U": "tan", "G": "tan", "B": "an", "K": "ann"}
WORDS = {"t": "a time", "a": "an address", "n": "a number", "f": "functions"}
PATTERNS = {"t": re.compile(r"\d+"), "a": re.compile(r"0x[0-9a-f]+"), "n": re.compile(r"\d+"),
            "f": re.compile(r"[^\s]+")}


def fields_of(line: str, number: int) -> list[int | str]:
    """The values of an item's line after its letter."""
    letter, *texts = line.split(" ")
    shape = SHAPES.get(letter)
    if shape is None:
        raise Malformed(f"line {number}: `{line[:40]}` is no item of a trace")
    if len(texts) != len(shape):
        raise Malformed(f"line {number}: {letter} has {len(texts)} fields and needs {len(shape)}")
    values: list[int | str] = []
    for what, text in zip(shape, texts):
        if not PATTERNS[what].fullmatch(text):
            raise Malformed(f"line {number}: `{text[:40]}` is not {WORDS[what]}")
        values.append(text if what == "f" else int(text, 0 if what == "a" else 10))
    return values


def event_of(letter: str, values: list, number: int) -> Event:
    event = Event(number, letter, values[0])
    if letter in "AF":
        event.address, event.size, event.block = values[1:4]
    elif letter == "R":
        event.old = tuple(values[1:4])
        event.address, event.size, event.block = values[4:7]
    elif letter == "X":
        event.size = values[1]
    elif letter == "T":
        event.address, event.size, event.block = values[1:]
    elif letter in "SM":
        event.address, event.block = values[1:]
    else:
        event.address, event.size = values[1:]
    if letter in "AFRX":
        event.stack = values[-1]
    if letter in "AFR":
        event.figures = tuple(values[-4:-1])
    return event


def stats_of(line: str, trace: Trace, number: int) -> None:
    words = dict(word.partition("=")[::2] for word in line.split(" ")[1:])
    if list(words) != [*STATS, "free"]:
        raise Malformed(f"line {number}: stats must have {', '.join(STATS)}, free in this order")
    try:
        trace.stats = {name: int(words[name]) for name in STATS}
        if words["free"] != "-":
            listed = "" if words["free"] == "none" else words["free"]
            pairs = [pair.removeprefix("o").split(":") for pair in listed.split(",") if pair]
            trace.free_blocks = {int(order): int(count) for order, count in pairs}
    except ValueError:
        raise Malformed(f"line {number}: a figure of stats is not a number") from None


def parse(text: str) -> Trace:
    """The trace in a kernel's output, as its lines stand."""
    lines = text.replace("\r", "").split("\n")
    start = next((i for i, line in enumerate(lines) if line.startswith("heap-trace ")), None)
    if start is None:
        raise Malformed("no line begins with `heap-trace`: was the kernel built with WORKLOAD=trace?")
    header = HEADER.fullmatch(lines[start])
    if header is None:
        raise Malformed(f"line {start + 1}: not the first line of a trace of version 1")
    trace = Trace(header[1], int(header[2], 16), int(header[3]), int(header[4]), header[5],
                  int(header[6]))
    if trace.size == 0 or trace.granule == 0 or trace.granule & (trace.granule - 1):
        raise Malformed(f"line {start + 1}: size must be above 0, granule a power of two")
    ended = False
    for number, line in enumerate(lines[start + 1:], start + 2):
        if line.startswith("heap-trace-end"):
            if line != f"heap-trace-end events={len(trace.events)}":
                raise Malformed(f"line {number}: {len(trace.events)} events were read, "
                                f"but the line says `{line}`")
            ended = True
            break
        if line.startswith("stats "):
            stats_of(line, trace, number)
            continue
        values = fields_of(line, number)
        if line[0] == "B":
            trace.free[int(values[0])] = int(values[1])
        elif line[0] == "K":
            (trace.slabs if values[2] else trace.apart).append(tuple(values))
        else:
            trace.events.append(event_of(line[0], values, number))
    if not ended:
        raise Malformed(f"line {len(lines)}: the trace has no end: was the kernel stopped?")
    if not trace.stats:
        raise Malformed(f"line {number}: the trace ends without a line of stats")
    check_places(trace)
    return trace


def check_places(trace: Trace) -> None:
    """Times go forward, and addresses lie in the heap."""
    regions = [(trace.base, trace.size)]
    regions += [(event.address, event.size) for event in trace.events if event.kind == "G"]
    before = 0
    for event in trace.events:
        if event.time < before:
            raise Malformed(f"line {event.line}: time {event.time} is before {before}, "
                            "that of the line above")
        before = event.time
        if event.kind != "X" and not any(start <= event.address < start + size
                                         for start, size in regions):
            raise Malformed(f"line {event.line}: {event.address:#x} lies outside of the heap")
        if event.kind in "SM" and not 1 <= event.block < 64:
            raise Malformed(f"line {event.line}: order {event.block} cannot be")


# What happened, in order --------------------------------------------------------------------------


def put_in_order(trace: Trace) -> None:
    """The recorder hears of an operation when it is over, after the splits and merges in it. Put
    each operation where it took place: after the splits for it, before the merges that follow it."""
    events: list[Event] = []
    parts: list[Event] = []
    for event in trace.events:
        if event.kind == "U":  # the buddy system merged already
            place = len(parts)
            while place and parts[place - 1].kind == "M":
                place -= 1
            parts.insert(place, event)
        elif event.kind in "AFRX":
            group = operation(trace, parts, event)
            for time, part in zip(sorted(part.time for part in group), group):
                part.time = time
            events += group
            parts = []
        else:
            parts.append(event)
    trace.events = events + parts


def operation(trace: Trace, parts: list[Event], event: Event) -> list[Event]:
    if event.kind == "F":
        return [event, *parts]
    if event.kind != "R":
        return [*parts, event]
    if event.address == event.old[0]:
        for part in parts:
            if part.address == event.address and part.kind in "SM":
                part.kind = part.kind.lower()
        return [*parts, event]
    # The old block was given back by the first part that has to do with it, and what comes after.
    for place, part in enumerate(parts):
        length = trace.granule << part.block if part.kind in "SM" else part.size
        if part.kind in "MTU" and part.address <= event.old[0] < part.address + length:
            return [*parts[:place], event, *parts[place:]]
    return [*parts, event]


def measure_blocks(trace: Trace) -> None:
    """A heap without orders may have headers, which the sizes of its blocks leave out: a block takes
    what the bytes allocated rise by. So the header of the next block is drawn as this one's slack.
    Where the heap does not know a block's size (bump), what was asked for must do."""
    live: dict[int, int] = {}
    before: int | None = None if trace.dropped else 0
    for event in trace.events:
        if event.figures is None:
            continue
        risen = None if before is None else event.figures[1] - before
        before = event.figures[1]
        if event.kind == "R":
            address, size, block = event.old
            event.old = (address, size, live.pop(address, block or size))
            risen = None if risen is None else risen + event.old[2]
        if event.kind == "F":
            event.block = live.pop(event.address, event.block or event.size)
        elif event.block == 0:
            trace.sizes_known = False
            live[event.address] = event.block = event.size
        else:
            live[event.address] = event.block = risen if risen is not None else event.block


def follow_blocks(trace: Trace) -> None:
    """Each block that is freed was live; finds those that are older than the trace."""
    live: dict[int, int] = {}

    def end(address: int, size: int, block: int, line: int) -> None:
        if live.get(address, block) != block:
            raise Malformed(f"line {line}: the block at {address:#x} has {live[address]} bytes, "
                            f"not {block}")
        if live.pop(address, None) is None:
            if not trace.dropped:
                raise Malformed(f"line {line}: no block is live at {address:#x}")
            trace.live.append((address, size, block))

    for event in trace.events:
        if event.kind == "F":
            end(event.address, event.size, event.block, event.line)
        elif event.kind == "R":
            end(*event.old, event.line)
        if event.kind in "AR":
            if event.address in live:
                raise Malformed(f"line {event.line}: a block is live at {event.address:#x} already")
            live[event.address] = event.block
    ids = [(address, size, block) for address, size, block in trace.live]
    if len({address for address, _, _ in ids}) != len(ids):
        raise Malformed("the trace frees a block twice that is older than itself")


class Pieces:
    """Pieces of memory that do not overlap: bytes and object size of each, by address."""

    def __init__(self, pieces: list[tuple[int, int, int]]) -> None:
        self.at = {address: (size, object_size) for address, size, object_size in pieces}
        self.starts = sorted(self.at)

    def add(self, address: int, size: int, object_size: int) -> None:
        self.at[address] = (size, object_size)
        bisect.insort(self.starts, address)

    def remove(self, address: int) -> None:
        del self.at[address]
        self.starts.remove(address)

    def have(self, address: int) -> bool:
        """Whether the address lies in a piece."""
        place = bisect.bisect(self.starts, address) - 1
        return place >= 0 and address < self.starts[place] + self.at[self.starts[place]][0]

    def listed(self) -> list[tuple[int, int, int]]:
        return [(address, *self.at[address]) for address in self.starts]


class Backward:
    """Goes from the free blocks at the end, which the kernel tells, to those at the beginning. What
    the heap has set apart is a block of the buddy system; slabs lie in such, or are one."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.free = trace.free
        self.apart = Pieces(trace.apart)
        self.slabs = Pieces(trace.slabs)
        self.line = 0

    def order(self, block: int) -> int:
        granules = block // self.trace.granule
        if granules == 0 or block % self.trace.granule or granules & (granules - 1):
            raise Malformed(f"line {self.line}: {block} bytes are not a block of the buddy system")
        return granules.bit_length() - 1

    def put(self, address: int, order: int) -> None:
        if address in self.free:
            raise Malformed(f"line {self.line}: the block at {address:#x} was free already, "
                            "by what follows")
        self.free[address] = order

    def take(self, address: int, order: int) -> None:
        if self.free.get(address) != order:
            raise Malformed(f"line {self.line}: by what follows, there is no free block of order "
                            f"{order} at {address:#x} after this")
        del self.free[address]

    def in_piece(self, address: int) -> bool:
        return self.apart.have(address) or self.slabs.have(address)

    def undo_split(self, event: Event) -> None:
        half = self.trace.granule << (event.block - 1)
        if event.kind == "S":
            self.take(event.address, event.block - 1)
        self.take(event.address + half, event.block - 1)
        if event.kind == "S":
            self.put(event.address, event.block)

    def undo_merge(self, event: Event) -> None:
        half = self.trace.granule << (event.block - 1)
        if event.kind == "M":
            self.take(event.address, event.block)
            self.put(event.address, event.block - 1)
        self.put(event.address + half, event.block - 1)

    def undo_take(self, event: Event) -> None:
        # Where a block is given back nobody says whether it was a slab: it was taken for one.
        kind = self.slabs if event.block > 0 and event.address in self.slabs.at else self.apart
        if event.address not in kind.at:
            raise Malformed(f"line {self.line}: by what follows, there is no slab at "
                            f"{event.address:#x} after this")
        kind.remove(event.address)
        if self.apart.have(event.address):
            event.flags |= INSIDE
        else:
            self.put(event.address, self.order(event.size))

    def undo_give(self, event: Event) -> None:
        if self.apart.have(event.address):
            event.flags |= INSIDE
            self.slabs.add(event.address, event.size, 0)
        else:
            self.take(event.address, self.order(event.size))
            self.apart.add(event.address, event.size, 0)

    def undo_free(self, event: Event, block: tuple[int, int, int], flag: int) -> None:
        if self.in_piece(block[0]):
            event.flags |= flag
        else:
            self.take(block[0], self.order(block[2]))

    def undo_alloc(self, event: Event) -> None:
        if self.in_piece(event.address):
            event.flags |= INSIDE
        else:
            self.put(event.address, self.order(event.block))

    def undo_realloc(self, event: Event) -> None:
        if event.address == event.old[0]:
            event.flags |= (INSIDE | OLD_INSIDE) * self.in_piece(event.address)
            return
        self.undo_free(event, event.old, OLD_INSIDE)
        self.undo_alloc(event)

    def undo_growth(self, event: Event, number: int) -> None:
        inside = [(address, order) for address, order in self.free.items()
                  if event.address <= address < event.address + event.size]
        for address, _ in inside:
            del self.free[address]
        self.trace.grown[number] = inside

    def run(self) -> None:
        undo: dict[str, Callable[[Event], None]] = {
            "S": self.undo_split, "s": self.undo_split, "M": self.undo_merge, "m": self.undo_merge,
            "T": self.undo_take, "U": self.undo_give, "A": self.undo_alloc,
            "F": lambda e: self.undo_free(e, (e.address, e.size, e.block), INSIDE),
            "R": self.undo_realloc, "X": lambda _: None}
        for number in range(len(self.trace.events) - 1, -1, -1):
            event = self.trace.events[number]
            self.line = event.line
            if event.kind == "G":
                self.undo_growth(event, number)
            else:
                undo[event.kind](event)
        self.trace.apart, self.trace.slabs = self.apart.listed(), self.slabs.listed()


def read(text: str) -> Trace:
    """A trace, understood."""
    trace = parse(text)
    put_in_order(trace)
    if trace.free_blocks is None:
        measure_blocks(trace)
    follow_blocks(trace)
    if trace.free_blocks is not None:
        Backward(trace).run()
    return trace


# Writing the page ---------------------------------------------------------------------------------


def packed(values: Sequence[int]) -> dict[str, str]:
    """Numbers as the bytes of a typed array, in the smallest type that holds them."""
    top = max(values, default=0)
    kind = "B" if top < 1 << 8 else "I" if top < 1 << 32 else "d"
    numbers = array.array(kind, values)
    if sys.byteorder == "big":
        numbers.byteswap()
    return {"type": kind, "data": base64.b64encode(numbers.tobytes()).decode()}


def page_data(trace: Trace, title: str) -> dict[str, object]:
    """What the viewer needs: addresses as offsets from the base, times from the first event."""
    events, names, stacks = trace.events, {}, {}
    for event in events:
        stacks.setdefault(event.stack, len(stacks))
    functions = [[] if stack == "-" else stack.split(",") for stack in stacks]
    numbered = [[names.setdefault(name, len(names)) for name in stack] for stack in functions]
    sites = [names[next((name for name in stack if not OF_THE_HEAP.match(name)), stack[0])]
             if stack else -1 for stack in functions]
    # Figures hold from one operation to the next; those of the parts are those before it.
    first = next((event.figures for event in events if event.figures), (0, 0, 0))
    figures = [first if trace.dropped else (0, 0, trace.stats["total"])]
    if not trace.dropped and trace.free:
        figures = [(0, 0, trace.granule << max(trace.free.values()))]
    for event in events:
        figures.append(event.figures or figures[-1])
    began = events[0].time if events else 0
    # A heap without orders draws all that is not live as free: leave its own records out.
    is_whole = trace.free_blocks is not None or any(event.kind == "G" for event in events)
    regions = [(trace.base, trace.size if is_whole else trace.stats["total"], 0)]
    regions += [(event.address, event.size, number)
                for number, event in enumerate(events, 1) if event.kind == "G"]
    low = min(start for start, _, _ in regions)
    end = max(start + size for start, size, _ in regions)
    columns = {
        "kind": [ord(event.kind) for event in events],
        "flags": [event.flags for event in events],
        "time": [event.time - began for event in events],
        "address": [event.address - low if event.address else 0 for event in events],
        "asked": [event.size for event in events],
        "block": [event.block for event in events],
        "old": [event.old[0] - low if event.old[0] else 0 for event in events],
        "stack": [stacks[event.stack] for event in events],
        "user": [figure[0] for figure in figures],
        "allocated": [figure[1] for figure in figures],
        "largest": [figure[2] for figure in figures],
    }
    return {
        "title": title, "allocator": trace.allocator, "base": f"{low:#x}", "size": end - low,
        "granule": trace.granule, "unit": trace.unit, "dropped": trace.dropped,
        "count": len(events), "stats": trace.stats,
        "freeBlocks": trace.free_blocks, "sizesKnown": trace.sizes_known, "names": list(names), "stacks": numbered, "sites": sites,
        "regions": [(start - low, size, event) for start, size, event in regions],
        "free": sorted((address - low, order) for address, order in trace.free.items()),
        "apart": [(start - low, size) for start, size, _ in trace.apart],
        "slabs": [(start - low, size, object_size) for start, size, object_size in trace.slabs],
        "live": [(address - low, size, block) for address, size, block in trace.live],
        "grown": {number: [(address - low, order) for address, order in blocks]
                  for number, blocks in trace.grown.items()},
        "columns": {name: packed(values) for name, values in columns.items()},
    }


def page(traces: list[tuple[str, Trace]]) -> str:
    """The whole file."""
    data = json.dumps([page_data(trace, title) for title, trace in traces], separators=(",", ":"))
    parts = {"CSS": (HERE / "viewer.css").read_text(),
             "JS": (HERE / "model.js").read_text() + (HERE / "viewer.js").read_text(),
             "DATA": data.replace("</", "<\\/")}
    template = (HERE / "viewer.html").read_text()
    return re.sub(r"@(CSS|JS|DATA)@", lambda match: parts[match[1]], template)


# The command --------------------------------------------------------------------------------------


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("traces", nargs="+", metavar="TRACE", help="a kernel's output")
    parser.add_argument("-o", "--output", default="build/heapviz.html", metavar="FILE",
                        help="the page to write (default build/heapviz.html)")
    parsed = parser.parse_args()
    if len(parsed.traces) > MAX_TRACES:
        parser.error("say one TRACE, or two to see them side by side")
    return parsed


def main() -> int:
    asked = options()
    understood = []
    try:
        for name in asked.traces:
            try:
                understood.append((Path(name).name, read(Path(name).read_text(errors="replace"))))
            except Malformed as reason:
                raise Malformed(f"{name}: {reason}") from None
        output = Path(asked.output)
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(page(understood))
    except Malformed as reason:
        print(f"heapviz: {reason}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"heapviz: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    for name, trace in understood:
        print(f"heapviz: {name}: {len(trace.events)} events of {trace.allocator}, "
              f"{trace.dropped} older ones dropped")
    print(f"heapviz: open {output} in a browser")
    return 0


if __name__ == "__main__":
    sys.exit(main())
