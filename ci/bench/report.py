"""The tables of the measurements, in Markdown that can be read as it stands."""

from __future__ import annotations

from collections.abc import Callable

from figure import Figure
from guest import GuestCosts
from heap import VERBS, Calls, Costs
from suite import COMB_BLOCKS, WASTED, Results

NOTHING = "–"  # no memory for the trace, or no such call


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table whose first column stands left, the others right."""
    wide = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = [[head[0].ljust(wide[0])] + [c.rjust(w) for c, w in zip(head[1:], wide[1:])]]
    lines += [["-" * wide[0]] + ["-" * (w - 1) + ":" for w in wide[1:]]]
    lines += [[row[0].ljust(wide[0])] + [c.rjust(w) for c, w in zip(row[1:], wide[1:])]
              for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def grid(title: str, rows: list[str], columns: list[str], cell: Callable[[str, str], str]) -> str:
    """A table with a column for each heap; rows that are empty are left out."""
    lines = [[row, *(cell(row, column) for column in columns)] for row in rows]
    lines = [line for line in lines if set(line[1:]) != {NOTHING}]
    return f"### {title}\n\n{table(['', *columns], lines)}\n"


def means(costs: Costs | None) -> str:
    """alloc / free"""
    if not costs:
        return NOTHING
    return " / ".join(f"{costs[v].mean:,.0f}" if v in costs else NOTHING for v in VERBS[:2])


def spread(calls: Calls | None) -> str:
    """p50 / p99 / max"""
    if calls is None:
        return NOTHING
    return f"{calls.percentile(50):,} / {calls.percentile(99):,} / {max(calls.costs):,}"


def percent(share: float | None) -> str:
    return NOTHING if share is None else f"{share * 100:.1f}"


def costs_tables(traces: list[str], columns: list[str],
                 costs: dict[tuple[str, str], Costs | None]) -> list[str]:
    def pair(trace: str, heap: str) -> str:
        one = costs[heap, trace]
        if not one or "alloc" not in one or "free" not in one:
            return NOTHING
        return f"{one['alloc'].mean + one['free'].mean:,.1f}"

    def realloc(trace: str, heap: str) -> str:
        one = costs[heap, trace]
        return f"{one['realloc'].mean:,.1f}" if one and "realloc" in one else NOTHING

    tables = [
        grid("Instructions of one alloc and one free: sum of the means", traces, columns, pair),
        grid("Means of alloc / free", traces, columns, lambda t, h: means(costs[h, t])),
        grid("Mean of realloc, copying included", traces, columns, realloc),
    ]
    for verb in VERBS:
        tables.append(grid(f"One {verb}: p50 / p99 / max", traces, columns,
                           lambda t, h, v=verb: spread((costs[h, t] or {}).get(v))))
    return tables


def heap_tables(results: Results) -> list[str]:
    combs = [f"{comb} {n:,}" for comb in results.combs for n in COMB_BLOCKS]

    def comb_cell(row: str, heap: str) -> str:
        comb, n = row.split(" ")
        return means(results.comb_costs[heap, comb, int(n.replace(",", ""))])

    return [
        *costs_tables(results.traces, results.heaps + results.libraries, results.costs),
        grid("Beside N free blocks that cannot be joined: means of alloc / free", combs,
             results.heaps, comb_cell),
        grid("Utilisation: peak of live bytes to the smallest arena that serves the trace, in %",
             results.fitted, results.heaps, lambda t, h: percent(results.utilisation[h, t])),
        grid("Internal fragmentation: bytes in live blocks that nobody asked for, in %",
             list(WASTED), results.heaps, lambda t, h: percent(results.waste[h, t])),
    ]


def guest_means(guest: GuestCosts, heap: str, trace: str) -> str:
    """alloc / free"""
    found = [guest.get((heap, trace, verb)) for verb in VERBS[:2]]
    return " / ".join(f"{one.mean:,.0f}" if one else NOTHING for one in found) if any(found) else NOTHING


def guest_tables(guest: GuestCosts) -> list[str]:
    heaps = list(dict.fromkeys(heap for heap, _, _ in guest))
    traces = list(dict.fromkeys(trace for _, trace, _ in guest))

    def one(verb: str) -> Callable[[str, str], str]:
        def cell(trace: str, heap: str) -> str:
            calls = guest.get((heap, trace, verb))
            return f"{calls.p50:,} / {calls.p99:,} / {calls.worst:,}" if calls else NOTHING
        return cell

    tables = [grid("In the kernel: means of alloc / free", traces, heaps,
                   lambda trace, heap: guest_means(guest, heap, trace))]
    tables += [grid(f"In the kernel, one {verb}: p50 / p99 / max", traces, heaps, one(verb))
               for verb in VERBS]
    return tables


def figures_table(figures: list[Figure]) -> str:
    return "### Bars\n\n" + table(
        ["figure", "value", "bar", "verdict"],
        [[f.name, f.value, f.bar, f.verdict] for f in figures]) + "\n"


INTRODUCTION = """\
<!-- Written by `make bench`; what is changed here is lost. -->
Instructions are counted without locks, and a free does not say the size. On the host it is x86-64
at -O2 by callgrind, each operation by itself, in an arena of 16 MiB; in the kernel RISC-V at -O2
by `instret` under QEMU's `-icount shift=0`, with an arena of 8 MiB and shorter traces. The traces
are described in `os/test/bench/traces.h`. – stands where the heap has no memory for the trace, or
the trace has no such call.
"""


def document(results: Results | None, guest: GuestCosts | None, figures: list[Figure]) -> str:
    """The file for the chapter on the heap."""
    parts = [INTRODUCTION]
    if results is not None:
        parts += heap_tables(results)
    if guest is not None:
        parts += guest_tables(guest)
    return "\n".join([*parts, figures_table(figures)])
