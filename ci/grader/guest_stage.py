"""The stages "kernel-heap" and "kernel-cost": the allocator as the heap of a kernel in QEMU.

    stage = "kernel-heap"
    kind = "churn"          # of trace: a key of grader.traces.KINDS; "wrong-free" ends in a panic
    runs = 10               # how many traces, each on a kernel that has just booted
    length = 60             # of a trace, in steps, about
    heap = "bitmap"         # where it is not the lab's own

The model that judges the allocator by itself judges here too; blocks lie in HEAP_SPACE.

    stage = "kernel-cost"
    measure = "instructions"    # of an allocation and a free, or "utilisation": bytes that live
                                # blocks have when the first request fails, of 100 bytes of heap
    full = 300              # the figure that earns all points
    none = 900              # the one that earns none; between them points fall evenly
"""

from __future__ import annotations

import contextlib
import itertools
import math
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from grader.guest_subject import Kernel
from grader.heap_models import MODELS, Broken, Free, Model, Pieces
from grader.heap_player import Call, Failure, Player
from grader.lab import ROOT, Item, Lab
from grader.results import ItemResult
from grader.shrink import shrink
from grader.stages import Run, heap_of, stage
from grader.subject import Ended, calls
from grader.traces import HEAP, Step, Trace, name, write

KernelCall = calls("os/test/exam/kernel_heap_calls.h", "kernel_heap_call")
FREE_TEXTS = dict(re.findall(r'\[(FREE_\w+)\] = "(.*)"', (ROOT / "os/heap/layout.c").read_text()))

# Runs that shrinking may take. After one that panics the kernel has to boot again.
SHRINK_RUNS = {"fail": 120, "panic": 40, "early-exit": 20, "flood": 4, "hang": 3}
PLAYED = ("alloc", "free", "realloc")

# What is measured: requests from tens of bytes to some thousand, most of them small.
SIZES = (24, 4096)
LIVE, PAIRS = 120, 300
FULL_SIZES, SMALLER_SIZES = (32, 64 * 1024), (2048, 8192)
CLOCK_SLACK = 200  # nanoseconds: the clock ticks each 100


def kernel_of(lab: Lab, item: Item) -> Path:
    """From the top of a tree."""
    heap = heap_of(lab, item)
    return Path("build") / ("gcc-exam" + (f"-{heap}" if heap != "slab" else "")) / "bosk.elf"


def makes(lab: Lab, item: Item) -> tuple[str, ...]:
    return "WORKLOAD=exam", f"HEAP={heap_of(lab, item)}", "build"


class KernelHeap:
    """A kernel's heap, called as an allocator by itself is."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self.start, self.size = kernel.start, kernel.size
        self.memory, self.close = kernel.memory, kernel.close
        self.costs: list[int] = []  # instructions of each call

    def call(self, call: int, *arguments: int) -> int:
        verb = {Call.HEAP_ALLOC: KernelCall.KERNEL_HEAP_ALLOC,
                Call.HEAP_DEALLOC: KernelCall.KERNEL_HEAP_DEALLOC,
                Call.HEAP_REALLOC: KernelCall.KERNEL_HEAP_REALLOC}[Call(call)]
        if call == Call.HEAP_DEALLOC and arguments[1] == 0:
            verb = KernelCall.KERNEL_HEAP_KFREE
        result = self._kernel.call(verb, *arguments)
        self.costs.append(self._kernel.instructions)
        return result


class Machine:
    """A kernel that is booted when needed: it lasts until it ends."""

    def __init__(self, run: Run, item: Item) -> None:
        self._run = run
        self._elf = run.tree / kernel_of(run.lab, item)
        self._kernel: Kernel | None = None

    def fresh(self) -> Kernel:
        """The kernel as it has just booted. Ended where it does not get so far."""
        if self._kernel is None:
            self._kernel = Kernel(self._elf, self._run.sandbox)
        else:
            self._kernel.begin()
        return self._kernel

    def close(self) -> None:
        """End it; the next one has to boot."""
        if self._kernel is not None:
            self._kernel.close()
            self._kernel = None


@stage("kernel-heap", makes)
def judge_heap(run: Run, item: Item) -> ItemResult:
    chance = run.random(item)
    kind = item.options["kind"]
    design = MODELS[heap_of(run.lab, item)]
    with contextlib.closing(Machine(run, item)) as machine:

        def play_one(trace: Trace) -> Failure | None:
            return play(machine, design, trace, kind == "wrong-free")

        for _ in range(item.options["runs"]):
            failure = play_one(write(kind, chance, item.options["length"]))
            if failure is not None and failure.trace is not None:
                if failure.trace.steps:  # it has booted
                    failure = shrink(failure, play_one, SHRINK_RUNS[failure.word])
                return result(run, item, failure)
    return run.result(item, "pass")


def play(machine: Machine, design: type[Model], trace: Trace, with_wrong_free: bool) -> Failure | None:
    """One trace on a fresh kernel."""
    done: list[Step] = []
    try:
        kernel = machine.fresh()
        player = player_of(kernel, design)
        for step in trace.steps:
            done.append(step)
            if step.verb in PLAYED:
                is_done = player.do(step)
            else:
                is_done = with_wrong_free and step.verb == "free_at" and \
                    is_wrong_free(machine, kernel, player, step)
                if is_done:
                    break  # it panicked as it should
            if not is_done:
                done.pop()
        return None
    except Broken as broken:
        word, message, more = "fail", broken.message, (broken.expected, broken.got, "")
    except Ended as ended:
        machine.close()
        word, message, more = ended.word, ended.message, ("", "", ended.output)
    return Failure(word, message, *more, replace(trace, steps=tuple(done)))


def player_of(kernel: Kernel, design: type[Model]) -> Player:
    total = kernel.call(KernelCall.KERNEL_HEAP_TOTAL) if design.wants_total else 0
    return Player(KernelHeap(kernel), design(kernel.start, kernel.size, total))


def is_wrong_free(machine: Machine, kernel: Kernel, player: Player, step: Step) -> bool:
    """Have a wrong free made, which must panic; False where this step would make none."""
    address, layout, expected = player.wrong_free(step)
    if not address or not expected:
        return False
    wanted = " or ".join(f"panic: heap: {address:#x}: {FREE_TEXTS[Free(one).name]}"
                         for one in sorted(expected))
    call = KernelCall.KERNEL_HEAP_DEALLOC if layout.size else KernelCall.KERNEL_HEAP_KFREE
    try:
        kernel.call(call, address, layout.size, layout.align)
    except Ended as ended:
        machine.close()
        if ended.word != "panic":
            raise
        said = [kernel.text(number) for number in kernel.panic]
        if address in kernel.panic and any(FREE_TEXTS[Free(one).name] in said for one in expected):
            return True
        raise Broken("a wrong free ended in another panic", wanted, ended.message) from None
    raise Broken("a wrong free did not end in a panic", wanted, "the call came back")


def result(run: Run, item: Item, failure: Failure) -> ItemResult:
    assert failure.trace is not None
    trace = failure.trace.renumbered()
    lines = ("the kernel's heap, as it booted", *trace.lines()[1:])
    under_gdb = [f"the same under gdb: make gdb WORKLOAD=exam HEAP={heap_of(run.lab, item)}, and there",
                 "break exam_stop", "continue", *gdb_commands(trace)]
    return run.result(item, failure.word, message=failure.message, expected=failure.expected,
                      got=failure.got, trace=lines,
                      output="\n    ".join([*failure.output.splitlines(), *under_gdb]))


def gdb_commands(trace: Trace) -> Iterator[str]:
    """The trace's calls, in the words of ci/bosk.gdb. Block a is $block_a there."""
    layouts: dict[int, tuple[int, int]] = {}
    for step in trace.steps:
        block = f"$block_{name(step.block)}"
        size, align = layouts.get(step.block, (0, 1))
        if step.verb == "alloc":
            layouts[step.block] = step.size, step.align
            yield f"exam {KernelCall.KERNEL_HEAP_ALLOC} {step.size} {step.align} 0 0"
            yield f"set {block} = exam_turn.result"
        elif step.verb == "realloc":
            layouts[step.block] = step.size, align
            yield f"exam {KernelCall.KERNEL_HEAP_REALLOC} {block} {size} {align} {step.size}"
            yield f"set {block} = exam_turn.result"
        elif step.verb == "free" and step.size:
            yield f"exam {KernelCall.KERNEL_HEAP_DEALLOC} {block} {size} {align} 0"
        elif step.verb == "free":
            yield f"exam {KernelCall.KERNEL_HEAP_KFREE} {block} 0 0 0"
        elif step.verb == "free_at":
            place = f"{block if step.block != HEAP else '(long)HEAP_SPACE'}{step.offset:+}"
            call = KernelCall.KERNEL_HEAP_DEALLOC if step.size else KernelCall.KERNEL_HEAP_KFREE
            yield f"exam {call} {place} {step.size} {step.align} 0"


# --- figures --------------------------------------------------------------------------------------


@stage("kernel-cost", makes)
def judge_cost(run: Run, item: Item) -> ItemResult:
    measure = {"instructions": instructions, "utilisation": utilisation}[item.options["measure"]]
    unit = {"instructions": "instructions an allocation and its free",
            "utilisation": "% of the heap in live blocks"}[item.options["measure"]]
    with contextlib.closing(Machine(run, item)) as machine:
        try:
            figure = measure(machine, MODELS[heap_of(run.lab, item)], run.random(item))
        except Broken as broken:
            return run.result(item, "fail", message=broken.message, expected=broken.expected,
                              got=broken.got)
        except Ended as ended:
            return run.result(item, ended.word, message=ended.message, output=ended.output)
    full, none = item.options["full"], item.options["none"]
    share = min(1.0, max(0.0, (figure - none) / (full - none)))
    if share == 1.0:
        return run.result(item, "pass", figure=figure, unit=unit)
    return run.result(item, "fail", round(share * item.points, 1), figure=figure, unit=unit,
                      message=f"{figure:g} {unit}: the bar for all points is {full:g}, and for "
                      f"none {none:g}", expected=f"{full:g}", got=f"{figure:g}")


def instructions(machine: Machine, design: type[Model], chance: random.Random) -> float:
    """Of an allocation and a free, on average, while some blocks live; without those that making a
    call takes."""
    kernel = machine.fresh()
    kernel.call(KernelCall.KERNEL_HEAP_NOTHING)
    overhead = kernel.instructions
    player = player_of(kernel, design)
    live = []
    for number in range(LIVE):
        player.do(Step("alloc", number, *a_request(chance)))
        live.append(number)
    began, counted = kernel.clock(), 0
    for number in range(LIVE, LIVE + PAIRS):
        player.do(Step("free", live.pop(chance.randrange(LIVE)), size=1))
        counted += kernel.instructions
        player.do(Step("alloc", number, *a_request(chance)))
        counted += kernel.instructions
        live.append(number)
    elapsed = kernel.clock() - began
    if abs(elapsed - counted) > CLOCK_SLACK:
        raise Broken("the kernel changed the counter of instructions",
                     f"about {elapsed} instructions, as the clock says", f"{counted}")
    return round(counted / PAIRS - 2 * overhead, 1)


def a_request(chance: random.Random) -> tuple[int, int]:
    """Size and alignment."""
    return size_in(SIZES, chance), chance.choice((1, 8, 16))


def utilisation(machine: Machine, design: type[Model], chance: random.Random) -> float:
    """Bytes in live blocks when a request fails, in % of the heap. Before that the heap has been
    full of smaller blocks, which were freed."""
    heap = Filled(machine.fresh())
    while heap.alloc(size_in(SMALLER_SIZES, chance)):
        pass
    while heap.live:
        heap.free(chance)
    for number in itertools.count(1):
        if not heap.alloc(size_in(FULL_SIZES, chance)):
            break
        if number % 3 == 0:
            heap.free(chance)
    return round(100 * sum(size for _, size in heap.live) / heap.kernel.size, 1)


class Filled:
    """A heap and its live blocks, of which nothing is expected but that they do not overlap."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.live: list[tuple[int, int]] = []
        self._blocks = Pieces(kernel.start, kernel.start + kernel.size)

    def alloc(self, size: int) -> bool:
        address = self.kernel.call(KernelCall.KERNEL_HEAP_ALLOC, size, 1)
        if address == 0:
            return False
        if not self._blocks.is_free(address, address + size):
            raise Broken("a block overlaps a live one, or lies outside the heap",
                         "free memory of the heap", f"{address:#x} for {size} bytes")
        self._blocks.take(address, address + size)
        self.live.append((address, size))
        return True

    def free(self, chance: random.Random) -> None:
        address, size = self.live.pop(chance.randrange(len(self.live)))
        self.kernel.call(KernelCall.KERNEL_HEAP_DEALLOC, address, size, 1)
        self._blocks.give(address)


def size_in(bounds: tuple[int, int], chance: random.Random) -> int:
    """As many between 32 and 64 as between 1024 and 2048."""
    low, high = map(math.log, bounds)
    return int(math.exp(chance.uniform(low, high)))
