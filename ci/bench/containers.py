"""Counts what Bosk's collections and C++'s containers take for the same work.

The cases are those of containers_bosk.c and containers_std.cc, both compiled at -O2. Both sides
have the C library's malloc beneath them, so that containers are compared and not heaps; and Bosk's
are counted once more on the slab heap, as the kernel has it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import report
from figure import Figure, at_most
from heap import PART, TOTALS, CountFailed, run

HERE = Path(__file__).resolve().parent
OS = HERE.parent.parent / "os"
COUNT = 10_000  # as in containers_bench.c
BAR = 1.2  # times C++'s
SIDES = [OURS, ON_SLAB, THEIRS] = ["Bosk", "Bosk on slab", "C++"]
CXX_CONTAINERS = {"Vec": "std::vector", "Deque": "std::deque", "BinaryHeap": "std::priority_queue",
                  "BTreeMap": "std::map", "HashMap": "std::unordered_map"}
WITHOUT_BAR = ("BinaryHeap",)  # it compares through a pointer, where C++ compiles the comparison in

COMMON = "-O2 -Wall -Wextra -Werror".split()
CFLAGS = ["-std=gnu11", "-I", str(HERE.parent / "host" / "include"), "-I", str(OS),
          "-DKERNEL_HEAP=slab", '-DKERNEL_HEAP_HEADER="heap/slab.h"']
CXXFLAGS = ["-std=gnu++17"]
LINK = ["-Wl,-z,now"]  # no case pays for the dynamic linker

FACT = "fact: "  # what is told besides sums


@dataclass
class Costs:
    """By side and case, instructions for COUNT operations; and what else was measured of ours."""

    by_side: dict[str, dict[str, int]] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)


def objects(compiler: str, flags: list[str], sources: list[Path], directory: Path) -> list[str]:
    made = []
    for source in sources:
        made.append(str(directory / f"{source.parent.name}-{source.name}.o"))
        run(compiler.split() + COMMON + flags + ["-c", "-o", made[-1], str(source)])
    return made


def build(hostcc: str, hostcxx: str, directory: Path) -> dict[str, Path]:
    """The programs by side; without a compiler for C++ its side is missing."""
    directory.mkdir(parents=True, exist_ok=True)
    player = objects(hostcc, CFLAGS, [HERE / "containers_bench.c"], directory)
    bosk = [HERE / "containers_bosk.c", *(OS / "collections").glob("*.c"), OS / "lib" / "printf.c"]
    ours = player + objects(hostcc, CFLAGS, bosk, directory)
    heaps = {OURS: [HERE / "containers_malloc.c"],
             ON_SLAB: [OS / "heap" / f"{name}.c" for name in ("heap", "slab", "runs", "buddy", "layout")]}
    programs = {}
    for side, heap in heaps.items():
        programs[side] = directory / f"containers_{len(programs)}"
        run(hostcc.split() + LINK + ["-o", str(programs[side])] + ours
            + objects(hostcc, CFLAGS, heap, directory))
    if shutil.which(hostcxx.split()[0]):
        programs[THEIRS] = directory / "containers_std"
        run(hostcxx.split() + LINK + ["-o", str(programs[THEIRS])] + player
            + objects(hostcxx, CXXFLAGS, [HERE / "containers_std.cc"], directory))
    return programs


def counts(program: Path) -> tuple[dict[str, int], list[str]]:
    """Instructions of each case, and what the program printed."""
    profile = program.with_suffix(".callgrind")
    try:
        said = run(["valgrind", "--tool=callgrind", "--instr-atstart=no",
                    "--combine-dumps=yes", f"--callgrind-out-file={profile}", str(program)])
        parts = profile.read_text().split(PART)[1:]
    finally:
        profile.unlink(missing_ok=True)
    totals = {part[: part.index("\n")]: TOTALS.search(part) for part in parts}
    return {name: int(total[1]) for name, total in totals.items() if total}, said.splitlines()


def measure(hostcc: str, hostcxx: str, directory: Path) -> Costs:
    costs = Costs()
    sums: dict[str, set[str]] = {}
    for side, program in build(hostcc, hostcxx, directory).items():
        costs.by_side[side], printed = counts(program)
        sums[side] = {line for line in printed if not line.startswith(FACT)}
        costs.facts |= dict(line.removeprefix(FACT).split(" = ") for line in printed
                            if line.startswith(FACT))
    for side in sums:
        wrong = sums[side] - sums.get(THEIRS, sums[side])
        if wrong:
            raise CountFailed(f"{side} has other sums than {THEIRS}: {', '.join(sorted(wrong))}")
    return costs


def judge(costs: Costs) -> Iterator[Figure]:
    """How many times C++'s instructions ours take; and the facts, which have no bar."""
    for case, count in costs.by_side[OURS].items():
        container = case.split(":")[0]
        name = f"collections: {case}, to {CXX_CONTAINERS[container]}'s"
        if THEIRS not in costs.by_side:
            yield Figure(name, "skipped: a C++ compiler is not installed (make setup-all)")
            continue
        times = count / costs.by_side[THEIRS][case]
        yield Figure(name, f"{times:.2f} x") if container in WITHOUT_BAR \
            else at_most(name, times, ".2f", BAR, "x")
    for name, value in costs.facts.items():
        yield Figure(f"collections: {name}", value)


def cells(costs: Costs) -> dict[str, list[str]]:
    """By case, instructions of one operation on each side."""
    return {case: [f"{costs.by_side[side][case] / COUNT:,.1f}" if side in costs.by_side else report.NOTHING
                   for side in SIDES] for case in costs.by_side[OURS]}


def table(costs: Costs) -> str:
    made = cells(costs)
    return report.grid(f"Collections: instructions of one operation of {COUNT:,}",
                       list(made), SIDES, lambda case, side: made[case][SIDES.index(side)])
