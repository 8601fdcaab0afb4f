"""Measures every heap on every trace on this machine: callgrind's counts, utilisation, waste."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from heap import Costs, HeapBench, libraries

COMB_BLOCKS = (16, 1024, 16384)
NOT_FITTED = ("extremes",)  # it fills whatever arena it gets
WASTED = ("kernel", "small", "log-uniform")

T = TypeVar("T")


@dataclass
class Results:
    """None: the heap has no memory for the trace."""

    heaps: list[str]
    libraries: list[str]  # hosted heaps, for comparison
    traces: list[str]
    combs: list[str]
    costs: dict[tuple[str, str], Costs | None] = field(default_factory=dict)  # by heap, trace
    comb_costs: dict[tuple[str, str, int], Costs | None] = field(default_factory=dict)
    utilisation: dict[tuple[str, str], float | None] = field(default_factory=dict)
    waste: dict[tuple[str, str], float | None] = field(default_factory=dict)

    @property
    def fitted(self) -> list[str]:
        return [trace for trace in self.traces if trace not in NOT_FITTED]

    def pair(self, heap: str, trace: str) -> float | None:
        """Mean instructions of one alloc and one free."""
        costs = self.costs.get((heap, trace))
        return costs["alloc"].mean + costs["free"].mean if costs else None


def in_parallel(work: dict[tuple, Callable[[], T]], done: Callable[[], None]) -> dict[tuple, T]:
    """What each piece of work returns, by its key; done() is called behind each. Instructions do
    not care who else runs."""
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:

        def run(piece: Callable[[], T]) -> T:
            result = piece()
            done()
            return result

        futures = {key: pool.submit(run, piece) for key, piece in work.items()}
        try:
            return {key: future.result() for key, future in futures.items()}
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def measure(bench: HeapBench, progress: Callable[[str], None]) -> Results:
    hosted = libraries()
    results = Results(bench.heaps, list(hosted), bench.traces, bench.combs)

    def count(heap: str, trace: str, argument: str = "0") -> Callable[[], Costs | None]:
        if heap in hosted:
            return lambda: bench.count("malloc", trace, argument, hosted[heap])
        return lambda: bench.count(heap, trace, argument)

    def fit(heap: str, trace: str) -> Callable[[], float | None]:
        return lambda: bench.utilisation(heap, trace)

    def waste(heap: str, trace: str) -> Callable[[], float | None]:
        return lambda: bench.waste(heap, trace)

    def all_of(what: str, work: dict[tuple, Callable[[], T]]) -> dict[tuple, T]:
        left = len(work)
        progress(f"heap: {what}, {left} runs")

        def done() -> None:
            nonlocal left
            left -= 1
            if left and left % 40 == 0:
                progress(f"heap: {what}, {left} left")

        return in_parallel(work, done)

    every = [*bench.heaps, *hosted]
    results.costs = all_of(
        "instructions", {(h, t): count(h, t) for h in every for t in bench.traces})
    results.comb_costs = all_of("combs", {
        (h, c, n): count(h, c, str(n)) for h in bench.heaps for c in bench.combs
        for n in COMB_BLOCKS})
    results.utilisation = all_of(
        "utilisation", {(h, t): fit(h, t) for h in bench.heaps for t in results.fitted})
    results.waste = all_of("waste", {(h, t): waste(h, t) for h in bench.heaps for t in WASTED})
    return results
