#!/usr/bin/env python3
"""Write the measured tables into docs/heap.md, collections.md and memory-errors.md, and the plots into docs/figures/.

A table stands between two comments,

    <!-- measured: NAME (make bench writes this) -->
    <!-- measured: end -->

and NAME is a heap, or compared, kernel, utilisation, promises; or collections, or guards, in their chapters. `make
bench` writes all of them where it has measured everything; counts repeat to the digit, so the same
compilers give the same text.
Run by itself this writes the table of promises, which needs no measuring.
"""

from __future__ import annotations

import argparse
import dataclasses
import platform
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import containers
import plots
from guest import GuestCosts
from heap import VERBS, Costs
from report import NOTHING, guest_means, means, percent, table
from suite import Results

REPOSITORY = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(REPOSITORY / "ci" / "host"))
import promises  # noqa: E402  (ci/host/promises.py)

CHAPTER = REPOSITORY / "docs" / "heap.md"
COLLECTIONS = REPOSITORY / "docs" / "collections.md"
GUARDS = REPOSITORY / "docs" / "memory-errors.md"
FIGURES = REPOSITORY / "docs" / "figures"
PLOTS = ("pair.svg", "utilisation.svg", "comb-join.svg")  # those that the chapter shows
LIBRARY = "glibc"  # others are not installed everywhere
SECTION = re.compile(r"(<!-- measured: (\w+) \(make bench writes this\) -->\n\n)(.*?)"
                     r"(\n<!-- measured: end -->)", re.DOTALL)


def written(chapter: str, tables: dict[str, str]) -> str:
    """The chapter with these tables in their places; the others stay."""
    return SECTION.sub(
        lambda found: found[1] + tables.get(found[2], found[3]) + found[4], chapter)


def sections(chapter: str) -> dict[str, str]:
    return {name: body for _, name, body, _ in SECTION.findall(chapter)}


def spread(costs: Costs | None, verb: str) -> list[str]:
    """Mean, 99th percentile and worst of a verb."""
    calls = (costs or {}).get(verb)
    if calls is None:
        return [NOTHING] * 3
    return [f"{calls.mean:,.0f}", f"{calls.percentile(99):,}", f"{max(calls.costs):,}"]


def heap_table(results: Results, guest: GuestCosts, heap: str) -> str:
    head = ["trace", *(f"{verb}: {what}" for verb in VERBS[:2] for what in ("mean", "99 %", "worst")),
            "in the kernel", "utilisation, %"]
    rows = []
    for trace in results.traces:
        costs = results.costs[heap, trace]
        rows.append([trace, *spread(costs, "alloc"), *spread(costs, "free"),
                     guest_means(guest, heap, trace),
                     percent(results.utilisation.get((heap, trace)))])
    return table(head, rows) + "\n"


def grid(rows: list[str], columns: list[str], cell: Callable[[str, str], str]) -> str:
    return table(["trace", *columns], [[row, *(cell(c, row) for c in columns)] for row in rows]) + "\n"


def promises_table() -> str:
    return promises.table(promises.promises(promises.SUITE.read_text())) + "\n"


def compiler(command: str) -> str:
    """Its name and version, without the path and the distribution's words."""
    said = subprocess.run([*command.split(), "--version"], capture_output=True, text=True, check=True)
    version = re.search(r"\d+\.\d+\.\d+", re.sub(r"\(.*?\)", "", said.stdout))
    name = "clang" if "clang" in said.stdout else "GCC"
    return f"{name} {version[0] if version else 'of unknown version'}"


def measured_with(cc: str, hostcc: str) -> str:
    valgrind = subprocess.run(["valgrind", "--version"], capture_output=True, text=True, check=True)
    return (f"Measured with {compiler(hostcc)} for {platform.machine()}, {compiler(cc)} for RISC-V, "
            f"{valgrind.stdout.strip().replace('-', ' ')}, {' '.join(platform.libc_ver())}.\n\n")


def tables(results: Results, guest: GuestCosts, tools: str) -> dict[str, str]:
    made = {heap: heap_table(results, guest, heap) for heap in results.heaps}
    made["compared"] = tools + grid(results.traces, [*results.heaps, LIBRARY],
                                    lambda heap, trace: means(results.costs[heap, trace]))
    made["kernel"] = grid(list(dict.fromkeys(trace for _, trace, _ in guest)), results.heaps,
                          lambda heap, trace: guest_means(guest, heap, trace))
    made["utilisation"] = grid(results.fitted, results.heaps,
                               lambda heap, trace: percent(results.utilisation[heap, trace]))
    made["promises"] = promises_table()
    return made


def collections_table(costs: containers.Costs) -> str:
    """What each case takes beside C++'s, and what else was measured."""
    rows = [[case, *cells] for case, cells in containers.cells(costs).items()]
    facts = [f"- {name}: {value}" for name, value in costs.facts.items()]
    return "\n".join([table(["", *containers.SIDES], rows), "", *facts]) + "\n"


def guards_table(costs: dict[str, int]) -> str:
    """Instructions of heap_test, and how many times those of the kernel without guards."""
    base = costs["no guards"]
    return table(["", "instructions", "times"], [[name, f"{n:,}", f"{n / base:.2f}"] for name, n in costs.items()])


def write(made: dict[str, str], chapter: Path = CHAPTER) -> None:
    chapter.write_text(written(chapter.read_text(encoding="utf-8"), made), encoding="utf-8")


def write_all(results: Results, guest: GuestCosts, costs: containers.Costs, cc: str, hostcc: str) -> None:
    write(tables(results, guest, measured_with(cc, hostcc)))
    write({"collections": collections_table(costs)}, COLLECTIONS)
    drawn = plots.draw(dataclasses.replace(results, libraries=[LIBRARY]))
    FIGURES.mkdir(exist_ok=True)
    for name in PLOTS:
        (FIGURES / name).write_text(drawn[name], encoding="utf-8")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    write({"promises": promises_table()})
