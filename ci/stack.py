#!/usr/bin/env python3
"""The deepest path of calls on each of the kernel's stacks, and whether the stack holds it.

GCC's -fcallgraph-info=su writes, beside each object, a .ci file with the functions in it, the bytes
of stack that each takes, and whom it calls. Joined, they are a graph; the deepest path in it from a
stack's first function is the worst that can happen. What the graph does not know is told below: the
functions that a call through a pointer may reach, how often a recursive one is active at most, and
those written in assembly. A path that cannot be known - a cycle without a bound, a call through a
pointer that is not told, a function without a size - is an error, not a guess.

Not counted: what the firmware uses, which has a stack of its own. Not for kernels with SANITIZE=,
whose functions are renamed when they are compiled, and whose stack is larger to be safe.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

# Calls through pointers: the source file and the expression called -> the functions it may reach.
POINTERS = {
    "os/drivers/console.c: console.put": ("uart16550_put", "sbi_console_put"),
    "os/lib/printf.c: out->put": ("os/drivers/console.c:put_character",
                                  "os/lib/printf.c:put_in_buffer"),
    "os/heap/heap.c: heap.rescue": ("heap_memory_grow",),
    "os/arch/panic.c: explain": ("os/guard/report.c:explain",),
    "os/collections/counted.c: counted->type->drop": (),  # no value in the kernel owns another
    "os/collections/element.c: drop": (),  # no vec in the demo has elements that own anything
}  # fmt: skip

# Recursive functions: how often each can be active at once.
REGIONS = 36  # stretches of RAM between what is taken, in mm/frame.c: 16 ranges, cut at 20 places;
# and the heap has no more than MOST_GROWTHS and one, in mm/heap_memory_paged.c
LEVELS = 3  # of page tables
RECURSION = {"buddy_alloc": REGIONS, "buddy_dealloc": REGIONS, "os/mm/page_map.c:drop_tables": LEVELS}

ASSEMBLY = {"trap_save_registers": 0, "setjmp": 0, "longjmp": 0}  # bytes of stack

NODE = re.compile(r'^node: \{ title: "([^"]+)" label: "([^"]*)"')
EDGE = re.compile(r'^edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)" label: "([^"]*)"')
SIZE = re.compile(r"\\n(\d+) bytes \(([a-z,]+)\)")
INDIRECT = "__indirect_call"


@dataclass(frozen=True)
class Stack:
    name: str
    symbol: str  # SYMBOL_bottom and SYMBOL_top are its ends in the kernel
    entries: tuple[str, ...]  # the functions that are called with the stack empty
    frame: int = 0  # bytes that assembly has put there before


STACKS = (
    Stack("boot stack", "boot_stack", ("kernel_main",)),
    # A trap changes to this stack, and is the last (trap.S): a trap frame, and the report of it.
    Stack("trap stack", "trap_stack", ("trap_panic", "trap_in_panic"), frame=36 * 8),
)


class Unknown(Exception):
    """Why no bound can be given."""


@dataclass
class Function:
    name: str
    size: int | None = None  # bytes; None: no object has said so yet
    calls: set[str] = field(default_factory=set)


Graph = dict[str, Function]
Levels = tuple[tuple[str, int], ...]  # the recursive functions that are active, and how often


def expression_at(place: str, root: Path) -> str:
    """What is called at FILE:LINE:COLUMN, as "FILE: EXPRESSION"."""
    file, line, column = place.rsplit(":", 2)
    text = (root / file).read_text().splitlines()[int(line) - 1]
    called = re.match(r"[\w.>-]+", text[int(column) - 1 :])
    return f"{file}: {called[0] if called else '?'}"


def add_node(graph: Graph, title: str, label: str) -> None:
    function = graph.setdefault(title, Function(title))
    size = SIZE.search(label)
    if size is None:
        return
    if size[2] not in ("static", "dynamic,bounded"):
        raise Unknown(f"{title} takes an amount of stack that is not known when it is built")
    function.size = max(int(size[1]), function.size or 0)


def add_call(graph: Graph, source: str, target: str, place: str, root: Path) -> None:
    calls = graph.setdefault(source, Function(source)).calls
    calls.add(f"*{expression_at(place, root)}" if target == INDIRECT else target)


def read_graph(files: Iterable[Path], root: Path) -> Graph:
    graph = {name: Function(name, size) for name, size in ASSEMBLY.items()}
    for expression, reached in POINTERS.items():
        graph[f"*{expression}"] = Function(f"*{expression}", 0, set(reached))
    for file in files:
        for line in file.read_text().splitlines():
            if (node := NODE.match(line)) and node[1] != INDIRECT:
                add_node(graph, node[1], node[2])
            elif edge := EDGE.match(line):
                add_call(graph, edge[1], edge[2], edge[3], root)
    return graph


def refuse(name: str, caller: str) -> NoReturn:
    what = f"the call {name[1:]} goes through a pointer" if name[0] == "*" else f"{name} has no size"
    raise Unknown(f"{what}, called by {caller}: tell ci/stack.py, in POINTERS or ASSEMBLY")


def deepest(graph: Graph, entry: str) -> tuple[int, list[Function]]:
    """The bytes on the deepest path of calls from the function, and the path."""
    known: dict[tuple[str, Levels], tuple[int, list[Function]]] = {}
    active: list[tuple[str, Levels]] = []

    def visit(name: str, levels: Levels) -> tuple[int, list[Function]]:
        if name in RECURSION:
            level = dict(levels).get(name, 0) + 1
            if level > RECURSION[name]:
                return 0, []
            levels = tuple(sorted({**dict(levels), name: level}.items()))
        here = (name, levels)
        if here in known:
            return known[here]
        if here in active:
            cycle = [*(function for function, _ in active[active.index(here) :]), name]
            raise Unknown("recursion without a bound: " + " calls ".join(cycle))
        function = graph.get(name)
        if function is None or function.size is None:
            refuse(name, active[-1][0] if active else "nobody")
        active.append(here)
        below = max((visit(called, levels) for called in sorted(function.calls)),
                    key=lambda path: path[0], default=(0, []))  # fmt: skip
        active.pop()
        known[here] = (function.size + below[0], [function, *below[1]])
        return known[here]

    return visit(entry, ())


def stack_sizes(kernel: Path, nm: str) -> dict[str, int]:
    """The stacks' sizes, from the symbols at their ends."""
    listing = subprocess.run([*nm.split(), str(kernel)], text=True, stdout=subprocess.PIPE, check=True)
    symbols = {name: int(address, 16) for address, name in
               re.findall(r"^(\w+) \w (\w+_stack_(?:top|bottom))$", listing.stdout, re.MULTILINE)}  # fmt: skip
    return {stack.symbol: symbols[f"{stack.symbol}_top"] - symbols[f"{stack.symbol}_bottom"] for stack in STACKS}


def report(stack: Stack, size: int, graph: Graph) -> bool:
    """Print the deepest path on the stack; whether the stack holds it."""
    depth, path = max((deepest(graph, entry) for entry in stack.entries), key=lambda found: found[0])
    depth += stack.frame
    print(f"{stack.name}: {depth:,} bytes of {size:,} at most, {100 * depth / size:.0f} %")
    if stack.frame:
        print(f"  {stack.frame:6,}  the trap frame")
    for name, times in Counter(function.name for function in path).items():
        if bytes_taken := times * (graph[name].size or 0):
            print(f"  {bytes_taken:6,}  {name}{f', {times} times' if times > 1 else ''}")
    return depth <= size


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kernel", type=Path, required=True, help="the kernel's ELF file")
    parser.add_argument("--nm", default="nm")
    parser.add_argument("graphs", type=Path, nargs="+", help="the .ci files of its objects")
    arguments = parser.parse_args()
    try:
        graph = read_graph(filter(Path.exists, arguments.graphs), Path.cwd())
        sizes = stack_sizes(arguments.kernel, arguments.nm)
        fits = [report(stack, sizes[stack.symbol], graph) for stack in STACKS]
    except Unknown as reason:
        print(f"bosk: stack: {reason}", file=sys.stderr)
        return 1
    if not all(fits):
        print("bosk: stack: a path of calls needs more than its stack has", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
